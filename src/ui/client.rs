//! The page's end of the wire to the training engine, and the only `postMessage` on this side.
//!
//! A message is the array `[JSON text, Uint8Array or null]`; the bytes are transferred, not
//! copied. The engine says the plain string `loaded` once it can hear (messages sent to a module
//! worker before that are lost); then comes the handshake of build ids, then what was asked for
//! meanwhile. Any other plain string is the engine's last word before it dies.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Object, Reflect, Uint8Array};
use leptos::prelude::{TimeoutHandle, set_timeout, set_timeout_with_handle};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions};

use super::place;
use crate::protocol::{BUILD_ID, Command, Event, Failure, Payload};

/// Trunk's loader of the engine; its name carries no hash.
const ENGINE_FILE: &str = "worker_loader.js";
/// What the engine says when its message handler stands.
const LOADED: &str = "loaded";
/// How long a Stop may take before the engine is ended by force. The page promises a second,
/// on a busy machine too.
const STOP_PATIENCE: Duration = Duration::from_millis(700);

/// What the client tells the page.
pub enum Notice {
    /// An event of the engine, with the bytes that came along.
    Event(Event, Vec<u8>),
    /// The engine is gone, and its networks with it; on its own accord if there is a failure.
    Gone(Option<Failure>),
}

/// A handle on the engine, which is started by the first command.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    listener: Box<dyn Fn(Notice)>,
    engine: RefCell<Option<Engine>>,
    stop_timer: Cell<Option<TimeoutHandle>>,
}

