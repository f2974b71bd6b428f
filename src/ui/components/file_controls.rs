//! Save and open: networks, and whole runs.

use leptos::ev;
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::icon::{self, Icon};
use crate::experiment::held::Errand;
use crate::protocol::FileKind;
use crate::ui::files;
use crate::ui::state::app;

#[component]
pub fn FileControls() -> impl IntoView {
    view! {
        <div class="file-controls">
            <Save what=FileKind::Model />
            <Save what=FileKind::Checkpoint />
            <OpenFile />
        </div>
        <Opening />
        <Opened />
    }
}

#[component]
fn Save(what: FileKind) -> impl IntoView {
    let app = app();
    let can_save = Memo::new(move |_| app.held.with(|held| held.can_save()));
    let is_saving =
        Memo::new(move |_| app.held.with(|held| held.errand == Some(Errand::Saving(what))));
    let (test_id, name, title) = match what {
        FileKind::Model => (
            "save-model",
            t!("Save network"),
            t!("The weights alone: to classify with later, or for PyTorch"),
        ),
        FileKind::Checkpoint => (
            "save-checkpoint",
            t!("Save checkpoint"),
            t!("The whole state of the run: to go on with it later, here or on the command line"),
        ),
    };
    view! {
        <button
            type="button"
            class="button small"
            title=title
            data-testid=test_id
            disabled=move || !can_save.get() || is_saving.get()
            on:click=move |_| app.save(what)
        >
            <Icon path=icon::SAVE />
            {move || if is_saving.get() { t!("Saving…") } else { name.clone() }}
        </button>
    }
}

/// The button that opens a network or a checkpoint.
#[component]
pub fn OpenFile() -> impl IntoView {
    let app = app();
    let is_active = Memo::new(move |_| app.is_active());
    let open = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        if let Some(file) = files::listed(input.files()).into_iter().next() {
            app.open(file);
        }
        // So that the same file can be chosen again.
        input.set_value("");
    };
    view! {
        <label
            class="button small file-button"
            class:is-disabled=is_active
            title=t!("A network or a checkpoint from a .safetensors file")
        >
            <Icon path=icon::OPEN />
            {t!("Open…")}
            <input
                type="file"
                class="visually-hidden"
                accept=".safetensors"
                aria-label=t!("Open a network or a checkpoint")
                data-testid="open-file"
                disabled=is_active
                on:change=open
            />
        </label>
    }
}

/// What is being opened.
#[component]
pub fn Opening() -> impl IntoView {
    let held = app().held;
    let name = Memo::new(move |_| {
        held.with(|held| match &held.errand {
            Some(Errand::Opening(name)) => Some(name.clone()),
            Some(Errand::Saving(_)) | None => None,
        })
    });
    view! {
        <p class="hint" role="status" hidden=move || name.with(Option::is_none)>
            {move || name.get().map(|name| t!("Opening “{name}”…", name))}
        </p>
    }
}

/// What was opened last.
#[component]
fn Opened() -> impl IntoView {
    let held = app().held;
    let opened = Memo::new(move |_| held.with(|held| held.opened.clone()));
    let kind = move || opened.with(|opened| opened.as_ref().map(|file| kind_name(file.kind)));
    view! {
        <p
            class="opened"
            role="status"
            data-testid="opened"
            data-kind=kind
            hidden=move || opened.with(Option::is_none)
        >
            {move || opened.get().map(|file| view! { <strong>{file.name}</strong> " " {file.about} })}
        </p>
    }
}

/// As in the `data-kind` of what was opened.
pub const fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Model => "model",
        FileKind::Checkpoint => "checkpoint",
    }
}
