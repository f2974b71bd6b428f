//! The twins of our operations, as Burn has them: the measure of their numbers and of their speed.

use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, log_softmax, softmax};
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

/// See [`super::linear`].
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    x.matmul(weight.transpose()) + bias.unsqueeze()
}

/// See [`super::plane_means`].
pub fn plane_means(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width]).mean_dim(2).squeeze_dim(2)
}

/// The loss of each image and the new confidences of [`super::partial_loss`].
pub fn partial_loss(
    logits: Tensor<2>,
    confidences: Tensor<2>,
    candidates: Tensor<2>,
) -> (Tensor<1>, Tensor<2>) {
    /// Far below any log-probability, yet finite: WGSL does not promise infinities.
    const NEVER: f32 = 1e30;
    let log_probabilities = log_softmax(logits, 1);
    let no_candidates = (candidates - 1.0).mul_scalar(NEVER);
    let renewed = softmax(log_probabilities.clone().inner() + no_candidates, 1);
    let costs = log_probabilities * Tensor::from_inner(confidences);
    (costs.sum_dim(1).neg().squeeze_dim(1), renewed)
}
