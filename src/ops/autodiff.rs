//! Gradients of our operations for Burn's automatic differentiation.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};

use super::composed::row_of;
use super::shape::{ConvGeometry, ConvShape};
use super::{Descent, NetworkOps, Running};

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
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
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
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        no_second_derivative("batch norm")
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

/// Hands `[2, channels]` out as the gradients of gamma and beta.
fn register_parameters<B: Backend>(
    nodes: [Option<NodeId>; 2],
    of_parameters: &FloatTensor<B>,
    gradients: &mut Gradients,
) {
    for (row, node) in nodes.into_iter().enumerate() {
        if let Some(id) = node {
            gradients.register::<B>(id, row_of::<B>(of_parameters, row));
        }
    }
}

#[derive(Debug)]
struct ConvGradient;

impl<B: NetworkOps> Backward<B, 2> for ConvGradient {
    type State = (FloatTensor<B>, FloatTensor<B>, ConvShape);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [x_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight, shape) = ops.state;
        // The first layer's input wants none.
        if let Some(node) = x_node {
            let of_x = B::conv_input_gradient(gradient.clone(), weight, shape);
            gradients.register::<B>(node.id, of_x);
        }
        if let Some(node) = weight_node {
            let of_weight = B::conv_weight_gradient(x, gradient, shape);
            gradients.register::<B>(node.id, of_weight);
        }
    }
}

/// x, output, statistics and slope of a batch norm.
type NormState<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, f32);

#[derive(Debug)]
struct NormGradient;

impl<B: NetworkOps> Backward<B, 3> for NormGradient {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [x_node, gamma_node, beta_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, output, statistics, slope) = ops.state;
        let (of_x, of_parameters) = B::norm_gradient(x, output, gradient, statistics, slope);
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, of_x);
        }
        let parameters = [gamma_node, beta_node].map(|node| node.map(|node| node.id));
        register_parameters::<B>(parameters, &of_parameters, gradients);
    }
}

#[derive(Debug)]
struct NormAddGradient;

impl<B: NetworkOps> Backward<B, 4> for NormAddGradient {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [x_node, gamma_node, beta_node, shortcut_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, output, statistics, slope) = ops.state;
        let (of_x, of_shortcut, of_parameters) =
            B::norm_add_gradient(x, output, gradient, statistics, slope);
        for (node, of_input) in [(x_node, of_x), (shortcut_node, of_shortcut)] {
            if let Some(node) = node {
                gradients.register::<B>(node.id, of_input);
            }
        }
        let parameters = [gamma_node, beta_node].map(|node| node.map(|node| node.id));
        register_parameters::<B>(parameters, &of_parameters, gradients);
    }
}

#[derive(Debug)]
struct MaxPoolGradient;

impl<B: NetworkOps> Backward<B, 1> for MaxPoolGradient {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let [node] = ops.parents;
        if let Some(node) = node {
            gradients.register::<B>(node.id, B::max_pool_gradient(ops.state, gradient));
        }
    }
}
