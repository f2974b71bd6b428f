//! The kept runs in a table: what differs between them, and what came of them.

use leptos::ev;
use leptos::prelude::*;

use super::icon::{self, Icon};
use super::run_editor::RunEditor;
use crate::experiment::Setting;
use crate::experiment::language::translated;
use crate::experiment::runs::RunId;
use crate::experiment::runs::table::{self, Row};
use crate::experiment::words;
use crate::ui::state::app;

/// The titles of a row's numbers, as in [`Row::accuracies`].
const NUMBERS: [fn() -> (String, String); 4] = [
    || (t!("Best"), t!("Best test accuracy of all epochs")),
    || (t!("Last"), t!("Test accuracy after the last epoch")),
    || (t!("Mean of 10"), t!("Mean test accuracy of the last ten epochs")),
    || {
        (
            t!("Labels"),
            t!("Share of training images whose most trusted candidate is the true label"),
        )
    },
];

#[component]
pub fn RunTable() -> impl IntoView {
    let shelf = app().runs.shelf;
    let ids = Memo::new(move |_| {
        shelf.with(|shelf| shelf.runs().iter().map(|run| run.id).collect::<Vec<_>>())
    });
    let columns = Memo::new(move |_| {
        shelf.with(|shelf| table::differing(shelf.runs().iter().map(|run| &run.outcome)))
    });
    let edited = RwSignal::new(None::<RunId>);
    let is_empty = move || ids.with(Vec::is_empty);
    let heads = move || {
        let columns = columns.get().into_iter();
        columns
            .map(|setting| view! { <th scope="col">{translated(setting.label())}</th> })
            .collect_view()
    };
    view! {
        <p class="placeholder" hidden=move || !is_empty()>
            {t!("Every run that ends is kept here, in this browser, to be compared with others.")}
        </p>
        <div class="table-frame runs-frame" tabindex="0" role="region" aria-label=t!("Kept runs") hidden=is_empty>
            <table class="run-table" data-testid="run-table" aria-label=t!("Kept runs")>
                <thead>
                    <tr>
                        <th scope="col"><span class="visually-hidden">{t!("In the chart")}</span></th>
                        <th scope="col" class="is-text">{t!("Run")}</th>
                        {heads}
                        {NUMBERS.map(|words| words()).map(|(title, help)| view! { <th scope="col" title=help>{title}</th> }).collect_view()}
                        <th scope="col"><span class="visually-hidden">{t!("Actions")}</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || ids.get() key=|id| *id children=move |id| view! { <RunRow id columns edited /> } />
                </tbody>
            </table>
        </div>
        <Deleted />
        {move || edited.get().map(|id| view! { <RunEditor id edited /> })}
    }
}

#[component]
fn RunRow(
    id: RunId,
    columns: Memo<Vec<Setting>>,
    edited: RwSignal<Option<RunId>>,
) -> impl IntoView {
    let runs = app().runs;
    let row = Memo::new(move |_| runs.shelf.with(|shelf| shelf.get(id).map(Row::of)));
    let name = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.name.clone())));
    let shown = move || row.with(|row| row.as_ref().is_some_and(|row| row.shown));
    let colour = move || row.with(|row| row.as_ref().map(|row| row.colour));
    let ended = move || row.with(|row| row.as_ref().map(|row| row.ended));
    let note = move || row.with(|row| row.as_ref().map(|row| row.note.clone()));
    let course = move || row.with(|row| row.as_ref().map(|row| row.course.clone()));
    let show = move |event: ev::Event| {
        let shown = event_target_checked(&event);
        runs.change(|shelf| shelf.show(id, shown));
    };
    let settings = move || {
        let value =
            |setting| runs.shelf.with(|shelf| Some(table::value(&shelf.get(id)?.outcome, setting)));
        columns.with(|columns| {
            columns.iter().map(|&setting| view! { <td>{value(setting)}</td> }).collect_view()
        })
    };
    view! {
        <tr data-run=id.to_string() data-ended=ended>
            <td class="run-shown">
                <input
                    type="checkbox"
                    aria-label=move || name.get().map(|name| t!("Draw the curve of “{name}”", name))
                    prop:checked=shown
                    on:change=show
                />
            </td>
            <th scope="row" class="is-text">
                <span class="swatch" data-colour=colour></span>
                <span class="run-name">{name}</span>
                <span class="run-course">{course}</span>
                <span class="run-note" hidden=move || note().is_none_or(|note| note.is_empty())>{note}</span>
            </th>
            {settings}
            {(0..NUMBERS.len()).map(|at| number(row, at)).collect_view()}
            <td class="run-actions"><Actions id row edited /></td>
        </tr>
    }
}

