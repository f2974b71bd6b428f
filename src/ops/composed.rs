//! Our operations composed from Burn's own, on any backend and in any precision: what the CPU
//! uses in double precision, where the golden runs show that the algorithm is PyTorch's.

use burn::backend::ops::{BatchNormTrain, BatchNormTrainBackward, ConvOptions};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, TensorMetadata, get_device_settings};
use burn::tensor::{Scalar, Shape, Slice};

use super::shape::{ConvGeometry, ConvShape};
use super::{Descent, EPSILON, NormGradients, Running, means_shape};

fn options(geometry: ConvGeometry) -> ConvOptions<2> {
    ConvOptions::new([geometry.stride; 2], [geometry.padding; 2], [1; 2], 1)
}

pub fn conv<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    geometry: ConvGeometry,
) -> FloatTensor<B> {
    B::conv2d(x, weight, None, options(geometry))
}

pub fn conv_input_gradient<B: Backend>(
    gradient: FloatTensor<B>,
    weight: FloatTensor<B>,
    shape: ConvShape,
) -> FloatTensor<B> {
    // Only its sizes are looked at.
    let x = B::float_zeros(shape.input_shape().into(), &gradient.device(), gradient.dtype().into());
    B::conv2d_x_backward(x, weight, gradient, options(shape.geometry()))
}

pub fn conv_weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    gradient: FloatTensor<B>,
    shape: ConvShape,
) -> FloatTensor<B> {
    let sizes = shape.weight_shape().into();
    let weight = B::float_zeros(sizes, &gradient.device(), gradient.dtype().into());
    B::conv2d_weight_backward(x, weight, gradient, options(shape.geometry()))
}

/// See [`super::NetworkOps::norm`] and `norm_add`.
pub fn norm<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    shortcut: Option<FloatTensor<B>>,
    slope: f32,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let BatchNormTrain { output, mean, variance } =
        B::batch_norm_train(x, gamma.clone(), beta.clone(), f64::from(EPSILON));
    let output = activate::<B>(output, shortcut, slope);
    let rows = [mean, variance, gamma, beta].map(|row| {
        let channels = row.shape()[0];
        B::float_reshape(row, Shape::from([1, channels]))
    });
    (output, B::float_cat(rows.into(), 0))
}

/// See [`super::NetworkOps::norm_by`].
pub fn norm_by<B: Backend>(
    x: FloatTensor<B>,
    [gamma, beta, mean, variance]: [FloatTensor<B>; 4],
    shortcut: Option<FloatTensor<B>>,
    bias: Option<FloatTensor<B>>,
    slope: f32,
) -> FloatTensor<B> {
    let mean = match bias {
        Some(bias) => B::float_sub(mean, bias),
        None => mean,
    };
    let output = B::batch_norm(x, gamma, beta, mean, variance, f64::from(EPSILON));
    activate::<B>(output, shortcut, slope)
}

/// What follows a batch norm: the shortcut's sum and leaky ReLU.
fn activate<B: Backend>(
    output: FloatTensor<B>,
    shortcut: Option<FloatTensor<B>>,
    slope: f32,
) -> FloatTensor<B> {
    let output = match shortcut {
        Some(shortcut) => B::float_add(output, shortcut),
        None => output,
    };
    B::leaky_relu(output, Scalar::from(slope))
}

/// See [`super::NetworkOps::scale_rows`].
pub fn scale_rows<B: Backend>(x: FloatTensor<B>, factors: FloatTensor<B>) -> FloatTensor<B> {
    let (shape, rows) = (x.shape(), factors.shape().num_elements());
    let table = B::float_reshape(x, Shape::from([rows, shape.num_elements() / rows.max(1)]));
    let column = B::float_reshape(factors, Shape::from([rows, 1]));
    B::float_reshape(B::float_mul(table, column), shape)
}

fn leaky_relu_gradient<B: Backend>(
    output: FloatTensor<B>,
    gradient: FloatTensor<B>,
    slope: f32,
) -> FloatTensor<B> {
    let bool_dtype = get_device_settings::<B>(&output.device()).bool_dtype;
    let is_below = B::float_lower_equal_elem(output, Scalar::from(0.0), bool_dtype);
    let below = B::float_mul_scalar(gradient.clone(), Scalar::from(slope));
    B::float_mask_where(gradient, is_below, below)
}

/// A row of `[rows, channels]` as `[channels]`.
fn row_of<B: Backend>(rows: &FloatTensor<B>, row: usize) -> FloatTensor<B> {
    let channels = rows.shape()[1];
    let slices = [Slice::from(row..row + 1), Slice::from(0..channels)];
    B::float_reshape(B::float_slice(rows.clone(), &slices), Shape::from([channels]))
}

/// The gradients of what went into [`norm`], of a shortcut in any case. `output` is that of [`norm`].
pub fn norm_gradient<B: Backend>(
    x: FloatTensor<B>,
    output: FloatTensor<B>,
    gradient: FloatTensor<B>,
    statistics: FloatTensor<B>,
    slope: f32,
) -> NormGradients<FloatTensor<B>> {
    let row = |row| row_of::<B>(&statistics, row);
    let passed = leaky_relu_gradient::<B>(output, gradient, slope);
    let BatchNormTrainBackward { x_grad, gamma_grad, beta_grad } =
        B::batch_norm_train_backward(x, row(2), row(0), row(1), f64::from(EPSILON), passed.clone());
    NormGradients { x: x_grad, gamma: gamma_grad, beta: beta_grad, shortcut: Some(passed) }
}

/// Of a max pool, both ways.
const WINDOW: [usize; 2] = [2, 2];

