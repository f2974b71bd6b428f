//! What the browser tells of its graphics card (WebGPU specification, `GPUAdapter`), asked
//! before Burn takes it: Burn does not say whether an adapter is a software fallback.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Array, Function, Object, Promise, Proxy, Reflect, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, EventTarget};

use super::host;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = WorkerNavigator)]
    type NavigatorWithGpu;
    #[wasm_bindgen(method, getter)]
    fn gpu(this: &NavigatorWithGpu) -> Option<Gpu>;

    #[wasm_bindgen(js_name = GPU)]
    type Gpu;
    #[wasm_bindgen(method, catch, js_name = requestAdapter)]
    async fn request_adapter(this: &Gpu, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = GPUAdapter)]
    type GpuAdapter;
    #[wasm_bindgen(method, getter)]
    fn info(this: &GpuAdapter) -> Option<GpuAdapterInfo>;
    #[wasm_bindgen(method, getter)]
    fn limits(this: &GpuAdapter) -> JsValue;

    #[wasm_bindgen(js_name = GPUAdapterInfo)]
    type GpuAdapterInfo;
    #[wasm_bindgen(method, getter)]
    fn vendor(this: &GpuAdapterInfo) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn architecture(this: &GpuAdapterInfo) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn description(this: &GpuAdapterInfo) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = isFallbackAdapter)]
    fn is_fallback_adapter(this: &GpuAdapterInfo) -> Option<bool>;
}

