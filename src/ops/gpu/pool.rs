//! Max pooling over 2x2 windows. An invocation has four columns of two rows: two windows.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{LANES, Quad, THREADS, cubes_for, empty};
use crate::ops::cpu::pool::output_shape;

/// The largest of a window and its place, row by row: the first of equals, but a NaN before all.
#[cube]
fn largest(upper: Quad, lower: Quad, #[comptime] window: usize) -> (f32, u32) {
    let first = comptime![2 * window];
    let second = comptime![2 * window + 1];
    let best = (upper.extract(first), 0u32.runtime());
    let best = larger(best, upper.extract(second), 1u32);
    let best = larger(best, lower.extract(first), 2u32);
    larger(best, lower.extract(second), 3u32)
}

#[cube]
fn larger(best: (f32, u32), value: f32, #[comptime] place: u32) -> (f32, u32) {
    let takes = value > best.0 || value.is_nan();
    (select(takes, value, best.0), select(takes, place.runtime(), best.1))
}

/// Where an invocation's upper row of four is, in quads of the input: `quads` are in a row.
#[cube]
fn upper_quad(at: u32, quads: u32) -> u32 {
    at / quads * (2 * quads) + at % quads
}

#[cube(launch_unchecked)]
fn pool_kernel(x: &[Quad], output: &mut [f32], quads: u32, count: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < count {
        let from = upper_quad(at, quads);
        let upper = x[from as usize];
        let lower = x[(from + quads) as usize];
        #[unroll]
        for window in 0..2usize {
            let best = largest(upper, lower, window);
            output[(2 * at + window as u32) as usize] = best.0;
        }
    }
}

#[cube(launch_unchecked)]
fn pool_gradient_kernel(x: &[Quad], gradient: &[f32], output: &mut [Quad], quads: u32, count: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < count {
        let from = upper_quad(at, quads);
        let upper = x[from as usize];
        let lower = x[(from + quads) as usize];
        let mut of_upper = Quad::new(0.0);
        let mut of_lower = Quad::new(0.0);
        #[unroll]
        for window in 0..2usize {
            let value = gradient[(2 * at + window as u32) as usize];
            let best = largest(upper, lower, window);
            #[unroll]
            for side in 0..2usize {
                let lane = comptime![2 * window + side];
                of_upper.insert(lane, select(best.1 == side as u32, value, 0.0));
                of_lower.insert(lane, select(best.1 == 2 + side as u32, value, 0.0));
            }
        }
        output[from as usize] = of_upper;
        output[(from + quads) as usize] = of_lower;
    }
}

/// Quads in a row, and invocations for all windows.
fn plan(x: &CubeTensor) -> (u32, usize) {
    let [batch, channels, height, width] = x.meta.shape().dims();
    assert!(width.is_multiple_of(LANES) && height.is_multiple_of(2), "a pool of {height}x{width}");
    let quads = width / LANES;
    (quads as u32, batch * channels * height / 2 * quads)
}

/// The largest of each window.
pub fn forward(x: CubeTensor) -> CubeTensor {
    let (quads, count) = plan(&x);
    let output = empty(&x, output_shape(x.meta.shape().dims()));
    let client = x.client.clone();
    // SAFETY: an invocation below `count` has its two rows in x and two numbers of the output.
    unsafe {
        pool_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            quads,
            count as u32,
        );
    }
    output
}

/// The gradient of `x`.
pub fn gradient(x: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let (quads, count) = plan(&x);
    let output = empty(&x, x.meta.shape().clone());
    let client = x.client.clone();
    // SAFETY: as in [`forward`].
    unsafe {
        pool_gradient_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            gradient.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            quads,
            count as u32,
        );
    }
    output
}
