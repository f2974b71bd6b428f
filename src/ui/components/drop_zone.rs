//! Where a photo is chosen or dropped.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, File, FileList, HtmlInputElement};

use crate::experiment::words;
use crate::protocol::Failure;
use crate::ui::state::{App, Photo, app};

/// Far beyond any camera; reading more could take down the tab.
const MAX_FILE_BYTES: u64 = 60_000_000;
const TYPES: &str = "image/jpeg,image/png,image/webp";

#[component]
pub fn DropZone() -> impl IntoView {
    let app = app();
    let is_over = RwSignal::new(false);
    let choose = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        take_first(app, input.files());
        // So that the same file can be chosen again.
        input.set_value("");
    };
    let hover = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(true);
    };
    let drop = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        take_first(app, event.data_transfer().and_then(|data| data.files()));
    };
    view! {
        <label
            class="drop-zone"
            class:is-over=is_over
            on:dragenter=hover
            on:dragover=hover
            on:dragleave=move |_| is_over.set(false)
            on:drop=drop
        >
            <svg class="drop-icon" viewBox="0 0 48 48" aria-hidden="true">
                <rect x="6" y="9" width="36" height="30" rx="5" fill="none" stroke="currentColor" stroke-width="2.500" />
                <circle cx="17" cy="19" r="3.500" fill="currentColor" />
                <path d="M9 35l11-11 7 7 5-5 8 8" fill="none" stroke="currentColor" stroke-width="2.500" stroke-linejoin="round" />
            </svg>
            <strong>"Drop a photo here, or choose one"</strong>
            <span class="hint">"JPEG, PNG or WebP, up to 60 MB. It stays on this device."</span>
            <input type="file" accept=TYPES data-testid="image-input" on:change=choose />
        </label>
    }
}

fn take_first(app: App, files: Option<FileList>) {
    let Some(file) = files.and_then(|files| files.get(0)) else {
        return refuse(
            app,
            "What was dropped is not a file.",
            "Save the picture first, then drop the file.",
        );
    };
    let name = file.name();
    let kind = file.type_();
    // Some systems do not tell the type; then the engine finds out.
    if !kind.is_empty() && !TYPES.split(',').any(|known| known == kind) {
        let fault = format!("“{name}” is not a JPEG, PNG or WebP image (its type is {kind}).");
        return refuse(app, &fault, "Choose another file, or save the picture as one of these.");
    }
    let size_bytes = file.size() as u64;
    if size_bytes > MAX_FILE_BYTES {
        let fault = format!(
            "“{name}” has {}, more than the 60 MB that are read.",
            words::bytes(size_bytes)
        );
        return refuse(app, &fault, "Scale the picture down; the network sees 32×32 pixels of it.");
    }
    if !app.has_network.get_untracked() {
        return refuse(
            app,
            "There is no trained network in this tab.",
            "Train one first, on the Train page.",
        );
    }
    spawn_local(read(app, file));
}

async fn read(app: App, file: File) {
    let name = file.name();
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => app.classify(name, js_sys::Uint8Array::new(&buffer).to_vec()),
        Err(_) => refuse(
            app,
            &format!("“{name}” could not be read."),
            "It may have been moved or changed; choose it again.",
        ),
    }
}

fn refuse(app: App, fault: &str, remedy: &str) {
    app.photo.set(Photo::Refused(Failure::new(fault, remedy)));
}
