//! Which network classifies: that of this tab's run, one of the site's, one kept of an earlier run,
//! or one from a file.

use leptos::prelude::*;

use super::network_card::NetworkCard;
use crate::experiment::held::{HeldRun, NetworkInUse, Origin};
use crate::experiment::hosted::Entry;
use crate::experiment::language::{class_titles, translated};
use crate::experiment::runs::RunId;
use crate::experiment::words;
use crate::protocol::{FileKind, NetworkSource};
use crate::ui::components::file_controls::kind_name;
use crate::ui::state::{App, app};

/// More classes than this are folded away.
const MAX_NAMED: usize = 12;
/// Kept runs that are seen at a glance.
const MAX_RUNS: usize = 5;

/// A network that can be chosen, or that is in use.
#[derive(Clone, PartialEq)]
struct Row {
    /// Tells it from the others, in `data-network`.
    name: String,
    title: String,
    hint: String,
    origin: Origin,
}

/// All networks that there are to choose from.
#[component]
pub fn NetworkChoice() -> impl IntoView {
    let app = app();
    let rows = Memo::new(move |_| rows(app));
    let is_active = Memo::new(move |_| app.is_active());
    let shows_all = RwSignal::new(false);
    let is_long = Memo::new(move |_| kept_rows(&rows.get()) > MAX_RUNS);
    // A memo of its own: what reads two memos, one of which is made of the other, may miss a change
    // (reactive_graph 0.2.16 tells the first that asks, and not whom it asks for).
    let shown = Memo::new(move |_| {
        let mut shown = rows.get();
        if !shows_all.get() {
            let mut kept = 0;
            shown.retain(|row| {
                kept += usize::from(is_kept(row));
                !is_kept(row) || kept <= MAX_RUNS
            });
        }
        shown
    });
    view! {
        <fieldset class="networks" data-testid="model-select" disabled=is_active>
            <legend class="visually-hidden">{t!("Networks")}</legend>
            <For each=move || shown.get() key=|row| (row.name.clone(), row.title.clone()) let:row>
                <NetworkRow row />
            </For>
            <button
                type="button"
                class="text-button"
                hidden=move || !is_long.get() || shows_all.get()
                on:click=move |_| shows_all.set(true)
            >
                {t!("Show the networks of all runs")}
            </button>
        </fieldset>
        <p class="hint" hidden=move || !is_active.get()>
            {t!("While a run is under way its own network classifies. Stop it to choose another one.")}
        </p>
    }
}

fn is_kept(row: &Row) -> bool {
    matches!(row.origin, Origin::Chosen(NetworkSource::Kept(_)))
}

fn kept_rows(rows: &[Row]) -> usize {
    rows.iter().filter(|row| is_kept(row)).count()
}

/// First what the visitor made or opened in this tab, then the site's, then earlier runs'.
fn rows(app: App) -> Vec<Row> {
    let in_use = app.held.with(|held| held.network.clone());
    let mut rows = Vec::new();
    let has_run = app.held.with(|held| held.run == HeldRun::Trained);
    let uses = |origin: &Origin| in_use.as_ref().is_some_and(|it| it.origin == *origin);
    let of_run = Origin::Chosen(NetworkSource::Run);
    if has_run || uses(&of_run) {
        rows.push(Row {
            name: "run".to_owned(),
            title: t!("Trained in this tab"),
            hint: String::new(),
            origin: of_run,
        });
    }
    if let Some(NetworkInUse { origin: Origin::File(file), .. }) = &in_use {
        rows.push(Row {
            name: "file".to_owned(),
            title: t!("From “{file}”", file),
            hint: String::new(),
            origin: Origin::File(file.clone()),
        });
    }
    rows.extend(app.choice.with(|choice| choice.hosted()).into_iter().map(hosted_row));
    let current = app.runs.current.get().filter(|_| has_run);
    let kept = app.choice.with(|choice| choice.kept.clone());
    rows.extend(app.runs.shelf.with(|shelf| {
        let row = |run: u64| {
            let record = shelf.get(RunId(run)).filter(|run| Some(run.id) != current)?;
            let accuracy = record.outcome.history.last()?.test_accuracy;
            Some(Row {
                name: format!("run-{run}"),
                title: record.name.clone(),
                hint: t!(
                    "An earlier run on {dataset}, {share} right on its test images",
                    dataset = translated(record.outcome.experiment.dataset.title()),
                    share = words::percent(accuracy)
                ),
                origin: Origin::Chosen(NetworkSource::Kept(run)),
            })
        };
        kept.iter().filter_map(|network| row(network.run)).collect::<Vec<_>>()
    }));
    rows
}

fn hosted_row(entry: Entry) -> Row {
    Row {
        name: format!("hosted-{}", entry.name),
        title: entry.title.clone(),
        hint: t!("From this site, {size}", size = words::bytes(entry.size_bytes)),
        origin: Origin::Chosen(NetworkSource::Hosted(entry)),
    }
}

