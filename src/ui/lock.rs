//! The browser's locks (Web Locks API): what holds one and dies lets go of it.

use js_sys::{Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;

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
    // A page that is about to close refuses; then there is nobody to tell.
    let _ = locks.unchecked_into::<LockManager>().request(name, &granted);
}
