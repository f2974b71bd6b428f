//! Weights laid out for the matrix product: `[taps, depth, rows]`, padded with zeros.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::tile::Tile;
use super::{THREADS, cubes_for, empty};
use crate::ops::shape::ConvShape;

/// Laid out weights.
pub struct Layout {
    /// `[taps, depth, rows]`.
    pub tensor: CubeTensor,
    /// Channels that are summed over, with padding.
    pub depth: usize,
    /// Channels that come out, with padding.
    pub rows: usize,
}

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct LayoutDims {
    /// Of the weights `[channels_out, channels_in, kernel, kernel]`.
    channels_out: u32,
    channels_in: u32,
    taps: u32,
    padded_depth: u32,
    padded_rows: u32,
}

/// One number an invocation. Forward: depth is the input channel, a row an output channel.
/// Gradient of the input: the other way round, with the taps from last to first.
#[cube(launch_unchecked)]
fn layout_kernel(
    weight: &[f32],
    laid_out: &mut [f32],
    dims: LayoutDims,
    #[comptime] for_gradient: bool,
) {
    let at = ABSOLUTE_POS as u32;
    if at < dims.taps * dims.padded_depth * dims.padded_rows {
        let row = at % dims.padded_rows;
        let depth = at / dims.padded_rows % dims.padded_depth;
        let mut tap = at / dims.padded_rows / dims.padded_depth;
        let mut channel_out = row;
        let mut channel_in = depth;
        if comptime![for_gradient] {
            tap = dims.taps - 1 - tap;
            channel_out = depth;
            channel_in = row;
        }
        let mut value = f32::new(0.0);
        if channel_out < dims.channels_out && channel_in < dims.channels_in {
            value =
                weight[((channel_out * dims.channels_in + channel_in) * dims.taps + tap) as usize];
        }
        laid_out[at as usize] = value;
    }
}

/// Weights `[channels_out, channels_in, kernel, kernel]` for the convolution itself.
pub fn forward(weight: CubeTensor, shape: &ConvShape, tile: &Tile) -> Layout {
    launch(weight, shape, shape.channels_in, shape.channels_out, tile, false)
}

/// The same for the gradient of its input.
pub fn input_gradient(weight: CubeTensor, shape: &ConvShape, tile: &Tile) -> Layout {
    launch(weight, shape, shape.channels_out, shape.channels_in, tile, true)
}

fn launch(
    weight: CubeTensor,
    shape: &ConvShape,
    depth: usize,
    rows: usize,
    tile: &Tile,
    for_gradient: bool,
) -> Layout {
    let (depth, rows) = (depth.next_multiple_of(tile.depth), rows.next_multiple_of(tile.rows));
    let tensor = empty(&weight, [shape.taps(), depth, rows]);
    let dims = LayoutDimsLaunch::new(
        shape.channels_out as u32,
        shape.channels_in as u32,
        shape.taps() as u32,
        depth as u32,
        rows as u32,
    );
    let client = weight.client.clone();
    // SAFETY: the kernel writes within the padded sizes and reads within the weights' own.
    unsafe {
        layout_kernel::launch_unchecked(
            &client,
            cubes_for(shape.taps() * depth * rows),
            CubeDim::new_1d(THREADS as u32),
            weight.into_buffer_arg(),
            tensor.clone().into_buffer_arg(),
            dims,
            for_gradient,
        );
    }
    Layout { tensor, depth, rows }
}
