//! The kernels of a weight gradient: an invocation fetches one pixel a round, of several channels of
//! the output's gradient and of the input, and multiplies its share of the workgroup's tiles.

use cubecl::prelude::*;

use crate::ops::gpu::tile::Tile;
use crate::ops::gpu::{LANES, Quad, product};

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct GradientDims {
    pub channels_in: u32,
    pub channels_out: u32,
    pub height: u32,
    pub width: u32,
    pub output_height: u32,
    pub output_width: u32,
    /// batch * output_height * output_width.
    pub pixels: u32,
    /// Pixels of a part, a multiple of the tile's depth.
    pub part: u32,
    pub padding: u32,
    /// Input channels in whole quads, so that a quad of columns is of one tap.
    pub padded_in: u32,
    /// taps * padded_in.
    pub columns: u32,
    /// How far a round goes on: images, then rows of pixels, then pixels.
    pub step_images: u32,
    pub step_y: u32,
    pub step_x: u32,
}

/// What is compiled into a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GradientKind {
    /// Height and width of the kernel.
    pub kernel: u32,
    pub stride: u32,
    /// Whether all tiles are full: no number need be left out.
    pub whole: bool,
}

/// Farther from an image than any of its pixels; twice that is too.
const FAR: u32 = 0x4000_0000;

/// A pixel of the output, as an invocation fetches it: one a round, for all its channels.
#[derive(CubeType, Clone, Copy)]
struct Pixel {
    /// Its number in the batch.
    at: u32,
    image: u32,
    y: u32,
    x: u32,
}

/// Which of a round's pixels an invocation fetches.
#[cube]
fn my_pixel(#[comptime] tile: Tile) -> u32 {
    UNIT_POS_X % comptime![tile.depth as u32]
}

/// The quad of rows or of columns that is an invocation's fetch number `i`.
#[cube]
fn my_quad(#[comptime] i: usize, #[comptime] tile: Tile) -> u32 {
    UNIT_POS_X / comptime![tile.depth as u32] + comptime![(i * tile.threads() / tile.depth) as u32]
}

#[cube]
fn pixel(at: u32, dims: &GradientDims) -> Pixel {
    let plane = dims.output_height * dims.output_width;
    let place = at % plane;
    Pixel { at, image: at / plane, y: place / dims.output_width, x: place % dims.output_width }
}

/// Goes on to the next round's pixel, without a division.
#[cube]
fn step(pixel: &mut Pixel, dims: &GradientDims, #[comptime] depth: u32) {
    pixel.at += depth;
    pixel.x += dims.step_x;
    pixel.y += dims.step_y;
    pixel.image += dims.step_images;
    if pixel.x >= dims.output_width {
        pixel.x -= dims.output_width;
        pixel.y += 1;
    }
    if pixel.y >= dims.output_height {
        pixel.y -= dims.output_height;
        pixel.image += 1;
    }
}

/// Where an invocation's quads of columns read, against the pixel of the output.
#[derive(CubeType)]
struct Columns {
    y: Array<u32>,
    x: Array<u32>,
    /// Of the first channel, in numbers within the image.
    offset: Array<u32>,
    channel: Array<u32>,
}

#[cube]
fn columns_of(
    first_column: u32,
    dims: &GradientDims,
    #[comptime] kernel: u32,
    #[comptime] tile: Tile,
) -> Columns {
    let quads = comptime![tile.column_fetches()];
    let mut y = Array::<u32>::new(quads);
    let mut x = Array::<u32>::new(quads);
    let mut offset = Array::<u32>::new(quads);
    let mut channel = Array::<u32>::new(quads);
    #[unroll]
    for i in 0..quads {
        let column = first_column + my_quad(i, tile) * 4;
        let tap = column / dims.padded_in;
        let tap_y = tap / kernel - dims.padding;
        channel[i] = column % dims.padded_in;
        x[i] = tap % kernel - dims.padding;
        y[i] = select(column < dims.columns, tap_y, FAR);
        offset[i] = (channel[i] * dims.height + tap_y) * dims.width + x[i];
    }
    Columns { y, x, offset, channel }
}

/// What an invocation has fetched for the next round.
#[derive(CubeType)]
struct Fetched {
    gradient: Array<Quad>,
    input: Array<Quad>,
}

