//! What all curves are at one epoch: the one under the pointer, or the one that the slider is at.

use leptos::prelude::*;

use super::charts::View;
use crate::experiment::curves::{self, ReadValue};
use crate::ui::state::app;

#[component]
pub fn Reader(view: View) -> impl IntoView {
    let run = app().run;
    let last = Memo::new(move |_| run.with(|run| run.epochs.len()));
    let epoch = Memo::new(move |_| {
        let chosen = view.hovered.get().or_else(|| view.pinned.get());
        chosen.unwrap_or(usize::MAX).min(last.get())
    });
    let values = Memo::new(move |_| {
        run.with(|run| run.epochs.get(epoch.get().checked_sub(1)?).map(curves::read))
    });
    let go = move |event| {
        let wanted: Option<usize> = event_target_value(&event).parse().ok();
        // At its end the slider follows the run again.
        view.pinned.set(wanted.filter(|&epoch| epoch < last.get_untracked()));
    };
    let value =
        move |index: usize| values.with(|values| values.as_ref().map(|it| it[index].clone()));
    view! {
        <div class="chart-reader" data-testid="chart-reader" hidden=move || last.get() == 0>
            <label class="reader-slider">
                <span>{t!("At epoch")}" "<output data-testid="read-epoch" data-value=epoch>{epoch}</output></span>
                <input
                    type="range"
                    data-testid="chart-reader-epoch"
                    min="1"
                    max=move || last.get().max(1)
                    step="1"
                    prop:value=move || epoch.get().to_string()
                    aria-label=t!("Read all curves at an epoch")
                    on:input=go
                />
            </label>
            <dl class="reader-values">
                {(0..5).map(|index| view! { <Value value=Signal::derive(move || value(index)) /> }).collect_view()}
            </dl>
        </div>
    }
}

#[component]
fn Value(value: Signal<Option<ReadValue>>) -> impl IntoView {
    let of = move |take: fn(ReadValue) -> String| value.get().map(take).unwrap_or_default();
    view! {
        <div>
            <dt>{move || of(|value| value.name)}</dt>
            <dd data-testid=move || of(|value| value.id.to_owned()) data-value=move || of(|value| value.value.to_string())>
                {move || of(|value| value.text)}
            </dd>
        </div>
    }
}
