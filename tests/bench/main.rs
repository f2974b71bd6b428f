//! How fast we are against Burn's own operations and TensorFlow.js, in one browser in one run:
//! `cargo xtask bench`.
//!
//! Not a test of anything but that it runs: speed is told, never asserted.

#![cfg(target_family = "wasm")]

mod gpu_calls;
mod layers;
mod peers;
mod plain;
mod step;

use burn::tensor::Device;
use js_sys::{Reflect, global};
use proden::ops::gpu::tile::suit_software_adapter;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Performance;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn now_ms() -> f64 {
    let performance = Reflect::get(&global(), &"performance".into()).expect("a clock");
    performance.unchecked_into::<Performance>().now()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[wasm_bindgen_test]
async fn on_the_cpu() {
    layers::compare("CPU, one thread", &Device::flex()).await;
    step::compare_on_the_cpu(&Device::flex()).await;
}

#[wasm_bindgen_test]
async fn on_webgpu() {
    gpu_calls::count();
    // The browser of the tests has no other.
    suit_software_adapter(true);
    let device = Device::wgpu_options().init_async().await.expect("a WebGPU adapter");
    layers::compare("WebGPU (SwiftShader)", &device).await;
    step::compare_on_webgpu(&device).await;
}
