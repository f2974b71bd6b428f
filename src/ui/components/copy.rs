//! A button that copies a text; where the browser refuses, the text is shown to be copied by hand.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::share;

/// How far copying has come.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Copied {
    #[default]
    No,
    /// What is on the clipboard now.
    Yes(String),
    /// To be copied by hand.
    Shown(String),
}

/// Copies the text, and tells in the signal what came of it.
pub fn copy(what: String, text: String, copied: RwSignal<Copied>) {
    spawn_local(async move {
        let done = share::copy(&text).await;
        // The page may have been left meanwhile, and the signal with it.
        let _ = copied.try_set(if done { Copied::Yes(what) } else { Copied::Shown(text) });
    });
}

/// What came of copying.
#[component]
pub fn CopiedLine(copied: RwSignal<Copied>) -> impl IntoView {
    let select =
        |event: ev::FocusEvent| event_target::<web_sys::HtmlTextAreaElement>(&event).select();
    view! {
        <div class="shared" role="status">
            {move || match copied.get() {
                Copied::No => ().into_any(),
                Copied::Yes(what) => view! { <span>{t!("{what} copied", what)}</span> }.into_any(),
                Copied::Shown(text) => view! {
                    <label>
                        {t!("Copy this by hand:")}
                        <textarea readonly rows="3" data-testid="share-link" prop:value=text on:focus=select></textarea>
                    </label>
                }
                .into_any(),
            }}
        </div>
    }
}
