//! A training step of the ConvNet in Burn's own operations, as one would write it without ours: the
//! twins of `ops::reference`, Burn's automatic differentiation, SGD with momentum.
//!
//! It leaves out what would only slow it down: convolution biases, running statistics, dropout.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use proden::ops::reference;
use proden::ops::shape::ConvGeometry;

/// Channels of the published network and the padding of each convolution.
const PLAN: [(usize, usize); 9] =
    [(128, 1), (128, 1), (128, 1), (256, 1), (256, 1), (256, 1), (512, 0), (256, 0), (128, 0)];
const CLASSES: usize = 10;

struct Layer {
    /// `[channels_out, channels_in, 3, 3]`.
    weight: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    padding: usize,
}

/// A ConvNet that trains; its state is on the autodiff device.
pub struct PlainConvNet {
    layers: Vec<Layer>,
    /// `[features, classes]`.
    linear: Tensor<2>,
    velocity: Vec<Tensor<1>>,
}

fn drawn<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let fan_in = (count / shape[0]) as f32;
    // Spread well enough to train; what it learns is of no interest.
    let values = (0..count).map(|at| ((at * 7919 % 1009) as f32 / 504.5 - 1.0) / fan_in.sqrt());
    Tensor::from_data(TensorData::new(values.collect::<Vec<_>>(), shape), device).require_grad()
}

impl PlainConvNet {
    pub fn new(width: f64, device: &Device) -> Self {
        let mut channels_in = 3;
        let mut layers = Vec::new();
        for (channels, padding) in PLAN {
            let channels = (channels as f64 * width) as usize;
            layers.push(Layer {
                weight: drawn([channels, channels_in, 3, 3], device),
                gamma: Tensor::ones([channels], device).require_grad(),
                beta: Tensor::zeros([channels], device).require_grad(),
                padding,
            });
            channels_in = channels;
        }
        Self { layers, linear: drawn([channels_in, CLASSES], device), velocity: Vec::new() }
    }

    /// `[batch, 3, 32, 32]` to `[batch, classes]`.
    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for (at, layer) in self.layers.iter().enumerate() {
            let geometry = ConvGeometry { stride: 1, padding: layer.padding };
            x = reference::conv(x, layer.weight.clone(), geometry);
            x = reference::norm(x, layer.gamma.clone(), layer.beta.clone(), None, 0.01);
            if at == 2 || at == 5 {
                x = reference::max_pool(x);
            }
        }
        let [batch, channels, height, width] = x.dims();
        let features = x.reshape([batch, channels, height * width]).mean_dim(2);
        features.reshape([batch, channels]).matmul(self.linear.clone())
    }

    /// One step; returns the loss `[1]` and a weight, both still to be computed.
    pub fn step(&mut self, x: Tensor<4>, targets: Tensor<2>) -> (Tensor<1>, Tensor<4>) {
        let batch = x.dims()[0] as f32;
        let loss = (log_softmax(self.forward(x), 1) * targets).sum().neg().div_scalar(batch);
        let mut gradients = loss.backward();
        let mut before = std::mem::take(&mut self.velocity).into_iter();
        let mut after = Vec::new();
        for layer in &mut self.layers {
            descend(&mut layer.weight, &mut gradients, &mut before, &mut after);
            descend(&mut layer.gamma, &mut gradients, &mut before, &mut after);
            descend(&mut layer.beta, &mut gradients, &mut before, &mut after);
        }
        descend(&mut self.linear, &mut gradients, &mut before, &mut after);
        self.velocity = after;
        (loss.inner(), self.layers[0].weight.clone().inner())
    }
}

/// SGD with momentum and weight decay, as `train::sgd` has it.
fn descend<const D: usize>(
    parameter: &mut Tensor<D>,
    gradients: &mut burn::tensor::Gradients,
    before: &mut impl Iterator<Item = Tensor<1>>,
    after: &mut Vec<Tensor<1>>,
) {
    let shape = parameter.dims();
    let mut gradient = parameter.grad_remove(gradients).expect("a gradient");
    let value = parameter.clone().inner();
    gradient = gradient + value.clone().mul_scalar(0.001);
    if let Some(velocity) = before.next() {
        gradient = velocity.reshape(shape).mul_scalar(0.9) + gradient;
    }
    after.push(gradient.clone().reshape([shape.iter().product::<usize>()]));
    *parameter = Tensor::from_inner(value - gradient.mul_scalar(0.01)).require_grad();
}
