//! Which network classifies: of this tab's run, or from a file.

use leptos::prelude::*;

use crate::experiment::held::NetworkInUse;
use crate::protocol::FileKind;
use crate::ui::components::file_controls::kind_name;
use crate::ui::state::app;

/// More classes than this are folded away.
const MAX_NAMED: usize = 12;

/// The networks that there are to choose from: for now, at most the one in use.
#[component]
pub fn NetworkChoice() -> impl IntoView {
    let held = app().held;
    let network = Memo::new(move |_| {
        held.with(|held| {
            let kind = held.opened.as_ref().map(|opened| opened.kind);
            held.network.clone().map(|network| (network, kind))
        })
    });
    view! {
        <ul class="networks" data-testid="model-select" aria-label="Networks">
            {move || match network.get() {
                Some((network, kind)) => view! { <InUse network kind /> }.into_any(),
                None => ().into_any(),
            }}
        </ul>
    }
}

#[component]
fn InUse(
    network: NetworkInUse,
    /// Of the file that was opened last, until a run begins: the network is from it.
    kind: Option<FileKind>,
) -> impl IntoView {
    let title = match &network.file {
        Some(file) => format!("From “{file}”"),
        None => "Trained in this tab".to_owned(),
    };
    let trained_on =
        network.experiment.as_ref().map(|it| format!("trained on {}", it.dataset.title()));
    let parameters =
        network.parameters.map(|parameters| t!("{n} parameter" | "{n} parameters" % parameters));
    let facts: Vec<String> =
        [Some(network.network.clone()), parameters, trained_on].into_iter().flatten().collect();
    let notes = network.notes.iter().map(|note| view! { <li>{note.clone()}</li> }).collect_view();
    let has_run = kind == Some(FileKind::Checkpoint);
    view! {
        <li class="network" aria-current="true">
            {match kind {
                Some(kind) => view! {
                    <strong role="status" data-testid="opened" data-kind=kind_name(kind)>{title}</strong>
                }
                .into_any(),
                None => view! { <strong>{title}</strong> }.into_any(),
            }}
            <span class="hint">{facts.join(" · ")}</span>
            <Classes names=network.class_names />
            <span class="hint" hidden=!has_run>"The run that the file holds can go on, on the Train page."</span>
            <ul class="notes" hidden=network.notes.is_empty()>{notes}</ul>
        </li>
    }
}

#[component]
fn Classes(names: Vec<String>) -> impl IntoView {
    let count = names.len();
    let all = names.join(", ");
    match count {
        0 => ().into_any(),
        1..=MAX_NAMED => view! {
            <span class="hint">"It knows: "{all}". Whatever you show it, it will answer with one of these."</span>
        }
        .into_any(),
        _ => view! {
            <details class="classes hint">
                <summary>{format!("It knows {count} classes, and answers with one of them whatever you show it")}</summary>
                <p>{all}</p>
            </details>
        }
        .into_any(),
    }
}
