//! Our operations on the CPU: in single precision by the kernels of [`super::cpu`], in any other
//! composed from Burn's.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, Shape, TensorData};

use super::cpu::linear::{LinearGradients, LinearShape};
use super::cpu::loss::PartialLoss;
use super::cpu::norm::NormOutput;
use super::cpu::{conv, descent, linear, loss, norm, pool};
use super::shape::{ConvGeometry, ConvShape, NormShape};
use super::{Descent, NetworkOps, NormGiven, NormGradients, Running, composed, means_shape};

type FlexTensor = FloatTensor<Flex>;

impl NetworkOps for Flex {
    fn conv(x: FlexTensor, weight: FlexTensor, geometry: ConvGeometry) -> FlexTensor {
        if is_double(&x) {
            return composed::conv::<Self>(x, weight, geometry);
        }
        let shape = ConvShape::of(x.shape().dims(), weight.shape().dims(), geometry);
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        tensor(conv::forward(shape, values(&x), values(&weight)), shape.output_shape())
    }

    fn conv_input_gradient(
        gradient: FlexTensor,
        weight: FlexTensor,
        shape: ConvShape,
    ) -> FlexTensor {
        if is_double(&gradient) {
            return composed::conv_input_gradient::<Self>(gradient, weight, shape);
        }
        let (gradient, weight) = (gradient.to_contiguous(), weight.to_contiguous());
        let of_x = conv::input_gradient(shape, values(&gradient), values(&weight));
        tensor(of_x, shape.input_shape())
    }

    fn conv_weight_gradient(x: FlexTensor, gradient: FlexTensor, shape: ConvShape) -> FlexTensor {
        if is_double(&gradient) {
            return composed::conv_weight_gradient::<Self>(x, gradient, shape);
        }
        let (x, gradient) = (x.to_contiguous(), gradient.to_contiguous());
        let of_weight = conv::weight_gradient(shape, values(&x), values(&gradient));
        tensor(of_weight, shape.weight_shape())
    }

