//! Batch norm with its activation, and the sum with a residual, in one pass each way.

pub use crate::shape::NormShape;

mod backward;
mod forward;

pub use backward::{NormGradients, backward};
pub use forward::{NormOutput, Parameters, evaluate, forward};

/// Added to a variance before its root (PyTorch's default), by all kernels.
pub const EPSILON: f32 = 1e-5;

fn inverse_deviation(variance: f32) -> f32 {
    (variance + EPSILON).sqrt().recip()
}
