//! A place where files are dropped or chosen.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{DragEvent, File, HtmlInputElement};

use crate::ui::files;

/// What tells one such place from another.
#[derive(Clone, Copy)]
pub struct Place {
    pub test_id: &'static str,
    pub input_test_id: &'static str,
    /// As in the input's attribute of that name.
    pub accept: &'static str,
    /// Whether several files make sense together.
    pub multiple: bool,
    /// Whether it is one thing among others on its page.
    pub is_small: bool,
}

#[component]
pub fn DropArea<F>(
    place: Place,
    /// What is done with the files; none at all if something else was dropped.
    take: F,
    /// What it is for, in words and pictures.
    children: Children,
) -> impl IntoView
where
    F: Fn(Vec<File>) + Copy + 'static,
{
    let is_over = RwSignal::new(false);
    let choose = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        take(files::listed(input.files()));
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
        take(files::listed(event.data_transfer().and_then(|data| data.files())));
    };
    view! {
        <label
            class="drop-zone"
            class:is-over=is_over
            class:is-small=place.is_small
            data-testid=place.test_id
            on:dragenter=hover
            on:dragover=hover
            on:dragleave=move |_| is_over.set(false)
            on:drop=drop
        >
            {children()}
            <input
                type="file"
                accept=place.accept
                multiple=place.multiple
                data-testid=place.input_test_id
                on:change=choose
            />
        </label>
    }
}
