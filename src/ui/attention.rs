//! What the page does beyond its window: the tab's title, a screen that stays awake while it
//! trains, a notification at the end for who asked for one. Whatever a browser lacks is left out.

use std::cell::RefCell;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::state::App;
use super::storage;
use crate::experiment::headline::{self, Notice};
use crate::experiment::run::Status;

/// Keeps title and screen in step with the run.
pub fn attend(app: App) {
    let title = Memo::new(move |_| {
        let (page, turn) = (app.page.get(), app.runs.turn_of());
        app.run.with(|run| headline::tab_title(&page, run, turn))
    });
    Effect::new(move || title.with(|title| document().set_title(title)));

    let is_busy = Memo::new(move |_| {
        let status = app.run.with(|run| run.status);
        status.is_active() && status != Status::Paused
    });
    Effect::new(move || stay_awake(is_busy.get()));
    // The lock is taken away from a hidden tab, and not given back by itself.
    let handle = window_event_listener(ev::visibilitychange, move |_| {
        stay_awake(is_busy.get_untracked());
    });
    on_cleanup(move || handle.remove());
}

/// A property that is an object.
fn object(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|it| it.is_object() || it.is_function())
}

/// Calls a method that gives a promise; None where there is none, or it throws.
pub fn call(of: &JsValue, method: &str, argument: &JsValue) -> Option<Promise> {
    let function: Function = object(of, method)?.dyn_into().ok()?;
    function.call1(of, argument).ok()?.dyn_into().ok()
}

/// The lock on the screen.
#[derive(Default)]
struct Lock {
    wanted: bool,
    /// Asked for, and not given yet.
    asked: bool,
    sentinel: Option<JsValue>,
}

thread_local! {
    static LOCK: RefCell<Lock> = RefCell::default();
}

fn stay_awake(wanted: bool) {
    let freed = LOCK.with_borrow_mut(|lock| {
        lock.wanted = wanted;
        if wanted { None } else { lock.sentinel.take() }
    });
    if let Some(sentinel) = freed {
        release(&sentinel);
    }
    let is_held = |lock: &Lock| {
        let released = |it: &JsValue| Reflect::get(it, &"released".into());
        lock.sentinel.as_ref().is_some_and(|it| released(it).is_ok_and(|it| it.is_falsy()))
    };
    if !wanted || LOCK.with_borrow(|lock| lock.asked || is_held(lock)) {
        return;
    }
    let navigator = window().navigator();
    let asked =
        object(&navigator, "wakeLock").and_then(|it| call(&it, "request", &"screen".into()));
    let Some(asked) = asked else { return };
    LOCK.with_borrow_mut(|lock| lock.asked = true);
    spawn_local(async move {
        // A browser that saves power, or whose tab is hidden, refuses.
        let given = JsFuture::from(asked).await.ok();
        let late = LOCK.with_borrow_mut(|lock| {
            lock.asked = false;
            if lock.wanted {
                lock.sentinel = given;
                None
            } else {
                given
            }
        });
        if let Some(sentinel) = late {
            release(&sentinel);
        }
    });
}

fn release(sentinel: &JsValue) {
    if let Some(released) = call(sentinel, "release", &JsValue::UNDEFINED) {
        // A lock that is gone already is what was wanted.
        spawn_local(async move { drop(JsFuture::from(released).await) });
    }
}

/// Whether the visitor is told when a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The browser cannot.
    Impossible,
    No,
    Yes,
    /// The browser was told to refuse.
    Denied,
}

fn constructor() -> Option<Function> {
    object(&window(), "Notification")?.dyn_into().ok()
}

fn permission(constructor: &Function) -> Option<String> {
    Reflect::get(constructor, &"permission".into()).ok()?.as_string()
}

/// The wish as it was last told, and what the browser says to it.
pub fn wish() -> Wish {
    let Some(constructor) = constructor() else {
        return Wish::Impossible;
    };
    match permission(&constructor).as_deref() {
        Some("denied") => Wish::Denied,
        Some("granted") if storage::get(storage::NOTIFY).is_some() => Wish::Yes,
        _ => Wish::No,
    }
}

/// Takes back or tells the wish; asks the browser, so only ever on a click.
pub async fn set_wish(wanted: bool) -> Wish {
    if !wanted {
        storage::remove(storage::NOTIFY);
        return wish();
    }
    if let Some(asked) =
        constructor().and_then(|it| call(&it, "requestPermission", &JsValue::UNDEFINED))
    {
        // What was answered is read again below.
        drop(JsFuture::from(asked).await);
    }
    let _ = storage::put(storage::NOTIFY, "1");
    wish()
}

/// Tells the visitor who asked for it, unless the page is before their eyes.
pub fn notify(notice: &Notice) {
    let looks_here = document().has_focus().unwrap_or(false);
    if wish() != Wish::Yes || looks_here {
        return;
    }
    let options = Object::new();
    let described = Reflect::set(&options, &"body".into(), &notice.body.as_str().into());
    if let (Ok(true), Some(constructor)) = (described, constructor()) {
        let arguments = Array::of2(&notice.title.as_str().into(), &options);
        // Browsers on telephones have the constructor and refuse to be asked by a page.
        let _ = Reflect::construct(&constructor, &arguments);
    }
}
