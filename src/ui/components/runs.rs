//! Kept runs: one chart, one table, twins and queues.

use leptos::prelude::*;

use super::queue::{QueueForm, QueuePanel};
use super::run_chart::RunChart;
use super::run_table::RunTable;
use crate::ui::state::app;

#[component]
pub fn RunsSection() -> impl IntoView {
    view! {
        <section class="card runs" aria-label=t!("Runs") data-testid="runs">
            <h2>{t!("Runs")}</h2>
            <QueuePanel />
            <RunChart />
            <RunTable />
            <Unreadable />
            <QueueForm />
        </section>
    }
}

/// Kept runs that cannot be read; they are left where they are until the visitor says otherwise.
#[component]
fn Unreadable() -> impl IntoView {
    let runs = app().runs;
    let items = move || {
        let item = |(key, why): (String, String)| view! { <li><code>{key}</code>": "{why}"."</li> };
        runs.unreadable.get().into_iter().map(item).collect_view()
    };
    view! {
        <div class="notes" role="status" data-testid="unreadable" hidden=move || runs.unreadable.with(Vec::is_empty)>
            <p>{t!("Something that this browser keeps could not be read. It was left as it is:")}</p>
            <ul>{items}</ul>
            <button type="button" class="text-button" on:click=move |_| runs.remove_unreadable()>{t!("Remove it for good")}</button>
        </div>
    }
}
