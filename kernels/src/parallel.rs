//! Loops over independent pieces: on all cores natively, in order in the browser. What a piece
//! is never depends on the number of threads, so neither do the results.

#[cfg(not(target_family = "wasm"))]
use rayon::prelude::*;

/// Pieces that a loop should have at least, where the work can be cut that fine.
pub const PIECES: usize = if cfg!(target_family = "wasm") { 1 } else { 8 };

/// Calls `work` with every chunk of `size` elements (the last may be shorter) and its index.
pub fn chunks<T: Send>(data: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync + Send) {
    if data.is_empty() {
        return;
    }
    #[cfg(not(target_family = "wasm"))]
    data.par_chunks_mut(size).enumerate().for_each(|(index, chunk)| work(index, chunk));
    #[cfg(target_family = "wasm")]
    data.chunks_mut(size).enumerate().for_each(|(index, chunk)| work(index, chunk));
}

/// [`chunks`] of two arrays side by side, which must have the same number of chunks.
pub fn chunk_pairs<T: Send, U: Send>(
    (first, first_size): (&mut [T], usize),
    (second, second_size): (&mut [U], usize),
    work: impl Fn(usize, &mut [T], &mut [U]) + Sync + Send,
) {
    if first.is_empty() || second.is_empty() {
        return;
    }
    #[cfg(not(target_family = "wasm"))]
    first
        .par_chunks_mut(first_size)
        .zip(second.par_chunks_mut(second_size))
        .enumerate()
        .for_each(|(index, (first, second))| work(index, first, second));
    #[cfg(target_family = "wasm")]
    first
        .chunks_mut(first_size)
        .zip(second.chunks_mut(second_size))
        .enumerate()
        .for_each(|(index, (first, second))| work(index, first, second));
}

/// The results of `work` for every index below `count`, in order.
pub fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(not(target_family = "wasm"))]
    return (0..count).into_par_iter().map(work).collect();
    #[cfg(target_family = "wasm")]
    (0..count).map(work).collect()
}
