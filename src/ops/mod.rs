//! Operations of our own: where a training step spends its time.
//!
//! Burn computes a convolution's passes on WebGPU with kernels that need autotuning or subgroups,
//! neither of which a browser has, and normalises in many passes over memory. Here each is a few
//! kernels: [`gpu`] in CubeCL, [`cpu`] in plain Rust. Max pooling is here because Burn's copies the
//! tensors into another order and back on WebGPU, and keeps a tensor of places; the loss, the step of
//! gradient descent and the running statistics because each is one pass instead of several; the linear map and
//! means so that a run on the CPU gives the same numbers, to the bit, in every browser and natively. Both are
//! one backend extension, [`NetworkOps`]; [`reference`] has the same in Burn's own operations, as the measure of both.

mod autodiff;
mod composed;
mod extension;
mod flex;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod reference;

/// Kernels for the CPU, and the sizes that all kernels are called with. A crate of its own, so
/// that it is optimised in every profile, also where the product is built for size or unoptimised.
pub use proden_kernels as cpu;
pub use proden_kernels::descent::DescentRates;
pub use proden_kernels::norm::EPSILON;
pub use proden_kernels::running::Running;
pub use proden_kernels::shape;

pub use extension::{Descent, NetworkOps, NormGiven};

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};

use extension::{NormGradients, means_shape};
use shape::ConvGeometry;

/// Convolution: `x` `[batch, channels_in, height, width]`, `weight`
/// `[channels_out, channels_in, kernel, kernel]`.
pub fn conv(x: Tensor<4>, weight: Tensor<4>, geometry: ConvGeometry) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv(x.into_dispatch(), weight.into_dispatch(), geometry))
}

/// A normalised batch.
pub struct Normalised {
    /// Same shape as the input.
    pub output: Tensor<4>,
    /// Mean, biased variance, gamma and beta of each channel, `[4, channels]`, on the plain device: no
    /// gradient flows through them.
    pub statistics: Tensor<2>,
}

/// Batch norm by the batch's statistics, plus `shortcut`, then leaky ReLU with `slope` below zero.
/// `gamma` and `beta` are `[channels]`.
pub fn norm(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    shortcut: Option<Tensor<4>>,
    slope: f32,
) -> Normalised {
    let (x, gamma, beta) = (x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let (output, statistics) = match shortcut {
        None => Dispatch::norm(x, gamma, beta, slope),
        Some(shortcut) => Dispatch::norm_add(x, gamma, beta, shortcut.into_dispatch(), slope),
    };
    let statistics = Tensor::<2>::from_dispatch(statistics).inner();
    Normalised { output: Tensor::from_dispatch(output), statistics }
}

/// What normalises a channel in evaluation; all are `[channels]`.
pub struct NormParameters {
    pub gamma: Tensor<1>,
    pub beta: Tensor<1>,
    pub mean: Tensor<1>,
    pub variance: Tensor<1>,
}

/// Batch norm by known statistics, plus `shortcut`, then leaky ReLU with `slope` below zero. All tensors are
/// on the plain device. `bias` `[channels]` was left out of `x`.
pub fn norm_by(
    x: Tensor<4>,
    parameters: NormParameters,
    bias: Option<Tensor<1>>,
    shortcut: Option<Tensor<4>>,
    slope: f32,
) -> Tensor<4> {
    let NormParameters { gamma, beta, mean, variance } = parameters;
    let given = NormGiven { slope, has_shortcut: shortcut.is_some(), has_bias: bias.is_some() };
    let (x, mean) = (x.into_dispatch(), mean.into_dispatch());
    let shortcut = shortcut.map_or_else(|| x.clone(), Tensor::into_dispatch);
    let bias = bias.map_or_else(|| mean.clone(), Tensor::into_dispatch);
    let [gamma, beta, variance] = [gamma, beta, variance].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::norm_by(x, gamma, beta, mean, variance, shortcut, bias, given))
}

/// Each channel of each image times its factor: `x` `[batch, channels, height, width]`, `factors`
/// `[batch, channels]`, which want no gradient.
pub fn scale_channels(x: Tensor<4>, factors: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::scale_rows(x.into_dispatch(), factors.into_dispatch()))
}

/// Max pooling over 2x2 windows with stride 2: `[batch, channels, height, width]` to
/// `[batch, channels, height / 2, width / 2]`. On a graphics card the width is a multiple of four.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::max_pool(x.into_dispatch()))
}

