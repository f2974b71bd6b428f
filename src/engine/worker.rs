//! The worker's side of the wire: the only `postMessage` of the engine.
//!
//! A message is the array `[json, bytes or null]`; bytes are transferred. Beside `KeepData` there
//! is a third entry, an array of `File`s: the browser copies no byte of those. The one exception
//! is the string `"loaded"`, sent when this worker can hear: what is posted to a module worker
//! while its WebAssembly is still loading is lost.

use std::rc::Rc;

use futures_channel::mpsc;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use super::host::scope;
use super::{adapter, constructors, crew, device, keep, session};
use crate::protocol::{Command, Event, Failure, Payload};

/// Starts to serve the page that made this worker, or the engine that made it as a helper.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // A panic ends in a rejected promise, which the page never hears of; a reported error
        // reaches its `worker.onerror`.
        report_error(&js_sys::Error::new(&panic.to_string()));
    }));
    if crew::helper::is_one() {
        return crew::helper::start();
    }
    constructors::run();
    crew::engage();
    // What this worker holds on the card is gone with it: the next engine asks for the card anew.
    adapter::watch_devices(|trouble| die(device::gone(&trouble)));
    let scope = scope();
    let (sender, receiver) = mpsc::unbounded();
    let emit: session::Emit = {
        let scope = scope.clone();
        Rc::new(move |event, payload| post(&scope, &event, payload))
    };
    let on_message = {
        let emit = emit.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match read(&message.data()) {
                // Only fails when the session is over, and it ends with the worker.
                Ok(message) => drop(sender.unbounded_send(message)),
                Err(fault) => {
                    emit(Event::Failed(Failure::new(fault, t!("Reload the page."))), None)
                }
            }
        })
    };
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It is needed as long as the worker lives.
    on_message.forget();
    wasm_bindgen_futures::spawn_local(session::serve(receiver, emit));
    let _ = scope.post_message(&"loaded".into());
}

/// Says the last word.
fn die(failure: Failure) {
    post(&scope(), &Event::Dying(failure), None);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &js_sys::Error);
}

fn read(data: &JsValue) -> Result<(Command, Payload), String> {
    let parts =
        data.dyn_ref::<Array>().ok_or_else(|| t!("The engine got a message that is no array."))?;
    let text =
        parts.get(0).as_string().ok_or_else(|| t!("The engine got a message without text."))?;
    let command = serde_json::from_str(&text)
        .map_err(|error| t!("The engine got a command that it does not know ({error}).", error))?;
    let payload = parts.get(1).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    if command == Command::KeepData {
        let files = parts.get(2).dyn_into::<Array>().unwrap_or_default();
        keep::arrive(files.iter().filter_map(|file| file.dyn_into::<File>().ok()).collect());
    }
    Ok((command, payload))
}

fn post(scope: &DedicatedWorkerGlobalScope, event: &Event, payload: Payload) {
    // Our own types always have a JSON form.
    let Ok(text) = serde_json::to_string(event) else {
        return;
    };
    let transfer = Array::new();
    let bytes = payload.map_or(JsValue::NULL, |bytes| {
        let bytes = Uint8Array::from(bytes.as_slice());
        transfer.push(&bytes.buffer());
        bytes.into()
    });
    let message = Array::of2(&text.into(), &bytes);
    let _ = scope.post_message_with_transfer(&message, &transfer);
}
