//! The operations as an extension of Burn's backends: what each kind of device computes in its own way.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, backend_extension};
use burn::tensor::Shape;

use super::shape::{ConvGeometry, ConvShape};
use super::{DescentRates, Running};

/// What a network computes most of its time. Tensors are f32 `[batch, channels, height, width]`.
#[backend_extension(Flex, Cube: cfg(feature = "gpu"), Autodiff)]
pub trait NetworkOps: Backend {
    /// Convolution of `x` with `weight` `[channels_out, channels_in, kernel, kernel]`.
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: ConvGeometry,
    ) -> FloatTensor<Self>;

    /// The gradient of the convolution's input, from that of its output.
    fn conv_input_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        conv: ConvShape,
    ) -> FloatTensor<Self>;

    /// The gradient of the convolution's weights, from that of its output.
    fn conv_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv: ConvShape,
    ) -> FloatTensor<Self>;

    /// Batch norm by the batch's own statistics, then leaky ReLU with `slope` below zero (0 is
    /// ReLU, 1 is none). Returns the output and `[4, channels]`: mean, biased variance, gamma, beta.
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The gradients of x, gamma and beta. `output` and `statistics` are those of [`Self::norm`].
    fn norm_gradient(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Like [`Self::norm`], with `shortcut` added before the leaky ReLU.
    fn norm_add(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The gradients of x, the shortcut, gamma and beta.
    fn norm_add_gradient(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Like [`Self::norm_add`], but by a `mean` and a `variance` `[channels]` that are known. What `given` says
    /// is not there is not read; `bias` `[channels]` was left out of x.
    #[allow(clippy::too_many_arguments)]
    fn norm_by(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        given: NormGiven,
    ) -> FloatTensor<Self>;

    /// x, cut into as many equal rows as there are factors, each times its factor. `factors` wants no gradient.
    fn scale_rows(x: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The largest of each 2x2 window, `[batch, channels, height / 2, width / 2]`.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of x: a window's goes to its largest, the first of equals as in PyTorch.
    fn max_pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `x · weightᵀ + bias`: `x` `[batch, features]`, `weight` `[classes, features]`, `bias` `[classes]`.
    fn linear_map(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The gradients of x, weight and bias, from that of the output.
    fn linear_map_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// The mean over all dimensions but the first `kept`, which are left; if none is, `[1]`.
    fn means(x: FloatTensor<Self>, kept: usize) -> FloatTensor<Self>;

    /// The gradient of x, whose shape is given, from that of the means.
    fn means_gradient(gradient: FloatTensor<Self>, shape: Shape) -> FloatTensor<Self>;

    /// The rows of a table that `ids` names: `[rows, numbers]` and `[batch]` to `[batch, numbers]`.
    fn rows_at(table: FloatTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self>;

    /// One table under the other: `[a, numbers]` and `[b, numbers]` to `[a + b, numbers]`.
    fn join_rows(upper: FloatTensor<Self>, lower: FloatTensor<Self>) -> FloatTensor<Self>;

    /// PRODEN's loss of each image `[batch]`, its gradient of `logits`, and the new confidences. All but
    /// the loss are `[batch, classes]`; see [`super::partial_loss`].
    fn partial_loss(
        logits: FloatTensor<Self>,
        confidences: FloatTensor<Self>,
        candidates: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// A step of gradient descent: the new value, and its velocity, flat. The tensors have any shape,
    /// but as many numbers as each other; of those that `descent` says are not there, none is read.
    fn descend(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        descent: Descent,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The running mean and variance `[channels]` after a batch whose `statistics` are those of
    /// [`Self::norm`]. `bias` was left out before, and is not read if there is none.
    fn follow(
        statistics: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        running: Running,
        has_bias: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// What [`NetworkOps::norm_gradient`] and `norm_add_gradient` are made of.
pub(super) struct NormGradients<T> {
    pub x: T,
    pub gamma: T,
    pub beta: T,
    /// If there was one.
    pub shortcut: Option<T>,
}

impl<T> NormGradients<T> {
    pub fn without_shortcut(self) -> (T, T, T) {
        (self.x, self.gamma, self.beta)
    }

    pub fn with_shortcut(self) -> (T, T, T, T) {
        let shortcut = self.shortcut.expect("there was a shortcut");
        (self.x, shortcut, self.gamma, self.beta)
    }
}

/// What [`NetworkOps::norm_by`] is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormGiven {
    /// Of the leaky ReLU below zero.
    pub slope: f32,
    pub has_shortcut: bool,
    pub has_bias: bool,
}

/// How a step of gradient descent is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    pub rates: DescentRates,
    /// Else it is zero.
    pub has_gradient: bool,
    /// Else it is zero: of a first step, or without momentum.
    pub has_velocity: bool,
}

/// What is left of a shape whose first `kept` dimensions [`NetworkOps::means`] keeps, and how many numbers a
/// mean is of.
pub(super) fn means_shape(shape: &Shape, kept: usize) -> (Shape, usize) {
    let left: Vec<usize> = if kept == 0 { vec![1] } else { shape[..kept].to_vec() };
    let numbers = shape[kept..].iter().product();
    (Shape::from(left), numbers)
}
