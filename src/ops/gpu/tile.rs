//! How the matrix product behind a convolution is cut into pieces: a small table instead of
//! autotuning, which a browser does not allow.

use std::sync::atomic::{AtomicBool, Ordering};

/// A workgroup computes `rows * columns` results, `depth` products deep at a time; each of its
/// invocations `thread_rows * thread_columns` of them, in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub thread_rows: usize,
    pub thread_columns: usize,
}

/// Whether the adapter is emulated by the processor. Of the whole program: a page has one adapter.
static IS_SOFTWARE: AtomicBool = AtomicBool::new(false);

/// Chooses tiles for an adapter that is emulated by the processor. There an invocation cannot have
/// too many registers, and every read costs as much as several products.
pub fn suit_software_adapter(is_software: bool) {
    IS_SOFTWARE.store(is_software, Ordering::Relaxed);
}

impl Tile {
    const fn new(
        [rows, columns, depth]: [usize; 3],
        [thread_rows, thread_columns]: [usize; 2],
    ) -> Self {
        Self { rows, columns, depth, thread_rows, thread_columns }
    }

    /// For a convolution with `rows` channels that come out: of a workgroup's rows, no more than
    /// half may be idle.
    pub fn for_conv(rows: usize) -> Self {
        match (IS_SOFTWARE.load(Ordering::Relaxed), rows) {
            (true, ..=16) => Self::new([16, 128, 8], [16, 16]),
            (true, 17..) => Self::new([32, 128, 8], [16, 16]),
            (false, ..=16) => Self::new([16, 128, 8], [4, 8]),
            (false, 17..=32) => Self::new([32, 128, 8], [8, 8]),
            (false, 33..=64) => Self::new([64, 128, 8], [8, 8]),
            (false, 65..) => Self::new([128, 128, 8], [8, 8]),
        }
    }

    /// For the gradient of weights from `columns` channels to `rows` channels.
    pub fn for_weights(rows: usize, columns: usize) -> Self {
        match (IS_SOFTWARE.load(Ordering::Relaxed), rows, columns) {
            (true, _, ..=8) => Self::new([32, 8, 16], [16, 4]),
            (true, ..=16, _) | (true, _, 9..=16) => Self::new([16, 16, 16], [8, 8]),
            (true, 17.., 17..) => Self::new([32, 32, 16], [16, 8]),
            (false, _, ..=8) => Self::new([32, 8, 32], [4, 2]),
            (false, ..=16, _) | (false, _, 9..=16) => Self::new([16, 16, 32], [4, 2]),
            (false, 17.., 17..) => Self::new([32, 32, 32], [4, 4]),
        }
    }

    /// Invocations along the columns.
    pub const fn threads_across(&self) -> usize {
        self.columns / self.thread_columns
    }

    /// Invocations of a workgroup.
    pub const fn threads(&self) -> usize {
        self.rows / self.thread_rows * self.threads_across()
    }

    /// How many of `pixels` a workgroup adds up where `workgroups` of them would do all: enough
    /// workgroups to keep a graphics card busy, of enough work each. A multiple of the depth.
    pub const fn part_of(&self, pixels: usize, workgroups: usize) -> usize {
        const ENOUGH_WORKGROUPS: usize = 256;
        const LEAST_PIXELS: usize = 512;
        let parts = ENOUGH_WORKGROUPS.div_ceil(workgroups);
        let part = pixels.div_ceil(parts);
        let part = if part < LEAST_PIXELS { LEAST_PIXELS } else { part };
        part.next_multiple_of(self.depth)
    }
}
