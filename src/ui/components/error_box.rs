//! What is wrong and what to do, near the top of the page.

use leptos::prelude::*;

use super::field;
use crate::experiment::Setting;
use crate::experiment::language::translated;
use crate::protocol::Failure;

/// An alert with the failures, which the visitor can dismiss; hidden while there is none.
#[component]
pub fn ErrorBox(#[prop(into)] failures: Signal<Vec<Failure>>) -> impl IntoView {
    let dismissed = RwSignal::new(Vec::<Failure>::new());
    // What is no longer wrong may become wrong again, and is said again then.
    Effect::new(move || {
        let present = failures.get();
        dismissed.update(|dismissed| dismissed.retain(|failure| present.contains(failure)));
    });
    let shown = Memo::new(move |_| {
        let mut shown = failures.get();
        dismissed.with(|dismissed| shown.retain(|failure| !dismissed.contains(failure)));
        shown
    });
    let dismiss = move |_| dismissed.set(failures.get_untracked());
    let is_empty = move || shown.with(Vec::is_empty);
    view! {
        <div class="errors" role="alert" data-testid="error" hidden=is_empty>
            <ul>{move || shown.get().into_iter().map(item).collect_view()}</ul>
            <button type="button" class="icon-button" aria-label=t!("Dismiss") title=t!("Dismiss") on:click=dismiss>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M6 6l12 12M18 6L6 18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
                </svg>
            </button>
        </div>
    }
}

fn item(failure: Failure) -> impl IntoView {
    let setting = failure.setting.as_deref().and_then(Setting::from_name);
    let to_setting = setting.map(|setting| {
        view! {
            <button type="button" class="text-button" on:click=move |_| field::focus(&field::id(setting))>
                {t!("Show “{setting}”", setting = translated(setting.label()))}
            </button>
        }
    });
    view! {
        <li>
            <strong>{failure.fault}</strong>
            " "
            <span>{failure.remedy}</span>
            " "
            {to_setting}
        </li>
    }
}
