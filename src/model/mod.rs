//! The networks, each `XConfig::init(&device) -> X`, with PyTorch's names and initialisation.
//!
//! Every convolution, normalisation and linear map goes through [`layers`], so that a faster
//! kernel has one place to go to.

mod convnet;
pub mod file;
pub mod layers;
mod network;
pub(crate) mod parts;
mod resnet;
mod statistic;
pub mod weights;

pub use convnet::{ConvNet, ConvNetConfig};
pub use network::{Network, NetworkConfig};
pub use resnet::{ResNet, ResNetConfig};

/// `channels * width`, rounded down as in the reference code, and at least 1.
fn scaled(channels: usize, width: f64) -> usize {
    ((channels as f64 * width) as usize).max(1)
}
