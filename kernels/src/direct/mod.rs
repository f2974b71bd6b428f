//! Convolutions of any kernel, stride and padding as matrix products straight from the padded
//! channels-last image: the pixels under a row of the kernel are neighbours there, so that no
//! matrix of patches is ever written.

mod forward;
mod gradient;
mod input;

pub use forward::forward;
pub use gradient::weight_gradient;
pub use input::input_gradient;

use crate::layout::{Frame, Planes};
use crate::parallel;
use crate::shape::ConvShape;

/// Pixels that one task should have at least, to be worth its start.
const TASK_PIXELS: usize = 64;

fn input_planes(shape: ConvShape) -> Planes {
    Planes { channels: shape.channels_in, height: shape.height, width: shape.width }
}

fn output_planes(shape: ConvShape) -> Planes {
    Planes {
        channels: shape.channels_out,
        height: shape.output_height(),
        width: shape.output_width(),
    }
}

/// The padded input, `stride` floats a pixel.
fn input_frame(shape: ConvShape, stride: usize) -> Frame {
    Frame {
        rows: shape.height + 2 * shape.padding,
        columns: shape.width + 2 * shape.padding,
        stride,
        top: shape.padding,
        left: shape.padding,
    }
}

/// The output, `stride` floats a pixel.
fn output_frame(shape: ConvShape, stride: usize) -> Frame {
    Frame { rows: shape.output_height(), columns: shape.output_width(), stride, top: 0, left: 0 }
}

/// Images that go through one task together.
fn images_per_task(shape: ConvShape) -> usize {
    let pixels = shape.output_height() * shape.output_width();
    TASK_PIXELS.div_ceil(pixels.max(1)).min(shape.batch.div_ceil(parallel::PIECES)).max(1)
}

/// The output's pixels in rows of the register tiles' operands: the first output pixel of each
/// row, the offset of its first input pixel, and the row's length. A kernel of one pixel and
/// stride 1 makes one row of the whole plane.
#[inline(always)]
fn pixel_rows(shape: ConvShape, frame: Frame) -> impl Iterator<Item = (usize, usize, usize)> {
    let (mut height, mut width) = (shape.output_height(), shape.output_width());
    if shape.kernel == 1 && shape.stride == 1 && shape.padding == 0 {
        (height, width) = (1, height * width);
    }
    let row = shape.stride * frame.columns * frame.stride;
    (0..height).map(move |y| (y * width, y * row, width))
}
