//! The gradient of weights where a card is emulated (SwiftShader): for each tap a product of output
//! gradients and shifted inputs, summed in quads along the pixels.
//!
//! With tiles as large as are fast there, the card's kernel does not get through SwiftShader's compiler: it
//! was not done after three minutes (Chromium 156). It may go when that changes.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::add_parts;
use crate::ops::gpu::tile::Tile;
use crate::ops::gpu::{LANES, Quad, empty};
use crate::ops::shape::ConvShape;

/// Quads of products that are added up before a sum goes back to where it is kept.
const CHUNK: usize = 4;

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct GradientDims {
    channels_in: u32,
    channels_out: u32,
    height: u32,
    width: u32,
    output_width: u32,
    /// output_height * output_width, a multiple of 4.
    plane_out: u32,
    /// batch * plane_out.
    pixels: u32,
    /// Pixels of a part, a multiple of the tile's depth.
    part: u32,
    padding: u32,
}

/// `partial` is `[parts, channels_out, taps, channels_in]`. Rows are output channels, columns
/// input channels, the depth runs over pixels, four at a time.
#[cube(launch_unchecked)]
fn weight_gradient_kernel(
    input: &[f32],
    output_gradient: &[Quad],
    partial: &mut [f32],
    dims: GradientDims,
    #[comptime] tile: Tile,
    #[comptime] kernel: u32,
    #[comptime] stride: u32,
    #[comptime] whole_quads: bool,
) {
    let threads = comptime![tile.threads() as u32];
    let depth_quads = comptime![(tile.depth / LANES) as u32];
    // One more than needed, so that neighbours lie in different banks.
    let pitch = comptime![(tile.depth / LANES + 1) as u32];
    let across = comptime![tile.threads_across() as u32];
    let down = comptime![(tile.rows / tile.thread_rows) as u32];

    let mut shared_gradient =
        Shared::<[Quad]>::new_slice(comptime![tile.rows * (tile.depth / LANES + 1)]);
    let mut shared_input =
        Shared::<[Quad]>::new_slice(comptime![tile.columns * (tile.depth / LANES + 1)]);

    let me = UNIT_POS_X;
    let my_column = me % across;
    let my_row = me / across;
    let tiles_across = dims.channels_in.div_ceil(comptime![tile.columns as u32]);
    let first_column = CUBE_POS_X % tiles_across * comptime![tile.columns as u32];
    let first_row = CUBE_POS_X / tiles_across * comptime![tile.rows as u32];
    let tap = CUBE_POS_Y;
    let tap_y = tap / kernel;
    let tap_x = tap % kernel;
    let plane_in = dims.height * dims.width;

    let mut sums = Array::<Quad>::new(comptime![tile.thread_rows * tile.thread_columns]);
    #[unroll]
    for i in 0..comptime![tile.thread_rows * tile.thread_columns] {
        sums[i] = Quad::new(0.0);
    }

    let begin = CUBE_POS_Z * dims.part;
    let end = u32::min(begin + dims.part, dims.pixels);
    for first_pixel in range_stepped(begin, end, comptime![tile.depth as u32]) {
        let row_fetches = comptime![(tile.rows * tile.depth / LANES).div_ceil(tile.threads())];
        #[unroll]
        for i in 0..row_fetches {
            let at = me + i as u32 * threads;
            if at < comptime![(tile.rows * tile.depth / LANES) as u32] {
                let pixel = first_pixel + at % depth_quads * 4;
                let channel = first_row + at / depth_quads;
                let mut quad = Quad::new(0.0);
                if pixel < end && channel < dims.channels_out {
                    let image = pixel / dims.plane_out;
                    let place = pixel % dims.plane_out;
                    let from = (image * dims.channels_out + channel) * dims.plane_out + place;
                    quad = output_gradient[(from / 4) as usize];
                }
                shared_gradient[(at / depth_quads * pitch + at % depth_quads) as usize] = quad;
            }
        }
        let column_fetches =
            comptime![(tile.columns * tile.depth / LANES).div_ceil(tile.threads())];
        #[unroll]
        for i in 0..column_fetches {
            let at = me + i as u32 * threads;
            if at < comptime![(tile.columns * tile.depth / LANES) as u32] {
                let pixel = first_pixel + at % depth_quads * 4;
                let channel = first_column + at / depth_quads;
                let mut quad = Quad::new(0.0);
                if pixel < end && channel < dims.channels_in {
                    let image = pixel / dims.plane_out;
                    let place = pixel % dims.plane_out;
                    let from = (image * dims.channels_in + channel) * plane_in;
                    let first_y = place / dims.output_width;
                    let first_x = place % dims.output_width;
                    #[unroll]
                    for lane in 0..4usize {
                        let mut y = first_y;
                        let mut x = first_x + lane as u32;
                        if comptime![!whole_quads] {
                            y = (place + lane as u32) / dims.output_width;
                            x = (place + lane as u32) % dims.output_width;
                        }
                        let y = y * stride + tap_y - dims.padding;
                        let x = x * stride + tap_x - dims.padding;
                        let inside = y < dims.height && x < dims.width;
                        let value = input[select(inside, from + y * dims.width + x, 0) as usize];
                        quad.insert(lane, select(inside, value, 0.0));
                    }
                }
                shared_input[(at / depth_quads * pitch + at % depth_quads) as usize] = quad;
            }
        }
        sync_cube();

        for chunk in range_stepped(0u32, depth_quads, comptime![CHUNK as u32]) {
            let mut b = Sequence::<Quad>::new();
            #[unroll]
            for j in 0..comptime![tile.thread_columns] {
                #[unroll]
                for k in 0..CHUNK {
                    let at = (my_column + j as u32 * across) * pitch + chunk + k as u32;
                    b.push(shared_input[at as usize]);
                }
            }
            #[unroll]
            for i in 0..comptime![tile.thread_rows] {
                let mut a = Sequence::<Quad>::new();
                #[unroll]
                for k in 0..CHUNK {
                    let at = (my_row + i as u32 * down) * pitch + chunk + k as u32;
                    a.push(shared_gradient[at as usize]);
                }
                #[unroll]
                for j in 0..comptime![tile.thread_columns] {
                    let at = comptime![i * tile.thread_columns + j];
                    let mut sum = sums[at];
                    #[unroll]
                    for k in 0..CHUNK {
                        sum += a[k] * b[comptime![j * CHUNK + k]];
                    }
                    sums[at] = sum;
                }
            }
        }
        sync_cube();
    }

    #[unroll]
    for i in 0..comptime![tile.thread_rows] {
        let row = first_row + my_row + i as u32 * down;
        #[unroll]
        for j in 0..comptime![tile.thread_columns] {
            let column = first_column + my_column + j as u32 * across;
            if row < dims.channels_out && column < dims.channels_in {
                let sum = sums[comptime![i * tile.thread_columns + j]];
                let row = CUBE_POS_Z * dims.channels_out + row;
                let to = (row * comptime![kernel * kernel] + tap) * dims.channels_in + column;
                partial[to as usize] = (sum.extract(0usize) + sum.extract(1usize))
                    + (sum.extract(2usize) + sum.extract(3usize));
            }
        }
    }
}

