//! To the points and back: an invocation maps one tile of one channel.

use std::ops::Range;

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::maps::{Filter, Map, planar};
use crate::ops::gpu::{LANES, Quad, THREADS, cubes_for};
use crate::ops::shape::ConvShape;

/// How images are cut into tiles, and where these lie among the points. Does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct Grid {
    /// Of an image, whose rows begin `padding` before its first.
    pub channels: u32,
    pub height: u32,
    pub width: u32,
    pub padding: u32,
    /// Tiles of an image, down and across.
    pub down: u32,
    pub across: u32,
    /// Tiles of all images, of which the first is the `first_image`th of the tensor.
    pub tiles: u32,
    pub first_image: u32,
    /// Tiles and channels with those of zeros that fill the product's tiles up.
    pub padded_tiles: u32,
    pub padded_channels: u32,
}

/// How numbers at the points are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `[points, channels, tiles]`
    TilesLast,
    /// `[points, tiles, channels]`
    ChannelsLast,
}

/// Channels that neighbouring invocations map, where these lie last: as many as are written in one go.
/// Those beside them have the next tile's pixels, which are read in one go.
const CHANNELS_TOGETHER: usize = 8;

/// The tile and the channel of an invocation.
#[cube]
fn place(at: u32, grid: &Grid, #[comptime] order: Order) -> (u32, u32) {
    if comptime![order == Order::TilesLast] {
        (at % grid.padded_tiles, at / grid.padded_tiles)
    } else {
        let together = comptime![CHANNELS_TOGETHER as u32];
        let group = at / together;
        (group % grid.padded_tiles, group / grid.padded_tiles * together + at % together)
    }
}

/// Maps tiles of images to the points.
#[cube(launch_unchecked)]
fn to_points_kernel(
    images: &[f32],
    points: &mut [f32],
    grid: Grid,
    #[comptime] map: Map,
    #[comptime] filter: Filter,
    #[comptime] order: Order,
) {
    let at = ABSOLUTE_POS as u32;
    let all = grid.padded_tiles * grid.padded_channels;
    if at < all {
        let (tile, channel) = place(at, &grid, order);
        let is_there = tile < grid.tiles && channel < grid.channels;
        let outputs = comptime![filter.outputs() as u32];
        let image = tile / (grid.down * grid.across);
        let within = tile % (grid.down * grid.across);
        // Wraps below zero, and is then no place of the image.
        let top = within / grid.across * outputs - grid.padding;
        let left = within % grid.across * outputs - grid.padding;
        let plane = ((grid.first_image + image) * grid.channels + channel) * grid.height;
        let takes = comptime![map.takes(filter)];
        let mut patch = Sequence::<f32>::new();
        #[unroll]
        for y in 0..takes {
            #[unroll]
            for x in 0..takes {
                let row = top + y as u32;
                let column = left + x as u32;
                let inside = is_there && row < grid.height && column < grid.width;
                let from = select(inside, (plane + row) * grid.width + column, 0);
                patch.push(select(inside, images[from as usize], 0.0));
            }
        }
        let made = planar(&patch, map, filter);
        let first = if comptime![order == Order::TilesLast] {
            channel * grid.padded_tiles + tile
        } else {
            tile * grid.padded_channels + channel
        };
        #[unroll]
        for point in 0..comptime![filter.points()] {
            points[(first + all * point as u32) as usize] = made[point];
        }
    }
}

/// The outputs of an invocation's tile, `[outputs, outputs]`.
#[cube]
fn outputs_of(
    points: &[f32],
    tile: u32,
    channel: u32,
    grid: &Grid,
    #[comptime] filter: Filter,
) -> Sequence<f32> {
    let all = grid.padded_tiles * grid.padded_channels;
    let first = channel * grid.padded_tiles + tile;
    let mut taken = Sequence::<f32>::new();
    #[unroll]
    for point in 0..comptime![filter.points()] {
        taken.push(points[(first + all * point as u32) as usize]);
    }
    planar(&taken, Map::Output, filter)
}

