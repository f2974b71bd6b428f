//! The browser's storage for small texts (`localStorage`): kept runs, runs under way, the queue,
//! choices. A visitor may forbid it, and it may be full; neither stops the page.

use js_sys::{Function, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Storage;

/// Begins the key of each kept run; its id follows.
const RUN: &str = "proden-run-";
/// Begins the key of each run that is kept while it is under way; its id follows.
const OPEN_RUN: &str = "proden-open-";
/// The key of the queue.
pub const QUEUE: &str = "proden-queue";
/// The key of the wish for a notification.
pub const NOTIFY: &str = "proden-notify";

/// The key of the language.
pub const LANGUAGE: &str = "proden-language";

/// The key of a kept run.
pub fn run_key(id: impl std::fmt::Display) -> String {
    format!("{RUN}{id}")
}

/// The id in the key of a kept run.
pub fn run_id(key: &str) -> Option<u64> {
    key.strip_prefix(RUN)?.parse().ok()
}

/// The key of what is noted of a run under way.
pub fn open_run_key(id: impl std::fmt::Display) -> String {
    format!("{OPEN_RUN}{id}")
}

/// The texts of all kept runs, with their keys.
pub fn runs() -> Vec<(String, String)> {
    beginning_with(RUN)
}

/// What is noted of runs that had not come to their end.
pub fn open_runs() -> Vec<String> {
    beginning_with(OPEN_RUN).into_iter().map(|(_, text)| text).collect()
}

/// All texts whose keys begin so, with their keys.
fn beginning_with(start: &str) -> Vec<(String, String)> {
    let Some(storage) = storage() else {
        return Vec::new();
    };
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok().flatten());
    let ours = keys.filter(|key| key.starts_with(start));
    ours.filter_map(|key| Some((key.clone(), get(&key)?))).collect()
}

/// Asks the browser not to clear this site's storage when space runs short. It may decide without
/// asking the visitor, and need not say yes.
pub fn persist() {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into());
    let ask = || {
        let storage = get(&window().navigator(), "storage")?;
        get(&storage, "persist")?.dyn_into::<Function>()?.call0(&storage)
    };
    // Without it the storage is kept all the same, as long as there is space.
    let _ = ask();
}

pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Whether the text is kept now.
pub fn put(key: &str, text: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, text).is_ok())
}

pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Only a storage that is forbidden refuses, and there nothing lies.
        let _ = storage.remove_item(key);
    }
}

/// Reading the property alone throws where storage is forbidden.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
