//! How fast we are against Burn's own operations and TensorFlow.js, in one browser in one run:
//! `cargo xtask bench`.
//!
//! Not a test of anything but that it runs: speed is told, never asserted.

//!
//! Natively on a graphics card: `cargo test --release --no-default-features --features wgpu --test bench --
//! --nocapture`.

mod gpu_calls;
mod kernels;
#[cfg(target_family = "wasm")]
mod layers;
#[cfg(target_family = "wasm")]
mod peers;
mod plain;
mod probe;
mod step;

use burn::tensor::{Device, Tensor};
use proden::ops::gpu::tile::suit_software_adapter;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[cfg(target_family = "wasm")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Prints a line, in the browser too.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {{
        #[cfg(target_family = "wasm")]
        wasm_bindgen_test::console_log!($($text)*);
        #[cfg(not(target_family = "wasm"))]
        println!($($text)*);
    }};
}

#[cfg(target_family = "wasm")]
fn now_ms() -> f64 {
    use wasm_bindgen::JsCast;
    let performance = js_sys::Reflect::get(&js_sys::global(), &"performance".into());
    performance.expect("a clock").unchecked_into::<web_sys::Performance>().now()
}

#[cfg(not(target_family = "wasm"))]
fn now_ms() -> f64 {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_secs_f64() * 1e3
}

/// Reads a tensor: the device has made its numbers by then. Natively bytes come only when they are
/// looked at.
async fn read<const D: usize>(tensor: Tensor<D>) {
    let data = tensor.into_data_async().await.expect("a device that answers");
    std::hint::black_box(data.iter::<f32>().sum::<f32>());
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[cfg(target_family = "wasm")]
#[wasm_bindgen_test]
async fn on_the_cpu() {
    layers::compare("CPU, one thread", &Device::flex()).await;
    step::compare_on_the_cpu(&Device::flex()).await;
}

#[cfg(target_family = "wasm")]
#[wasm_bindgen_test]
async fn on_webgpu() {
    proden::engine::constructors::run();
    gpu_calls::count();
    // The browser of the tests has no other.
    suit_software_adapter(true);
    let device = Device::wgpu_options().init_async().await.expect("a WebGPU adapter");
    let rate = probe::flops_per_ms(&device, 1 << 12, 1 << 8).await;
    kernels::tell_all(&device, 0.25, 8, rate).await;
    layers::compare("WebGPU (SwiftShader)", &device).await;
    step::compare_on_webgpu(&device, 0.25, 8).await;
}

/// `PRODEN_BENCH=0.25,8` sets width and batch, and is meant for an adapter in software.
#[cfg(not(target_family = "wasm"))]
#[test]
fn natively() {
    futures_executor::block_on(async {
        let asked = std::env::var("PRODEN_BENCH").ok();
        let (width, batch) = match &asked {
            None => (1.0, 256),
            Some(text) => {
                let (width, batch) = text.split_once(',').expect("PRODEN_BENCH=WIDTH,BATCH");
                (width.parse().expect("a width"), batch.parse().expect("a batch"))
            }
        };
        suit_software_adapter(asked.is_some());
        let device = Device::wgpu_options().init_async().await.expect("an adapter");
        let (invocations, turns) =
            if asked.is_some() { (1 << 12, 1 << 8) } else { (1 << 20, 1 << 10) };
        let rate = probe::flops_per_ms(&device, invocations, turns).await;
        kernels::tell_all(&device, width, batch, rate).await;
        step::compare_on_webgpu(&device, width, batch).await;
    });
}
