//! Forward pass: a row of the product's left operand is the patch under the kernel.

use super::{images_per_task, input_frame, input_planes, output_frame, output_planes, pixel_rows};
use crate::layout::{stage, unstage};
use crate::parallel;
use crate::product::{self, Panels, Rows};
use crate::scratch::Scratch;
use crate::shape::ConvShape;
use crate::vector::{self, Kernel, Vector};

/// The convolution of `x` with `weight`.
pub fn forward(shape: ConvShape, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; shape.output_len()];
    if output.is_empty() {
        return output;
    }
    let packed = pack(shape, weight);
    let images = images_per_task(shape);
    parallel::chunks(&mut output, images * output_planes(shape).len(), |task, output| {
        let x = &x[task * images * input_planes(shape).len()..];
        vector::dispatch(Forward { shape, x, packed: &packed, output });
    });
    output
}

/// The weight packed for [`product::rows`]: `[panel, kernel row, kernel column, input, columns]`.
fn pack(shape: ConvShape, weight: &[f32]) -> Scratch {
    let panels = Panels::new(shape.channels_out, vector::lanes());
    let taps = shape.kernel * shape.kernel;
    let depth = taps * shape.channels_in;
    let mut packed = Scratch::take(depth * panels.width);
    parallel::chunks(&mut packed, depth * 2 * panels.lanes, |panel, packed| {
        let first = panel * 2 * panels.lanes;
        let columns = packed.len() / depth;
        for (k, row) in packed.chunks_exact_mut(columns).enumerate() {
            let (tap, input) = (k / shape.channels_in, k % shape.channels_in);
            for (column, value) in row.iter_mut().enumerate() {
                let output = first + column;
                *value = if output < shape.channels_out {
                    weight[(output * shape.channels_in + input) * taps + tap]
                } else {
                    0.0
                };
            }
        }
    });
    packed
}

/// The convolution of some images.
struct Forward<'a> {
    shape: ConvShape,
    x: &'a [f32],
    packed: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let shape = self.shape;
        let from = input_frame(shape, shape.channels_in);
        let to = output_frame(shape, shape.channels_out.next_multiple_of(V::LANES));
        let (input, output) = (input_planes(shape), output_planes(shape));
        let run_len = shape.kernel * shape.channels_in;
        let panels = Panels::new(shape.channels_out, V::LANES);
        assert!(self.packed.len() >= shape.kernel * run_len * panels.width);
        let mut staged = Scratch::take(from.len());
        let mut result = Scratch::take(to.len());
        for (x, y) in
            self.x.chunks_exact(input.len()).zip(self.output.chunks_exact_mut(output.len()))
        {
            stage::<V>(x, input, &mut staged, from);
            for (first, columns) in panels.iter() {
                for (pixel, source, count) in pixel_rows(shape, from) {
                    // SAFETY: the patches of the output's pixels are within the padded input, the
                    // panel within the packed weight, the pixels within the output.
                    unsafe {
                        let a = Rows {
                            start: staged.as_ptr().add(source),
                            stride: shape.stride * from.stride,
                            runs: shape.kernel,
                            run_len,
                            run_stride: from.columns * from.stride,
                        };
                        let b = self.packed.as_ptr().add(shape.kernel * run_len * first);
                        let c = result.as_mut_ptr().add(pixel * to.stride + first);
                        product::rows::<V>(a, count, (b, columns), (c, to.stride));
                    }
                }
            }
            unstage::<V>(&result, to, y, output);
        }
    }
}