/// The gradient of a convolution's weights, `[channels_out, channels_in, kernel, kernel]`.
pub fn launch(x: CubeTensor, gradient: CubeTensor, shape: &ConvShape) -> CubeTensor {
    let plane_out = shape.output_height() * shape.output_width();
    let pixels = shape.batch * plane_out;
    let tile = Tile::for_emulated_weights(shape.channels_out, shape.channels_in);
    let tiles = shape.channels_in.div_ceil(tile.columns) * shape.channels_out.div_ceil(tile.rows);
    let part = tile.part_of(pixels, tiles * shape.taps());
    let parts = pixels.div_ceil(part);
    let partial = empty(&x, [parts, shape.channels_out, shape.taps(), shape.channels_in]);
    let dims = GradientDimsLaunch::new(
        shape.channels_in as u32,
        shape.channels_out as u32,
        shape.height as u32,
        shape.width as u32,
        shape.output_width() as u32,
        plane_out as u32,
        pixels as u32,
        part as u32,
        shape.padding as u32,
    );
    let client = x.client.clone();
    // SAFETY: every read and write of the kernel is guarded by `dims`, which are the tensors' own.
    unsafe {
        weight_gradient_kernel::launch_unchecked(
            &client,
            CubeCount::Static(tiles as u32, shape.taps() as u32, parts as u32),
            CubeDim::new_1d(tile.threads() as u32),
            x.into_buffer_arg(),
            gradient.into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            dims,
            tile,
            shape.kernel as u32,
            shape.stride as u32,
            shape.output_width().is_multiple_of(LANES),
        );
    }
    add_parts(partial, parts, shape.channels_in, shape)
}
