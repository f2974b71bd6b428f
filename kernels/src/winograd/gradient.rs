//! The weight gradient: `dg = Gᵀ[Σ (A dy Aᵀ) ⊙ (Bᵀ x B)]G`, the sum over all tiles.

use std::marker::PhantomData;

use super::correlate::{images_per_task, to_points};
use super::transform::{Transform, planar};
use super::weight::Unpack;
use super::{Grid, point_stride};
use crate::layout::{Frame, stage};
use crate::parallel;
use crate::product::{self, Panels, Pixels};
use crate::scratch::Scratch;
use crate::shape::ConvShape;
use crate::vector::{self, Kernel, Vector};

/// Tiles that are summed in registers before the sum goes to memory and back.
const CHUNK_TILES: usize = 128;

/// The weight's gradient; stride 1.
pub fn weight_gradient<W: Transform<I, O>, const I: usize, const O: usize>(
    shape: ConvShape,
    x: &[f32],
    output_gradient: &[f32],
) -> Vec<f32> {
    let lanes = vector::lanes();
    let grid = Grid::<I, O>::new(shape, lanes);
    let mut gradient = vec![0.0; shape.weight_len()];
    if gradient.is_empty() || grid.tiles() == 0 {
        return gradient;
    }
    let group = Group::<I, O>::new(grid, shape.batch);
    let groups = CHUNK_TILES.div_ceil(group.tiles);
    let width = group.from.stride;
    let mut left = Scratch::take(groups * group.left_len());
    let mut right = Scratch::take(groups * group.right_len());
    let mut sums = Scratch::zeros(I * I * shape.channels_out * width);
    for first in (0..shape.batch).step_by(groups * group.images) {
        let images = (groups * group.images).min(shape.batch - first);
        let tasks = images.div_ceil(group.images);
        parallel::chunk_pairs(
            (&mut left[..tasks * group.left_len()], group.left_len()),
            (&mut right[..tasks * group.right_len()], group.right_len()),
            |task, left, right| {
                let first = first + task * group.images;
                let images = group.images.min(shape.batch - first);
                let x = &x[first * grid.input.len()..][..images * grid.input.len()];
                let y = &output_gradient[first * grid.output.len()..][..images * grid.output.len()];
                vector::dispatch(Points::<W, I, O> {
                    group,
                    x,
                    y,
                    left,
                    right,
                    transform: PhantomData,
                });
            },
        );
        parallel::chunks(&mut sums, shape.channels_out * width, |point, sums| {
            vector::dispatch(Sum { group, images, point, left: &left, right: &right, sums });
        });
    }
    parallel::chunks(&mut gradient, shape.channels_in * 9, |output, gradient| {
        vector::dispatch(Unpack::<W, I, O> {
            points: &sums[output * width..],
            point_stride: shape.channels_out * width,
            gradient,
            transform: PhantomData,
        });
    });
    gradient
}

/// Images that one task brings to the points.
#[derive(Clone, Copy)]
struct Group<const I: usize, const O: usize> {
    grid: Grid<I, O>,
    images: usize,
    tiles: usize,
    from: Frame,
    to: Frame,
}

impl<const I: usize, const O: usize> Group<I, O> {
    fn new(grid: Grid<I, O>, batch: usize) -> Self {
        // Sums are cut by them, so that they must not depend on what runs side by side.
        let images = images_per_task(grid.tiles()).min(batch);
        let tiles = images * grid.tiles();
        Self { grid, images, tiles, from: grid.input_frame(), to: grid.output_frame() }
    }

    fn left_stride(&self) -> usize {
        point_stride(self.tiles, self.to.stride)
    }

    fn right_stride(&self) -> usize {
        point_stride(self.tiles, self.from.stride)
    }

    /// Output gradients at the points: `[point, tile, channel]`.
    fn left_len(&self) -> usize {
        I * I * self.left_stride()
    }

    /// Inputs at the points: `[point, tile, channel]`.
    fn right_len(&self) -> usize {
        I * I * self.right_stride()
    }
}

/// Brings a group's images to the points.
struct Points<'a, W, const I: usize, const O: usize> {
    group: Group<I, O>,
    x: &'a [f32],
    y: &'a [f32],
    left: &'a mut [f32],
    right: &'a mut [f32],
    transform: PhantomData<W>,
}

