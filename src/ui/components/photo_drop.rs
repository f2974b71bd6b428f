//! Where photos are dropped, pasted, chosen or taken; a network may be dropped there as well.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{ClipboardEvent, HtmlInputElement};

use super::drop_area::{DropArea, Place};
use crate::ui::classify::TYPES;
use crate::ui::files;
use crate::ui::state::app;

const PLACE: Place = Place {
    test_id: "image-drop",
    input_test_id: "image-input",
    accept: TYPES,
    multiple: true,
    is_small: false,
};

#[component]
pub fn PhotoDrop() -> impl IntoView {
    let app = app();
    // As long as this page is open, wherever the focus is.
    let paste = window_event_listener(ev::paste, move |event: ClipboardEvent| {
        let pasted = files::listed(event.clipboard_data().and_then(|data| data.files()));
        // Text that is pasted is meant for somebody else.
        if !pasted.is_empty() {
            event.prevent_default();
            app.take_photos(pasted);
        }
    });
    on_cleanup(move || paste.remove());
    view! {
        <DropArea place=PLACE take=move |files| app.take_photos(files)>
            <svg class="drop-icon" viewBox="0 0 48 48" aria-hidden="true">
                <rect x="6" y="9" width="36" height="30" rx="5" fill="none" stroke="currentColor" stroke-width="2.500" />
                <circle cx="17" cy="19" r="3.500" fill="currentColor" />
                <path d="M9 35l11-11 7 7 5-5 8 8" fill="none" stroke="currentColor" stroke-width="2.500" stroke-linejoin="round" />
            </svg>
            <strong>{t!("Drop or paste photos here, or choose some")}</strong>
            <span class="hint">{t!("JPEG, PNG or WebP, up to 50 megapixels. They stay on this device.")}</span>
        </DropArea>
        <Camera />
    }
}

/// Takes a photo, on a device that has a camera to do it with; the style sheet hides it elsewhere.
#[component]
fn Camera() -> impl IntoView {
    let app = app();
    let take = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        app.take_photos(files::listed(input.files()));
        // So that the next photo is a change.
        input.set_value("");
    };
    view! {
        <label class="button camera">
            {t!("Take a photo")}
            <input
                type="file"
                class="visually-hidden"
                accept="image/*"
                capture="environment"
                data-testid="image-capture"
                on:change=take
            />
        </label>
    }
}
