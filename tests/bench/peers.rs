//! The same step in TensorFlow.js (`tests/bench/tfjs`), which `cargo xtask bench` bundles.

use js_sys::{Array, Function, Object, Promise, Reflect, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

use crate::median;

/// Loads the bundle. The future takes one step, then `steps` more, and gives their median in ms;
/// None where there is no bundle.
pub async fn tensorflow(
    width: f64,
    batch: usize,
    steps: usize,
) -> Option<impl Future<Output = f64>> {
    let origin = global().unchecked_into::<DedicatedWorkerGlobalScope>().location().origin();
    let load = Function::new_with_args("url", "return import(url)");
    let url = format!("{origin}/target/bench/tfjs.js");
    let module = load.call1(&JsValue::NULL, &url.into()).expect("a promise");
    let module = JsFuture::from(module.unchecked_into::<Promise>()).await.ok()?;
    let train = Reflect::get(&module, &"trainSteps".into()).ok()?.unchecked_into::<Function>();
    Some(async move {
        let options = Object::new();
        let set = |name: &str, value: f64| {
            Reflect::set(&options, &name.into(), &value.into()).expect("a plain object");
        };
        set("width", width);
        set("batch", batch as f64);
        set("steps", (steps + 1) as f64);
        let promise = train.call1(&JsValue::NULL, &options).expect("a promise");
        let times = JsFuture::from(promise.unchecked_into::<Promise>()).await.expect("its steps");
        median(times.unchecked_into::<Array>().iter().filter_map(|it| it.as_f64()).collect())
    })
}