impl<W: Transform<I, O>, const I: usize, const O: usize> Kernel for Points<'_, W, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Group { grid, from, to, .. } = self.group;
        let (left_stride, right_stride) = (self.group.left_stride(), self.group.right_stride());
        let mut staged = Scratch::take(from.len().max(to.len()));
        for (image, x) in self.x.chunks_exact(grid.input.len()).enumerate() {
            stage::<V>(x, grid.input, &mut staged, from);
            let points = &mut self.right[image * grid.tiles() * from.stride..];
            let points = (points, right_stride);
            to_points::<V, W, I, O>(&grid, 0..grid.tiles(), (&staged, from), points);
        }
        for (image, y) in self.y.chunks_exact(grid.output.len()).enumerate() {
            stage::<V>(y, grid.output, &mut staged, to);
            let points = &mut self.left[image * grid.tiles() * to.stride..];
            gradient_to_points::<V, W, I, O>(&grid, (&staged, to), (points, left_stride));
        }
    }
}

/// Brings the tiles of one image's staged output gradient to the points.
#[inline(always)]
fn gradient_to_points<V: Vector, W: Transform<I, O>, const I: usize, const O: usize>(
    grid: &Grid<I, O>,
    (staged, frame): (&[f32], Frame),
    (points, point_stride): (&mut [f32], usize),
) {
    let row = frame.columns * frame.stride;
    assert!(points.len() >= (I * I - 1) * point_stride + grid.tiles() * frame.stride);
    for tile in 0..grid.tiles() {
        let source = &staged[grid.origin(tile, frame)..];
        assert!(source.len() >= (O - 1) * (row + frame.stride) + frame.stride);
        let target = &mut points[tile * frame.stride..];
        for channel in (0..frame.stride).step_by(V::LANES) {
            // SAFETY: the assertions, which are for the last pixel and the last point.
            unsafe {
                let source = source.as_ptr().add(channel);
                let target = target.as_mut_ptr().add(channel);
                planar!(
                    V,
                    O,
                    I,
                    W::output_gradient,
                    |y, x| V::load(source.add(y * row + x * frame.stride)),
                    |y, x, value| value.store(target.add((y * I + x) * point_stride))
                );
            }
        }
    }
}

/// Adds a chunk's products at one point: `sums` is `[output, input]`.
struct Sum<'a, const I: usize, const O: usize> {
    group: Group<I, O>,
    /// Images of the chunk.
    images: usize,
    point: usize,
    left: &'a [f32],
    right: &'a [f32],
    sums: &'a mut [f32],
}

impl<const I: usize, const O: usize> Kernel for Sum<'_, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let group = self.group;
        let (full, rest) = (self.images / group.images, self.images % group.images);
        self.add::<V>(0, full, group.tiles);
        if rest > 0 {
            self.add::<V>(full, 1, rest * group.grid.tiles());
        }
    }
}

impl<const I: usize, const O: usize> Sum<'_, I, O> {
    /// Adds `groups` groups from `first` on, of `tiles` tiles each.
    #[inline(always)]
    fn add<V: Vector>(&mut self, first: usize, groups: usize, tiles: usize) {
        let group = self.group;
        let outputs = group.grid.output.channels;
        let width = group.from.stride;
        assert!(self.left.len() >= (first + groups) * group.left_len());
        assert!(self.right.len() >= (first + groups) * group.right_len());
        assert!(self.sums.len() >= outputs * width);
        for (column, columns) in Panels::new(width, V::LANES).iter() {
            // SAFETY: the assertions; the points of `tiles` tiles are within their group.
            unsafe {
                let left = first * group.left_len() + self.point * group.left_stride();
                let right = first * group.right_len() + self.point * group.right_stride() + column;
                let a = Pixels {
                    start: self.left.as_ptr().add(left),
                    stride: group.to.stride,
                    run_stride: group.left_len(),
                };
                let b = Pixels {
                    start: self.right.as_ptr().add(right),
                    stride: group.from.stride,
                    run_stride: group.right_len(),
                };
                let c = self.sums.as_mut_ptr().add(column);
                product::gram::<V>((a, outputs), (b, columns), (groups, tiles), (c, width));
            }
        }
    }
}