pub fn max_pool<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::max_pool2d(x, WINDOW, WINDOW, [0, 0], [1, 1], false)
}

pub fn max_pool_gradient<B: Backend>(
    x: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let dtype = get_device_settings::<B>(&x.device()).int_dtype;
    let found = B::max_pool2d_with_indices(x.clone(), WINDOW, WINDOW, [0, 0], [1, 1], false, dtype);
    B::max_pool2d_with_indices_backward(
        x,
        WINDOW,
        WINDOW,
        [0, 0],
        [1, 1],
        false,
        gradient,
        found.indices,
    )
    .x_grad
}

/// See [`super::NetworkOps::linear_map`].
pub fn linear<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let classes = bias.shape()[0];
    let product = B::float_matmul(x, B::float_swap_dims(weight, 0, 1));
    B::float_add(product, B::float_reshape(bias, Shape::from([1, classes])))
}

/// See [`super::NetworkOps::linear_map_gradient`].
pub fn linear_gradient<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let classes = gradient.shape()[1];
    let of_x = B::float_matmul(gradient.clone(), weight);
    let of_weight = B::float_matmul(B::float_swap_dims(gradient.clone(), 0, 1), x);
    let of_bias = B::float_reshape(B::float_sum_dim(gradient, 0), Shape::from([classes]));
    (of_x, of_weight, of_bias)
}

/// See [`super::NetworkOps::means`].
pub fn means<B: Backend>(x: FloatTensor<B>, kept: usize) -> FloatTensor<B> {
    let (left, numbers) = means_shape(&x.shape(), kept);
    let rows = B::float_reshape(x, Shape::from([left.num_elements(), numbers]));
    B::float_reshape(B::float_mean_dim(rows, 1), left)
}

/// See [`super::NetworkOps::means_gradient`].
pub fn means_gradient<B: Backend>(gradient: FloatTensor<B>, shape: Shape) -> FloatTensor<B> {
    let rows = gradient.shape().num_elements();
    let numbers = shape.num_elements() / rows.max(1);
    let share = B::float_div_scalar(gradient, Scalar::from(numbers as f64));
    let column = B::float_reshape(share, Shape::from([rows, 1]));
    B::float_reshape(B::float_expand(column, Shape::from([rows, numbers])), shape)
}

/// See [`super::NetworkOps::rows_at`].
pub fn rows_at<B: Backend>(table: FloatTensor<B>, ids: IntTensor<B>) -> FloatTensor<B> {
    B::float_select(table, 0, ids)
}

/// See [`super::NetworkOps::join_rows`].
pub fn join_rows<B: Backend>(upper: FloatTensor<B>, lower: FloatTensor<B>) -> FloatTensor<B> {
    B::float_cat(vec![upper, lower], 0)
}

/// See [`super::NetworkOps::partial_loss`].
pub fn partial_loss<B: Backend>(
    logits: FloatTensor<B>,
    confidences: FloatTensor<B>,
    candidates: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    /// Far below any log-probability, yet finite.
    const NEVER: f32 = 1e30;
    let images = logits.shape()[0];
    let largest = B::float_max_dim(logits.clone(), 1);
    let shifted = B::float_sub(logits, largest);
    let powers = B::float_exp(shifted.clone());
    let sum = B::float_sum_dim(powers.clone(), 1);
    let log_probabilities = B::float_sub(shifted, B::float_log(sum.clone()));
    let no_candidates = B::float_mul_scalar(
        B::float_sub_scalar(candidates, Scalar::from(1.0)),
        Scalar::from(NEVER),
    );
    let renewed = B::softmax(B::float_add(log_probabilities.clone(), no_candidates), 1);
    let costs = B::float_mul(log_probabilities, confidences.clone());
    let loss = B::float_reshape(B::float_neg(B::float_sum_dim(costs, 1)), Shape::from([images]));
    let share = B::float_div(B::float_sum_dim(confidences.clone(), 1), sum);
    let of_logits = B::float_sub(B::float_mul(powers, share), confidences);
    (loss, of_logits, renewed)
}

/// The new value, and its velocity, flat.
pub fn descend<B: Backend>(
    value: FloatTensor<B>,
    gradient: FloatTensor<B>,
    velocity: FloatTensor<B>,
    descent: Descent,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let Descent { rates, has_gradient, has_velocity } = descent;
    let shape = value.shape();
    let flat = Shape::from([shape.num_elements()]);
    let times = |tensor, factor| B::float_mul_scalar(tensor, Scalar::from(factor));
    let mut moved = times(value.clone(), rates.decay);
    if has_gradient {
        moved = B::float_add(gradient, moved);
    }
    if has_velocity {
        let velocity = B::float_reshape(velocity, shape);
        moved = B::float_add(times(velocity, rates.momentum), moved);
    }
    let value = B::float_sub(value, times(moved.clone(), rates.lr));
    (value, B::float_reshape(moved, flat))
}

/// The running mean and variance after a batch.
pub fn follow<B: Backend>(
    statistics: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    running: Running,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let times = |tensor, factor| B::float_mul_scalar(tensor, Scalar::from(factor));
    let blend = |old, batch| {
        B::float_add(times(old, 1.0 - running.momentum), times(batch, running.momentum))
    };
    let mut of_batch = row_of::<B>(&statistics, 0);
    if let Some(bias) = bias {
        of_batch = B::float_add(of_batch, bias);
    }
    let unbiased = times(row_of::<B>(&statistics, 1), running.unbias);
    (blend(mean, of_batch), blend(variance, unbiased))
}