#[cube]
fn fetch(
    input: &[f32],
    output_gradient: &[f32],
    fetched: &mut Fetched,
    pixel: &Pixel,
    end: u32,
    columns: &Columns,
    first_row: u32,
    dims: &GradientDims,
    #[comptime] kind: GradientKind,
    #[comptime] tile: Tile,
) {
    let plane = dims.output_height * dims.output_width;
    let first = (pixel.image * dims.channels_out + first_row) * plane
        + pixel.y * dims.output_width
        + pixel.x;
    #[unroll]
    for i in 0..comptime![tile.row_fetches()] {
        let row = my_quad(i, tile) * 4;
        let mut quad = Quad::new(0.0);
        #[unroll]
        for lane in 0..LANES {
            let from = first + (row + lane as u32) * plane;
            if comptime![kind.whole] {
                quad.insert(lane, output_gradient[from as usize]);
            } else {
                let inside = pixel.at < end && first_row + row + (lane as u32) < dims.channels_out;
                let value = output_gradient[select(inside, from, 0) as usize];
                quad.insert(lane, select(inside, value, 0.0));
            }
        }
        fetched.gradient[i] = quad;
    }
    let centre_x = pixel.x * kind.stride;
    let mut centre_y = pixel.y * kind.stride;
    let centre = pixel.image * dims.channels_in * dims.height * dims.width
        + centre_y * dims.width
        + centre_x;
    if comptime![!kind.whole] {
        centre_y = select(pixel.at < end, centre_y, FAR);
    }
    let plane_in = dims.height * dims.width;
    #[unroll]
    for i in 0..comptime![tile.column_fetches()] {
        let y = centre_y + columns.y[i];
        let x = centre_x + columns.x[i];
        let inside = y < dims.height && x < dims.width;
        let from = centre + columns.offset[i];
        let mut quad = Quad::new(0.0);
        #[unroll]
        for lane in 0..LANES {
            let is_there = if comptime![kind.whole] {
                inside
            } else {
                inside && columns.channel[i] + (lane as u32) < dims.channels_in
            };
            let value = input[select(is_there, from + plane_in * lane as u32, 0) as usize];
            quad.insert(lane, select(is_there, value, 0.0));
        }
        fetched.input[i] = quad;
    }
}

/// Puts fetched quads where the workgroup multiplies; `quads` are in a row there.
#[cube]
fn store(
    fetched: &Array<Quad>,
    shared: &mut Shared<[Quad]>,
    #[comptime] quads: u32,
    #[comptime] fetches: usize,
    #[comptime] tile: Tile,
) {
    let pixel = my_pixel(tile);
    let row = pixel * quads;
    #[unroll]
    for i in 0..fetches {
        let quad = my_quad(i, tile);
        if comptime![fetches * tile.threads() == tile.depth * quads as usize] || quad < quads {
            let to = row + product::slot(quad, pixel, comptime![turn(quads)]);
            shared[to as usize] = fetched[i];
        }
    }
}

/// How many rows of workgroup memory are turned against each other: all banks, where a row has
/// as many.
const fn turn(quads: u32) -> u32 {
    const BANKS: u32 = 8;
    if quads < BANKS { quads } else { BANKS }
}

/// `partial` is `[parts, channels_out, columns]`.
#[cube(launch_unchecked)]
pub fn weight_gradient_kernel(
    input: &[f32],
    output_gradient: &[f32],
    partial: &mut [Quad],
    dims: GradientDims,
    #[comptime] tile: Tile,
    #[comptime] kind: GradientKind,
) {
    let quads_down = comptime![(tile.rows / LANES) as u32];
    let quads_across = comptime![(tile.columns / LANES) as u32];
    let depth = comptime![tile.depth as u32];
    let mut shared_gradient =
        Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.rows / LANES]);
    let mut shared_input =
        Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.columns / LANES]);
    let mut fetched = Fetched {
        gradient: Array::<Quad>::new(comptime![tile.row_fetches()]),
        input: Array::<Quad>::new(comptime![tile.column_fetches()]),
    };
    let (my_row, my_column) = product::my_place(tile);
    let mut sums = product::zeros(tile);

    let first_column = CUBE_POS_X * comptime![tile.columns as u32];
    let first_row = CUBE_POS_Y * comptime![tile.rows as u32];
    let columns = columns_of(first_column, &dims, kind.kernel, tile);
    let begin = CUBE_POS_Z * dims.part;
    let end = u32::min(begin + dims.part, dims.pixels);
    let rounds = (end - begin).div_ceil(depth);
    let mut pixel = pixel(begin + my_pixel(tile), &dims);
    fetch(
        input,
        output_gradient,
        &mut fetched,
        &pixel,
        end,
        &columns,
        first_row,
        &dims,
        kind,
        tile,
    );
    for round in 0..rounds {
        let (row_fetches, column_fetches) = comptime![(tile.row_fetches(), tile.column_fetches())];
        store(&fetched.gradient, &mut shared_gradient, quads_down, row_fetches, tile);
        store(&fetched.input, &mut shared_input, quads_across, column_fetches, tile);
        sync_cube();
        step(&mut pixel, &dims, depth);
        if round + 1 < rounds {
            fetch(
                input,
                output_gradient,
                &mut fetched,
                &pixel,
                end,
                &columns,
                first_row,
                &dims,
                kind,
                tile,
            );
        }
        product::add_products(
            &shared_gradient,
            &shared_input,
            &mut sums,
            my_row,
            my_column,
            tile,
            comptime![(turn(quads_down), turn(quads_across))],
        );
        sync_cube();
    }
    write(&sums, partial, first_row + my_row * 4, first_column + my_column * 4, &dims, tile);
}

#[cube]
fn write(
    sums: &Array<Quad>,
    partial: &mut [Quad],
    first_row: u32,
    first_column: u32,
    dims: &GradientDims,
    #[comptime] tile: Tile,
) {
    let column_quads = comptime![tile.thread_columns / LANES];
    #[unroll]
    for j in 0..column_quads {
        let column = first_column + comptime![(j * tile.threads_across() * LANES) as u32];
        if column < dims.columns {
            #[unroll]
            for i in 0..comptime![tile.thread_rows] {
                let row = first_row + i as u32;
                if row < dims.channels_out {
                    let to = (CUBE_POS_Z * dims.channels_out + row) * dims.columns + column;
                    partial[(to / 4) as usize] = sums[comptime![i * column_quads + j]];
                }
            }
        }
    }
}
