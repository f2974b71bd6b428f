//! Matrix products: register tiles over operands that the callers have laid out.
//!
//! Two forms are all that convolutions need. [`rows`]: `C = A·B` where a row of A is a pixel's
//! channels and B is packed. [`gram`]: `C += Aᵀ·B` where both hold pixels by channels, for
//! weight gradients.

use std::array::from_fn;

use crate::vector::Vector;

/// Where a packed B `[depth, width]` of [`rows`] is cut: panels two vectors wide, the last one
/// perhaps one vector; in each panel a row follows a row.
#[derive(Debug, Clone, Copy)]
pub struct Panels {
    /// Columns of B: a multiple of the lanes.
    pub width: usize,
    pub lanes: usize,
}

impl Panels {
    pub fn new(columns: usize, lanes: usize) -> Self {
        Self { width: columns.next_multiple_of(lanes), lanes }
    }

    /// First column and number of columns of each panel.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = (usize, usize)> {
        let step = 2 * self.lanes;
        (0..self.width).step_by(step).map(move |first| (first, step.min(self.width - first)))
    }
}

/// A of [`rows`]: `A[r][k]` for consecutive rows, `stride` apart. The depth is made of `runs` of
/// `run_len` neighbours, the beginnings of which are `run_stride` apart (a convolution's rows).
#[derive(Clone, Copy)]
pub struct Rows {
    pub start: *const f32,
    pub stride: usize,
    pub runs: usize,
    pub run_len: usize,
    pub run_stride: usize,
}

/// One panel of `C = A·B` with `count` rows; `columns` is one or two vectors.
///
/// # Safety
/// A, the panel `b` of `runs * run_len` rows, and C with rows `c_stride` apart are in bounds.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub unsafe fn rows<V: Vector>(
    a: Rows,
    count: usize,
    (b, columns): (*const f32, usize),
    (c, c_stride): (*mut f32, usize),
) {
    let wide = columns > V::LANES;
    let limit = if wide { V::ROWS_WIDE } else { V::ROWS_NARROW };
    let mut done = 0;
    while done < count {
        // SAFETY: the caller's promise.
        unsafe {
            let a = Rows { start: a.start.add(done * a.stride), ..a };
            let c = c.add(done * c_stride);
            done +=
                by_rows!(V, wide, tile_height(count - done, limit), rows_tile(a, b, c, c_stride));
        }
    }
}

/// A or B of [`gram`]: `[pixels, channels]`, the pixels in runs.
#[derive(Clone, Copy)]
pub struct Pixels {
    pub start: *const f32,
    /// Floats from pixel to pixel.
    pub stride: usize,
    /// Floats from run to run.
    pub run_stride: usize,
}

/// `C[m][n] += Σ A[pixel][m]·B[pixel][n]` for `count` channels of A and `columns` (one or two
/// vectors) of B, over `runs` of `run_len` pixels.
///
/// # Safety
/// All of those elements, and C with rows `c_stride` apart, are in bounds.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub unsafe fn gram<V: Vector>(
    (a, count): (Pixels, usize),
    (b, columns): (Pixels, usize),
    (runs, run_len): (usize, usize),
    (c, c_stride): (*mut f32, usize),
) {
    let wide = columns > V::LANES;
    let limit = if wide { V::ROWS_WIDE } else { V::ROWS_NARROW };
    let mut done = 0;
    while done < count {
        // SAFETY: the caller's promise.
        unsafe {
            let a = Pixels { start: a.start.add(done), ..a };
            let c = c.add(done * c_stride);
            let height = tile_height(count - done, limit);
            done += by_rows!(V, wide, height, gram_tile(a, b, (runs, run_len), c, c_stride));
        }
    }
}

/// Heights that register tiles are compiled for.
#[inline(always)]
fn tile_height(left: usize, limit: usize) -> usize {
    [12, 8, 6, 4, 2].into_iter().find(|&height| height <= left && height <= limit).unwrap_or(1)
}

