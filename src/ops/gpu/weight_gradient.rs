//! The gradient of a convolution's weights as a matrix product: rows are output channels, columns
//! are taps with their input channels, the depth runs over all pixels of the batch.
//!
//! The pixels are cut into parts, each summed by workgroups of its own; [`gather_kernel`] adds
//! the parts, always in the same order.

mod emulated;
mod kernel;

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::tile::{Tile, is_emulated};
use super::{LANES, THREADS, algorithm, cubes_for, empty, winograd};
use crate::ops::shape::ConvShape;
use kernel::{GradientDimsLaunch, GradientKind, weight_gradient_kernel};

/// The gradient of a convolution's weights, `[channels_out, channels_in, kernel, kernel]`.
pub fn launch(x: CubeTensor, gradient: CubeTensor, shape: &ConvShape) -> CubeTensor {
    if let Some(filter) = algorithm::filter_for(shape) {
        return winograd::weight_gradient(x, gradient, shape, filter);
    }
    if is_emulated() {
        return emulated::launch(x, gradient, shape);
    }
    let (height, width) = (shape.output_height(), shape.output_width());
    let pixels = shape.batch * height * width;
    let padded_in = shape.channels_in.next_multiple_of(LANES);
    let columns = padded_in * shape.taps();
    let tile = Tile::for_weights(shape.channels_out, columns);
    let tiles = [columns.div_ceil(tile.columns), shape.channels_out.div_ceil(tile.rows)];
    let part = tile.part_of(pixels, tiles[0] * tiles[1]);
    let parts = pixels.div_ceil(part);
    let partial = empty(&x, [parts, shape.channels_out, columns]);
    let dims = GradientDimsLaunch::new(
        shape.channels_in as u32,
        shape.channels_out as u32,
        shape.height as u32,
        shape.width as u32,
        height as u32,
        width as u32,
        pixels as u32,
        part as u32,
        shape.padding as u32,
        padded_in as u32,
        columns as u32,
        (tile.depth / (height * width)) as u32,
        (tile.depth / width % height) as u32,
        (tile.depth % width) as u32,
    );
    let kind = GradientKind {
        kernel: shape.kernel as u32,
        stride: shape.stride as u32,
        whole: columns.is_multiple_of(tile.columns)
            && padded_in == shape.channels_in
            && shape.channels_out.is_multiple_of(tile.rows)
            && pixels.is_multiple_of(tile.depth),
    };
    let client = x.client.clone();
    // SAFETY: every read and write of the kernel is guarded by `dims`, which are the tensors' own.
    unsafe {
        weight_gradient_kernel::launch_unchecked(
            &client,
            CubeCount::Static(tiles[0] as u32, tiles[1] as u32, parts as u32),
            CubeDim::new_1d(tile.threads() as u32),
            x.into_buffer_arg(),
            gradient.into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            dims,
            tile,
            kind,
        );
    }
    add_parts(partial, parts, padded_in, shape)
}

/// Adds the parts, and puts the taps last: `[channels_out, channels_in, taps]`. One number an
/// invocation; `pairs` is channels_out * channels_in.
#[cube(launch_unchecked)]
fn gather_kernel(
    partial: &[f32],
    gradient: &mut [f32],
    parts: u32,
    channels_in: u32,
    padded_in: u32,
    pairs: u32,
    #[comptime] taps: u32,
) {
    let at = ABSOLUTE_POS as u32;
    if at < pairs * taps {
        // Neighbours read neighbours; what they write lies apart.
        let channel_in = at % channels_in;
        let tap = at / channels_in % taps;
        let channel_out = at / channels_in / taps;
        let from = (channel_out * taps + tap) * padded_in + channel_in;
        let part_size = pairs / channels_in * taps * padded_in;
        let mut sum = f32::new(0.0);
        for part in 0..parts {
            sum += partial[(part * part_size + from) as usize];
        }
        gradient[((channel_out * channels_in + channel_in) * taps + tap) as usize] = sum;
    }
}

fn add_parts(partial: CubeTensor, parts: usize, padded_in: usize, shape: &ConvShape) -> CubeTensor {
    let total = empty(&partial, shape.weight_shape());
    let client = partial.client.clone();
    // SAFETY: the kernel reads within a part's numbers and writes within the weights' own.
    unsafe {
        gather_kernel::launch_unchecked(
            &client,
            cubes_for(shape.weight_len()),
            CubeDim::new_1d(THREADS as u32),
            partial.into_buffer_arg(),
            total.clone().into_buffer_arg(),
            parts as u32,
            shape.channels_in as u32,
            padded_in as u32,
            (shape.channels_out * shape.channels_in) as u32,
            shape.taps() as u32,
        );
    }
    total
}