fn number(row: Memo<Option<Row>>, at: usize) -> impl IntoView {
    let value = move || row.with(|row| Some(row.as_ref()?.accuracies?[at]));
    view! {
        <td data-value=move || value().map(|value| value.to_string())>
            {move || value().map_or_else(|| "–".to_owned(), words::percent)}
        </td>
    }
}

#[component]
fn Actions(id: RunId, row: Memo<Option<Row>>, edited: RwSignal<Option<RunId>>) -> impl IntoView {
    let app = app();
    let is_active = Memo::new(move |_| app.is_active());
    let is_pinned = move || row.with(|row| row.as_ref().is_some_and(|row| row.pinned));
    let is_edited = move || edited.get() == Some(id);
    let use_settings = move |()| {
        let run = app.runs.shelf.with_untracked(|shelf| shelf.get(id).cloned());
        if let Some(run) = run {
            app.form.replace(run.outcome.experiment);
        }
    };
    let pin = move |()| {
        let pinned = !untrack(is_pinned);
        app.runs.change(|shelf| shelf.pin(id, pinned));
    };
    let edit = move |()| edited.update(|edited| *edited = (*edited != Some(id)).then_some(id));
    view! {
        <Action row path=icon::PIN test_id="run-pin" title=t!("Keep on top, and in the chart") is_on=Signal::derive(is_pinned) press=pin />
        <Action row path=icon::SETTINGS test_id="run-use" title=t!("Use these settings") disabled=is_active press=use_settings />
        <Action row path=icon::EDIT test_id="run-edit" title=t!("Edit name, colour and note") is_on=Signal::derive(is_edited) press=edit />
        <Action row path=icon::DELETE test_id="run-delete" title=t!("Delete (can be undone)") press=move |()| app.runs.change(|shelf| shelf.delete(id)) />
    }
}

/// A small picture to press; as in [`super::small_button`], one type for all.
#[component]
fn Action(
    row: Memo<Option<Row>>,
    path: &'static str,
    test_id: &'static str,
    title: String,
    #[prop(into)] press: Callback<()>,
    /// None for what is no switch.
    #[prop(optional, into)]
    is_on: Option<Signal<bool>>,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    let action = title.clone();
    let label = move || row.with(|row| row.as_ref().map(|row| format!("{action}: {}", row.name)));
    let pressed = move || is_on.map(|is_on| is_on.get());
    view! {
        <button
            type="button"
            class="icon-button"
            class:is-on=move || pressed() == Some(true)
            data-testid=test_id
            title=title
            aria-label=label
            aria-pressed=move || pressed().map(|pressed| pressed.to_string())
            disabled=disabled
            on:click=move |_| press.run(())
        >
            <Icon path />
        </button>
    }
}

/// The way back after a deletion.
#[component]
fn Deleted() -> impl IntoView {
    let runs = app().runs;
    let deleted =
        Memo::new(move |_| runs.shelf.with(|shelf| shelf.deleted().map(|run| run.name.clone())));
    view! {
        <p class="deleted" role="status" hidden=move || deleted.with(Option::is_none)>
            {move || deleted.get().map(|name| t!("“{name}” was deleted.", name) + " ")}
            <button
                type="button"
                class="text-button"
                data-testid="run-undo"
                on:click=move |_| runs.change(|shelf| shelf.undo_delete())
            >
                {t!("Undo")}
            </button>
        </p>
    }
}
