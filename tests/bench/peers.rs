//! The same step in TensorFlow.js (`tests/bench/tfjs`), which `cargo xtask bench` bundles.

use js_sys::{Function, Promise, Reflect, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

/// A network that trains in TensorFlow.js.
pub struct TensorFlow {
    step: Function,
}

impl TensorFlow {
    /// Loads the bundle and makes the network; None where there is no bundle.
    pub async fn load(width: f64, batch: usize) -> Option<Self> {
        let origin = global().unchecked_into::<DedicatedWorkerGlobalScope>().location().origin();
        let import = Function::new_with_args("url", "return import(url)");
        let url = format!("{origin}/target/bench/tfjs.js").into();
        let module = settled(import.call1(&JsValue::NULL, &url)).await.ok()?;
        let make = Reflect::get(&module, &"trainer".into()).ok()?.unchecked_into::<Function>();
        let made = make.call2(&JsValue::NULL, &width.into(), &(batch as f64).into());
        let step = settled(made).await.expect("a network").unchecked_into();
        Some(Self { step })
    }

    /// Takes a step, and waits for its loss and its update.
    pub async fn step(&self) {
        settled(self.step.call0(&JsValue::NULL)).await.expect("a step");
    }
}

/// What a call's promise comes to.
async fn settled(called: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(called?.unchecked_into::<Promise>()).await
}
