//! The page's end of the wire to the training engine, and the only `postMessage` on this side.
//!
//! A message is the array `[JSON text, Uint8Array or null]`; the bytes are transferred, not
//! copied, and stay outside of this program's memory. Files for the engine to read by itself are
//! a third entry, an array of the browser's `File`s. The engine says the plain string `loaded`
//! once it can hear (messages sent to a module worker before that are lost); then comes the
//! handshake of build ids, then what was asked for meanwhile. Any other plain string is the
//! engine's last word before it dies.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::{TimeoutHandle, set_timeout, set_timeout_with_handle};
use wasm_bindgen::prelude::*;
use web_sys::{File, MessageEvent, Worker};

use super::worker::{death, new_module_worker};
use crate::experiment::language::Language;
use crate::protocol::{BUILD_ID, Command, Event, Failure};

/// What the engine says when its message handler stands.
const LOADED: &str = "loaded";
/// How long a Stop may take before the engine is ended by force. The page promises a second,
/// on a busy machine too.
const STOP_PATIENCE: Duration = Duration::from_millis(700);

/// What the client tells the page.
pub enum Notice {
    /// An event of the engine, with the bytes that came along.
    Event(Box<Event>, Option<Uint8Array>),
    /// The engine is gone, and its networks with it; on its own accord if there is a failure.
    Gone(Option<Failure>),
}

/// A handle on the engine, which is started by the first command.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    listener: Box<dyn Fn(Notice)>,
    engine: RefCell<Option<Engine>>,
    /// Engines that were started so far.
    started: Cell<u32>,
    stop_timer: Cell<Option<TimeoutHandle>>,
    /// What every engine is told first.
    language: Cell<Language>,
}

/// A command, and what travels beside it.
struct Message {
    command: Command,
    bytes: Option<Uint8Array>,
    files: Vec<File>,
}

