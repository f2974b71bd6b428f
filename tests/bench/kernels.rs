//! Kernel by kernel: our convolutions and batch norms, as a share of what the card can do.

use burn::backend::Dispatch;
use burn::tensor::{Device, Distribution, Tensor};
use proden::ops::NetworkOps;
use proden::ops::gpu::algorithm::{Algorithm, use_always};
use proden::ops::shape::{ConvGeometry, ConvShape};

use crate::{median, now_ms, read, tell};

/// Timed runs, each of several calls, after one that compiles and allocates.
const RUNS: usize = 5;
/// Calls of a run: the time of reading one number back is shared out among them.
const CALLS: usize = if cfg!(target_family = "wasm") { 4 } else { 16 };
/// The convolutions of a ConvNet of width 1, as (channels in, side, channels out, padding, how
/// often).
pub const LAYERS: [(usize, usize, usize, usize, usize); 7] = [
    (3, 32, 128, 1, 1),
    (128, 32, 128, 1, 2),
    (128, 16, 256, 1, 1),
    (256, 16, 256, 1, 2),
    (256, 8, 512, 0, 1),
    (512, 6, 256, 0, 1),
    (256, 4, 128, 0, 1),
];

/// Reads one number: the device has made all of them by then.
pub async fn wait_for<const D: usize>(tensor: Tensor<D>) {
    let corner = [(); D].map(|()| 0..1);
    read(tensor.slice(corner)).await;
}

/// Median milliseconds of a call.
pub async fn median_ms<const D: usize>(run: impl Fn() -> Tensor<D>) -> f64 {
    let mut times = Vec::new();
    for _ in 0..=RUNS {
        let began = now_ms();
        let results: Vec<_> = (0..CALLS).map(|_| run()).collect();
        wait_for(results.last().expect("a call").clone()).await;
        times.push((now_ms() - began) / CALLS as f64);
    }
    median(times[1..].to_vec())
}

/// Never zeros: a card may be faster with those.
async fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let tensor = Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device);
    wait_for(tensor.clone()).await;
    tensor
}

/// Forward, gradient of the input, gradient of the weights: milliseconds of each.
pub async fn convolution(device: &Device, shape: ConvShape) -> [f64; 3] {
    let x = tensor(shape.input_shape(), device).await.into_dispatch();
    let weight = tensor(shape.weight_shape(), device).await.into_dispatch();
    let gradient = tensor(shape.output_shape(), device).await.into_dispatch();
    let of = Tensor::<4>::from_dispatch;
    [
        median_ms(|| of(Dispatch::conv(x.clone(), weight.clone(), shape.geometry()))).await,
        median_ms(|| of(Dispatch::conv_input_gradient(gradient.clone(), weight.clone(), shape)))
            .await,
        median_ms(|| of(Dispatch::conv_weight_gradient(x.clone(), gradient.clone(), shape))).await,
    ]
}

/// Forward and backward of a batch norm: milliseconds, and bytes read and written at least.
async fn norm(device: &Device, shape: [usize; 4]) -> [(f64, f64); 2] {
    let x = tensor(shape, device).await.into_dispatch();
    let gradient = tensor(shape, device).await.into_dispatch();
    let gamma = tensor([shape[1]], device).await.into_dispatch();
    let beta = gamma.clone();
    let forward = || Dispatch::norm(x.clone(), gamma.clone(), beta.clone(), 0.01);
    let (output, statistics) = forward();
    let backward = || {
        let (output, statistics) = (output.clone(), statistics.clone());
        Dispatch::norm_gradient(x.clone(), output, gradient.clone(), statistics, 0.01)
    };
    let bytes = 4.0 * shape.iter().product::<usize>() as f64;
    [
        (median_ms(|| Tensor::<4>::from_dispatch(forward().0)).await, 3.0 * bytes),
        (median_ms(|| Tensor::<4>::from_dispatch(backward().0)).await, 5.0 * bytes),
    ]
}

/// Channels of a network of another width; an image always has three.
pub fn scaled(channels: usize, width: f64) -> usize {
    if channels == 3 { 3 } else { (channels as f64 * width) as usize }
}

/// Tells of every kernel of a ConvNet.
pub async fn tell_all(device: &Device, width: f64, batch: usize, rate: f64) {
    tell!(
        "Kernels of a ConvNet of width {width}, batch {batch}, medians of {RUNS} runs of {CALLS}: ms of forward, \
         gradient of the input, gradient of the weights (the definition's operations as a share of {:.1} \
         GFLOP/s), the same computed directly; GB/s of batch norm both ways",
        rate / 1e6
    );
    let [mut total_ms, mut total_directly, mut total_flops] = [0.0; 3];
    for (channels_in, side, channels_out, padding, times) in LAYERS {
        let (channels_in, channels_out) = (scaled(channels_in, width), scaled(channels_out, width));
        let geometry = ConvGeometry { stride: 1, padding };
        let x = [batch, channels_in, side, side];
        let shape = ConvShape::of(x, [channels_out, channels_in, 3, 3], geometry);
        let flops = 2.0 * (shape.output_len() * channels_in * shape.taps()) as f64;
        use_always(Some(Algorithm::Direct));
        let directly = convolution(device, shape).await;
        use_always(None);
        let ms = convolution(device, shape).await;
        let shares = ms.map(|ms| format!("{ms:.3} ({:.0} %)", flops / ms / rate * 100.0));
        let norms = norm(device, shape.output_shape()).await.map(|(ms, bytes)| bytes / ms / 1e6);
        tell!(
            "  {channels_in:>3} to {channels_out:>3} at {side:>2}, {times} times: {}; directly {:.3}, {:.3}, {:.3}; {:.0} {:.0}",
            shares.join(", "),
            directly[0],
            directly[1],
            directly[2],
            norms[0],
            norms[1]
        );
        // Nobody needs the gradient of an image.
        let needed = if channels_in == 3 { [1.0, 0.0, 1.0] } else { [1.0; 3] };
        for ((ms, directly), needed) in ms.iter().zip(directly).zip(needed) {
            total_ms += ms * needed * times as f64;
            total_directly += directly * needed * times as f64;
            total_flops += flops * needed * times as f64;
        }
    }
    tell!(
        "  all convolutions of a step: {total_ms:.2} ms, {:.0} % of the rate; directly {total_directly:.2} ms, {:.0} %",
        total_flops / total_ms / rate * 100.0,
        total_flops / total_directly / rate * 100.0
    );
}