/// Maps points, tiles last, to tiles of images.
#[cube(launch_unchecked)]
fn from_points_kernel(points: &[f32], images: &mut [f32], grid: Grid, #[comptime] filter: Filter) {
    let at = ABSOLUTE_POS as u32;
    let tile = at % grid.padded_tiles;
    let channel = at / grid.padded_tiles;
    if tile < grid.tiles && channel < grid.channels {
        let outputs = comptime![filter.outputs()];
        let image = tile / (grid.down * grid.across);
        let within = tile % (grid.down * grid.across);
        let top = within / grid.across * outputs as u32;
        let left = within % grid.across * outputs as u32;
        let plane = ((grid.first_image + image) * grid.channels + channel) * grid.height;
        let made = outputs_of(points, tile, channel, &grid, filter);
        #[unroll]
        for y in 0..outputs {
            let row = top + y as u32;
            #[unroll]
            for x in 0..outputs {
                let column = left + x as u32;
                if row < grid.height && column < grid.width {
                    let to = (plane + row) * grid.width + column;
                    images[to as usize] = made[comptime![y * outputs + x]];
                }
            }
        }
    }
}

/// The same for images that are cut into whole tiles of four by four.
#[cube(launch_unchecked)]
fn from_points_in_quads_kernel(points: &[f32], images: &mut [Quad], grid: Grid) {
    let at = ABSOLUTE_POS as u32;
    let tile = at % grid.padded_tiles;
    let channel = at / grid.padded_tiles;
    if tile < grid.tiles && channel < grid.channels {
        let image = tile / (grid.down * grid.across);
        let within = tile % (grid.down * grid.across);
        let top = within / grid.across * 4;
        let plane = ((grid.first_image + image) * grid.channels + channel) * grid.height;
        let made = outputs_of(points, tile, channel, &grid, Filter::F4);
        #[unroll]
        for y in 0..4usize {
            let mut quad = Quad::new(0.0);
            #[unroll]
            for x in 0..4usize {
                quad.insert(x, made[comptime![y * 4 + x]]);
            }
            let to = (plane + top + y as u32) * grid.across + within % grid.across;
            images[to as usize] = quad;
        }
    }
}

/// How many tiles the outputs of an image are cut into.
#[derive(Clone, Copy)]
pub struct Cut {
    down: usize,
    across: usize,
}

impl Cut {
    pub fn new(shape: &ConvShape, filter: Filter) -> Self {
        Self {
            down: shape.output_height().div_ceil(filter.outputs()),
            across: shape.output_width().div_ceil(filter.outputs()),
        }
    }

    /// Tiles of an image.
    pub fn tiles(&self) -> usize {
        self.down * self.across
    }
}

/// Images, or their gradient, and their place at the points.
pub struct Side {
    /// Of an image, with zeros around it.
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub padding: usize,
    pub cut: Cut,
    /// At the points, with those of zeros that fill the product's tiles up.
    pub padded_tiles: usize,
    pub padded_channels: usize,
}

impl Side {
    fn grid(&self, part: Range<usize>) -> GridLaunch {
        GridLaunch::new(
            self.channels as u32,
            self.height as u32,
            self.width as u32,
            self.padding as u32,
            self.cut.down as u32,
            self.cut.across as u32,
            (part.len() * self.cut.tiles()) as u32,
            part.start as u32,
            self.padded_tiles as u32,
            self.padded_channels as u32,
        )
    }

    /// Brings a part of the images to the points.
    pub fn to_points(
        &self,
        images: &CubeTensor,
        points: &CubeTensor,
        part: Range<usize>,
        map: Map,
        filter: Filter,
        order: Order,
    ) {
        // SAFETY: the kernel reads within the images and writes within the padded sizes.
        unsafe {
            to_points_kernel::launch_unchecked(
                &images.client,
                cubes_for(self.padded_tiles * self.padded_channels),
                CubeDim::new_1d(THREADS as u32),
                images.clone().into_buffer_arg(),
                points.clone().into_buffer_arg(),
                self.grid(part),
                map,
                filter,
                order,
            );
        }
    }

    /// Brings a part of the images back from the points.
    pub fn back_from_points(
        &self,
        points: &CubeTensor,
        images: &CubeTensor,
        part: Range<usize>,
        filter: Filter,
    ) {
        let is_whole = self.height.is_multiple_of(LANES) && self.width.is_multiple_of(LANES);
        let (client, cubes) = (&images.client, cubes_for(self.padded_tiles * self.channels));
        let (grid, threads) = (self.grid(part), CubeDim::new_1d(THREADS as u32));
        let from = points.clone().into_buffer_arg();
        let to = images.clone().into_buffer_arg();
        // SAFETY: the kernels read within the padded sizes and write within the images.
        unsafe {
            if is_whole && filter == Filter::F4 {
                from_points_in_quads_kernel::launch_unchecked(
                    client, cubes, threads, from, to, grid,
                );
            } else {
                from_points_kernel::launch_unchecked(
                    client, cubes, threads, from, to, grid, filter,
                );
            }
        }
    }
}
