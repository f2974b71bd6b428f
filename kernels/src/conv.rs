//! Two-dimensional convolutions and their gradients: each call takes the algorithm that should
//! be the fastest for its shape.

use crate::direct;
pub use crate::shape::ConvShape;
use crate::winograd::{self, F2, F4, Taps};

/// `[batch, channels_out, output_height, output_width]` from `x` (`[batch, channels_in, height,
/// width]`) and `weight` (`[channels_out, channels_in, kernel, kernel]`).
pub fn forward(shape: ConvShape, x: &[f32], weight: &[f32]) -> Vec<f32> {
    assert_eq!((x.len(), weight.len()), (shape.input_len(), shape.weight_len()));
    let taps = || Taps::forward(weight, shape.channels_in, shape.channels_out);
    match Algorithm::choose(shape) {
        Algorithm::Direct => direct::forward(shape, x, weight),
        Algorithm::Winograd2 => winograd::correlate::<F2, 4, 2>(shape, x, taps()),
        Algorithm::Winograd4 => winograd::correlate::<F4, 6, 4>(shape, x, taps()),
    }
}

/// The gradient of the input, in its shape.
pub fn input_gradient(shape: ConvShape, output_gradient: &[f32], weight: &[f32]) -> Vec<f32> {
    assert_eq!(output_gradient.len(), shape.output_len());
    assert_eq!(weight.len(), shape.weight_len());
    let taps = || Taps::backward(weight, shape.channels_in, shape.channels_out);
    let algorithm = transposed(shape).map(|shape| (Algorithm::choose(shape), shape));
    match algorithm {
        None | Some((Algorithm::Direct, _)) => {
            direct::input_gradient(shape, output_gradient, weight)
        }
        Some((Algorithm::Winograd2, shape)) => {
            winograd::correlate::<F2, 4, 2>(shape, output_gradient, taps())
        }
        Some((Algorithm::Winograd4, shape)) => {
            winograd::correlate::<F4, 6, 4>(shape, output_gradient, taps())
        }
    }
}

/// The gradient of the weight, in its shape.
pub fn weight_gradient(shape: ConvShape, x: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    assert_eq!(x.len(), shape.input_len());
    assert_eq!(output_gradient.len(), shape.output_len());
    match Algorithm::choose(shape) {
        Algorithm::Direct => direct::weight_gradient(shape, x, output_gradient),
        Algorithm::Winograd2 => winograd::weight_gradient::<F2, 4, 2>(shape, x, output_gradient),
        Algorithm::Winograd4 => winograd::weight_gradient::<F4, 6, 4>(shape, x, output_gradient),
    }
}

/// The convolution of stride 1 whose forward pass is the input gradient, if there is one.
fn transposed(shape: ConvShape) -> Option<ConvShape> {
    let padding = shape.kernel.checked_sub(1 + shape.padding)?;
    (shape.stride == 1 && shape.output_len() > 0).then(|| ConvShape {
        channels_in: shape.channels_out,
        channels_out: shape.channels_in,
        height: shape.output_height(),
        width: shape.output_width(),
        padding,
        ..shape
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Direct,
    Winograd2,
    Winograd4,
}

/// F(4x4, 3x3) rounds several times as much as F(2x2, 3x3). Where the channels are fewer than this
/// it saves the least, and training follows PyTorch's numbers closer without it.
const WIDE: usize = 64;

impl Algorithm {
    /// The cheapest for a shape, in products of two channels.
    fn choose(shape: ConvShape) -> Self {
        if shape.kernel != 3 || shape.stride != 1 || shape.output_len() == 0 {
            return Self::Direct;
        }
        let direct = shape.output_len() * shape.taps() * shape.channels_in;
        let [two, four] = [2, 4].map(|outputs| winograd_cost(shape, outputs));
        let is_wide = shape.channels_in.min(shape.channels_out) >= WIDE;
        if is_wide && four <= two && four < direct {
            Self::Winograd4
        } else if two < direct {
            Self::Winograd2
        } else {
            Self::Direct
        }
    }
}

/// For tiles of `outputs` by `outputs`: products of two channels at the points, and what bringing
/// the channels of tiles and of the weight to a point and back costs in such products.
fn winograd_cost(shape: ConvShape, outputs: usize) -> usize {
    const CHANNEL: usize = 6;
    const TAPS: usize = 6;
    let tiles = shape.batch
        * shape.output_height().div_ceil(outputs)
        * shape.output_width().div_ceil(outputs);
    let points = (outputs + 2) * (outputs + 2);
    let (channels_in, channels_out) = (shape.channels_in, shape.channels_out);
    let products = channels_in * channels_out;
    points * (tiles * (products + CHANNEL * (channels_in + channels_out)) + TAPS * products)
}