    fn norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        slope: f32,
    ) -> (FlexTensor, FlexTensor) {
        forward(x, gamma, beta, None, slope)
    }

    fn norm_gradient(
        x: FlexTensor,
        output: FlexTensor,
        gradient: FlexTensor,
        statistics: FlexTensor,
        slope: f32,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        backward(x, output, gradient, statistics, slope, false).without_shortcut()
    }

    fn norm_add(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        shortcut: FlexTensor,
        slope: f32,
    ) -> (FlexTensor, FlexTensor) {
        forward(x, gamma, beta, Some(shortcut), slope)
    }

    fn norm_add_gradient(
        x: FlexTensor,
        output: FlexTensor,
        gradient: FlexTensor,
        statistics: FlexTensor,
        slope: f32,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        backward(x, output, gradient, statistics, slope, true).with_shortcut()
    }

    fn norm_by(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        shortcut: FlexTensor,
        bias: FlexTensor,
        given: NormGiven,
    ) -> FlexTensor {
        let shortcut = given.has_shortcut.then_some(shortcut);
        let bias = given.has_bias.then_some(bias);
        let parameters = [gamma, beta, mean, variance];
        if is_double(&x) {
            return composed::norm_by::<Self>(x, parameters, shortcut, bias, given.slope);
        }
        let sizes = x.shape().dims();
        let x = x.to_contiguous();
        let shortcut = shortcut.map(|shortcut| shortcut.to_contiguous());
        let [gamma, beta, mean, var] = parameters.each_ref().map(values);
        let mean: Vec<f32> = match &bias {
            Some(bias) => mean.iter().zip(values(bias)).map(|(mean, bias)| mean - bias).collect(),
            None => mean.to_vec(),
        };
        let parameters = norm::Parameters { gamma, beta, mean: &mean, var };
        let shortcut = shortcut.as_ref().map(values);
        let shape = NormShape::of(sizes);
        tensor(norm::evaluate(shape, values(&x), parameters, shortcut, given.slope), sizes)
    }

    fn scale_rows(x: FlexTensor, factors: FlexTensor) -> FlexTensor {
        if is_double(&x) {
            return composed::scale_rows::<Self>(x, factors);
        }
        let shape = x.shape();
        let [x, factors] = [x, factors].map(|tensor| tensor.to_contiguous());
        let scaled = linear::scale_rows(values(&x), values(&factors));
        tensor(scaled, shape)
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        if is_double(&x) {
            return composed::max_pool::<Self>(x);
        }
        let sizes = x.shape().dims();
        let [batch, channels, height, width] = sizes;
        let x = x.to_contiguous();
        let output = pool::max2_forward(values(&x), batch * channels, height, width);
        tensor(output, pool::output_shape(sizes))
    }

    fn max_pool_gradient(x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        if is_double(&x) {
            return composed::max_pool_gradient::<Self>(x, gradient);
        }
        let sizes = x.shape().dims();
        let [batch, channels, height, width] = sizes;
        let [x, gradient] = [x, gradient].map(|tensor| tensor.to_contiguous());
        let planes = batch * channels;
        tensor(pool::max2_gradient(values(&x), values(&gradient), planes, height, width), sizes)
    }

    fn linear_map(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        if is_double(&x) {
            return composed::linear::<Self>(x, weight, bias);
        }
        let shape = linear_shape(&x, &weight);
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let output = linear::forward(shape, values(&x), values(&weight), values(&bias));
        tensor(output, [shape.batch, shape.classes])
    }

    fn linear_map_gradient(
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if is_double(&x) {
            return composed::linear_gradient::<Self>(x, weight, gradient);
        }
        let shape = linear_shape(&x, &weight);
        let [x, weight, gradient] = [x, weight, gradient].map(|tensor| tensor.to_contiguous());
        let LinearShape { batch, features, classes } = shape;
        let LinearGradients { x, weight, bias } =
            linear::backward(shape, values(&x), values(&weight), values(&gradient));
        let (x, weight) = (tensor(x, [batch, features]), tensor(weight, [classes, features]));
        (x, weight, tensor(bias, [classes]))
    }

    fn means(x: FlexTensor, kept: usize) -> FlexTensor {
        if is_double(&x) {
            return composed::means::<Self>(x, kept);
        }
        let (left, numbers) = means_shape(&x.shape(), kept);
        let means = linear::row_means(values(&x.to_contiguous()), numbers);
        tensor(means, left)
    }

    fn means_gradient(gradient: FlexTensor, shape: Shape) -> FlexTensor {
        if is_double(&gradient) {
            return composed::means_gradient::<Self>(gradient, shape);
        }
        let spread = linear::spread(values(&gradient.to_contiguous()), shape.num_elements());
        tensor(spread, shape)
    }

    fn rows_at(table: FlexTensor, ids: IntTensor<Self>) -> FlexTensor {
        composed::rows_at::<Self>(table, ids)
    }

    fn join_rows(upper: FlexTensor, lower: FlexTensor) -> FlexTensor {
        if is_double(&upper) {
            return composed::join_rows::<Self>(upper, lower);
        }
        let [above, numbers] = upper.shape().dims();
        let [below, _] = lower.shape().dims();
        let [upper, lower] = [upper, lower].map(|tensor| tensor.to_contiguous());
        tensor([values(&upper), values(&lower)].concat(), [above + below, numbers])
    }

    fn partial_loss(
        logits: FlexTensor,
        confidences: FlexTensor,
        candidates: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if is_double(&logits) {
            return composed::partial_loss::<Self>(logits, confidences, candidates);
        }
        let sizes = logits.shape().dims();
        let [images, classes] = sizes;
        let [logits, confidences, candidates] =
            [logits, confidences, candidates].map(|tensor| tensor.to_contiguous());
        let PartialLoss { per_image, of_logits, renewed } =
            loss::partial_loss(values(&logits), values(&confidences), values(&candidates), classes);
        (tensor(per_image, [images]), tensor(of_logits, sizes), tensor(renewed, sizes))
    }

    fn descend(
        value: FlexTensor,
        gradient: FlexTensor,
        velocity: FlexTensor,
        descent: Descent,
    ) -> (FlexTensor, FlexTensor) {
        if is_double(&value) {
            return composed::descend::<Self>(value, gradient, velocity, descent);
        }
        let shape = value.shape();
        let [value, gradient, velocity] =
            [value, gradient, velocity].map(|tensor| tensor.to_contiguous());
        let gradient = descent.has_gradient.then(|| values(&gradient));
        let velocity = descent.has_velocity.then(|| values(&velocity));
        let (value, velocity) = descent::step(values(&value), gradient, velocity, descent.rates);
        let count = velocity.len();
        (tensor(value, shape), tensor(velocity, [count]))
    }

    fn follow(
        statistics: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        bias: FlexTensor,
        running: Running,
        has_bias: bool,
    ) -> (FlexTensor, FlexTensor) {
        if is_double(&mean) {
            let bias = has_bias.then_some(bias);
            return composed::follow::<Self>(statistics, mean, variance, bias, running);
        }
        let [statistics, mean, variance, bias] =
            [statistics, mean, variance, bias].map(|tensor| tensor.to_contiguous());
        let old = [&mean, &variance].map(values);
        let channels = old[0].len();
        let (batch_mean, others) = values(&statistics).split_at(channels);
        let bias = has_bias.then(|| values(&bias));
        let [mean, variance] = running.follow(old, [batch_mean, &others[..channels]], bias);
        (tensor(mean, [channels]), tensor(variance, [channels]))
    }
}

