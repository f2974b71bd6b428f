//! Data without a server: files that the visitor gives, and what the browser keeps.

use leptos::prelude::*;

use super::drop_area::{DropArea, Place};
use crate::experiment::kept::{Kept, Source};
use crate::experiment::run::Status;
use crate::experiment::{display, words};
use crate::protocol::LoadProgress;
use crate::ui::state::app;

const PLACE: Place = Place {
    test_id: "data-drop",
    input_test_id: "data-input",
    accept: ".gz,.tgz,.tar,.bin,.safetensors,application/gzip",
    multiple: true,
    is_small: true,
};

/// Folded until someone wants it: to ask what is kept starts the engine.
#[component]
pub fn KeptDataPanel() -> impl IntoView {
    let app = app();
    let is_open = RwSignal::new(false);
    let is_loading = Memo::new(move |_| app.run.with(|run| run.status == Status::Loading));
    Effect::new(move || {
        // A run that has loaded its data may have added to them.
        if is_open.get() && !is_loading.get() {
            app.list_data();
        }
    });
    let toggle = move |event: leptos::ev::Event| {
        is_open.set(event_target::<web_sys::Element>(&event).has_attribute("open"));
    };
    let failure = Memo::new(move |_| app.kept.with(|kept| kept.failure.clone()));
    view! {
        <details class="kept" on:toggle=toggle>
            <summary>{t!("Data without a server")}</summary>
            <div class="kept-body">
                <p class="field-help">
                    {t!("Download the “binary version” from")}
                    " "
                    <a href="https://www.cs.toronto.edu/~kriz/cifar.html" rel="noreferrer">{t!("the CIFAR page")}</a>
                    " "
                    {t!("and drop it here. The browser unpacks it and keeps it; nothing is uploaded.")}
                </p>
                <DropArea place=PLACE take=move |files| app.take_files(files)>
                    <strong>{t!("Drop data files here, or choose them")}</strong>
                    <span class="hint">{t!("cifar-10-binary.tar.gz, cifar-100-binary.tar.gz, or .bin files")}</span>
                </DropArea>
                <p class="field-problem" hidden=move || failure.with(Option::is_none)>
                    {move || failure.get().map(|failure| failure.fault)}
                </p>
                <Keeping />
                <Notes />
                <KeptList is_open />
            </div>
        </details>
    }
}

/// How far the files are that are being kept.
#[component]
fn Keeping() -> impl IntoView {
    let kept = app().kept;
    let keeping = Memo::new(move |_| kept.with(|kept| kept.keeping.clone()));
    let share = move || keeping.with(|it| it.as_ref().and_then(display::share_loaded));
    let text = move || keeping.with(|it| it.as_ref().map(words::loading));
    let loaded = move || keeping.with(|it| it.as_ref().map(|it: &LoadProgress| it.loaded_bytes));
    view! {
        <div class="keeping" hidden=move || keeping.with(Option::is_none)>
            <div
                class="progress"
                role="progressbar"
                aria-label=t!("Keeping the data files")
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || share().map(|share| format!("{:.1}", share * 100.0))
                aria-valuetext=text
                data-testid="keep-progress"
                data-value=loaded
            >
                <div class="progress-done" style=("--share", move || share().unwrap_or_default().to_string())></div>
            </div>
            <p class="field-help">{text}</p>
        </div>
    }
}

#[component]
fn Notes() -> impl IntoView {
    let kept = app().kept;
    let notes = Memo::new(move |_| {
        kept.with(|kept| kept.data.as_ref().map(|data| data.notes.clone()).unwrap_or_default())
    });
    view! {
        <ul class="notes" hidden=move || notes.with(Vec::is_empty)>
            {move || notes.get().into_iter().map(|note| view! { <li>{note}</li> }).collect_view()}
        </ul>
    }
}

/// What is kept, by where it is from, and the button that clears it.
#[component]
fn KeptList(is_open: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let sources = Memo::new(move |_| app.kept.with(Kept::sources));
    let total = Memo::new(move |_| app.kept.with(Kept::total_bytes));
    let quota = Memo::new(move |_| {
        app.kept.with(|kept| kept.data.as_ref().and_then(|data| data.quota_bytes))
    });
    let is_busy = Memo::new(move |_| app.kept.with(|kept| kept.keeping.is_some()));
    let is_empty = move || total.get().unwrap_or_default() == 0;
    let summary = move || match total.get() {
        None if is_open.get() => t!("Looking what the browser keeps…"),
        None => String::new(),
        Some(0) => {
            t!("The browser keeps no data for this page yet: neither fetched ones nor yours.")
        }
        Some(total) => {
            let total = words::bytes(total);
            match quota.get().map(words::bytes) {
                Some(quota) => {
                    t!("The browser keeps {total} of {quota} that it allows.", total, quota)
                }
                None => t!("The browser keeps {total}.", total),
            }
        }
    };
    view! {
        <div class="kept-list" data-testid="kept-data" data-value=total>
            <p class="kept-total">
                <span>{summary}</span>
                <button
                    type="button"
                    class="text-button"
                    aria-label=t!("Clear the kept data")
                    data-testid="clear-data"
                    hidden=is_empty
                    disabled=is_busy
                    on:click=move |_| app.clear_data()
                >
                    {t!("Clear")}
                </button>
            </p>
            {move || sources.get().into_iter().map(source).collect_view()}
        </div>
    }
}

fn source(source: Source) -> impl IntoView {
    let from = match source.host {
        None => t!("From your files"),
        Some(host) => t!("From {host}", host),
    };
    let files = source.files.into_iter().map(|file| {
        view! {
            <li data-size=file.size_bytes>
                <span class="kept-name">{file.name}</span>
                <span>{words::bytes(file.size_bytes)}</span>
            </li>
        }
    });
    view! {
        <p class="kept-source">{from}</p>
        <ul class="kept-files">{files.collect_view()}</ul>
    }
}
