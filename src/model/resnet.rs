//! Residual networks for 32x32 images (He et al. 2016): a 3x3 stem without max pool, stages of
//! basic blocks, global mean, linear. ResNet-18 as in kuangliu's `pytorch-cifar`, ResNet-32 as
//! in the PRODEN authors' code.

use burn::module::Module;
use burn::tensor::Tensor;

use super::layers::{BatchNorm, Conv, ConvConfig, Init, Linear, block};
use super::scaled;
use crate::ops::plane_means;

/// Slopes of the leaky ReLU behind a batch norm: zero below zero, or no ReLU at all.
const RELU: f32 = 0.0;
const LINEAR: f32 = 1.0;

/// A residual network's shape.
#[derive(Debug, Clone)]
pub struct ResNetConfig {
    pub classes: usize,
    pub width: f64,
    /// Channels of each stage at width 1; the stem has those of the first.
    stages: &'static [usize],
    blocks_per_stage: usize,
    /// He's normal initialisation of the convolutions, as in the authors' code; else PyTorch's
    /// default.
    he_init: bool,
}

impl ResNetConfig {
    /// 11,173,962 parameters at width 1 for ten classes.
    pub fn resnet18(classes: usize, width: f64) -> Self {
        let stages = &[64, 128, 256, 512];
        Self { classes, width, stages, blocks_per_stage: 2, he_init: false }
    }

    /// 466,906 parameters at width 1 for ten classes.
    pub fn resnet32(classes: usize, width: f64) -> Self {
        Self { classes, width, stages: &[16, 32, 64], blocks_per_stage: 5, he_init: true }
    }

    pub fn init(&self, init: &mut Init) -> ResNet {
        let mut channels = scaled(self.stages[0], self.width);
        let conv1 = self.conv(3, channels, 3, 1, init);
        let bn1 = BatchNorm::init(channels, init.device);
        let mut layers = Vec::new();
        for (stage, &stage_channels) in self.stages.iter().enumerate() {
            let channels_out = scaled(stage_channels, self.width);
            let mut blocks = Vec::new();
            for block in 0..self.blocks_per_stage {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(self.block(channels, channels_out, stride, init));
                channels = channels_out;
            }
            layers.push(blocks);
        }
        let head = Linear::init(channels, self.classes, init);
        ResNet { conv1, bn1, layers, head }
    }

    fn block(
        &self,
        channels_in: usize,
        channels_out: usize,
        stride: usize,
        init: &mut Init,
    ) -> Block {
        let projects = stride != 1 || channels_in != channels_out;
        Block {
            conv1: self.conv(channels_in, channels_out, 3, stride, init),
            bn1: BatchNorm::init(channels_out, init.device),
            conv2: self.conv(channels_out, channels_out, 3, 1, init),
            bn2: BatchNorm::init(channels_out, init.device),
            projection: projects.then(|| Projection {
                conv: self.conv(channels_in, channels_out, 1, stride, init),
                bn: BatchNorm::init(channels_out, init.device),
            }),
        }
    }

    fn conv(
        &self,
        channels_in: usize,
        channels_out: usize,
        kernel: usize,
        stride: usize,
        init: &mut Init,
    ) -> Conv {
        let padding = kernel / 2;
        let conv = ConvConfig { channels_in, channels_out, kernel, stride, padding, bias: false };
        if self.he_init { conv.init_he_fan_out(init) } else { conv.init(init) }
    }
}

/// A residual network.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv,
    bn1: BatchNorm,
    /// Blocks, stage by stage.
    layers: Vec<Vec<Block>>,
    head: Linear,
}

/// Two convolutions around which the input is carried.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv,
    bn1: BatchNorm,
    conv2: Conv,
    bn2: BatchNorm,
    projection: Option<Projection>,
}

/// Brings the carried input to the block's shape.
#[derive(Module, Debug)]
struct Projection {
    conv: Conv,
    bn: BatchNorm,
}

impl ResNet {
    /// Class scores: `[batch, 3, 32, 32]` to `[batch, classes]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.features(x))
    }

    /// What the linear layer sees: `[batch, 3, 32, 32]` to `[batch, features]`.
    pub fn features(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = block(x, &self.conv1, &self.bn1, None, RELU);
        for block in self.layers.iter().flatten() {
            x = block.forward(x);
        }
        plane_means(x)
    }
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let carried = match &self.projection {
            Some(Projection { conv, bn }) => block(x.clone(), conv, bn, None, LINEAR),
            None => x.clone(),
        };
        let y = block(x, &self.conv1, &self.bn1, None, RELU);
        block(y, &self.conv2, &self.bn2, Some(carried), RELU)
    }
}
