//! The matrix product on tiles in workgroup memory that is behind a convolution and its gradients.
//!
//! Both tiles lie there as `[depth, quads]`: of a column of rows, and of a row of columns. A
//! workgroup may fetch the next tiles into registers while it multiplies those that it has.

use cubecl::prelude::*;

use super::tile::Tile;
use super::{LANES, Quad};

/// The results of an invocation, in quads of columns: `[thread_rows, thread_columns / 4]`.
#[cube]
pub fn zeros(#[comptime] tile: Tile) -> Array<Quad> {
    let mut sums = Array::<Quad>::new(comptime![tile.thread_rows * tile.thread_columns / LANES]);
    #[unroll]
    for i in 0..comptime![tile.thread_rows * tile.thread_columns / LANES] {
        sums[i] = Quad::new(0.0);
    }
    sums
}

/// The first quad of rows and the first quad of columns of the workgroup's results that are an invocation's.
#[cube]
pub fn my_place(#[comptime] tile: Tile) -> (u32, u32) {
    let across = comptime![tile.threads_across() as u32];
    let row_quads = comptime![(tile.thread_rows / LANES) as u32];
    (UNIT_POS_X / across * row_quads, UNIT_POS_X % across)
}

/// Where a quad lies in its row of workgroup memory. Neighbours in depth that are written at once
/// are `turned` into different banks.
#[cube]
pub fn slot(quad: u32, depth: u32, #[comptime] turn: u32) -> u32 {
    if comptime![turn > 1] { quad ^ (depth % turn) } else { quad }
}

/// Adds the products of two tiles to the sums of the invocation whose first quad of rows is
/// `my_row` and whose first quad of columns is `my_column`; its others are a row of invocations apart.
#[cube]
pub fn add_products(
    rows: &Shared<[Quad]>,
    columns: &Shared<[Quad]>,
    sums: &mut Array<Quad>,
    my_row: u32,
    my_column: u32,
    #[comptime] tile: Tile,
    #[comptime] turns: (u32, u32),
) {
    let quads_down = comptime![(tile.rows / LANES) as u32];
    let quads_across = comptime![(tile.columns / LANES) as u32];
    let row_quads = comptime![tile.thread_rows / LANES];
    let column_quads = comptime![tile.thread_columns / LANES];
    let across = comptime![tile.threads_across() as u32];
    let depth = comptime![tile.depth as u32];
    for chunk in range_stepped(0u32, depth, comptime![tile.chunk as u32]) {
        let mut b = Sequence::<Quad>::new();
        #[unroll]
        for k in 0..comptime![tile.chunk] {
            let at = chunk + k as u32;
            #[unroll]
            for j in 0..column_quads {
                let quad = my_column + j as u32 * across;
                let from = at * quads_across + slot(quad, at, comptime![turns.1]);
                b.push(columns[from as usize]);
            }
        }
        #[unroll]
        for i in 0..row_quads {
            let mut a = Sequence::<Quad>::new();
            #[unroll]
            for k in 0..comptime![tile.chunk] {
                let at = chunk + k as u32;
                let quad = my_row + i as u32;
                let from = at * quads_down + slot(quad, at, comptime![turns.0]);
                a.push(rows[from as usize]);
            }
            #[unroll]
            for lane in 0..LANES {
                #[unroll]
                for j in 0..column_quads {
                    let at = comptime![(i * LANES + lane) * column_quads + j];
                    let mut sum = sums[at];
                    #[unroll]
                    for k in 0..comptime![tile.chunk] {
                        sum += Quad::new(a[k].extract(lane)) * b[comptime![k * column_quads + j]];
                    }
                    sums[at] = sum;
                }
            }
        }
    }
}
