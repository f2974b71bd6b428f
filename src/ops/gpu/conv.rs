//! Convolution as an implicit matrix product: forward, and the gradient of the input.
//!
//! Rows are output channels, columns are pixels of the whole batch, the depth runs over taps of
//! the kernel (outside) and input channels (inside). Weights were laid out as
//! `[taps, channels_in, channels_out]`, padded with zeros to whole tiles, by [`super::layout`].

mod kernel;

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::layout::{self, Layout};
use super::tile::Tile;
use super::{algorithm, empty, winograd};
use crate::ops::shape::ConvShape;
use kernel::{ConvDimsLaunch, ConvKind, conv_kernel};

/// The output of a convolution.
pub fn forward(x: CubeTensor, weight: CubeTensor, shape: &ConvShape) -> CubeTensor {
    if let Some(filter) = algorithm::filter_for(shape) {
        return winograd::correlate(x, weight, shape, filter, false);
    }
    let pixels = shape.batch * shape.output_height() * shape.output_width();
    let tile = Tile::for_conv(shape.channels_out, pixels, shape.channels_in);
    let output = empty(&x, shape.output_shape());
    let weight = layout::forward(weight, shape, &tile);
    let kind = ConvKind {
        kernel: shape.kernel as u32,
        stride: shape.stride as u32,
        transposed: false,
        whole_depth: weight.depth == shape.channels_in,
    };
    launch(x, weight, &output, shape.padding, tile, kind);
    output
}

/// The gradient of a convolution's input: at stride 1 a convolution of the output's gradient with
/// the weights turned round; else the output is spread over the input's pixels.
pub fn input_gradient(gradient: CubeTensor, weight: CubeTensor, shape: &ConvShape) -> CubeTensor {
    if let Some(transposed) = shape.transposed()
        && let Some(filter) = algorithm::filter_for(&transposed)
    {
        return winograd::correlate(gradient, weight, &transposed, filter, true);
    }
    let pixels = shape.batch * shape.height * shape.width;
    let tile = Tile::for_conv(shape.channels_in, pixels, shape.channels_out);
    let output = empty(&gradient, shape.input_shape());
    let weight = layout::input_gradient(weight, shape, &tile);
    let kind = ConvKind {
        kernel: shape.kernel as u32,
        stride: shape.stride as u32,
        transposed: true,
        whole_depth: weight.depth == shape.channels_out,
    };
    launch(gradient, weight, &output, shape.kernel - 1 - shape.padding, tile, kind);
    output
}

fn launch(
    x: CubeTensor,
    weight: Layout,
    output: &CubeTensor,
    padding: usize,
    tile: Tile,
    kind: ConvKind,
) {
    let [batch, channels_out, height, width] = output.meta.shape().dims();
    let [_, channels_in, input_height, input_width] = x.meta.shape().dims();
    let pixels = batch * height * width;
    let dims = ConvDimsLaunch::new(
        channels_in as u32,
        channels_out as u32,
        input_height as u32,
        input_width as u32,
        height as u32,
        width as u32,
        pixels as u32,
        padding as u32,
        weight.depth as u32,
        weight.rows as u32,
    );
    let cubes = CubeCount::Static(
        pixels.div_ceil(tile.columns) as u32,
        (weight.rows / tile.rows) as u32,
        1,
    );
    let client = x.client.clone();
    // SAFETY: every read and write of the kernel is guarded by `dims`, which are the tensors' own.
    unsafe {
        conv_kernel::launch_unchecked(
            &client,
            cubes,
            CubeDim::new_1d(tile.threads() as u32),
            x.into_buffer_arg(),
            weight.tensor.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            dims,
            tile,
            kind,
        );
    }
}
