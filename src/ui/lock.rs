//! The browser's locks (Web Locks API): what holds one and dies lets go of it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        granted: &JsValue,
    ) -> Result<Promise, JsValue>;

    type AbortSignal;

    #[wasm_bindgen(static_method_of = AbortSignal, catch)]
    fn timeout(milliseconds: u32) -> Result<AbortSignal, JsValue>;
}

/// None in a browser that has no locks.
fn manager() -> Option<LockManager> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).unwrap_or_default();
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}

/// Calls back once nobody holds the lock of that name. Never, in a browser that has no locks.
pub fn when_free(name: &str, then: impl FnOnce() + 'static) {
    let Some(locks) = manager() else { return };
    // It is let go again at once, when this returns.
    let granted = Closure::once_into_js(then);
    if let Ok(request) = locks.request(name, &Object::new(), &granted) {
        // A page that is about to close refuses, and so does one whose data are blocked; then there is nobody
        // to tell.
        spawn_local(async move { drop(JsFuture::from(request).await) });
    }
}

/// How long a click waits for a tab that is just letting go, in milliseconds.
const PATIENCE: u32 = 500;

/// A lock, held until this is dropped or the page goes.
pub struct Claim {
    /// None in a browser that gives no locks.
    release: Option<Function>,
}

impl Claim {
    /// Takes the lock of that name; None if somebody has it. A browser that has no locks, or refuses them as where
    /// a site's data are blocked, lets everybody have it: there two tabs cannot know of each other.
    pub async fn take(name: &str) -> Option<Self> {
        let Some(answer) = ask(name) else { return Some(Self { release: None }) };
        match JsFuture::from(answer).await {
            Ok(release) => Some(Self { release: release.dyn_into().ok() }),
            Err(error) => (!is_out_of_time(&error)).then_some(Self { release: None }),
        }
    }
}

/// Older browsers say of every signal that it aborts.
fn is_out_of_time(error: &JsValue) -> bool {
    let name = Reflect::get(error, &"name".into()).unwrap_or_default();
    name == "TimeoutError" || name == "AbortError"
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Asks for the lock: what is answered is the function that lets go of it, or an error.
fn ask(name: &str) -> Option<Promise> {
    let locks = manager()?;
    let options = Object::new();
    let signal = JsValue::from(AbortSignal::timeout(PATIENCE).ok()?);
    Reflect::set(&options, &"signal".into(), &signal).ok()?;
    let mut request = None;
    let answer = Promise::new(&mut |tell, _| {
        let granted = Closure::once_into_js(move || hold(&tell));
        request = locks.request(name, &options, &granted).ok();
    });
    // Who refuses, or has none in time, calls nobody back: then the request ends first, with an error.
    let request = JsValue::from(request?);
    Some(Promise::race(&Array::of2(&answer, &request)))
}

/// What the lock manager is given back: it holds the lock until that promise is kept.
fn hold(tell: &Function) -> JsValue {
    let held = Promise::new(&mut |release, _| {
        let release = JsValue::from(release);
        let _ = tell.call1(&JsValue::UNDEFINED, &release);
    });
    held.into()
}
