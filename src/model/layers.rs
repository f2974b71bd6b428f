//! The layers of our networks, on Burn's tensors.
//!
//! Burn has modules of the same names. Ours differ where PyTorch's numbers need it: batch norm
//! keeps the unbiased variance (Burn: the biased one), the linear map keeps `[out, in]` weights
//! (Burn: `[in, out]`), dropout drops whole channels, and all random numbers come from the
//! run's own streams, so that every device starts and drops the same. The heavy work is done by
//! [`crate::ops`].

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::statistic::Statistic;
use crate::ops::shape::ConvGeometry;
use crate::ops::{self, NormParameters, Normalised, Running};

/// Where initial weights come from and where they go.
pub struct Init<'a> {
    pub random: &'a mut ChaCha8Rng,
    pub device: &'a Device,
}

impl Init<'_> {
    /// Uniform in ±1/sqrt(fan_in): PyTorch's default for convolutions and linear maps, weight
    /// and bias (`kaiming_uniform_(a=sqrt(5))`).
    fn default_uniform<const D: usize>(
        &mut self,
        shape: [usize; D],
        fan_in: usize,
    ) -> Param<Tensor<D>> {
        let bound = 1.0 / (fan_in as f32).sqrt();
        self.draw_tensor(shape, |random| random.random_range(-bound..=bound))
    }

    /// Normal with mean 0: two draws of a uniform number each (Box and Muller 1958).
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], std: f32) -> Param<Tensor<D>> {
        self.draw_tensor(shape, |random| {
            // libm's, since those of systems differ in the last bit.
            let radius = (-2.0 * libm::logf(1.0 - random.random::<f32>())).sqrt();
            std * radius * libm::cosf(std::f32::consts::TAU * random.random::<f32>())
        })
    }

    fn draw_tensor<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut draw: impl FnMut(&mut ChaCha8Rng) -> f32,
    ) -> Param<Tensor<D>> {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| draw(self.random)).collect();
        Param::from_data(TensorData::new(values, shape), self.device)
    }
}

/// A convolution's shape.
#[derive(Debug, Clone, Copy)]
pub struct ConvConfig {
    pub channels_in: usize,
    pub channels_out: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub bias: bool,
}

impl ConvConfig {
    pub fn init(&self, init: &mut Init) -> Conv {
        let Self { channels_in, channels_out, kernel, .. } = *self;
        let fan_in = channels_in * kernel * kernel;
        let weight = init.default_uniform([channels_out, channels_in, kernel, kernel], fan_in);
        let bias = self.bias.then(|| init.default_uniform([channels_out], fan_in));
        self.with(weight, bias)
    }

    /// He's normal initialisation over the outputs, as the authors' ResNet has it:
    /// std = sqrt(2 / (kernel² · channels_out)).
    pub fn init_he_fan_out(&self, init: &mut Init) -> Conv {
        let Self { channels_in, channels_out, kernel, .. } = *self;
        let std = (2.0 / (kernel * kernel * channels_out) as f32).sqrt();
        let weight = init.normal([channels_out, channels_in, kernel, kernel], std);
        self.with(weight, None)
    }

    fn with(&self, weight: Param<Tensor<4>>, bias: Option<Param<Tensor<1>>>) -> Conv {
        Conv { weight, bias, stride: self.stride, padding: self.padding }
    }
}

/// Two-dimensional convolution.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[channels_out, channels_in, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[channels_out]`.
    pub bias: Option<Param<Tensor<1>>>,
    stride: usize,
    padding: usize,
}

impl Conv {
    /// `[batch, channels_in, height, width]` to `[batch, channels_out, height', width']`, without
    /// the bias: batch norm follows every convolution of ours and takes out whatever is added to
    /// a channel, so it matters to the running mean alone ([`BatchNorm::forward`]).
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let geometry = ConvGeometry { stride: self.stride, padding: self.padding };
        ops::conv(x, self.weight.val(), geometry)
    }
}

