//! Copies a link to the clipboard, where the browser has one for us: only on https and
//! localhost, and only if the visitor allows it.

use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

/// Whether the text is on the clipboard now.
pub async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let exists = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|it| it.is_object());
    exists && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}
