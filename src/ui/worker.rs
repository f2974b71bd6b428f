//! The start of the training engine's worker, in browsers that can run one.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Worker, WorkerOptions};

use super::place;
use crate::protocol::Failure;

/// Trunk's loader of the engine; its name carries no hash.
const ENGINE_FILE: &str = "worker_loader.js";

/// Starts the worker as an ES module, or says why it cannot be one.
pub fn new_module_worker() -> Result<Worker, Failure> {
    let unsupported = || {
        Failure::new(
            t!("This browser cannot run module workers, which the training engine needs."),
            t!(
                "Update the browser: Chrome or Edge 80, Firefox 114 and Safari 15 are the first that can."
            ),
        )
    };
    let known = Reflect::get(&js_sys::global(), &"Worker".into());
    if !known.is_ok_and(|constructor| constructor.is_function()) {
        return Err(unsupported());
    }
    // A browser without module workers never asks for the type.
    let asked = Rc::new(Cell::new(false));
    let getter = Closure::<dyn FnMut() -> JsValue>::new({
        let asked = Rc::clone(&asked);
        move || {
            asked.set(true);
            "module".into()
        }
    });
    let description = Object::new();
    let options = Object::new();
    let described = Reflect::set(&description, &"get".into(), getter.as_ref());
    if described.is_err() {
        return Err(unsupported());
    }
    let options = Object::define_property(&options, &"type".into(), &description);
    let url = format!("{}{ENGINE_FILE}", place::base_url());
    let worker = Worker::new_with_options(&url, options.unchecked_ref::<WorkerOptions>())
        .map_err(|_| unsupported())?;
    if !asked.get() {
        worker.terminate();
        return Err(unsupported());
    }
    Ok(worker)
}

/// What to say of an engine that died with these words, or none; it may never have lived.
pub fn death(words: &str, was_loaded: bool) -> Failure {
    if was_loaded {
        let reason = match words {
            "" => t!("the browser gives no reason"),
            words => words.to_owned(),
        };
        return Failure::new(
            t!("The training engine crashed: {reason}.", reason),
            t!("Start again; if it happens again choose device=cpu or a smaller width/batch."),
        );
    }
    let detail = if words.is_empty() { String::new() } else { format!(" ({words})") };
    Failure::new(
        t!(
            "The training engine could not be loaded from {file}{detail}.",
            file = ENGINE_FILE,
            detail
        ),
        t!(
            "Check the connection and reload the page; if you host it, see that all of dist/ is there."
        ),
    )
}