#[component]
fn NetworkRow(row: Row) -> impl IntoView {
    let app = app();
    let Row { name, title, hint, origin } = row;
    let id = format!("network-{name}");
    let own = StoredValue::new(origin);
    let in_use = Memo::new(move |_| {
        own.with_value(|own| {
            app.held.with(|held| held.network.clone().filter(|it| it.origin == *own))
        })
    });
    let is_in_use = Memo::new(move |_| in_use.with(Option::is_some));
    let is_asked = Memo::new(move |_| {
        own.with_value(|own| match own {
            Origin::Chosen(source) => app.choice.with(|it| it.asked.as_ref() == Some(source)),
            Origin::File(_) => false,
        })
    });
    let is_checked = move || {
        let another_is_asked = app.choice.with(|it| it.asked.is_some());
        is_asked.get() || (is_in_use.get() && !another_is_asked)
    };
    let choose = move |_| {
        if let Origin::Chosen(source) = own.get_value() {
            app.choose(source);
        }
    };
    let kind = Memo::new(move |_| {
        let is_file = own.with_value(|own| matches!(own, Origin::File(_)));
        app.held.with(|held| held.opened.as_ref().map(|it| it.kind)).filter(|_| is_file)
    });
    let title = StoredValue::new(title);
    view! {
        <div class="network" class:is-in-use=is_in_use data-network=name aria-current=move || is_in_use.get().then_some("true")>
            <input type="radio" name="network" id=id.clone() prop:checked=is_checked on:change=choose />
            <label for=id>
                {move || match kind.get() {
                    Some(kind) => view! {
                        <strong role="status" data-testid="opened" data-kind=kind_name(kind)>{title.get_value()}</strong>
                    }
                    .into_any(),
                    None => view! { <strong>{title.get_value()}</strong> }.into_any(),
                }}
                <span class="hint" hidden=hint.is_empty()>{hint.clone()}</span>
            </label>
            <div class="network-more">
                {move || is_asked.get().then(|| view! { <Coming /> })}
                {move || in_use.get().map(|network| view! { <InUse network kind /> })}
            </div>
        </div>
    }
}

/// How far a network is that was asked for.
#[component]
fn Coming() -> impl IntoView {
    let progress = Memo::new(move |_| app().choice.with(|choice| choice.progress.clone()));
    let loaded = move || progress.get().map_or(0, |progress| progress.loaded_bytes);
    let total = move || progress.get().and_then(|progress| progress.total_bytes).unwrap_or(1);
    view! {
        <div class="coming" role="status" data-testid="network-progress" data-value=loaded>
            <progress max=move || total().to_string() value=move || loaded().to_string() aria-label=t!("Loading the network")></progress>
            <span class="hint">
                {move || progress.get().map_or_else(
                    || t!("Loading the network…"),
                    |progress| words::loading(&progress),
                )}
            </span>
        </div>
    }
}

/// What is known of the network in use.
#[component]
fn InUse(network: NetworkInUse, kind: Memo<Option<FileKind>>) -> impl IntoView {
    let trained_on = network
        .experiment
        .as_ref()
        .map(|it| t!("trained on {dataset}", dataset = translated(it.dataset.title())));
    let parameters =
        network.parameters.map(|parameters| t!("{n} parameter" | "{n} parameters" % parameters));
    let facts: Vec<String> =
        [Some(network.network.clone()), parameters, trained_on].into_iter().flatten().collect();
    let has_notes = !network.notes.is_empty();
    let notes = network.notes.iter().map(|note| view! { <li>{note.clone()}</li> }).collect_view();
    let card = match network.origin {
        Origin::Chosen(NetworkSource::Hosted(entry)) => Some(view! { <NetworkCard entry /> }),
        Origin::Chosen(NetworkSource::Run | NetworkSource::Kept(_)) | Origin::File(_) => None,
    };
    view! {
        <span class="hint">{facts.join(" · ")}</span>
        <Classes names=class_titles(&network.class_names) />
        <span class="hint" hidden=move || kind.get() != Some(FileKind::Checkpoint)>
            {t!("The run that the file holds can go on, on the Train page.")}
        </span>
        <ul class="notes" hidden=!has_notes>{notes}</ul>
        {card}
    }
}

#[component]
fn Classes(names: Vec<String>) -> impl IntoView {
    let count = names.len();
    let all = names.join(&t!(", "));
    match count {
        0 => ().into_any(),
        1..=MAX_NAMED => view! {
            <span class="hint">{t!("It knows: {classes}. Whatever you show it, its guess is one of these.", classes = all)}</span>
        }
        .into_any(),
        _ => view! {
            <details class="classes hint">
                <summary>{t!("It knows {count} classes, and its guess is one of them whatever you show it", count)}</summary>
                <p>{all}</p>
            </details>
        }
        .into_any(),
    }
}