/// A convolution, its batch norm, a shortcut's sum, and leaky ReLU with `slope` below zero (0 is
/// ReLU, 1 is none). `[batch, channels_in, height, width]` to
/// `[batch, channels_out, height', width']`.
pub fn block(
    x: Tensor<4>,
    conv: &Conv,
    norm: &BatchNorm,
    shortcut: Option<Tensor<4>>,
    slope: f32,
) -> Tensor<4> {
    norm.forward(conv.forward(x), conv.bias.as_ref().map(Param::val), shortcut, slope)
}

/// Batch normalisation over channels (Ioffe and Szegedy 2015), with PyTorch's running
/// statistics: momentum 0.1, unbiased variance.
#[derive(Module, Debug)]
pub struct BatchNorm {
    pub weight: Param<Tensor<1>>,
    pub bias: Param<Tensor<1>>,
    pub running_mean: Statistic,
    pub running_var: Statistic,
}

impl BatchNorm {
    const MOMENTUM: f64 = 0.1;

    pub fn init(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
            running_mean: Statistic::new(Tensor::zeros([channels], device)),
            running_var: Statistic::new(Tensor::ones([channels], device)),
        }
    }

    /// `[batch, channels, height, width]`, same shape out. On an autodiff device it normalises
    /// by the batch and updates the running statistics; elsewhere it uses those. `conv_bias`
    /// `[channels]` is the bias that the convolution before has left out.
    fn forward(
        &self,
        x: Tensor<4>,
        conv_bias: Option<Tensor<1>>,
        shortcut: Option<Tensor<4>>,
        slope: f32,
    ) -> Tensor<4> {
        if x.device().is_autodiff() {
            self.train(x, conv_bias, shortcut, slope)
        } else {
            self.evaluate(x, conv_bias, shortcut, slope)
        }
    }

    fn evaluate(
        &self,
        x: Tensor<4>,
        conv_bias: Option<Tensor<1>>,
        shortcut: Option<Tensor<4>>,
        slope: f32,
    ) -> Tensor<4> {
        let parameters = NormParameters {
            gamma: self.weight.val(),
            beta: self.bias.val(),
            mean: self.running_mean.value(),
            variance: self.running_var.value(),
        };
        ops::norm_by(x, parameters, conv_bias, shortcut, slope)
    }

    fn train(
        &self,
        x: Tensor<4>,
        conv_bias: Option<Tensor<1>>,
        shortcut: Option<Tensor<4>>,
        slope: f32,
    ) -> Tensor<4> {
        let [batch, _, height, width] = x.dims();
        let count = (batch * height * width) as f64;
        let Normalised { output, statistics } =
            ops::norm(x, self.weight.val(), self.bias.val(), shortcut, slope);
        // One value a channel has no unbiased variance; PyTorch refuses it, we keep the biased.
        let running = Running { momentum: Self::MOMENTUM, unbias: count / (count - 1.0).max(1.0) };
        let states = [&self.running_mean, &self.running_var];
        let [mean, variance] = states.map(|state| state.value().inner());
        let bias = conv_bias.map(Tensor::inner);
        let new = ops::follow(statistics, mean, variance, bias, running);
        for (state, new) in states.into_iter().zip(new) {
            state.set(Tensor::from_inner(new));
        }
        output
    }
}

/// The map from features to class scores.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`.
    pub weight: Param<Tensor<2>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    pub fn init(features: usize, classes: usize, init: &mut Init) -> Self {
        Self {
            weight: init.default_uniform([classes, features], features),
            bias: init.default_uniform([classes], features),
        }
    }

    /// `[batch, in]` to `[batch, out]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        ops::linear(x, self.weight.val(), self.bias.val())
    }
}

/// Drops whole channels (Tompson et al. 2015; PyTorch's dropout2d) by a mask drawn on the CPU.
/// `random` of None is evaluation: nothing is dropped.
pub fn dropout_channels(x: Tensor<4>, rate: f64, random: Option<&mut ChaCha8Rng>) -> Tensor<4> {
    let Some(random) = random else { return x };
    let [batch, channels, _, _] = x.dims();
    let kept = 1.0 / (1.0 - rate) as f32;
    let mask: Vec<f32> =
        (0..batch * channels).map(|_| if random.random_bool(rate) { 0.0 } else { kept }).collect();
    let mask = Tensor::from_data(TensorData::new(mask, [batch, channels]), &x.device());
    ops::scale_channels(x, mask)
}
