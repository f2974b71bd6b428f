//! Forward pass and input gradient: a correlation of images with taps.

use std::marker::PhantomData;

use super::transform::{Transform, planar};
use super::{Grid, Taps, point_stride};
use crate::layout::{Frame, stage, unstage};
use crate::parallel;
use crate::product::{self, Panels, Rows};
use crate::scratch::Scratch;
use crate::shape::ConvShape;
use crate::vector::{self, Kernel, Vector};

/// Bytes that the points of a block of tiles may take: most of a second-level cache.
const BLOCK_BYTES: usize = 640 << 10;
/// Tiles of a block, whatever their size: fewer read the taps too often, more gain nothing.
const BLOCK_TILES: (usize, usize) = (12, 48);

/// The correlation of `x` with `taps`; `shape` is that of the convolution whose forward pass it
/// would be, of stride 1.
pub fn correlate<W: Transform<I, O>, const I: usize, const O: usize>(
    shape: ConvShape,
    x: &[f32],
    taps: Taps,
) -> Vec<f32> {
    let grid = Grid::<I, O>::new(shape, vector::lanes());
    let mut output = vec![0.0; shape.output_len()];
    if output.is_empty() {
        return output;
    }
    let taps = taps.at_points::<W, I, O>();
    let most = shape.batch.div_ceil(parallel::PIECES);
    let images = images_per_task(grid.tiles()).min(most).max(1);
    parallel::chunks(&mut output, images * grid.output.len(), |task, output| {
        let x = &x[task * images * grid.input.len()..];
        vector::dispatch(Correlate::<W, I, O> {
            grid,
            x,
            taps: &taps,
            output,
            transform: PhantomData,
        });
    });
    output
}

/// Images that go through one task together: enough to fill a block of tiles.
pub(super) fn images_per_task(tiles: usize) -> usize {
    BLOCK_TILES.1.div_ceil(2 * tiles)
}

/// The correlation of some images.
struct Correlate<'a, W, const I: usize, const O: usize> {
    grid: Grid<I, O>,
    x: &'a [f32],
    taps: &'a [f32],
    output: &'a mut [f32],
    transform: PhantomData<W>,
}

impl<W: Transform<I, O>, const I: usize, const O: usize> Kernel for Correlate<'_, W, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let grid = self.grid;
        let (from, to) = (grid.input_frame(), grid.output_frame());
        let images = self.output.len() / grid.output.len();
        let mut staged = Scratch::take(images * from.len());
        for (staged, x) in
            staged.chunks_exact_mut(from.len()).zip(self.x.chunks_exact(grid.input.len()))
        {
            stage::<V>(x, grid.input, staged, from);
        }

        let tiles = images * grid.tiles();
        let block = block_tiles(Grid::<I, O>::POINTS * (from.stride + to.stride)).min(tiles);
        let (in_stride, out_stride) =
            (point_stride(block, from.stride), point_stride(block, to.stride));
        let mut points = Scratch::take(Grid::<I, O>::POINTS * in_stride);
        let mut products = Scratch::take(Grid::<I, O>::POINTS * out_stride);
        let mut result = Scratch::take(images * to.len());
        for first in (0..tiles).step_by(block) {
            let count = block.min(tiles - first);
            let block = first..first + count;
            to_points::<V, W, I, O>(
                &grid,
                block.clone(),
                (&staged, from),
                (&mut points, in_stride),
            );
            let (a, c) = ((&points[..], in_stride), (&mut products[..], out_stride));
            multiply::<V, I, O>(&grid, count, (a, from), self.taps, (c, to));
            from_points::<V, W, I, O>(&grid, block, (&products, out_stride), (&mut result, to));
        }

        for (result, output) in
            result.chunks_exact(to.len()).zip(self.output.chunks_exact_mut(grid.output.len()))
        {
            unstage::<V>(result, to, output, grid.output);
        }
    }
}

