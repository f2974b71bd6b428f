//! What a visitor writes beside a kept run, and its link.

use leptos::ev;
use leptos::prelude::*;

use super::copy::{Copied, CopiedLine, copy};
use super::field;
use super::small_button::SmallButton;
use crate::experiment::result::{self, SharedResult};
use crate::experiment::runs::{COLOURS, RunId};
use crate::ui::state::app;

const NAME_ID: &str = "run-name";

#[component]
pub fn RunEditor(id: RunId, edited: RwSignal<Option<RunId>>) -> impl IntoView {
    let runs = app().runs;
    let record = Memo::new(move |_| {
        let text = |shelf: &crate::experiment::runs::shelf::Shelf| {
            shelf.get(id).map(|run| (run.name.clone(), run.note.clone(), run.colour))
        };
        runs.shelf.with(text)
    });
    // A run that was deleted while it was edited.
    Effect::new(move || {
        if record.with(Option::is_none) {
            edited.set(None);
        }
    });
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            field::focus(NAME_ID);
        }
    });
    let name = move || record.with(|record| record.as_ref().map(|(name, ..)| name.clone()));
    let note = move || record.with(|record| record.as_ref().map(|(_, note, _)| note.clone()));
    let rename = move |event: ev::Event| {
        let text = event_target_value(&event);
        runs.change(|shelf| shelf.rename(id, &text));
    };
    // At every letter: were it at the end, the row would grow, and what is below it move away,
    // while the visitor clicks there.
    let write_note = move |event: ev::Event| {
        let text = event_target_value(&event);
        runs.change(|shelf| shelf.note(id, &text));
    };
    let colours = (0..COLOURS).map(|colour| {
        let is_chosen = move || {
            record.with(|record| record.as_ref().is_some_and(|&(.., chosen)| chosen == colour))
        };
        view! {
            <label class="swatch-choice">
                <input
                    type="radio"
                    name="run-colour"
                    class="visually-hidden"
                    aria-label=t!("Colour {number}", number = colour + 1)
                    prop:checked=is_chosen
                    on:change=move |_| runs.change(|shelf| shelf.paint(id, colour))
                />
                <span class="swatch" data-colour=colour></span>
            </label>
        }
    });
    view! {
        <div class="run-editor" data-testid="run-editor">
            <label>
                {t!("Name")}
                <input type="text" id=NAME_ID data-testid="run-name" autocomplete="off" prop:value=name on:change=rename />
            </label>
            <label class="run-editor-note">
                {t!("Note")}
                <input type="text" data-testid="run-note" autocomplete="off" prop:value=note on:input=write_note />
            </label>
            <fieldset class="swatches">
                <legend>{t!("Colour")}</legend>
                {colours.collect_view()}
            </fieldset>
            <Link id />
            <SmallButton test_id="run-close" text=t!("Close") press=move |()| edited.set(None) />
        </div>
    }
}

#[component]
fn Link(id: RunId) -> impl IntoView {
    let app = app();
    let copied = RwSignal::new(Copied::No);
    let copy_link = move |()| {
        let outcome =
            app.runs.shelf.with_untracked(|shelf| shelf.get(id).map(|run| run.outcome.clone()));
        if let Some(outcome) = outcome {
            let result = SharedResult::of(&outcome, result::MAX_POINTS);
            copy(t!("Link"), app.address_of(&outcome.experiment, result.as_ref()), copied);
        }
    };
    view! {
        <SmallButton test_id="run-link" text=t!("Copy link with result") press=copy_link />
        <CopiedLine copied />
    }
}
