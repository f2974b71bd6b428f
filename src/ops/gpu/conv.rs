//! Convolution as an implicit matrix product: forward, and the gradient of the input.
//!
//! Rows are output channels, columns are pixels of the whole batch, the depth runs over taps of
//! the kernel (outside) and input channels (inside). Weights were laid out as
//! `[taps, channels_in, channels_out]`, padded with zeros to whole tiles, by [`super::layout`].

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::layout::{self, Layout};
use super::tile::Tile;
use super::{LANES, Quad, empty};
use crate::ops::shape::ConvShape;

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct ConvDims {
    channels_in: u32,
    channels_out: u32,
    /// Of the input.
    height: u32,
    width: u32,
    output_height: u32,
    output_width: u32,
    /// Of the batch: batch * output_height * output_width.
    pixels: u32,
    padding: u32,
    /// Rows and depth of the laid out weights.
    padded_in: u32,
    padded_out: u32,
}

/// Products that are added up before a sum goes back to where it is kept.
const CHUNK: usize = 8;

/// No number of a tensor: larger than any position, with room for a channel's offset.
const OUTSIDE: u32 = 0x8000_0000;

/// What is compiled into a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ConvKind {
    /// Height and width of the kernel.
    kernel: u32,
    stride: u32,
    /// Whether the input is spread by the stride instead of the output: the gradient of the input.
    transposed: bool,
}

/// Where a tap of the kernel reads for an output pixel, and whether that is in the image.
#[cube]
fn source(at: u32, tap: u32, padding: u32, size: u32, #[comptime] kind: ConvKind) -> (u32, bool) {
    if comptime![kind.transposed && kind.stride > 1] {
        // Wraps below zero, and is then no position of the image.
        let spread = at + tap - padding;
        let place = spread / kind.stride;
        (place, place * kind.stride == spread && place < size)
    } else {
        let place = at * kind.stride + tap - padding;
        (place, place < size)
    }
}

