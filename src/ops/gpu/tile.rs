//! How the matrix product behind a convolution is cut into pieces: a small table instead of
//! autotuning, which a browser does not allow.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::LANES;

/// A workgroup computes `rows * columns` results, `depth` products deep at a time; each of its
/// invocations `thread_rows * thread_columns` of them, in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub thread_rows: usize,
    pub thread_columns: usize,
    /// Products that are added up before a sum goes back to where it is kept.
    pub chunk: usize,
    /// For an emulated card. Any other waits long for its memory, so the next round's numbers are fetched
    /// while this one's are multiplied; here that is only twice the code to compile.
    pub emulated: bool,
}

/// Whether the adapter is emulated by the processor. Of the whole program: a page has one adapter.
static IS_SOFTWARE: AtomicBool = AtomicBool::new(false);
/// Workgroups of the large tile below which a convolution gets smaller ones, so that a large card
/// is busy to the end.
static ENOUGH_LARGE: AtomicUsize = AtomicUsize::new(512);

/// Chooses tiles for an adapter that is emulated by the processor. There an invocation cannot have
/// too many registers, and every read costs as much as several products.
pub fn suit_software_adapter(is_software: bool) {
    IS_SOFTWARE.store(is_software, Ordering::Relaxed);
}

/// Gives the large tile to convolutions of any size: so that a test can be small.
pub fn always_use_large_tile() {
    ENOUGH_LARGE.store(0, Ordering::Relaxed);
}

/// Whether the adapter is emulated by the processor.
pub fn is_emulated() -> bool {
    IS_SOFTWARE.load(Ordering::Relaxed)
}

impl Tile {
    const fn new(
        [rows, columns, depth]: [usize; 3],
        [thread_rows, thread_columns]: [usize; 2],
    ) -> Self {
        Self { rows, columns, depth, thread_rows, thread_columns, chunk: 8, emulated: true }
    }

    const fn on_card(tile: [usize; 3], thread: [usize; 2]) -> Self {
        Self { chunk: 1, emulated: false, ..Self::new(tile, thread) }
    }

    /// The largest that 16 KiB of workgroup memory and 256 invocations allow.
    const LARGE: Self = Self { chunk: 4, ..Self::on_card([128, 128, 16], [8, 8]) };

    /// For a convolution of `depth` channels to `rows` channels of `columns` pixels: of a workgroup's rows,
    /// no more than half may be idle. An image has few channels, and the depth is filled up with zeros.
    pub fn for_conv(rows: usize, columns: usize, depth: usize) -> Self {
        const FEW: usize = 4;
        let tile = Self::for_deep_conv(rows, columns);
        if depth > FEW {
            return tile;
        }
        Self { depth: FEW, chunk: tile.chunk.min(FEW), ..tile }
    }

    fn for_deep_conv(rows: usize, columns: usize) -> Self {
        let workgroups = rows * columns / (Self::LARGE.rows * Self::LARGE.columns);
        let is_much = workgroups >= ENOUGH_LARGE.load(Ordering::Relaxed);
        match (is_emulated(), rows) {
            (true, ..=16) => Self::new([16, 128, 8], [16, 16]),
            (true, 17..) => Self::new([32, 128, 8], [16, 16]),
            (false, ..=16) => Self::on_card([16, 128, 16], [4, 4]),
            (false, 17..=32) => Self::on_card([32, 128, 16], [8, 4]),
            (false, 33..=64) => Self::on_card([64, 128, 16], [8, 4]),
            (false, 65..) if is_much => Self::LARGE,
            (false, 65..) => Self::on_card([128, 64, 16], [8, 4]),
        }
    }

    /// For a matrix product of `rows` by `columns` at each of the points of one of Winograd's filters.
    pub fn for_product(rows: usize, columns: usize) -> Self {
        match (is_emulated(), rows, columns) {
            (true, ..=16, ..=64) => Self::new([16, 32, 8], [16, 8]),
            (true, ..=16, 65..) => Self::new([16, 128, 8], [16, 16]),
            (true, 17.., ..=64) => Self::new([32, 32, 8], [16, 8]),
            (true, 17.., 65..) => Self::new([32, 128, 8], [16, 16]),
            (false, ..=32, _) => Self::on_card([32, 64, 16], [4, 4]),
            (false, 33.., ..=32) => Self::on_card([64, 32, 16], [4, 4]),
            (false, 33.., 33..=64) => Self { chunk: 4, ..Self::on_card([64, 64, 16], [8, 8]) },
            (false, 33.., 65..) => Self { chunk: 4, ..Self::on_card([64, 128, 16], [8, 8]) },
        }
    }

    /// For the gradient of weights, `columns` of them to each of `rows` channels.
    pub const fn for_weights(rows: usize, columns: usize) -> Self {
        match (rows, columns) {
            (..=32, _) => Self::on_card([32, 64, 16], [4, 4]),
            (33..=64, _) => Self::on_card([64, 64, 16], [4, 4]),
            (65.., ..=32) => Self::on_card([128, 32, 16], [8, 4]),
            (65.., 33..=64) => Self::on_card([128, 64, 16], [8, 4]),
            (65.., 65..) => Self::LARGE,
        }
    }

    /// For the gradient of weights from `columns` channels to `rows` channels, tap by tap.
    pub const fn for_emulated_weights(rows: usize, columns: usize) -> Self {
        match (rows, columns) {
            (_, ..=8) => Self::new([32, 8, 16], [16, 4]),
            (..=16, _) | (_, 9..=16) => Self::new([16, 16, 16], [8, 8]),
            (17.., 17..) => Self::new([32, 32, 16], [16, 8]),
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

    /// Quads of rows that an invocation fetches a round, at most.
    pub const fn row_fetches(&self) -> usize {
        (self.depth * self.rows / LANES).div_ceil(self.threads())
    }

    /// Whether each invocation fetches as many quads of rows.
    pub const fn rows_are_shared_out(&self) -> bool {
        (self.depth * self.rows / LANES).is_multiple_of(self.threads())
    }

    /// Quads of columns that an invocation fetches a round, at most.
    pub const fn column_fetches(&self) -> usize {
        (self.depth * self.columns / LANES).div_ceil(self.threads())
    }

    /// Where an invocation fetches the same columns of every `depth_step`th row of depth: how many
    /// quads of columns.
    pub const fn held_quads(&self) -> usize {
        (self.columns / LANES).div_ceil(self.threads())
    }

    /// See [`Self::held_quads`]. More than the depth where some invocations fetch no columns.
    pub const fn depth_step(&self) -> usize {
        let step = self.threads() / (self.columns / LANES);
        if step > 1 { step } else { 1 }
    }

    /// See [`Self::held_quads`]: how many rows of depth an invocation fetches.
    pub const fn held_rows(&self) -> usize {
        self.depth.div_ceil(self.depth_step())
    }

    /// How many of `pixels` a workgroup adds up where `workgroups` of them would do all: enough
    /// workgroups to keep a graphics card busy, of enough work each. A multiple of the depth.
    pub const fn part_of(&self, pixels: usize, workgroups: usize) -> usize {
        const LEAST_PIXELS: usize = 512;
        let enough_workgroups = if self.emulated { 256 } else { 1024 };
        let parts = usize::div_ceil(enough_workgroups, workgroups);
        let part = pixels.div_ceil(parts);
        let part = if part < LEAST_PIXELS { LEAST_PIXELS } else { part };
        part.next_multiple_of(self.depth)
    }
}