/// A graphics card, as the browser describes it.
pub struct Adapter {
    pub name: String,
    /// A fallback that computes on the CPU (SwiftShader, WARP).
    pub is_software: bool,
    /// Limits that bound what can be trained.
    pub limits: Vec<(String, String)>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoAdapter {
    #[error("{}", t!("this browser does not have it"))]
    Unsupported,
    #[error("{}", t!("the browser offers no graphics card for it"))]
    None,
}

/// Asks for the fastest adapter.
///
/// # Errors
/// When the browser has no WebGPU, or no adapter for it.
pub async fn find() -> Result<Adapter, NoAdapter> {
    let navigator = Reflect::get(&global(), &"navigator".into())
        .map_err(|_| NoAdapter::Unsupported)?
        .unchecked_into::<NavigatorWithGpu>();
    let gpu = navigator.gpu().ok_or(NoAdapter::Unsupported)?;
    let options = Object::new();
    let _ = Reflect::set(&options, &"powerPreference".into(), &"high-performance".into());
    let adapter = gpu.request_adapter(&options).await.map_err(|_| NoAdapter::None)?;
    if adapter.is_null() || adapter.is_undefined() {
        return Err(NoAdapter::None);
    }
    let adapter = adapter.unchecked_into::<GpuAdapter>();
    // Chromium before 127 does not tell, and wgpu cannot do without.
    let info = adapter.info().ok_or(NoAdapter::Unsupported)?;
    Ok(describe(&adapter, &info))
}

thread_local! {
    /// Of the device that Burn has: a promise of its end.
    static LOST: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// How long after a failed read the browser may take to say that the device is lost. It does both
/// at once, but in no order.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the device is gone, asked after something on it has failed.
pub async fn is_lost() -> bool {
    let Some(lost) = LOST.with_borrow(Clone::clone) else { return false };
    let patience = pin!(host::sleep(PATIENCE));
    matches!(select(JsFuture::from(lost), patience).await, Either::Left(_))
}

/// What ends the use of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It is gone, for that reason in the browser's words (WebGPU specification, `GPUDeviceLostInfo`).
    Lost(String),
    /// A buffer was asked for that it has no room for (`GPUOutOfMemoryError`).
    OutOfMemory,
}

/// From now on tells of the trouble of every device that this worker gets from any adapter. Burn asks
/// for the device by itself and does not say that it is gone: its next read fails, and so does every
/// later one. That a buffer has no room it hears too late, and panics.
pub fn watch_devices(tell: impl Fn(Trouble) + Clone + 'static) {
    let Ok(adapter) = Reflect::get(&global(), &"GPUAdapter".into()) else { return };
    let Ok(prototype) = Reflect::get(&adapter, &"prototype".into()) else { return };
    let Ok(request) = Reflect::get(&prototype, &REQUEST_DEVICE.into()) else { return };
    let apply = move |request: Function, adapter: JsValue, arguments: Array| {
        let device = Promise::resolve(&Reflect::apply(&request, &adapter, &arguments)?);
        let tell = tell.clone();
        let watched = Closure::once_into_js(move |device: JsValue| {
            watch(&device, tell);
            device
        });
        // In between, so that it is watched before anybody else has it.
        let then: Function = Reflect::get(&device, &"then".into())?.unchecked_into();
        then.call1(&device, &watched)
    };
    let apply = Closure::<dyn Fn(Function, JsValue, Array) -> Result<JsValue, JsValue>>::new(apply);
    let handler = Object::new();
    let _ = Reflect::set(&handler, &"apply".into(), &apply.into_js_value());
    let watched = Proxy::new(&request, &handler);
    let _ = Reflect::set(&prototype, &REQUEST_DEVICE.into(), &watched);
}

const REQUEST_DEVICE: &str = "requestDevice";

fn watch(device: &JsValue, tell: impl Fn(Trouble) + Clone + 'static) {
    hear_errors(device, tell.clone());
    let Ok(lost) = Reflect::get(device, &"lost".into()) else { return };
    let lost = Promise::resolve(&lost);
    LOST.set(Some(lost.clone()));
    spawn_local(async move {
        let Ok(info) = JsFuture::from(lost).await else { return };
        let told = |name: &str| Reflect::get(&info, &name.into()).ok()?.as_string();
        let message = told("message").filter(|message| !message.is_empty());
        tell(Trouble::Lost(message.or_else(|| told("reason")).unwrap_or_default()));
    });
}

/// Takes the one error that no program can prevent before wgpu does, whose handler is set later.
fn hear_errors(device: &JsValue, tell: impl Fn(Trouble) + 'static) {
    let on_error = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let error = Reflect::get(&event, &"error".into()).unwrap_or_default();
        let kind = error.dyn_ref::<Object>().map(|error| error.constructor().name());
        if kind.is_some_and(|kind| kind == "GPUOutOfMemoryError") {
            event.stop_immediate_propagation();
            tell(Trouble::OutOfMemory);
        }
    });
    if let Some(device) = device.dyn_ref::<EventTarget>() {
        let listener = on_error.into_js_value();
        let _ =
            device.add_event_listener_with_callback("uncapturederror", listener.unchecked_ref());
    }
}

fn describe(adapter: &GpuAdapter, info: &GpuAdapterInfo) -> Adapter {
    let told = |text: Option<String>| text.filter(|text| !text.is_empty());
    let name = told(info.description()).unwrap_or_else(|| {
        [told(info.vendor()), told(info.architecture())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    });
    // Older Chromium has no such flag, but names its software adapter.
    let is_software = info.is_fallback_adapter().unwrap_or(false)
        || info.architecture().is_some_and(|architecture| architecture == "swiftshader");
    let limits = adapter.limits();
    let limit = |title: String, name: &str, unit_bytes: f64, unit: &str| {
        let value = Reflect::get(&limits, &name.into()).ok()?.as_f64()?;
        Some((title, format!("{}{unit}", (value / unit_bytes).round())))
    };
    const MIB: f64 = 1024.0 * 1024.0;
    Adapter {
        name: if name.is_empty() { t!("unnamed graphics card") } else { name },
        is_software,
        limits: [
            limit(t!("Largest buffer"), "maxBufferSize", MIB, " MiB"),
            limit(t!("Largest binding"), "maxStorageBufferBindingSize", MIB, " MiB"),
            limit(t!("Workgroup memory"), "maxComputeWorkgroupStorageSize", 1024.0, " KiB"),
            limit(t!("Workgroup size"), "maxComputeInvocationsPerWorkgroup", 1.0, ""),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}
