//! Where a photo is chosen or dropped; a network may be dropped there as well.

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use super::drop_area::{DropArea, Place};
use crate::experiment::words;
use crate::protocol::Failure;
use crate::ui::files;
use crate::ui::state::{App, Photo, app};

/// Far beyond any camera; reading more could take down the tab.
const MAX_FILE_BYTES: u64 = 60_000_000;
const TYPES: &str = "image/jpeg,image/png,image/webp";
const PLACE: Place = Place {
    test_id: "image-drop",
    input_test_id: "image-input",
    accept: TYPES,
    multiple: false,
    is_small: false,
};

#[component]
pub fn PhotoDrop() -> impl IntoView {
    let app = app();
    view! {
        <DropArea place=PLACE take=move |files| take_first(app, files)>
            <svg class="drop-icon" viewBox="0 0 48 48" aria-hidden="true">
                <rect x="6" y="9" width="36" height="30" rx="5" fill="none" stroke="currentColor" stroke-width="2.500" />
                <circle cx="17" cy="19" r="3.500" fill="currentColor" />
                <path d="M9 35l11-11 7 7 5-5 8 8" fill="none" stroke="currentColor" stroke-width="2.500" stroke-linejoin="round" />
            </svg>
            <strong>"Drop a photo here, or choose one"</strong>
            <span class="hint">"JPEG, PNG or WebP, up to 60 MB. It stays on this device."</span>
        </DropArea>
    }
}

fn take_first(app: App, given: Vec<File>) {
    let Some(file) = given.into_iter().next() else {
        return refuse(
            app,
            "What was dropped is not a file.",
            "Save the picture first, then drop the file.",
        );
    };
    let name = file.name();
    if crate::experiment::files::is_network(&name) {
        return app.open(file);
    }
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
    if !untrack(|| app.has_network()) {
        return refuse(
            app,
            "There is no trained network in this tab.",
            "Train one first, on the Train page, or open one from a file.",
        );
    }
    spawn_local(async move {
        match files::read(&file).await {
            Ok(bytes) => app.classify(name, bytes),
            Err(failure) => app.photo.set(Photo::Refused(failure)),
        }
    });
}

fn refuse(app: App, fault: &str, remedy: &str) {
    app.photo.set(Photo::Refused(Failure::new(fault, remedy)));
}