/// A worker, and how far the conversation with it has come.
struct Engine {
    worker: Worker,
    /// Whether its script has run.
    loaded: bool,
    /// Whether the handshake is done.
    ready: bool,
    /// Commands for when it is.
    queue: Vec<(Command, Payload)>,
    _handlers: Vec<Closure<dyn FnMut(JsValue)>>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A message under way must not reach a closure that is gone.
        self.worker.set_onmessage(None);
        self.worker.set_onmessageerror(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Client {
    pub fn new(listener: impl Fn(Notice) + 'static) -> Self {
        Self(Rc::new(Inner {
            listener: Box::new(listener),
            engine: RefCell::default(),
            stop_timer: Cell::default(),
        }))
    }

    /// Sends a command, now or as soon as the engine is ready.
    pub fn send(&self, command: Command, payload: Payload) {
        if self.0.engine.borrow().is_none() {
            match self.spawn() {
                Ok(engine) => *self.0.engine.borrow_mut() = Some(engine),
                Err(failure) => return self.tell_later(Event::Failed(failure)),
            }
        }
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            if engine.ready {
                posted = post(&engine.worker, &command, payload);
            } else {
                engine.queue.push((command, payload));
            }
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    /// Ends the run, within a second in any case: an engine that is in a long step or compiles
    /// cannot hear, and is terminated.
    pub fn stop(&self) {
        let ready = match self.0.engine.borrow_mut().as_mut() {
            Some(engine) if engine.ready => true,
            Some(engine) => {
                engine.queue.clear();
                false
            }
            None => false,
        };
        if !ready {
            // Nothing has been asked of it yet.
            return self.tell(Event::Stopped, Vec::new());
        }
        if self.0.stop_timer.get().is_none() {
            let client = self.clone();
            let give_up = move || {
                client.0.stop_timer.set(None);
                client.discard(None);
                client.tell(Event::Stopped, Vec::new());
            };
            self.0.stop_timer.set(set_timeout_with_handle(give_up, STOP_PATIENCE).ok());
        }
        self.send(Command::Stop, None);
    }

    fn tell(&self, event: Event, payload: Vec<u8>) {
        (self.0.listener)(Notice::Event(event, payload));
    }

    /// So that what was shown of an earlier failure is first taken away.
    fn tell_later(&self, event: Event) {
        let client = self.clone();
        set_timeout(move || client.tell(event, Vec::new()), Duration::ZERO);
    }

    /// Drops the engine. The next command starts another one.
    fn discard(&self, reason: Option<Failure>) {
        self.settle_stop();
        let engine = self.0.engine.borrow_mut().take();
        if engine.is_some() {
            (self.0.listener)(Notice::Gone(reason));
        }
    }

    fn settle_stop(&self) {
        if let Some(timer) = self.0.stop_timer.take() {
            timer.clear();
        }
    }

    fn spawn(&self) -> Result<Engine, Failure> {
        let worker = new_module_worker()?;
        let on_message = self.handler(|client, event| {
            client.hear(&event.unchecked_into::<MessageEvent>().data());
        });
        let on_error = self.handler(|client, event| {
            let message =
                Reflect::get(&event, &"message".into()).ok().and_then(|it| it.as_string());
            client.crash(&message.unwrap_or_default());
        });
        let on_message_error =
            self.handler(|client, _| client.crash("a message from it could not be read"));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_message_error.as_ref().unchecked_ref()));
        Ok(Engine {
            worker,
            loaded: false,
            ready: false,
            queue: Vec::new(),
            _handlers: vec![on_message, on_error, on_message_error],
        })
    }

    /// A handler that does not keep the client alive: the client owns it.
    fn handler(&self, handle: impl Fn(&Self, JsValue) + 'static) -> Closure<dyn FnMut(JsValue)> {
        let client = Rc::downgrade(&self.0);
        Closure::new(move |event| {
            if let Some(inner) = client.upgrade() {
                handle(&Self(inner), event);
            }
        })
    }

    fn hear(&self, message: &JsValue) {
        if let Some(word) = message.as_string() {
            if word == LOADED {
                self.greet()
            } else {
                self.crash(&word)
            }
            return;
        }
        match decode(message) {
            Ok((event, payload)) => self.take(event, payload),
            Err(problem) => self.crash(&format!("it sent what this page cannot read ({problem})")),
        }
    }

    fn greet(&self) {
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            engine.loaded = true;
            let hello = Command::Hello { build: BUILD_ID.to_owned() };
            posted = post(&engine.worker, &hello, None);
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    fn take(&self, event: Event, payload: Vec<u8>) {
        match &event {
            Event::Ready { build } => return self.begin(build),
            Event::Stopped | Event::Finished | Event::Failed(_) => self.settle_stop(),
            Event::Loading(_)
            | Event::Device(_)
            | Event::Compiling
            | Event::Started(_)
            | Event::Progress(_)
            | Event::Epoch { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::Keeping(_)
            | Event::DataKept(_) => {}
        }
        self.tell(event, payload);
    }

    fn begin(&self, build: &str) {
        if build != BUILD_ID {
            return self.discard(Some(Failure::new(
                "The training engine in your browser’s cache is from another build of this page.",
                "Reload the page (Ctrl+Shift+R) to fetch the right one.",
            )));
        }
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            engine.ready = true;
            for (command, payload) in std::mem::take(&mut engine.queue) {
                posted = posted.and_then(|()| post(&engine.worker, &command, payload));
            }
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    fn crash(&self, message: &str) {
        let loaded = self.0.engine.borrow().as_ref().is_some_and(|engine| engine.loaded);
        let failure = if loaded {
            let message = if message.is_empty() { "the browser gives no reason" } else { message };
            Failure::new(
                format!("The training engine crashed: {message}."),
                "Start again; if it happens again choose device=cpu or a smaller width/batch.",
            )
        } else {
            let detail = if message.is_empty() { String::new() } else { format!(" ({message})") };
            Failure::new(
                format!("The training engine could not be loaded from {ENGINE_FILE}{detail}."),
                "Check the connection and reload the page; if you host it, see that all of dist/ is there.",
            )
        };
        self.discard(Some(failure));
    }
}

/// Starts the worker as an ES module, or says why it cannot be one.
fn new_module_worker() -> Result<Worker, Failure> {
    let unsupported = || {
        Failure::new(
            "This browser cannot run module workers, which the training engine needs.",
            "Update the browser: Chrome or Edge 80, Firefox 114 and Safari 15 are the first that can.",
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

fn post(worker: &Worker, command: &Command, payload: Payload) -> Result<(), String> {
    let text = serde_json::to_string(command).map_err(|error| error.to_string())?;
    let transfer = Array::new();
    let bytes = payload.map_or(JsValue::NULL, |payload| {
        let bytes = Uint8Array::from(payload.as_slice());
        transfer.push(&bytes.buffer());
        bytes.into()
    });
    let message = Array::of2(&text.into(), &bytes);
    worker
        .post_message_with_transfer(&message, &transfer)
        .map_err(|error| format!("a command could not be sent ({error:?})"))
}

fn decode(message: &JsValue) -> Result<(Event, Vec<u8>), String> {
    let parts = message.dyn_ref::<Array>().ok_or("not an array")?;
    let text = parts.get(0).as_string().ok_or("no text")?;
    let event = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let payload = parts.get(1).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    Ok((event, payload.unwrap_or_default()))
}
