//! Input gradient: every output pixel's gradient, times the weight, is added to the patch that
//! the pixel was made of.

use super::{images_per_task, input_frame, input_planes, output_frame, output_planes};
use crate::layout::{Frame, stage, unstage};
use crate::parallel;
use crate::product::{self, Panels, Rows};
use crate::scratch::Scratch;
use crate::shape::ConvShape;
use crate::vector::{self, Kernel, Vector};

/// Output pixels whose patches are held at a time.
const BLOCK_PIXELS: usize = 24;

/// The gradient of the input.
pub fn input_gradient(shape: ConvShape, output_gradient: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; shape.input_len()];
    if gradient.is_empty() || shape.output_len() == 0 {
        return gradient;
    }
    let packed = pack(shape, weight);
    let images = images_per_task(shape);
    parallel::chunks(&mut gradient, images * input_planes(shape).len(), |task, gradient| {
        let y = &output_gradient[task * images * output_planes(shape).len()..];
        vector::dispatch(InputGradient { shape, y, packed: &packed, gradient });
    });
    gradient
}

/// The weight packed for [`product::rows`]: columns are `[kernel row, kernel column, input]`,
/// the inputs rounded up to whole vectors, in panels of `[output, columns]`.
fn pack(shape: ConvShape, weight: &[f32]) -> Scratch {
    let lanes = vector::lanes();
    let inputs = shape.channels_in.next_multiple_of(lanes);
    let taps = shape.kernel * shape.kernel;
    let panels = Panels::new(taps * inputs, lanes);
    let mut packed = Scratch::take(shape.channels_out * panels.width);
    parallel::chunks(&mut packed, shape.channels_out * 2 * lanes, |panel, packed| {
        let columns = packed.len() / shape.channels_out;
        for column in 0..columns {
            let place = panel * 2 * lanes + column;
            let (tap, input) = (place / inputs, place % inputs);
            for output in 0..shape.channels_out {
                packed[output * columns + column] = if input < shape.channels_in {
                    weight[(output * shape.channels_in + input) * taps + tap]
                } else {
                    0.0
                };
            }
        }
    });
    packed
}

/// The input gradient of some images.
struct InputGradient<'a> {
    shape: ConvShape,
    y: &'a [f32],
    packed: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let shape = self.shape;
        let from = output_frame(shape, shape.channels_out);
        let to = input_frame(shape, shape.channels_in.next_multiple_of(V::LANES));
        let (input, output) = (input_planes(shape), output_planes(shape));
        let panels = Panels::new(shape.kernel * shape.kernel * to.stride, V::LANES);
        assert!(self.packed.len() >= shape.channels_out * panels.width);
        let pixels = output.height * output.width;
        let mut staged = Scratch::take(from.len());
        let mut patches = Scratch::take(BLOCK_PIXELS * panels.width);
        let mut result = Scratch::take(to.len());
        for (y, gradient) in
            self.y.chunks_exact(output.len()).zip(self.gradient.chunks_exact_mut(input.len()))
        {
            stage::<V>(y, output, &mut staged, from);
            result.fill(0.0);
            for first in (0..pixels).step_by(BLOCK_PIXELS) {
                let count = BLOCK_PIXELS.min(pixels - first);
                for (column, columns) in panels.iter() {
                    // SAFETY: the pixels are within the output, the panel within the packed
                    // weight, the columns within the patches.
                    unsafe {
                        let a = Rows {
                            start: staged.as_ptr().add(first * from.stride),
                            stride: from.stride,
                            runs: 1,
                            run_len: shape.channels_out,
                            run_stride: 0,
                        };
                        let b = self.packed.as_ptr().add(shape.channels_out * column);
                        let c = patches.as_mut_ptr().add(column);
                        product::rows::<V>(a, count, (b, columns), (c, panels.width));
                    }
                }
                for (index, patch) in patches.chunks_exact(panels.width).take(count).enumerate() {
                    add_patch::<V>(shape, first + index, patch, &mut result, to);
                }
            }
            unstage::<V>(&result, to, gradient, input);
        }
    }
}

/// Adds a patch, `[kernel row, kernel column, channel]`, where output pixel `pixel` has it.
#[inline(always)]
fn add_patch<V: Vector>(
    shape: ConvShape,
    pixel: usize,
    patch: &[f32],
    result: &mut [f32],
    frame: Frame,
) {
    let (y, x) = (pixel / shape.output_width(), pixel % shape.output_width());
    let run_len = shape.kernel * frame.stride;
    for (row, run) in patch.chunks_exact(run_len).enumerate() {
        let target = (y * shape.stride + row) * frame.columns + x * shape.stride;
        let target = &mut result[target * frame.stride..][..run_len];
        for (target, run) in target.chunks_exact_mut(V::LANES).zip(run.chunks_exact(V::LANES)) {
            // SAFETY: both have a vector's length.
            unsafe {
                (V::load(target.as_ptr()) + V::load(run.as_ptr())).store(target.as_mut_ptr());
            }
        }
    }
}
