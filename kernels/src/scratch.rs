//! Work memory that is kept between calls, thread by thread: a training step asks for the same
//! sizes again and again, and the system's allocator would clear and fault every page anew.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// A cache line, so that vectors never straddle two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Floats in a cache line.
pub const LINE: usize = 16;

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer borrowed from this thread's store; its contents are whatever its last user left.
pub struct Scratch {
    lines: Vec<Line>,
    len: usize,
}

impl Scratch {
    /// `len` floats of unspecified value.
    pub fn take(len: usize) -> Self {
        let needed = len.div_ceil(LINE);
        let mut lines = FREE.with_borrow_mut(|free| {
            let fitting = (0..free.len())
                .filter(|&index| free[index].len() >= needed)
                .min_by_key(|&index| free[index].len());
            match fitting {
                Some(index) => free.swap_remove(index),
                None => {
                    let largest = (0..free.len()).max_by_key(|&index| free[index].len());
                    largest.map(|index| free.swap_remove(index)).unwrap_or_default()
                }
            }
        });
        if lines.len() < needed {
            // Dropped first: its contents need not be copied.
            lines = Vec::new();
            lines.resize(needed, Line([0.0; LINE]));
        }
        Self { lines, len }
    }

    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut scratch = Self::take(len);
        scratch.fill(0.0);
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        // A thread that is ending has no store any more.
        let _ = FREE.try_with(|free| free.borrow_mut().push(lines));
    }
}

impl Deref for Scratch {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: `lines` holds at least `len` initialised floats, and Line has no padding.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as for `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
