//! Weight gradient: patches times output gradients, summed over all pixels.

use super::{input_frame, input_planes, output_frame, output_planes};
use crate::layout::stage;
use crate::parallel;
use crate::product::{self, Panels, Pixels};
use crate::scratch::Scratch;
use crate::shape::ConvShape;
use crate::vector::{self, Kernel, Vector};

/// Floats of staged images that are summed before the sum goes to memory and back.
const CHUNK_FLOATS: usize = 1 << 18;
/// Rows of the sum that make a task.
const TASK_ROWS: usize = 24;

/// The gradient of the weight.
pub fn weight_gradient(shape: ConvShape, x: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; shape.weight_len()];
    if gradient.is_empty() || shape.output_len() == 0 {
        return gradient;
    }
    let width = shape.channels_out.next_multiple_of(vector::lanes());
    let blocks = (shape.kernel * shape.channels_in).div_ceil(TASK_ROWS);
    let mut sums = Scratch::zeros(shape.kernel * blocks * TASK_ROWS * width);
    let (input, output) = (input_planes(shape), output_planes(shape));
    let (x_len, y_len) =
        (input_frame(shape, shape.channels_in).len(), output_frame(shape, width).len());
    let images =
        (CHUNK_FLOATS / (x_len + y_len)).max(parallel::PIECES.div_ceil(2)).clamp(1, shape.batch);
    let mut x_staged = Scratch::take(images * x_len);
    let mut y_staged = Scratch::take(images * y_len);
    for first in (0..shape.batch).step_by(images) {
        let images = images.min(shape.batch - first);
        parallel::chunk_pairs(
            (&mut x_staged[..images * x_len], x_len),
            (&mut y_staged[..images * y_len], y_len),
            |image, x_staged, y_staged| {
                let x = &x[(first + image) * input.len()..];
                let y = &output_gradient[(first + image) * output.len()..];
                vector::dispatch(Stage { shape, x, y, x_staged, y_staged });
            },
        );
        parallel::chunks(&mut sums, TASK_ROWS * width, |task, sums| {
            let (kernel_row, block) = (task / blocks, task % blocks);
            let first_row = block * TASK_ROWS;
            let (x, y) = (&x_staged[..], &y_staged[..]);
            vector::dispatch(Sum { shape, images, kernel_row, first_row, x, y, sums });
        });
    }
    unpack(shape, &sums, (blocks * TASK_ROWS, width), &mut gradient);
    gradient
}

/// Sums `[kernel row, (kernel column, input) rounded up to rows, width]` to the weight's layout.
fn unpack(shape: ConvShape, sums: &[f32], (rows, width): (usize, usize), gradient: &mut [f32]) {
    let taps = shape.kernel * shape.kernel;
    parallel::chunks(gradient, shape.channels_in * taps, |output, gradient| {
        for (index, value) in gradient.iter_mut().enumerate() {
            let (input, tap) = (index / taps, index % taps);
            let (y, x) = (tap / shape.kernel, tap % shape.kernel);
            *value = sums[(y * rows + x * shape.channels_in + input) * width + output];
        }
    });
}

/// Brings one image and its output gradient to channels-last.
struct Stage<'a> {
    shape: ConvShape,
    x: &'a [f32],
    y: &'a [f32],
    x_staged: &'a mut [f32],
    y_staged: &'a mut [f32],
}

impl Kernel for Stage<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let shape = self.shape;
        let to = output_frame(shape, shape.channels_out.next_multiple_of(V::LANES));
        let from = input_frame(shape, shape.channels_in);
        stage::<V>(self.x, input_planes(shape), self.x_staged, from);
        stage::<V>(self.y, output_planes(shape), self.y_staged, to);
    }
}

/// Adds some images' products to some rows of one kernel row's sum.
struct Sum<'a> {
    shape: ConvShape,
    images: usize,
    kernel_row: usize,
    first_row: usize,
    x: &'a [f32],
    y: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let shape = self.shape;
        let from = input_frame(shape, shape.channels_in);
        let to = output_frame(shape, shape.channels_out.next_multiple_of(V::LANES));
        let rows = TASK_ROWS.min(shape.kernel * shape.channels_in - self.first_row);
        let row_stride = from.columns * from.stride;
        assert!(self.x.len() >= self.images * from.len() && self.y.len() >= self.images * to.len());
        assert!(self.sums.len() >= rows * to.stride);
        for (column, columns) in Panels::new(to.stride, V::LANES).iter() {
            for image in 0..self.images {
                // SAFETY: the patches of the output's pixels are within the padded input.
                unsafe {
                    let a = Pixels {
                        start: self.x.as_ptr().add(
                            image * from.len() + self.kernel_row * row_stride + self.first_row,
                        ),
                        stride: shape.stride * from.stride,
                        run_stride: shape.stride * row_stride,
                    };
                    let b = Pixels {
                        start: self.y.as_ptr().add(image * to.len() + column),
                        stride: to.stride,
                        run_stride: to.columns * to.stride,
                    };
                    let c = self.sums.as_mut_ptr().add(column);
                    let runs = (to.rows, to.columns);
                    product::gram::<V>((a, rows), (b, columns), runs, (c, to.stride));
                }
            }
        }
    }
}
