//! Our operations on a graphics card: kernels in CubeCL, within WebGPU's default limits (16 KiB
//! of workgroup memory, 256 invocations, 8 storage buffers a stage).
//!
//! [`conv`] and [`weight_gradient`] are the matrix products behind a convolution, [`layout`] lays
//! weights out for them, [`winograd`] makes do with fewer products, [`algorithm`] chooses, and [`tile`] says how
//! matrix products are cut; [`norm`] is batch norm, [`pool`] max pooling, [`linear`] the map to class scores,
//! [`partial_loss`] PRODEN's loss, [`rows`] what is done with tables, [`descent`] the step of gradient descent,
//! [`running`] batch norm's running statistics.

pub mod algorithm;
mod conv;
mod descent;
mod layout;
mod linear;
mod norm;
mod partial_loss;
mod pool;
mod product;
mod rows;
mod running;
pub mod tile;
mod weight_gradient;
pub mod winograd;

use burn::backend::TensorMetadata;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::shape::{ConvGeometry, ConvShape};
use super::{Descent, NetworkOps, NormGiven, Running};

/// Four numbers that are read and written together.
type Quad = Vector<f32, Const<4>>;
/// Numbers in a [`Quad`].
const LANES: usize = 4;
/// Invocations of a workgroup whose invocations each make one number.
const THREADS: usize = 64;

impl NetworkOps for CubeBackend {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: ConvGeometry,
    ) -> FloatTensor<Self> {
        let shape = ConvShape::of(x.shape().dims(), weight.shape().dims(), geometry);
        conv::forward(into_contiguous(x), into_contiguous(weight), &shape)
    }

    fn conv_input_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        conv::input_gradient(into_contiguous(gradient), into_contiguous(weight), &shape)
    }

    fn conv_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        weight_gradient::launch(into_contiguous(x), into_contiguous(gradient), &shape)
    }

    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        norm::forward(into_contiguous(x), gamma, beta, None, slope)
    }

    fn norm_gradient(
        x: FloatTensor<Self>,
        // Its sign is cheaper computed again than read.
        _output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let gradient = into_contiguous(gradient);
        norm::backward(into_contiguous(x), None, gradient, statistics, slope).without_shortcut()
    }

    fn norm_add(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        norm::forward(into_contiguous(x), gamma, beta, Some(into_contiguous(shortcut)), slope)
    }

    fn norm_add_gradient(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (output, gradient) = (into_contiguous(output), into_contiguous(gradient));
        norm::backward(into_contiguous(x), Some(output), gradient, statistics, slope)
            .with_shortcut()
    }

    fn norm_by(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        given: NormGiven,
    ) -> FloatTensor<Self> {
        let bias = given.has_bias.then_some(bias);
        let scales = running::scales([gamma, beta, mean, variance], bias);
        let shortcut = given.has_shortcut.then(|| into_contiguous(shortcut));
        norm::evaluate(into_contiguous(x), scales, shortcut, given.slope)
    }

    fn scale_rows(x: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self> {
        rows::scale(into_contiguous(x), into_contiguous(factors))
    }

    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        pool::forward(into_contiguous(x))
    }

    fn max_pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        pool::gradient(into_contiguous(x), into_contiguous(gradient))
    }

    fn linear_map(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        linear::forward(into_contiguous(x), into_contiguous(weight), bias)
    }

    fn linear_map_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [x, weight, gradient] = [x, weight, gradient].map(into_contiguous);
        linear::backward(x, weight, gradient)
    }

    fn means(x: FloatTensor<Self>, kept: usize) -> FloatTensor<Self> {
        linear::means(into_contiguous(x), kept)
    }

    fn means_gradient(gradient: FloatTensor<Self>, shape: Shape) -> FloatTensor<Self> {
        rows::spread(into_contiguous(gradient), shape)
    }

    fn rows_at(table: FloatTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self> {
        rows::rows_at(into_contiguous(table), ids)
    }

    fn join_rows(upper: FloatTensor<Self>, lower: FloatTensor<Self>) -> FloatTensor<Self> {
        rows::join(into_contiguous(upper), into_contiguous(lower))
    }

    fn partial_loss(
        logits: FloatTensor<Self>,
        confidences: FloatTensor<Self>,
        candidates: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [logits, confidences, candidates] =
            [logits, confidences, candidates].map(into_contiguous);
        partial_loss::launch(logits, confidences, candidates)
    }

    fn descend(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        descent: Descent,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let gradient = descent.has_gradient.then(|| into_contiguous(gradient));
        let velocity = descent.has_velocity.then(|| into_contiguous(velocity));
        descent::step(into_contiguous(value), gradient, velocity, descent.rates)
    }

    fn follow(
        statistics: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        running: Running,
        has_bias: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        running::follow(statistics, mean, variance, has_bias.then_some(bias), running)
    }
}

/// A tensor of undefined content, beside `like`.
fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        shape.into(),
        like.dtype,
    )
}

/// Workgroups of [`THREADS`] that make `count` numbers.
fn cubes_for(count: usize) -> CubeCount {
    // WebGPU's default limit of each dimension.
    const MOST: usize = 65_535;
    let workgroups = count.div_ceil(THREADS);
    let rows = workgroups.div_ceil(MOST).max(1);
    CubeCount::Static(workgroups.div_ceil(rows) as u32, rows as u32, 1)
}
