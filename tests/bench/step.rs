//! A whole training step: ours as the page takes it, Burn's own operations, TensorFlow.js.

use crate::gpu_calls::GpuCalls;
#[cfg(target_family = "wasm")]
use crate::peers;
use crate::plain::PlainConvNet;
use crate::{median, now_ms, read, tell};
use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};
use proden::data::synthetic;
use proden::experiment::Experiment;
use proden::model::weights::{self, Reads, TensorMap};
use proden::train::trainer::Trainer;

/// Timed steps, and those before, which compile and allocate: on a graphics card fusion still finds
/// something to compile in the second and third.
const STEPS: usize = if cfg!(target_family = "wasm") { 5 } else { 20 };
const WARM_UP: usize = if cfg!(target_family = "wasm") { 1 } else { 5 };

/// What a program takes for a step.
struct Step {
    /// Median.
    ms: f64,
    calls: GpuCalls,
}

/// A weight of the first layer, so that waiting for it waits for the update.
struct FirstWeight(bool);

impl TensorMap for FirstWeight {
    fn read<const D: usize>(&mut self, _id: ParamId, value: Tensor<D>, reads: &mut Reads) -> bool {
        let is_first = std::mem::replace(&mut self.0, false);
        if is_first {
            reads.add(value);
        }
        is_first
    }
}

/// Takes steps to warm up, then `STEPS` that are timed and whose calls are counted. A step is over
/// when its loss and its update are there.
async fn measured(mut step: impl AsyncFnMut()) -> Step {
    for _ in 0..WARM_UP {
        step().await;
    }
    let before = GpuCalls::so_far();
    let mut times = Vec::new();
    for _ in 0..STEPS {
        let began = now_ms();
        step().await;
        times.push(now_ms() - began);
    }
    Step { ms: median(times), calls: GpuCalls::so_far().per_step(before, STEPS) }
}

/// Our trainer on a batch of the built-in pictures, with dropout, running statistics and new
/// confidences.
async fn ours(device: &Device, width: f64, batch: usize) -> Step {
    let experiment = Experiment { width, batch, lr: 0.01, ..Experiment::default() };
    let images = synthetic::draw(batch * (STEPS + WARM_UP), batch).train;
    let mut trainer = Trainer::new(experiment, images, device);
    measured(async || {
        read(trainer.step().loss).await;
        weights::collect(trainer.network(), FirstWeight(true)).await.expect("a weight");
    })
    .await
}

async fn burns(device: &Device, width: f64, batch: usize) -> Step {
    let device = device.clone().autodiff();
    let mut network = PlainConvNet::new(width, &device);
    let pixels: Vec<f32> = (0..batch * 3 * 32 * 32).map(|at| (at % 251) as f32 / 125.5).collect();
    measured(async || {
        let data = TensorData::new(pixels.clone(), [batch, 3, 32, 32]);
        let targets = Tensor::full([batch, 10], 0.1, &device);
        let (loss, weight) = network.step(Tensor::from_data(data, &device), targets);
        read(loss).await;
        read(weight).await;
    })
    .await
}

fn tell(name: &str, step: &Step, ours: &Step) {
    let GpuCalls { dispatches, submits, buffers, buffer_bytes, upload_bytes, peak_bytes } =
        step.calls;
    tell!(
        "  {name}: {:.2} ms, {:.2} times ours; a step has {dispatches:.0} dispatches, {submits:.0} \
         submits, {buffers:.0} new buffers ({:.1} MB), {:.2} MB uploaded; at most {:.0} MB so far",
        step.ms,
        step.ms / ours.ms,
        buffer_bytes / 1e6,
        upload_bytes / 1e6,
        peak_bytes / 1e6
    );
}

pub async fn compare_on_webgpu(device: &Device, width: f64, batch: usize) {
    tell!(
        "A step on the graphics card: ConvNet of width {width}, batch {batch}, medians of {STEPS}"
    );
    let ours = ours(device, width, batch).await;
    tell("ours", &ours, &ours);
    tell("Burn's", &burns(device, width, batch).await, &ours);
    #[cfg(target_family = "wasm")]
    match peers::TensorFlow::load(width, batch).await {
        Some(peer) => tell("TensorFlow.js", &measured(async || peer.step().await).await, &ours),
        None => tell!("SKIPPED: TensorFlow.js is not bundled"),
    }
}

#[cfg(target_family = "wasm")]
pub async fn compare_on_the_cpu(device: &Device) {
    for (width, batch) in [(0.25, 64), (1.0, 16)] {
        let ours = ours(device, width, batch).await.ms;
        let burns = burns(device, width, batch).await.ms;
        tell!(
            "A step on the CPU: ConvNet of width {width}, batch {batch}, medians of {STEPS}: ours \
             {ours:.0} ms ({:.1} images/s), Burn's {burns:.0} ms ({:.1} images/s), {:.1} times ours",
            batch as f64 / ours * 1e3,
            batch as f64 / burns * 1e3,
            burns / ours
        );
    }
}
