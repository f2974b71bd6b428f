//! Tables, whose rows are taken, joined, scaled or spread from one number: a number an invocation. Burn's own
//! are for tensors of any kind, and were half a megabyte of the engine.

use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{THREADS, cubes_for, empty};

#[cube(launch_unchecked)]
fn rows_at_kernel(table: &[f32], ids: &[i32], rows: &mut [f32], numbers: u32, count: u32) {
    if ABSOLUTE_POS < count as usize {
        let numbers = numbers as usize;
        let row = ids[ABSOLUTE_POS / numbers] as usize;
        rows[ABSOLUTE_POS] = table[row * numbers + ABSOLUTE_POS % numbers];
    }
}

/// See [`crate::ops::NetworkOps::rows_at`]; all tensors are contiguous, and `ids` are of the table's rows.
pub fn rows_at(table: CubeTensor, ids: CubeTensor) -> CubeTensor {
    let client = table.client.clone();
    let [_, numbers] = table.meta.shape().dims();
    let batch = ids.meta.shape().num_elements();
    let rows = empty(&table, [batch, numbers]);
    // SAFETY: the ids are of the table's rows.
    unsafe {
        rows_at_kernel::launch_unchecked(
            &client,
            cubes_for(batch * numbers),
            CubeDim::new_1d(THREADS as u32),
            table.into_buffer_arg(),
            ids.into_buffer_arg(),
            rows.clone().into_buffer_arg(),
            numbers as u32,
            (batch * numbers) as u32,
        );
    }
    rows
}

#[cube(launch_unchecked)]
fn join_kernel(upper: &[f32], lower: &[f32], both: &mut [f32], first: u32, count: u32) {
    let first = first as usize;
    if ABSOLUTE_POS < first {
        both[ABSOLUTE_POS] = upper[ABSOLUTE_POS];
    } else if ABSOLUTE_POS < count as usize {
        both[ABSOLUTE_POS] = lower[ABSOLUTE_POS - first];
    }
}

/// See [`crate::ops::NetworkOps::join_rows`]; all tensors are contiguous.
pub fn join(upper: CubeTensor, lower: CubeTensor) -> CubeTensor {
    let client = upper.client.clone();
    let [above, numbers] = upper.meta.shape().dims();
    let [below, _] = lower.meta.shape().dims();
    let count = (above + below) * numbers;
    let both = empty(&upper, [above + below, numbers]);
    // SAFETY: each invocation stays within the table that it copies.
    unsafe {
        join_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            upper.into_buffer_arg(),
            lower.into_buffer_arg(),
            both.clone().into_buffer_arg(),
            (above * numbers) as u32,
            count as u32,
        );
    }
    both
}

#[cube(launch_unchecked)]
fn scale_kernel(x: &[f32], factors: &[f32], scaled: &mut [f32], numbers: u32, count: u32) {
    if ABSOLUTE_POS < count as usize {
        scaled[ABSOLUTE_POS] = x[ABSOLUTE_POS] * factors[ABSOLUTE_POS / numbers as usize];
    }
}

/// See [`crate::ops::NetworkOps::scale_rows`]; all tensors are contiguous.
pub fn scale(x: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let client = x.client.clone();
    let count = x.meta.shape().num_elements();
    let numbers = count / factors.meta.shape().num_elements().max(1);
    let scaled = empty(&x, x.meta.shape().clone());
    // SAFETY: there are as many rows as factors.
    unsafe {
        scale_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            factors.into_buffer_arg(),
            scaled.clone().into_buffer_arg(),
            numbers as u32,
            count as u32,
        );
    }
    scaled
}

#[cube(launch_unchecked)]
fn spread_kernel(of_means: &[f32], of_x: &mut [f32], numbers: u32, count: u32) {
    if ABSOLUTE_POS < count as usize {
        of_x[ABSOLUTE_POS] = of_means[ABSOLUTE_POS / numbers as usize] / f32::cast_from(numbers);
    }
}

/// See [`crate::ops::NetworkOps::means_gradient`]; `of_means` is contiguous.
pub fn spread(of_means: CubeTensor, shape: Shape) -> CubeTensor {
    let client = of_means.client.clone();
    let count = shape.num_elements();
    let numbers = count / of_means.meta.shape().num_elements().max(1);
    let of_x = empty(&of_means, shape);
    // SAFETY: there are as many rows as means.
    unsafe {
        spread_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            of_means.into_buffer_arg(),
            of_x.clone().into_buffer_arg(),
            numbers as u32,
            count as u32,
        );
    }
    of_x
}
