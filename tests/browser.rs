//! Our numbers are PyTorch's in the browser too, on WebGPU and on the CPU.
//!
//! Run by `cargo xtask test` in headless Chromium, in a dedicated worker as on the page.

#![cfg(target_family = "wasm")]

#[path = "common/bits.rs"]
mod bits;
mod common;
#[path = "common/twins.rs"]
mod twins;

use std::cell::RefCell;

use burn::tensor::Device;
use common::{Golden, NETWORKS};
use js_sys::{Uint8Array, global};
use proden::engine::constructors;
use proden::experiment::NetworkKind;
use proden::ops::gpu::tile::suit_software_adapter;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{DedicatedWorkerGlobalScope, Response};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

async fn fetch(name: &str) -> Option<Vec<u8>> {
    let scope = global().unchecked_into::<DedicatedWorkerGlobalScope>();
    // The test runner serves the project's folder; the worker itself has a blob: URL.
    let url = format!("{}/target/browser-test/golden/{name}", scope.location().origin());
    let response =
        JsFuture::from(scope.fetch_with_str(&url)).await.ok()?.unchecked_into::<Response>();
    if !response.ok() {
        return None;
    }
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

async fn check(device: &Device, networks: &[(NetworkKind, f64)]) {
    for &network in networks {
        let name = network.0.name();
        let files =
            (fetch(&format!("{name}.safetensors")).await, fetch(&format!("{name}.json")).await);
        let (Some(tensors), Some(json)) = files else {
            console_log!("SKIPPED: the golden files are not here, so {name} is not compared");
            continue;
        };
        let golden = Golden::parse(network, &tensors, &String::from_utf8_lossy(&json));
        let golden = if *device == Device::flex() { golden } else { golden.before_it_parts() };
        console_log!("{} on {device:?}", golden.check(device).await);
    }
}

#[wasm_bindgen_test]
async fn training_follows_pytorch_on_the_cpu() {
    check(&Device::flex(), &NETWORKS).await;
}

#[wasm_bindgen_test]
async fn a_run_is_the_same_to_the_bit_everywhere() {
    bits::check().await;
}

thread_local! {
    /// It cannot be set up twice in a worker.
    static WEBGPU: RefCell<Option<Device>> = const { RefCell::new(None) };
}

async fn webgpu() -> Device {
    if let Some(device) = WEBGPU.with_borrow(Clone::clone) {
        return device;
    }
    constructors::run();
    let device = Device::wgpu_options().init_async().await.expect("a WebGPU adapter");
    WEBGPU.set(Some(device.clone()));
    device
}

/// For an adapter in software and for a graphics card, whose tiles are others.
#[wasm_bindgen_test]
async fn our_kernels_do_what_burns_do() {
    let device = webgpu().await;
    console_log!("{}", twins::on_the_card(&mut ChaCha8Rng::seed_from_u64(5), &device).await);
}

#[wasm_bindgen_test]
async fn the_first_of_equals_gets_the_gradient_of_a_pool() {
    twins::ties(&webgpu().await).await;
}

#[wasm_bindgen_test]
async fn training_follows_pytorch_on_webgpu() {
    let device = webgpu().await;
    suit_software_adapter(true);
    check(&device, &NETWORKS).await;
}