/// Calls a register tile of the given height; evaluates to the height.
macro_rules! by_rows {
    ($V:ident, $wide:expr, $height:expr, $tile:ident($($argument:expr),*)) => {{
        let height = $height;
        match (height, $wide) {
            (12, _) => $tile::<$V, 12, 1>($($argument),*),
            (8, _) => $tile::<$V, 8, 1>($($argument),*),
            (6, true) => $tile::<$V, 6, 2>($($argument),*),
            (6, false) => $tile::<$V, 6, 1>($($argument),*),
            (4, true) => $tile::<$V, 4, 2>($($argument),*),
            (4, false) => $tile::<$V, 4, 1>($($argument),*),
            (2, true) => $tile::<$V, 2, 2>($($argument),*),
            (2, false) => $tile::<$V, 2, 1>($($argument),*),
            (_, true) => $tile::<$V, 1, 2>($($argument),*),
            (_, false) => $tile::<$V, 1, 1>($($argument),*),
        }
        height
    }};
}
use by_rows;

#[inline(always)]
unsafe fn rows_tile<V: Vector, const R: usize, const N: usize>(
    a: Rows,
    b: *const f32,
    c: *mut f32,
    c_stride: usize,
) {
    let mut sums = [[V::splat(0.0); N]; R];
    let mut b = b;
    // SAFETY: the caller's promise.
    unsafe {
        for run in 0..a.runs {
            let first = a.start.add(run * a.run_stride);
            let row: [*const f32; R] = from_fn(|row| first.add(row * a.stride));
            let mut k = 0;
            while k + 4 <= a.run_len {
                for step in 0..4 {
                    accumulate(&mut sums, |r| *row[r].add(k + step), b.add(step * N * V::LANES));
                }
                b = b.add(4 * N * V::LANES);
                k += 4;
            }
            for k in k..a.run_len {
                accumulate(&mut sums, |r| *row[r].add(k), b);
                b = b.add(N * V::LANES);
            }
        }
        store(sums, c, c_stride);
    }
}

#[inline(always)]
unsafe fn gram_tile<V: Vector, const R: usize, const N: usize>(
    a: Pixels,
    b: Pixels,
    (runs, run_len): (usize, usize),
    c: *mut f32,
    c_stride: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; R];
        for run in 0..runs {
            let mut left = a.start.add(run * a.run_stride);
            let mut right = b.start.add(run * b.run_stride);
            for _ in 0..run_len {
                accumulate(&mut sums, |r| *left.add(r), right);
                left = left.wrapping_add(a.stride);
                right = right.wrapping_add(b.stride);
            }
        }
        // The sum so far comes last: a short sum added to a long one loses fewer digits than many
        // products.
        for (r, row) in sums.iter_mut().enumerate() {
            for (n, sum) in row.iter_mut().enumerate() {
                *sum = *sum + V::load(c.add(r * c_stride + n * V::LANES));
            }
        }
        store(sums, c, c_stride);
    }
}

/// Adds the outer product of a column of A and a row of B.
#[inline(always)]
unsafe fn accumulate<V: Vector, const R: usize, const N: usize>(
    sums: &mut [[V; N]; R],
    a: impl Fn(usize) -> f32,
    b: *const f32,
) {
    let mut right = [V::splat(0.0); N];
    for (n, right) in right.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        *right = unsafe { V::load(b.add(n * V::LANES)) };
    }
    for (r, row) in sums.iter_mut().enumerate() {
        let left = V::splat(a(r));
        for (sum, &right) in row.iter_mut().zip(&right) {
            *sum = sum.add_product(left, right);
        }
    }
}

#[inline(always)]
unsafe fn store<V: Vector, const R: usize, const N: usize>(
    sums: [[V; N]; R],
    c: *mut f32,
    c_stride: usize,
) {
    for (r, row) in sums.into_iter().enumerate() {
        for (n, sum) in row.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { sum.store(c.add(r * c_stride + n * V::LANES)) }
        }
    }
}