#[cube(launch_unchecked)]
fn conv_kernel(
    input: &[f32],
    weight: &[Quad],
    output: &mut [Quad],
    dims: ConvDims,
    #[comptime] tile: Tile,
    #[comptime] kind: ConvKind,
) {
    let threads = comptime![tile.threads() as u32];
    let quads_across = comptime![(tile.columns / LANES) as u32];
    let quads_down = comptime![(tile.rows / LANES) as u32];
    let across = comptime![tile.threads_across() as u32];
    let depth = comptime![tile.depth as u32];
    let row_quads = comptime![tile.thread_rows / LANES];
    let column_quads = comptime![tile.thread_columns / LANES];

    let mut shared_weight = Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.rows / LANES]);
    let mut shared_input =
        Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.columns / LANES]);

    let me = UNIT_POS_X;
    let my_column = me % across;
    let my_row = me / across;
    let first_pixel = CUBE_POS_X * comptime![tile.columns as u32];
    let first_row_quad = CUBE_POS_Y * quads_down;

    let plane_in = dims.height * dims.width;
    let plane_out = dims.output_height * dims.output_width;

    // The pixels that this invocation fetches are the same in every round: of `held` quads, each
    // `depth_step` channels.
    let held = comptime![(tile.columns / LANES).div_ceil(tile.threads())];
    let depth_step = comptime![(tile.threads() / (tile.columns / LANES)).max(1) as u32];
    let first_quad = me % quads_across;
    let first_channel = if comptime![depth_step > 1] { me / quads_across } else { 0u32.runtime() };
    let mut fetch_y = Array::<u32>::new(comptime![held * LANES]);
    let mut fetch_x = Array::<u32>::new(comptime![held * LANES]);
    let mut fetch_image = Array::<u32>::new(comptime![held * LANES]);
    #[unroll]
    for i in 0..comptime![held * LANES] {
        let quad = first_quad + comptime![(i / LANES * tile.threads()) as u32];
        let pixel = first_pixel + quad * 4 + comptime![(i % LANES) as u32];
        let image = pixel / plane_out;
        let place = pixel % plane_out;
        fetch_y[i] = place / dims.output_width;
        fetch_x[i] = place % dims.output_width;
        fetch_image[i] = image * dims.channels_in * plane_in;
    }

    let mut sums = Array::<Quad>::new(comptime![tile.thread_rows * column_quads]);
    #[unroll]
    for i in 0..comptime![tile.thread_rows * column_quads] {
        sums[i] = Quad::new(0.0);
    }

    let mut fetch_from = Array::<u32>::new(comptime![held * LANES]);
    let weight_quads = dims.padded_out / 4;

    for tap in 0..comptime![kind.kernel * kind.kernel] {
        let tap_y = tap / kind.kernel;
        let tap_x = tap % kind.kernel;
        #[unroll]
        for i in 0..comptime![held * LANES] {
            let (y, inside_y) = source(fetch_y[i], tap_y, dims.padding, dims.height, kind);
            let (x, inside_x) = source(fetch_x[i], tap_x, dims.padding, dims.width, kind);
            let quad = first_quad + comptime![(i / LANES * tile.threads()) as u32];
            let pixel = first_pixel + quad * 4 + comptime![(i % LANES) as u32];
            let inside = inside_y && inside_x && pixel < dims.pixels;
            fetch_from[i] = select(inside, fetch_image[i] + y * dims.width + x, OUTSIDE);
        }

        for first_depth in range_stepped(0u32, dims.padded_in, depth) {
            // Weights.
            let weight_fetches =
                comptime![(tile.depth * tile.rows / LANES).div_ceil(tile.threads())];
            #[unroll]
            for i in 0..weight_fetches {
                let at = me + i as u32 * threads;
                if at < depth * quads_down {
                    let from = (tap * dims.padded_in + first_depth + at / quads_down)
                        * weight_quads
                        + first_row_quad
                        + at % quads_down;
                    shared_weight[at as usize] = weight[from as usize];
                }
            }
            // Pixels.
            #[unroll]
            for i in 0..comptime![tile.depth / depth_step as usize] {
                let at_depth = first_channel + i as u32 * depth_step;
                let channel = first_depth + at_depth;
                let offset = channel * plane_in;
                let limit = select(channel < dims.channels_in, OUTSIDE, 0);
                #[unroll]
                for q in 0..held {
                    let mut quad = Quad::new(0.0);
                    #[unroll]
                    for lane in 0..LANES {
                        let from = fetch_from[comptime![q * LANES + lane]] + offset;
                        let inside = from < limit;
                        let value = input[select(inside, from, 0) as usize];
                        quad.insert(lane, select(inside, value, 0.0));
                    }
                    let to = at_depth * quads_across
                        + first_quad
                        + comptime![(q * tile.threads()) as u32];
                    shared_input[to as usize] = quad;
                }
            }
            sync_cube();

            for chunk in range_stepped(0u32, depth, comptime![CHUNK as u32]) {
                let mut b = Sequence::<Quad>::new();
                #[unroll]
                for k in 0..CHUNK {
                    #[unroll]
                    for j in 0..column_quads {
                        let at = (chunk + k as u32) * quads_across + my_column + j as u32 * across;
                        b.push(shared_input[at as usize]);
                    }
                }
                #[unroll]
                for i in 0..row_quads {
                    let mut a = Sequence::<Quad>::new();
                    #[unroll]
                    for k in 0..CHUNK {
                        let at = (chunk + k as u32) * quads_down
                            + my_row * comptime![row_quads as u32]
                            + i as u32;
                        a.push(shared_weight[at as usize]);
                    }
                    #[unroll]
                    for lane in 0..LANES {
                        #[unroll]
                        for j in 0..column_quads {
                            let at = comptime![(i * LANES + lane) * column_quads + j];
                            let mut sum = sums[at];
                            #[unroll]
                            for k in 0..CHUNK {
                                sum += Quad::new(a[k].extract(lane))
                                    * b[comptime![k * column_quads + j]];
                            }
                            sums[at] = sum;
                        }
                    }
                }
            }
            sync_cube();
        }
    }

    #[unroll]
    for j in 0..column_quads {
        let pixel = first_pixel + (my_column + j as u32 * across) * 4;
        if pixel < dims.pixels {
            let image = pixel / plane_out;
            let place = pixel % plane_out;
            #[unroll]
            for i in 0..comptime![tile.thread_rows] {
                let channel =
                    first_row_quad * 4 + my_row * comptime![tile.thread_rows as u32] + i as u32;
                if channel < dims.channels_out {
                    let to = (image * dims.channels_out + channel) * plane_out + place;
                    output[(to / 4) as usize] = sums[comptime![i * column_quads + j]];
                }
            }
        }
    }
}

/// The output of a convolution.
pub fn forward(x: CubeTensor, weight: CubeTensor, shape: &ConvShape) -> CubeTensor {
    let tile = Tile::for_conv(shape.channels_out);
    let output = empty(&x, shape.output_shape());
    let kind =
        ConvKind { kernel: shape.kernel as u32, stride: shape.stride as u32, transposed: false };
    launch(x, layout::forward(weight, shape, &tile), &output, shape.padding, tile, kind);
    output
}

/// The gradient of a convolution's input: at stride 1 a convolution of the output's gradient with
/// the weights turned round; else the output is spread over the input's pixels.
pub fn input_gradient(gradient: CubeTensor, weight: CubeTensor, shape: &ConvShape) -> CubeTensor {
    let tile = Tile::for_conv(shape.channels_in);
    let output = empty(&gradient, shape.input_shape());
    let kind =
        ConvKind { kernel: shape.kernel as u32, stride: shape.stride as u32, transposed: true };
    let weight = layout::input_gradient(weight, shape, &tile);
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
