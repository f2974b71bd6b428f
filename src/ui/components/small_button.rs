//! A small button. One type for all of them: each `<button>` that is written out in a view is code
//! of its own, which every visitor loads.

use leptos::prelude::*;

#[component]
pub fn SmallButton(
    test_id: &'static str,
    #[prop(into)] text: Signal<String>,
    #[prop(into)] press: Callback<()>,
    #[prop(optional)] title: String,
    /// Whether it is what one most likely wants to do.
    #[prop(optional)]
    is_primary: bool,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional, into)] hidden: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button small"
            class:primary=is_primary
            data-testid=test_id
            title=(!title.is_empty()).then_some(title)
            disabled=disabled
            hidden=hidden
            on:click=move |_| press.run(())
        >
            {text}
        </button>
    }
}
