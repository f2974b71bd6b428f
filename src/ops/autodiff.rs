//! Gradients of our operations for Burn's automatic differentiation.

mod gradients;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::Shape;

use super::shape::{ConvGeometry, ConvShape};
use super::{Descent, NetworkOps, NormGiven, Running};
use gradients::{
    ConvGradient, LinearGradient, MaxPoolGradient, MeansGradient, NormAddGradient, NormGradient,
    PartialLossGradient, ScaleGradient,
};

impl<B: NetworkOps, C: CheckpointStrategy> NetworkOps for Autodiff<B, C> {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: ConvGeometry,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        match ConvGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let shape = ConvShape::of(x.shape().dims(), weight.shape().dims(), geometry);
                let state = (x.clone(), weight.clone(), shape);
                prepared.finish(state, B::conv(x, weight, geometry))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::conv(x, weight, geometry)),
        }
    }

    fn conv_input_gradient(
        _gradient: FloatTensor<Self>,
        _weight: FloatTensor<Self>,
        _conv: ConvShape,
    ) -> FloatTensor<Self> {
        no_second_derivative("convolution")
    }

    fn conv_weight_gradient(
        _x: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
        _conv: ConvShape,
    ) -> FloatTensor<Self> {
        no_second_derivative("convolution")
    }

    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let (x, gamma, beta) = (x.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let (output, statistics) = match NormGradient.prepare::<C>(nodes).compute_bound().stateful()
        {
            OpsKind::Tracked(prepared) => {
                let (output, statistics) = B::norm(x.clone(), gamma, beta, slope);
                let state = (x, output.clone(), statistics.clone(), slope);
                (prepared.finish(state, output), statistics)
            }
            OpsKind::UnTracked(prepared) => {
                let (output, statistics) = B::norm(x, gamma, beta, slope);
                (prepared.finish(output), statistics)
            }
        };
        (output, <FloatTensor<Self>>::new(statistics))
    }

    fn norm_gradient(
        _x: FloatTensor<Self>,
        _output: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
        _statistics: FloatTensor<Self>,
        _slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        no_second_derivative("batch norm")
    }

    fn norm_add(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node(), shortcut.node()];
        let (x, gamma, beta) = (x.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let shortcut = shortcut.into_primitive();
        let (output, statistics) =
            match NormAddGradient.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(prepared) => {
                    let (output, statistics) = B::norm_add(x.clone(), gamma, beta, shortcut, slope);
                    let state = (x, output.clone(), statistics.clone(), slope);
                    (prepared.finish(state, output), statistics)
                }
                OpsKind::UnTracked(prepared) => {
                    let (output, statistics) = B::norm_add(x, gamma, beta, shortcut, slope);
                    (prepared.finish(output), statistics)
                }
            };
        (output, <FloatTensor<Self>>::new(statistics))
    }

    fn norm_add_gradient(
        _x: FloatTensor<Self>,
        _output: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
        _statistics: FloatTensor<Self>,
        _slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        no_second_derivative("batch norm")
    }

    fn norm_by(
        _x: FloatTensor<Self>,
        _gamma: FloatTensor<Self>,
        _beta: FloatTensor<Self>,
        _mean: FloatTensor<Self>,
        _variance: FloatTensor<Self>,
        _shortcut: FloatTensor<Self>,
        _bias: FloatTensor<Self>,
        _given: NormGiven,
    ) -> FloatTensor<Self> {
        unreachable!("a network is evaluated on the plain device")
    }

    fn scale_rows(x: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let (x, factors) = (x.into_primitive(), factors.into_primitive());
        match ScaleGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish(factors.clone(), B::scale_rows(x, factors))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::scale_rows(x, factors)),
        }
    }

    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let x = x.into_primitive();
        match MaxPoolGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(x.clone(), B::max_pool(x)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::max_pool(x)),
        }
    }

    fn max_pool_gradient(_x: FloatTensor<Self>, _gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        no_second_derivative("max pool")
    }

    fn linear_map(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let (x, weight, bias) =
            (x.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match LinearGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.clone(), weight.clone());
                prepared.finish(state, B::linear_map(x, weight, bias))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::linear_map(x, weight, bias)),
        }
    }

    fn linear_map_gradient(
        _x: FloatTensor<Self>,
        _weight: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        no_second_derivative("linear map")
    }

    fn means(x: FloatTensor<Self>, kept: usize) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let x = x.into_primitive();
        match MeansGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(x.shape(), B::means(x, kept)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::means(x, kept)),
        }
    }

    fn means_gradient(_gradient: FloatTensor<Self>, _shape: Shape) -> FloatTensor<Self> {
        no_second_derivative("mean")
    }

    fn rows_at(_table: FloatTensor<Self>, _ids: IntTensor<Self>) -> FloatTensor<Self> {
        unreachable!("confidences are on the plain device")
    }

    fn join_rows(_upper: FloatTensor<Self>, _lower: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("confidences are on the plain device")
    }

    fn partial_loss(
        logits: FloatTensor<Self>,
        confidences: FloatTensor<Self>,
        candidates: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [logits.node()];
        let (loss, of_logits, renewed) = B::partial_loss(
            logits.into_primitive(),
            confidences.into_primitive(),
            candidates.into_primitive(),
        );
        let loss = match PartialLossGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(of_logits.clone(), loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        };
        (loss, <FloatTensor<Self>>::new(of_logits), <FloatTensor<Self>>::new(renewed))
    }

    fn descend(
        _value: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
        _velocity: FloatTensor<Self>,
        _descent: Descent,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("a step of descent is taken on the plain device")
    }

    fn follow(
        _statistics: FloatTensor<Self>,
        _mean: FloatTensor<Self>,
        _variance: FloatTensor<Self>,
        _bias: FloatTensor<Self>,
        _running: Running,
        _has_bias: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("running statistics are on the plain device")
    }
}

/// Nothing here takes a gradient of a gradient.
fn no_second_derivative(of: &str) -> ! {
    unreachable!("the gradient of a {of} is not differentiated again")
}
