//! The ways to compute a convolution, and which is the fastest for a shape.

use crate::direct;
use crate::shape::ConvShape;
use crate::winograd::{self, F2, F4, Taps};

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Direct,
    Winograd2,
    Winograd4,
}

/// F(4x4, 3x3) rounds several times as much as F(2x2, 3x3). Where the channels are fewer than this
/// it saves the least, and training follows PyTorch's numbers closer without it.
const WIDE: usize = 64;

impl Algorithm {
    pub const ALL: [Self; 3] = [Self::Direct, Self::Winograd2, Self::Winograd4];

    /// For the input gradient: the cheapest for the convolution that it is.
    pub fn choose_transposed(shape: ConvShape) -> Self {
        shape.transposed().map_or(Self::Direct, Self::choose)
    }

    /// The cheapest for a shape, in products of two channels.
    pub fn choose(shape: ConvShape) -> Self {
        if shape.kernel != 3 || shape.stride != 1 || shape.output_len() == 0 {
            return Self::Direct;
        }
        let direct = shape.products();
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

    pub fn forward(self, shape: ConvShape, x: &[f32], weight: &[f32]) -> Vec<f32> {
        let taps = || Taps::forward(weight, shape.channels_in, shape.channels_out);
        match self {
            Self::Direct => direct::forward(shape, x, weight),
            Self::Winograd2 => winograd::correlate::<F2, 4, 2>(shape, x, taps()),
            Self::Winograd4 => winograd::correlate::<F4, 6, 4>(shape, x, taps()),
        }
    }

    pub fn input_gradient(self, shape: ConvShape, gradient: &[f32], weight: &[f32]) -> Vec<f32> {
        let taps = || Taps::backward(weight, shape.channels_in, shape.channels_out);
        match (self, shape.transposed()) {
            (Self::Direct, _) | (_, None) => direct::input_gradient(shape, gradient, weight),
            (Self::Winograd2, Some(shape)) => {
                winograd::correlate::<F2, 4, 2>(shape, gradient, taps())
            }
            (Self::Winograd4, Some(shape)) => {
                winograd::correlate::<F4, 6, 4>(shape, gradient, taps())
            }
        }
    }

    pub fn weight_gradient(self, shape: ConvShape, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        match self {
            Self::Direct => direct::weight_gradient(shape, x, gradient),
            Self::Winograd2 => winograd::weight_gradient::<F2, 4, 2>(shape, x, gradient),
            Self::Winograd4 => winograd::weight_gradient::<F4, 6, 4>(shape, x, gradient),
        }
    }
}

/// For tiles of `outputs` by `outputs`: products of two channels at the points, and what bringing
/// the channels of tiles and of the weight to a point and back costs in such products.
fn winograd_cost(shape: ConvShape, outputs: usize) -> u64 {
    const CHANNEL: u64 = 6;
    const TAPS: u64 = 6;
    let tiles = shape.batch
        * shape.output_height().div_ceil(outputs)
        * shape.output_width().div_ceil(outputs);
    let points = (outputs + 2) * (outputs + 2);
    // A browser's usize has 32 bits, which these numbers outgrow.
    let [tiles, points, channels_in, channels_out] =
        [tiles, points, shape.channels_in, shape.channels_out].map(|size| size as u64);
    let products = channels_in * channels_out;
    points * (tiles * (products + CHANNEL * (channels_in + channels_out)) + TAPS * products)
}
