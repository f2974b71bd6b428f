//! The map from features to class scores, and means of rows: a number an invocation. They are small; Burn's
//! matrix product and reductions, made for large ones, would be most of the engine that a visitor downloads.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{THREADS, cubes_for, empty};
use crate::ops::means_shape;

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct LinearDims {
    batch: u32,
    features: u32,
    classes: u32,
}

/// One score: `x` is `[batch, features]`, `weight` `[classes, features]`.
#[cube(launch_unchecked)]
fn linear_kernel(x: &[f32], weight: &[f32], bias: &[f32], scores: &mut [f32], dims: LinearDims) {
    let (features, classes) = (dims.features as usize, dims.classes as usize);
    if ABSOLUTE_POS < dims.batch as usize * classes {
        let class = ABSOLUTE_POS % classes;
        let image = ABSOLUTE_POS / classes * features;
        let mut sum = f32::new(0.0);
        for feature in 0..features {
            sum += x[image + feature] * weight[class * features + feature];
        }
        scores[ABSOLUTE_POS] = sum + bias[class];
    }
}

/// The gradient of one feature of an image, from that of the scores.
#[cube(launch_unchecked)]
fn input_gradient_kernel(gradient: &[f32], weight: &[f32], of_x: &mut [f32], dims: LinearDims) {
    let (features, classes) = (dims.features as usize, dims.classes as usize);
    if ABSOLUTE_POS < dims.batch as usize * features {
        let feature = ABSOLUTE_POS % features;
        let image = ABSOLUTE_POS / features * classes;
        let mut sum = f32::new(0.0);
        for class in 0..classes {
            sum += gradient[image + class] * weight[class * features + feature];
        }
        of_x[ABSOLUTE_POS] = sum;
    }
}

/// The gradient of one weight; those of a class are followed by that of its bias, the weight of a feature
/// that is always 1.
#[cube(launch_unchecked)]
fn weight_gradient_kernel(
    x: &[f32],
    gradient: &[f32],
    of_weight: &mut [f32],
    of_bias: &mut [f32],
    dims: LinearDims,
) {
    let (features, classes) = (dims.features as usize, dims.classes as usize);
    let class = ABSOLUTE_POS / (features + 1);
    let feature = ABSOLUTE_POS % (features + 1);
    if class < classes {
        let is_bias = feature == features;
        let place = select(is_bias, 0usize, feature);
        let mut sum = f32::new(0.0);
        for image in 0..dims.batch as usize {
            let value = select(is_bias, 1.0, x[image * features + place]);
            sum += gradient[image * classes + class] * value;
        }
        if is_bias {
            of_bias[class] = sum;
        } else {
            of_weight[class * features + feature] = sum;
        }
    }
}

/// The mean of one row of `numbers`.
#[cube(launch_unchecked)]
fn means_kernel(x: &[f32], means: &mut [f32], rows: u32, numbers: u32) {
    if ABSOLUTE_POS < rows as usize {
        let numbers = numbers as usize;
        let mut sum = f32::new(0.0);
        for at in 0..numbers {
            sum += x[ABSOLUTE_POS * numbers + at];
        }
        means[ABSOLUTE_POS] = sum / f32::cast_from(numbers);
    }
}

/// See [`crate::ops::NetworkOps::linear_map`]; all tensors are contiguous.
pub fn forward(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let client = x.client.clone();
    let ([batch, _, classes], dims) = sizes(&x, &weight);
    let scores = empty(&x, [batch, classes]);
    // SAFETY: an invocation stays within its image's row and its class's.
    unsafe {
        linear_kernel::launch_unchecked(
            &client,
            cubes_for(batch * classes),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            weight.into_buffer_arg(),
            bias.into_buffer_arg(),
            scores.clone().into_buffer_arg(),
            dims(),
        );
    }
    scores
}

/// See [`crate::ops::NetworkOps::linear_map_gradient`]; all tensors are contiguous.
pub fn backward(
    x: CubeTensor,
    weight: CubeTensor,
    gradient: CubeTensor,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let client = x.client.clone();
    let ([batch, features, classes], dims) = sizes(&x, &weight);
    let of_x = empty(&x, [batch, features]);
    let of_weight = empty(&x, [classes, features]);
    let of_bias = empty(&x, [classes]);
    // SAFETY: an invocation stays within the rows of its image, feature or class.
    unsafe {
        input_gradient_kernel::launch_unchecked(
            &client,
            cubes_for(batch * features),
            CubeDim::new_1d(THREADS as u32),
            gradient.clone().into_buffer_arg(),
            weight.into_buffer_arg(),
            of_x.clone().into_buffer_arg(),
            dims(),
        );
        weight_gradient_kernel::launch_unchecked(
            &client,
            cubes_for(classes * (features + 1)),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            gradient.into_buffer_arg(),
            of_weight.clone().into_buffer_arg(),
            of_bias.clone().into_buffer_arg(),
            dims(),
        );
    }
    (of_x, of_weight, of_bias)
}

/// Batch, features and classes of `x` and `weight`; as sizes, and as a launch's.
fn sizes(
    x: &CubeTensor,
    weight: &CubeTensor,
) -> ([usize; 3], impl Fn() -> LinearDimsLaunch + use<>) {
    let [batch, features] = x.meta.shape().dims();
    let classes = weight.meta.shape()[0];
    let dims = move || LinearDimsLaunch::new(batch as u32, features as u32, classes as u32);
    ([batch, features, classes], dims)
}

/// See [`crate::ops::NetworkOps::means`]; `x` is contiguous.
pub fn means(x: CubeTensor, kept: usize) -> CubeTensor {
    let client = x.client.clone();
    let (left, numbers) = means_shape(x.meta.shape(), kept);
    let rows = left.num_elements();
    let means = empty(&x, left);
    // SAFETY: an invocation stays within its row.
    unsafe {
        means_kernel::launch_unchecked(
            &client,
            cubes_for(rows),
            CubeDim::new_1d(THREADS as u32),
            x.into_buffer_arg(),
            means.clone().into_buffer_arg(),
            rows as u32,
            numbers as u32,
        );
    }
    means
}
