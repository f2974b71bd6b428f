//! Layer by layer: our convolutions and batch norms against Burn's own.

use burn::tensor::{Device, Tensor, TensorData};
use proden::ops::shape::{ConvGeometry, ConvShape};
use proden::ops::{self, reference};

use crate::kernels::{LAYERS, scaled, wait_for};
use crate::{median, now_ms, tell};

/// Timed runs of each, after one that compiles and allocates.
const RUNS: usize = 5;
const BATCH: usize = 8;
const WIDTH: f64 = 0.25;

fn tensor(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let count: usize = shape.iter().product();
    // Anything that is not all the same: the time does not depend on it.
    let values: Vec<f32> = (0..count).map(|at| (at % 17) as f32 / 17.0 - 0.5).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The same numbers in a graph of its own: a backward pass consumes the one that it went through.
fn leaf<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().detach().require_grad()
}

/// Median milliseconds of a convolution forward and backward, and of its batch norm with leaky
/// ReLU forward and backward.
async fn layer(device: &Device, shape: ConvShape, is_ours: bool) -> [f64; 2] {
    let device = device.clone().autodiff();
    let x = tensor(shape.input_shape(), &device);
    let weight = tensor(shape.weight_shape(), &device);
    let y = tensor(shape.output_shape(), &device);
    let channels = shape.channels_out;
    let [gamma, beta] = [(); 2].map(|()| tensor([1, channels, 1, 1], &device).reshape([channels]));
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..=RUNS {
        let (x, weight, y) = (leaf(&x), leaf(&weight), leaf(&y));
        let (gamma, beta) = (leaf(&gamma), leaf(&beta));
        let began = now_ms();
        let conv = if is_ours { ops::conv } else { reference::conv };
        let gradients = conv(x.clone(), weight.clone(), shape.geometry()).backward();
        wait_for(x.grad(&gradients).expect("a gradient")).await;
        wait_for(weight.grad(&gradients).expect("a gradient")).await;
        let between = now_ms();
        let output = if is_ours {
            ops::norm(y.clone(), gamma, beta, None, 0.01).output
        } else {
            reference::norm(y.clone(), gamma, beta, None, 0.01)
        };
        let gradients = output.backward();
        wait_for(y.grad(&gradients).expect("a gradient")).await;
        times[0].push(between - began);
        times[1].push(now_ms() - between);
    }
    // Without the first, which compiles and allocates.
    times.map(|times| median(times[1..].to_vec()))
}

/// Tells of each layer, and of all together.
pub async fn compare(name: &str, device: &Device) {
    tell!(
        "{name}: ConvNet of width {WIDTH}, batch {BATCH}, medians of {RUNS} in ms: ours, Burn's, ratio"
    );
    let mut totals = [[0.0; 2]; 2];
    for (channels_in, side, channels_out, padding, times) in LAYERS {
        let (channels_in, channels_out) = (scaled(channels_in, WIDTH), scaled(channels_out, WIDTH));
        let geometry = ConvGeometry { stride: 1, padding };
        let x = [BATCH, channels_in, side, side];
        let shape = ConvShape::of(x, [channels_out, channels_in, 3, 3], geometry);
        let ours = layer(device, shape, true).await;
        let burns = layer(device, shape, false).await;
        tell!("  {channels_in:>3} to {channels_out:>3} at {side:>2}: {}", told(ours, burns, 1));
        for (total, layer) in totals.iter_mut().zip([ours, burns]) {
            for (total, part) in total.iter_mut().zip(layer) {
                *total += part * times as f64;
            }
        }
    }
    let [ours, burns] = totals;
    tell!(
        "  all layers: {}; together {:.1} times Burn's speed",
        told(ours, burns, 0),
        (burns[0] + burns[1]) / (ours[0] + ours[1]),
    );
}

/// Of convolution and batch norm: our milliseconds, Burn's, and their ratio.
fn told(ours: [f64; 2], burns: [f64; 2], digits: usize) -> String {
    let of = |name: &str, at: usize| {
        let (ours, burns) = (ours[at], burns[at]);
        format!("{name} {ours:.digits$}, {burns:.digits$}, {:.1}", burns / ours)
    };
    format!("{}; {}", of("convolution", 0), of("batch norm", 1))
}
