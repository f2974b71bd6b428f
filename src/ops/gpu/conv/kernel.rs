//! The kernel of a convolution: an invocation fetches weights and pixels for the workgroup's tiles,
//! and multiplies its share of them.

use cubecl::prelude::*;

use crate::ops::gpu::tile::Tile;
use crate::ops::gpu::{LANES, Quad, product};

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct ConvDims {
    pub channels_in: u32,
    pub channels_out: u32,
    /// Of the input.
    pub height: u32,
    pub width: u32,
    pub output_height: u32,
    pub output_width: u32,
    /// Of the batch: batch * output_height * output_width.
    pub pixels: u32,
    pub padding: u32,
    /// Rows and depth of the laid out weights.
    pub padded_in: u32,
    pub padded_out: u32,
}

/// What is compiled into a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvKind {
    /// Height and width of the kernel.
    pub kernel: u32,
    pub stride: u32,
    /// Whether the input is spread by the stride instead of the output: the gradient of the input.
    pub transposed: bool,
    /// Whether the input has as many channels as the laid out weights: nothing fills them up.
    pub whole_depth: bool,
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

/// Which pixels of the input an invocation fetches: the same in every round but for the tap and
/// the channel.
#[derive(CubeType)]
struct Gaze {
    /// The first quad of a row of workgroup memory, and the first channel of a round; that is beyond
    /// the tile's depth if the invocation has nothing to fetch.
    first_quad: u32,
    first_channel: u32,
    /// Where the current tap reads in a channel, and whether that is in the image; else it reads
    /// the channel's first number, for nothing.
    from: Array<u32>,
    inside: Array<bool>,
}

#[cube]
fn gaze(#[comptime] tile: Tile) -> Gaze {
    let quads_across = comptime![(tile.columns / LANES) as u32];
    let first_channel =
        if comptime![tile.depth_step() > 1] { UNIT_POS_X / quads_across } else { 0u32.runtime() };
    Gaze {
        first_quad: UNIT_POS_X % quads_across,
        first_channel,
        from: Array::<u32>::new(comptime![tile.held_quads() * LANES]),
        inside: Array::<bool>::new(comptime![tile.held_quads() * LANES]),
    }
}

/// The pixel in a lane of a quad of columns. On a card neighbouring quads hold neighbouring pixels, so
/// that invocations read and write in one go what lies together.
#[cube]
fn pixel_of(quad: u32, #[comptime] lane: usize, #[comptime] tile: Tile) -> u32 {
    let first = CUBE_POS_X * comptime![tile.columns as u32];
    if comptime![tile.emulated] {
        first + quad * 4 + comptime![lane as u32]
    } else {
        first + quad + comptime![(lane * tile.columns / LANES) as u32]
    }
}

/// Turns to another tap. So few times that the pixels are worked out anew instead of kept.
#[cube]
fn aim(
    gaze: &mut Gaze,
    tap: u32,
    dims: &ConvDims,
    #[comptime] tile: Tile,
    #[comptime] kind: ConvKind,
) {
    let tap_y = tap / kind.kernel;
    let tap_x = tap % kind.kernel;
    let plane_out = dims.output_height * dims.output_width;
    #[unroll]
    for i in 0..comptime![tile.held_quads() * LANES] {
        let quad = gaze.first_quad + comptime![(i / LANES * tile.threads()) as u32];
        let pixel = pixel_of(quad, comptime![i % LANES], tile);
        let image = pixel / plane_out;
        let place = pixel % plane_out;
        let row = place / dims.output_width;
        let column = place % dims.output_width;
        let (y, inside_y) = source(row, tap_y, dims.padding, dims.height, kind);
        let (x, inside_x) = source(column, tap_x, dims.padding, dims.width, kind);
        let inside = inside_y && inside_x && pixel < dims.pixels;
        let from = (image * dims.channels_in * dims.height + y) * dims.width + x;
        gaze.from[i] = select(inside, from, 0);
        gaze.inside[i] = inside;
    }
}

/// What an invocation has fetched for the next round.
#[derive(CubeType)]
struct Fetched {
    weight: Array<Quad>,
    input: Array<Quad>,
}

/// Fetches the numbers of the round whose first channel is `first_depth`.
#[cube]
fn fetch(
    input: &[f32],
    weight: &[Quad],
    fetched: &mut Fetched,
    gaze: &Gaze,
    tap: u32,
    first_depth: u32,
    dims: &ConvDims,
    #[comptime] tile: Tile,
    #[comptime] whole_depth: bool,
) {
    let quads_down = comptime![(tile.rows / LANES) as u32];
    let first_row_quad = CUBE_POS_Y * quads_down;
    #[unroll]
    for i in 0..comptime![tile.row_fetches()] {
        let at = UNIT_POS_X + comptime![(i * tile.threads()) as u32];
        if comptime![tile.rows_are_shared_out()]
            || at < comptime![(tile.depth * tile.rows / LANES) as u32]
        {
            let from = (tap * dims.padded_in + first_depth + at / quads_down)
                * (dims.padded_out / 4)
                + first_row_quad
                + at % quads_down;
            fetched.weight[i] = weight[from as usize];
        }
    }
    let held = comptime![tile.held_quads()];
    let depth = comptime![tile.depth as u32];
    let plane = dims.height * dims.width;
    #[unroll]
    for i in 0..comptime![tile.held_rows()] {
        let channel = first_depth + gaze.first_channel + comptime![(i * tile.depth_step()) as u32];
        if comptime![tile.depth_step() <= tile.depth] || gaze.first_channel < depth {
            let is_there =
                if comptime![whole_depth] { true.runtime() } else { channel < dims.channels_in };
            let offset = select(is_there, channel, 0) * plane;
            #[unroll]
            for q in 0..held {
                let mut quad = Quad::new(0.0);
                #[unroll]
                for lane in 0..LANES {
                    let at = comptime![q * LANES + lane];
                    let value = input[(gaze.from[at] + offset) as usize];
                    quad.insert(lane, select(gaze.inside[at] && is_there, value, 0.0));
                }
                fetched.input[comptime![i * held + q]] = quad;
            }
        }
    }
}

