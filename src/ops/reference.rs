//! The twins of our operations, as Burn has them: the measure of their numbers and of their speed.

use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;
use burn::tensor::module::{batch_norm_train, conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

use super::EPSILON;
use super::shape::ConvGeometry;

/// See [`super::conv`].
pub fn conv(x: Tensor<4>, weight: Tensor<4>, geometry: ConvGeometry) -> Tensor<4> {
    let ConvGeometry { stride, padding } = geometry;
    conv2d(x, weight, None, ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1))
}

/// The output of [`super::norm`].
pub fn norm(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    shortcut: Option<Tensor<4>>,
    slope: f32,
) -> Tensor<4> {
    let normalised = batch_norm_train(x, gamma, beta, f64::from(EPSILON)).output;
    let sum = match shortcut {
        Some(shortcut) => normalised + shortcut,
        None => normalised,
    };
    leaky_relu(sum, f64::from(slope))
}

/// See [`super::max_pool`].
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(x, MaxPoolOptions::new([2, 2]))
}
