//! Any of our networks, as one type.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::layers::Init;
use super::{ConvNet, ConvNetConfig, ResNet, ResNetConfig};
use crate::data::random::{Stream, stream};
use crate::experiment::{Experiment, NetworkKind};

/// Which network, how wide, for how many classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkConfig {
    pub kind: NetworkKind,
    pub classes: usize,
    pub width: f64,
    /// Channel dropout (ConvNet only); off in the golden reference runs.
    pub dropout: bool,
    /// Of the initial weights.
    pub seed: u64,
}

impl NetworkConfig {
    /// The network that an experiment trains.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            kind: experiment.model,
            classes: experiment.dataset.classes(),
            width: experiment.width,
            dropout: true,
            seed: experiment.seed,
        }
    }

    /// Initial weights are drawn on the CPU: the same on every device.
    pub fn init(&self, device: &Device) -> Network {
        let Self { classes, width, dropout, .. } = *self;
        let mut random = stream(self.seed, Stream::Init, 0);
        let init = &mut Init { random: &mut random, device };
        match self.kind {
            NetworkKind::ConvNet => {
                Network::ConvNet(ConvNetConfig { classes, width, dropout }.init(init))
            }
            NetworkKind::ResNet18 => {
                Network::ResNet18(ResNetConfig::resnet18(classes, width).init(init))
            }
            NetworkKind::ResNet32 => {
                Network::ResNet32(ResNetConfig::resnet32(classes, width).init(init))
            }
        }
    }
}

/// A network of one of our kinds.
#[allow(clippy::large_enum_variant, reason = "there is one a run, and Burn's derive takes no Box")]
#[derive(Module, Debug)]
pub enum Network {
    ConvNet(ConvNet),
    ResNet18(ResNet),
    ResNet32(ResNet),
}

impl Network {
    /// Class scores: `[batch, 3, 32, 32]` to `[batch, classes]`. On an autodiff device batch
    /// norm trains; `random` draws what dropout drops, None drops nothing.
    pub fn forward(&self, images: Tensor<4>, random: Option<&mut ChaCha8Rng>) -> Tensor<2> {
        match self {
            Self::ConvNet(network) => network.forward(images, random),
            Self::ResNet18(network) | Self::ResNet32(network) => network.forward(images),
        }
    }

    /// What the last linear layer sees of the images: `[batch, 3, 32, 32]` to `[batch, features]`.
    /// The network is in evaluation mode.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::ConvNet(network) => network.features(images, None),
            Self::ResNet18(network) | Self::ResNet32(network) => network.features(images),
        }
    }

    pub fn kind(&self) -> NetworkKind {
        match self {
            Self::ConvNet(_) => NetworkKind::ConvNet,
            Self::ResNet18(_) => NetworkKind::ResNet18,
            Self::ResNet32(_) => NetworkKind::ResNet32,
        }
    }
}