/// Whether a tensor is one of the golden runs in double precision. None is in a browser, which so is spared
/// Burn's own operations on the CPU.
fn is_double(tensor: &FlexTensor) -> bool {
    cfg!(not(target_family = "wasm")) && tensor.dtype() != DType::F32
}

/// The numbers of a contiguous tensor.
fn values(tensor: &FlexTensor) -> &[f32] {
    let layout = tensor.layout();
    &tensor.storage()[layout.start_offset()..][..layout.num_elements()]
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn linear_shape(x: &FlexTensor, weight: &FlexTensor) -> LinearShape {
    let [batch, features] = x.shape().dims();
    LinearShape { batch, features, classes: weight.shape()[0] }
}

/// The output, and the statistics `[4, channels]`.
fn forward(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    shortcut: Option<FlexTensor>,
    slope: f32,
) -> (FlexTensor, FlexTensor) {
    if is_double(&x) {
        return composed::norm::<Flex>(x, gamma, beta, shortcut, slope);
    }
    let sizes = x.shape().dims();
    let shape = NormShape::of(sizes);
    let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
    let shortcut = shortcut.map(|shortcut| shortcut.to_contiguous());
    let [gamma, beta] = [values(&gamma), values(&beta)];
    let NormOutput { output, mean, var } =
        norm::forward(shape, values(&x), gamma, beta, shortcut.as_ref().map(values), slope);
    let statistics = [&mean, &var, gamma, beta].concat();
    (tensor(output, sizes), tensor(statistics, [4, shape.channels]))
}

/// The gradients of what went into [`forward`].
fn backward(
    x: FlexTensor,
    output: FlexTensor,
    gradient: FlexTensor,
    statistics: FlexTensor,
    slope: f32,
    has_shortcut: bool,
) -> NormGradients<FlexTensor> {
    if is_double(&x) {
        return composed::norm_gradient::<Flex>(x, output, gradient, statistics, slope);
    }
    let sizes = x.shape().dims();
    let shape = NormShape::of(sizes);
    let [x, output, gradient] = [x, output, gradient].map(|tensor| tensor.to_contiguous());
    let statistics = statistics.to_contiguous();
    let statistics = values(&statistics);
    let [mean, var, gamma] =
        [0, 1, 2].map(|row| &statistics[row * shape.channels..][..shape.channels]);
    let norm::NormGradients { input, gamma, beta, residual } = norm::backward(
        shape,
        values(&x),
        values(&output),
        mean,
        var,
        gamma,
        slope,
        values(&gradient),
        has_shortcut,
    );
    let [gamma, beta] = [gamma, beta].map(|row| tensor(row, [shape.channels]));
    let shortcut = residual.map(|residual| tensor(residual, sizes));
    NormGradients { x: tensor(input, sizes), gamma, beta, shortcut }
}
