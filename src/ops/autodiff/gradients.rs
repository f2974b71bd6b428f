//! How the gradient of each operation's output goes to its inputs.

use burn::backend::Backend;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use crate::ops::NetworkOps;
use crate::ops::shape::ConvShape;

/// Hands the gradients of an operation's inputs, which come of its state and the gradient of its output,
/// to those that want one.
fn hand_on<B: Backend, S, const N: usize>(
    ops: Ops<S, N>,
    gradients: &mut Gradients,
    of_inputs: impl FnOnce(S, FloatTensor<B>) -> [FloatTensor<B>; N],
) where
    S: Clone + Send + std::fmt::Debug + 'static,
{
    let gradient = gradients.consume::<B>(&ops.node);
    let of_inputs = of_inputs(ops.state, gradient);
    for (input, gradient) in ops.parents.into_iter().zip(of_inputs) {
        if let Some(input) = input {
            gradients.register::<B>(input.id, gradient);
        }
    }
}

#[derive(Debug)]
pub struct ConvGradient;

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
pub struct NormGradient;

impl<B: NetworkOps> Backward<B, 3> for NormGradient {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 3>(ops, gradients, |(x, output, statistics, slope), gradient| {
            B::norm_gradient(x, output, gradient, statistics, slope).into()
        });
    }
}

#[derive(Debug)]
pub struct NormAddGradient;

impl<B: NetworkOps> Backward<B, 4> for NormAddGradient {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 4>(ops, gradients, |(x, output, statistics, slope), gradient| {
            let (of_x, of_shortcut, of_gamma, of_beta) =
                B::norm_add_gradient(x, output, gradient, statistics, slope);
            [of_x, of_gamma, of_beta, of_shortcut]
        });
    }
}

#[derive(Debug)]
pub struct ScaleGradient;

impl<B: NetworkOps> Backward<B, 1> for ScaleGradient {
    /// The factors.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 1>(ops, gradients, |factors, gradient| [B::scale_rows(gradient, factors)]);
    }
}

#[derive(Debug)]
pub struct MaxPoolGradient;

impl<B: NetworkOps> Backward<B, 1> for MaxPoolGradient {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 1>(ops, gradients, |x, gradient| [B::max_pool_gradient(x, gradient)]);
    }
}

#[derive(Debug)]
pub struct LinearGradient;

impl<B: NetworkOps> Backward<B, 3> for LinearGradient {
    /// x and weight
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 3>(ops, gradients, |(x, weight), gradient| {
            B::linear_map_gradient(x, weight, gradient).into()
        });
    }
}

#[derive(Debug)]
pub struct MeansGradient;

impl<B: NetworkOps> Backward<B, 1> for MeansGradient {
    /// Of what the means were taken of.
    type State = Shape;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 1>(ops, gradients, |shape, gradient| [B::means_gradient(gradient, shape)]);
    }
}

#[derive(Debug)]
pub struct PartialLossGradient;

impl<B: NetworkOps> Backward<B, 1> for PartialLossGradient {
    /// The gradient of each image's loss.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        hand_on::<B, _, 1>(ops, gradients, |of_logits, gradient| {
            [B::scale_rows(of_logits, gradient)]
        });
    }
}