/// `x · weightᵀ + bias`: `x` `[batch, features]`, `weight` `[classes, features]`, `bias` `[classes]`.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::linear_map(x, weight, bias))
}

/// The mean of each channel of each image: `[batch, channels, height, width]` to `[batch, channels]`.
pub fn plane_means(x: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::means(x.into_dispatch(), 2))
}

/// The mean, `[1]`.
pub fn mean(x: Tensor<1>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::means(x.into_dispatch(), 0))
}

/// The rows of a table that `ids` names: `[rows, numbers]` and `[batch]` to `[batch, numbers]`, both on the
/// plain device.
///
/// `Tensor::select` is the same for tensors that may be tracked or quantised: with all that follows of it, half a
/// megabyte of the engine.
pub fn rows_at(table: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::rows_at(table.into_dispatch(), ids.into_dispatch()))
}

/// One table under the other: `[a, numbers]` and `[b, numbers]` to `[a + b, numbers]`, both on the plain
/// device. For why it is not `Tensor::cat` see [`rows_at`].
pub fn join_rows(upper: Tensor<2>, lower: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::join_rows(upper.into_dispatch(), lower.into_dispatch()))
}

/// What a batch costs and what it teaches.
pub struct PartialLoss {
    /// -sum_j w_ij log p_ij of each image, `[batch]`.
    pub per_image: Tensor<1>,
    /// p_ij [j in S_i] / sum over k in S_i of p_ik, `[batch, classes]`, on the plain device.
    pub renewed: Tensor<2>,
}

/// PRODEN's loss and new confidences (Lv et al. 2020, eq. 8), with p the softmax of `logits`. `confidences`,
/// w, and `candidates`, S, 1 in a set and 0 elsewhere, are on the plain device; all are `[batch, classes]`.
///
/// By logarithms: the authors' log(softmax) makes 0 * -inf of a label that is both impossible and no
/// candidate, which is NaN. And by a softmax over the candidates alone, which cannot underflow to 0/0.
pub fn partial_loss(
    logits: Tensor<2>,
    confidences: Tensor<2>,
    candidates: Tensor<2>,
) -> PartialLoss {
    let [confidences, candidates] =
        [confidences, candidates].map(|plain| Tensor::from_inner(plain).into_dispatch());
    let (per_image, _, renewed) =
        Dispatch::partial_loss(logits.into_dispatch(), confidences, candidates);
    let renewed = Tensor::<2>::from_dispatch(renewed).inner();
    PartialLoss { per_image: Tensor::from_dispatch(per_image), renewed }
}

/// A step of gradient descent (`torch.optim.SGD`): the new value, and its velocity `[numbers]`. Without a
/// gradient that is zero; without a velocity there is none before.
pub fn descend<const D: usize>(
    value: Tensor<D>,
    gradient: Option<Tensor<D>>,
    velocity: Option<Tensor<1>>,
    rates: DescentRates,
) -> (Tensor<D>, Tensor<1>) {
    let descent =
        Descent { rates, has_gradient: gradient.is_some(), has_velocity: velocity.is_some() };
    let value = value.into_dispatch();
    let gradient = gradient.map_or_else(|| value.clone(), Tensor::into_dispatch);
    let velocity = velocity.map_or_else(|| value.clone(), Tensor::into_dispatch);
    let (value, velocity) = Dispatch::descend(value, gradient, velocity, descent);
    (Tensor::from_dispatch(value), Tensor::from_dispatch(velocity))
}

/// The running mean and variance `[channels]` after a batch whose `statistics` are those of [`norm`]. All
/// are on the plain device. `bias` was left out before the mean was taken.
pub fn follow(
    statistics: Tensor<2>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    bias: Option<Tensor<1>>,
    running: Running,
) -> [Tensor<1>; 2] {
    let has_bias = bias.is_some();
    let (mean, variance) = (mean.into_dispatch(), variance.into_dispatch());
    let bias = bias.map_or_else(|| mean.clone(), Tensor::into_dispatch);
    let (mean, variance) =
        Dispatch::follow(statistics.into_dispatch(), mean, variance, bias, running, has_bias);
    [Tensor::from_dispatch(mean), Tensor::from_dispatch(variance)]
}