/// Puts what was fetched where the workgroup multiplies.
#[cube]
fn store(
    fetched: &Fetched,
    gaze: &Gaze,
    shared_weight: &mut Shared<[Quad]>,
    shared_input: &mut Shared<[Quad]>,
    #[comptime] tile: Tile,
) {
    let row_quads = comptime![(tile.depth * tile.rows / LANES) as u32];
    #[unroll]
    for i in 0..comptime![tile.row_fetches()] {
        let at = UNIT_POS_X + comptime![(i * tile.threads()) as u32];
        if comptime![tile.rows_are_shared_out()] || at < row_quads {
            shared_weight[at as usize] = fetched.weight[i];
        }
    }
    let held = comptime![tile.held_quads()];
    let depth = comptime![tile.depth as u32];
    let quads_across = comptime![(tile.columns / LANES) as u32];
    #[unroll]
    for i in 0..comptime![tile.held_rows()] {
        let at_depth = gaze.first_channel + comptime![(i * tile.depth_step()) as u32];
        if comptime![tile.depth_step() <= tile.depth] || gaze.first_channel < depth {
            #[unroll]
            for q in 0..held {
                let quad = gaze.first_quad + comptime![(q * tile.threads()) as u32];
                let to = at_depth * quads_across + quad;
                shared_input[to as usize] = fetched.input[comptime![i * held + q]];
            }
        }
    }
}

#[allow(clippy::collapsible_if, reason = "what is decided at compile time must stand by itself")]
#[cube(launch_unchecked)]
pub fn conv_kernel(
    input: &[f32],
    weight: &[Quad],
    output: &mut [f32],
    dims: ConvDims,
    #[comptime] tile: Tile,
    #[comptime] kind: ConvKind,
) {
    let depth = comptime![tile.depth as u32];
    let mut shared_weight = Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.rows / LANES]);
    let mut shared_input =
        Shared::<[Quad]>::new_slice(comptime![tile.depth * tile.columns / LANES]);
    let mut fetched = Fetched {
        weight: Array::<Quad>::new(comptime![tile.row_fetches()]),
        input: Array::<Quad>::new(comptime![tile.held_rows() * tile.held_quads()]),
    };
    let (my_row, my_column) = product::my_place(tile);
    let mut sums = product::zeros(tile);

    let mut gaze = gaze(tile);
    let mut tap = 0u32.runtime();
    let mut first_depth = 0u32.runtime();
    let rounds = comptime![kind.kernel * kind.kernel] * (dims.padded_in / depth);
    let whole = comptime![kind.whole_depth];
    if comptime![!tile.emulated] {
        aim(&mut gaze, tap, &dims, tile, kind);
        fetch(input, weight, &mut fetched, &gaze, tap, first_depth, &dims, tile, whole);
    }
    for round in 0..rounds {
        if comptime![tile.emulated] {
            if first_depth == 0 {
                aim(&mut gaze, tap, &dims, tile, kind);
            }
            fetch(input, weight, &mut fetched, &gaze, tap, first_depth, &dims, tile, whole);
        }
        store(&fetched, &gaze, &mut shared_weight, &mut shared_input, tile);
        sync_cube();
        first_depth += depth;
        if first_depth == dims.padded_in {
            first_depth = 0u32.runtime();
            tap += 1;
        }
        if comptime![!tile.emulated] {
            if round + 1 < rounds {
                if first_depth == 0 {
                    aim(&mut gaze, tap, &dims, tile, kind);
                }
                fetch(input, weight, &mut fetched, &gaze, tap, first_depth, &dims, tile, whole);
            }
        }
        product::add_products(
            &shared_weight,
            &shared_input,
            &mut sums,
            my_row,
            my_column,
            tile,
            (1, 1),
        );
        sync_cube();
    }
    write(&sums, output, my_row, my_column, &dims, tile);
}

#[cube]
fn write(
    sums: &Array<Quad>,
    output: &mut [f32],
    my_row: u32,
    my_column: u32,
    dims: &ConvDims,
    #[comptime] tile: Tile,
) {
    let column_quads = comptime![tile.thread_columns / LANES];
    let plane = dims.output_height * dims.output_width;
    let first_channel = CUBE_POS_Y * comptime![tile.rows as u32] + my_row * 4;
    // Where the pixels of a quad are neighbours, all or none of them exist: a plane has whole quads. Each
    // condition spared is one less for an emulated card to carry all sums past.
    let together = comptime![if tile.emulated { LANES } else { 1 }];
    #[unroll]
    for j in 0..column_quads {
        let quad = my_column + comptime![(j * tile.threads_across()) as u32];
        #[unroll]
        for group in 0..comptime![LANES / together] {
            let pixel = pixel_of(quad, comptime![group * together], tile);
            if pixel < dims.pixels {
                let first = pixel / plane * dims.channels_out * plane + pixel % plane;
                #[unroll]
                for i in 0..comptime![tile.thread_rows] {
                    let channel = first_channel + i as u32;
                    if channel < dims.channels_out {
                        let to = first + channel * plane;
                        let sum = sums[comptime![i * column_quads + j]];
                        #[unroll]
                        for lane in 0..together {
                            output[(to + lane as u32) as usize] =
                                sum.extract(comptime![group * together + lane]);
                        }
                    }
                }
            }
        }
    }
}
