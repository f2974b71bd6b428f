//! The browser's locks (Web Locks API): what holds one and dies lets go of it.

use js_sys::{Promise, Reflect};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, granted: &JsValue) -> Result<Promise, JsValue>;
}

/// Calls back once nobody holds the lock of that name. Never, in a browser that has no locks.
pub fn when_free(name: &str, then: impl FnOnce() + 'static) {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).unwrap_or_default();
    if locks.is_undefined() {
        return;
    }
    // It is let go again at once, when this returns.
    let granted = Closure::once_into_js(then);
    if let Ok(request) = locks.unchecked_into::<LockManager>().request(name, &granted) {
        // A page that is about to close refuses, and so does one whose data are blocked; then there is nobody
        // to tell.
        spawn_local(async move { drop(JsFuture::from(request).await) });
    }
}
