//! The 12-layer ConvNet of the PRODEN authors' code (after Han et al. 2018, "Co-teaching"):
//! nine convolutions with batch norm and leaky ReLU, two max pools with channel dropout.

use burn::module::Module;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;

use super::layers::{BatchNorm, Conv, ConvConfig, Init, Linear, block, dropout_channels};
use super::scaled;
use crate::ops::{max_pool, plane_means};

/// Slope of the leaky ReLU below zero.
const SLOPE: f32 = 0.01;
/// Share of the channels dropped after each pool.
const DROPOUT: f64 = 0.25;

/// A ConvNet's size; width 1 is the published one (4,434,570 parameters for ten classes).
#[derive(Debug, Clone, Copy)]
pub struct ConvNetConfig {
    pub classes: usize,
    pub width: f64,
    /// Channel dropout after the pools; off in the golden reference runs.
    pub dropout: bool,
}

/// The fields' names are the names in PyTorch's state dict.
#[derive(Module, Debug)]
pub struct ConvNet {
    c1: Conv,
    bn1: BatchNorm,
    c2: Conv,
    bn2: BatchNorm,
    c3: Conv,
    bn3: BatchNorm,
    c4: Conv,
    bn4: BatchNorm,
    c5: Conv,
    bn5: BatchNorm,
    c6: Conv,
    bn6: BatchNorm,
    c7: Conv,
    bn7: BatchNorm,
    c8: Conv,
    bn8: BatchNorm,
    c9: Conv,
    bn9: BatchNorm,
    l_c1: Linear,
    dropout: bool,
}

impl ConvNetConfig {
    pub fn init(&self, init: &mut Init) -> ConvNet {
        let [w128, w256, w512] = [128, 256, 512].map(|channels| scaled(channels, self.width));
        let mut block = |channels_in, channels_out, padding| {
            let conv =
                ConvConfig { channels_in, channels_out, kernel: 3, stride: 1, padding, bias: true };
            (conv.init(init), BatchNorm::init(channels_out, init.device))
        };
        let (c1, bn1) = block(3, w128, 1);
        let (c2, bn2) = block(w128, w128, 1);
        let (c3, bn3) = block(w128, w128, 1);
        let (c4, bn4) = block(w128, w256, 1);
        let (c5, bn5) = block(w256, w256, 1);
        let (c6, bn6) = block(w256, w256, 1);
        let (c7, bn7) = block(w256, w512, 0);
        let (c8, bn8) = block(w512, w256, 0);
        let (c9, bn9) = block(w256, w128, 0);
        let l_c1 = Linear::init(w128, self.classes, init);
        let dropout = self.dropout;
        ConvNet {
            c1,
            bn1,
            c2,
            bn2,
            c3,
            bn3,
            c4,
            bn4,
            c5,
            bn5,
            c6,
            bn6,
            c7,
            bn7,
            c8,
            bn8,
            c9,
            bn9,
            l_c1,
            dropout,
        }
    }
}

impl ConvNet {
    /// Class scores: `[batch, 3, 32, 32]` to `[batch, classes]`. `random` draws what is dropped;
    /// None drops nothing.
    pub fn forward(&self, x: Tensor<4>, random: Option<&mut ChaCha8Rng>) -> Tensor<2> {
        self.l_c1.forward(self.features(x, random))
    }

    /// What the linear layer sees: `[batch, 3, 32, 32]` to `[batch, features]`.
    pub fn features(&self, x: Tensor<4>, random: Option<&mut ChaCha8Rng>) -> Tensor<2> {
        let mut random = random.filter(|_| self.dropout);
        let block = |x, conv: &Conv, norm: &BatchNorm| block(x, conv, norm, None, SLOPE);

        let x = block(x, &self.c1, &self.bn1);
        let x = block(x, &self.c2, &self.bn2);
        let x = block(x, &self.c3, &self.bn3);
        let x = dropout_channels(max_pool(x), DROPOUT, random.as_deref_mut());
        let x = block(x, &self.c4, &self.bn4);
        let x = block(x, &self.c5, &self.bn5);
        let x = block(x, &self.c6, &self.bn6);
        let x = dropout_channels(max_pool(x), DROPOUT, random);
        let x = block(x, &self.c7, &self.bn7);
        let x = block(x, &self.c8, &self.bn8);
        let x = block(x, &self.c9, &self.bn9);
        plane_means(x)
    }
}