/// A worker, and how far the conversation with it has come.
struct Engine {
    worker: Worker,
    /// Its number among those of this page.
    id: u32,
    /// Whether its script has run.
    loaded: bool,
    /// Whether the handshake is done.
    ready: bool,
    /// Messages for when it is.
    queue: Vec<Message>,
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
            started: Cell::new(0),
            stop_timer: Cell::default(),
            language: Cell::default(),
        }))
    }

    /// The language in which the engine words what it says, now and after it was started anew.
    pub fn speak(&self, language: Language) {
        self.0.language.set(language);
        if self.is_ready() {
            self.send(Command::Speak { language });
        }
    }

    /// Sends a command, now or as soon as the engine is ready.
    pub fn send(&self, command: Command) {
        self.deliver(Message { command, bytes: None, files: Vec::new() });
    }

    /// Sends a command with bytes, which are the engine's from then on.
    pub fn send_bytes(&self, command: Command, bytes: Uint8Array) {
        self.deliver(Message { command, bytes: Some(bytes), files: Vec::new() });
    }

    /// Sends a command with files that the engine reads by itself.
    pub fn send_files(&self, command: Command, files: Vec<File>) {
        self.deliver(Message { command, bytes: None, files });
    }

    fn deliver(&self, message: Message) {
        if self.0.engine.borrow().is_none() {
            match self.spawn() {
                Ok(engine) => *self.0.engine.borrow_mut() = Some(engine),
                Err(failure) => return self.tell_later(Event::Failed(failure)),
            }
        }
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            if engine.ready {
                posted = post(&engine.worker, &message);
            } else {
                engine.queue.push(message);
            }
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    /// Ends the run, within a second in any case: an engine that is in a long step or compiles
    /// cannot hear, and is terminated.
    pub fn stop(&self) {
        if !self.is_ready() {
            // Nothing has been asked of it yet.
            if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
                engine.queue.retain(|message| !message.command.is_about_run());
            }
            return self.tell(Event::Stopped, None);
        }
        if self.0.stop_timer.get().is_none() {
            let client = self.clone();
            let give_up = move || {
                client.0.stop_timer.set(None);
                client.discard(None);
                client.tell(Event::Stopped, None);
            };
            self.0.stop_timer.set(set_timeout_with_handle(give_up, STOP_PATIENCE).ok());
        }
        self.send(Command::Stop);
    }

    /// Whether there is an engine that hears.
    pub fn is_ready(&self) -> bool {
        self.0.engine.borrow().as_ref().is_some_and(|engine| engine.ready)
    }

    /// Tells engines apart; None while there is none.
    pub fn engine_id(&self) -> Option<u32> {
        self.0.engine.borrow().as_ref().map(|engine| engine.id)
    }

    /// The engine is dead, and could not say so.
    pub fn bury(&self) {
        self.crash(&t!("it was ended from outside"));
    }

    fn tell(&self, event: Event, bytes: Option<Uint8Array>) {
        (self.0.listener)(Notice::Event(Box::new(event), bytes));
    }

    /// So that what was shown of an earlier failure is first taken away.
    fn tell_later(&self, event: Event) {
        let client = self.clone();
        set_timeout(move || client.tell(event, None), Duration::ZERO);
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
            self.handler(|client, _| client.crash(&t!("a message from it could not be read")));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_message_error.as_ref().unchecked_ref()));
        let id = self.0.started.get() + 1;
        self.0.started.set(id);
        Ok(Engine {
            worker,
            id,
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
            Ok((event, bytes)) => self.take(event, bytes),
            Err(problem) => {
                self.crash(&t!("it sent what this page cannot read ({problem})", problem))
            }
        }
    }

    fn greet(&self) {
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            engine.loaded = true;
            let command = Command::Hello { build: BUILD_ID.to_owned() };
            let hello = Message { command, bytes: None, files: Vec::new() };
            posted = post(&engine.worker, &hello);
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    fn take(&self, event: Event, bytes: Option<Uint8Array>) {
        match &event {
            Event::Ready { build } => return self.begin(build),
            Event::Dying(failure) => return self.discard(Some(failure.clone())),
            // The answer to a Stop that came after the run's end, which has settled it. Another run may be on.
            Event::Stopped if self.0.stop_timer.get().is_none() => return,
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
            | Event::Checkpoint(_)
            | Event::Keeping(_)
            | Event::DataKept(_)
            | Event::Microscope(_)
            | Event::Fetching(_)
            | Event::Chosen { .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
        self.tell(event, bytes);
    }

    fn begin(&self, build: &str) {
        if build != BUILD_ID {
            return self.discard(Some(Failure::new(
                t!("The training engine in your browser’s cache is from another build of this page."),
                t!("Reload the page (Ctrl+Shift+R) to fetch the right one."),
            )));
        }
        let mut posted = Ok(());
        if let Some(engine) = self.0.engine.borrow_mut().as_mut() {
            engine.ready = true;
            let command = Command::Speak { language: self.0.language.get() };
            posted = post(&engine.worker, &Message { command, bytes: None, files: Vec::new() });
            for message in std::mem::take(&mut engine.queue) {
                posted = posted.and_then(|()| post(&engine.worker, &message));
            }
        }
        if let Err(error) = posted {
            self.crash(&error);
        }
    }

    fn crash(&self, message: &str) {
        let loaded = self.0.engine.borrow().as_ref().is_some_and(|engine| engine.loaded);
        self.discard(Some(death(message, loaded)));
    }
}

fn post(worker: &Worker, message: &Message) -> Result<(), String> {
    let text = serde_json::to_string(&message.command).map_err(|error| error.to_string())?;
    let transfer = Array::new();
    if let Some(bytes) = &message.bytes {
        transfer.push(&bytes.buffer());
    }
    let bytes = message.bytes.as_ref().map_or(JsValue::NULL, JsValue::from);
    let parts = Array::of2(&text.into(), &bytes);
    if !message.files.is_empty() {
        parts.push(&message.files.iter().collect::<Array>());
    }
    worker
        .post_message_with_transfer(&parts, &transfer)
        .map_err(|error| format!("a command could not be sent ({error:?})"))
}

fn decode(message: &JsValue) -> Result<(Event, Option<Uint8Array>), String> {
    let parts = message.dyn_ref::<Array>().ok_or("not an array")?;
    let text = parts.get(0).as_string().ok_or("no text")?;
    let event = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    Ok((event, parts.get(1).dyn_into::<Uint8Array>().ok()))
}