fn block_tiles(floats_per_tile: usize) -> usize {
    (BLOCK_BYTES / (4 * floats_per_tile)).clamp(BLOCK_TILES.0, BLOCK_TILES.1)
}

/// Brings tiles of the staged input to the points, `[point, tile, channel]`.
#[inline(always)]
pub(super) fn to_points<V: Vector, W: Transform<I, O>, const I: usize, const O: usize>(
    grid: &Grid<I, O>,
    tiles: std::ops::Range<usize>,
    (staged, frame): (&[f32], Frame),
    (points, point_stride): (&mut [f32], usize),
) {
    let row = frame.columns * frame.stride;
    assert!(points.len() >= (I * I - 1) * point_stride + tiles.len() * frame.stride);
    for (index, tile) in tiles.enumerate() {
        let source = &staged[grid.origin(tile, frame)..];
        assert!(source.len() >= (I - 1) * (row + frame.stride) + frame.stride);
        let target = &mut points[index * frame.stride..];
        for channel in (0..frame.stride).step_by(V::LANES) {
            // SAFETY: the assertions, which are for the last pixel and the last point.
            unsafe {
                let source = source.as_ptr().add(channel);
                let target = target.as_mut_ptr().add(channel);
                planar!(
                    V,
                    I,
                    I,
                    W::input,
                    |y, x| V::load(source.add(y * row + x * frame.stride)),
                    |y, x, value| value.store(target.add((y * I + x) * point_stride))
                );
            }
        }
    }
}

/// At every point the product of `count` tiles' channels with the taps.
#[inline(always)]
#[allow(clippy::type_complexity)]
fn multiply<V: Vector, const I: usize, const O: usize>(
    grid: &Grid<I, O>,
    count: usize,
    ((points, a_stride), from): ((&[f32], usize), Frame),
    taps: &[f32],
    ((products, c_stride), to): ((&mut [f32], usize), Frame),
) {
    let depth = grid.input.channels;
    let panels = Panels::new(grid.output.channels, V::LANES);
    assert!(taps.len() >= I * I * depth * panels.width);
    assert!(points.len() >= (I * I - 1) * a_stride + count * from.stride);
    assert!(products.len() >= (I * I - 1) * c_stride + count * to.stride);
    for point in 0..I * I {
        for (first, columns) in panels.iter() {
            // SAFETY: the assertions, which are for the last point, panel and tile.
            unsafe {
                let a = Rows {
                    start: points.as_ptr().add(point * a_stride),
                    stride: from.stride,
                    runs: 1,
                    run_len: depth,
                    run_stride: 0,
                };
                let b = taps.as_ptr().add(depth * (I * I * first + point * columns));
                let c = products.as_mut_ptr().add(point * c_stride + first);
                product::rows::<V>(a, count, (b, columns), (c, to.stride));
            }
        }
    }
}

/// Brings products at the points to tiles of the staged output.
#[inline(always)]
fn from_points<V: Vector, W: Transform<I, O>, const I: usize, const O: usize>(
    grid: &Grid<I, O>,
    tiles: std::ops::Range<usize>,
    (products, point_stride): (&[f32], usize),
    (staged, frame): (&mut [f32], Frame),
) {
    let row = frame.columns * frame.stride;
    assert!(products.len() >= (I * I - 1) * point_stride + tiles.len() * frame.stride);
    for (index, tile) in tiles.enumerate() {
        let source = &products[index * frame.stride..];
        let target = &mut staged[grid.origin(tile, frame)..];
        assert!(target.len() >= (O - 1) * (row + frame.stride) + frame.stride);
        for channel in (0..frame.stride).step_by(V::LANES) {
            // SAFETY: the assertions, which are for the last point and the last pixel.
            unsafe {
                let source = source.as_ptr().add(channel);
                let target = target.as_mut_ptr().add(channel);
                planar!(
                    V,
                    I,
                    O,
                    W::output,
                    |y, x| V::load(source.add((y * I + x) * point_stride)),
                    |y, x, value| value.store(target.add(y * row + x * frame.stride))
                );
            }
        }
    }
}
