//! Several runs one after the other: the form that plans them, how far they are, and what came of
//! them over the seeds.

use leptos::ev;
use leptos::prelude::*;

use super::copy::{Copied, CopiedLine, copy};
use super::small_button::SmallButton;
use crate::experiment::language::translated;
use crate::experiment::runs::queue::Queue;
use crate::experiment::runs::summary::{COLUMNS, Group, Table};
use crate::experiment::runs::sweep::{self, SweepError};
use crate::experiment::{Experiment, Method};
use crate::ui::state::{App, app};

/// Where the queue stands, and its results.
#[component]
pub fn QueuePanel() -> impl IntoView {
    let app = app();
    let runs = app.runs;
    let is_busy = Memo::new(move |_| app.is_busy());
    let is_running = Memo::new(move |_| runs.turn.get().is_some());
    let state = Memo::new(move |_| {
        let is_over = runs.queue.with(|queue| queue.as_ref().map(Queue::is_over));
        match (is_over, is_running.get()) {
            (None, _) => "none",
            (Some(_), true) => "running",
            (Some(true), false) => "over",
            (Some(false), false) => "held",
        }
    });
    let done = move || runs.queue.with(|queue| queue.as_ref().map(|queue| queue.done().count()));
    let left = move || runs.queue.with(|queue| queue.as_ref().map(Queue::left));
    let title = move || runs.queue.with(|queue| queue.as_ref().map(|queue| queue.title.clone()));
    let standing = move || {
        let standing = runs.queue.with(|queue| Some(queue.as_ref()?.standing()))?;
        let next = match state.get() {
            "held" => t!("It can go on from here; what is done is kept."),
            "running" => t!("You can leave this tab in the background."),
            _ => String::new(),
        };
        Some(t!("{standing}. {next}", standing, next))
    };
    view! {
        <div
            class="queue"
            data-testid="queue"
            data-state=state
            data-done=done
            data-left=left
            hidden=move || state.get() == "none"
        >
            <p role="status"><strong>{title}</strong>{t!(": ")}{standing}</p>
            <div class="queue-buttons">
                <SmallButton
                    test_id="queue-go-on"
                    text=t!("Go on with the queue")
                    is_primary=true
                    hidden=Signal::derive(move || state.get() != "held")
                    disabled=is_busy
                    press=move |()| app.go_on_with_queue()
                />
                <SmallButton
                    test_id="queue-drop"
                    text=Signal::derive(move || if state.get() == "held" { t!("Drop the rest") } else { t!("Close") })
                    hidden=is_running
                    press=move |()| runs.drop_queue()
                />
            </div>
            <SummaryTable />
        </div>
    }
}

#[component]
fn SummaryTable() -> impl IntoView {
    let runs = app().runs;
    let table = Memo::new(move |_| {
        let done: Vec<_> = runs.queue.with(|queue| queue.iter().flat_map(Queue::done).collect());
        runs.shelf.with(|shelf| {
            Table::of(&done.into_iter().filter_map(|id| shelf.get(id)).collect::<Vec<_>>())
        })
    });
    let is_empty = move || table.with(|table| table.groups.is_empty());
    let copied = RwSignal::new(Copied::No);
    let heads = move || {
        let settings = table.with(|table| table.settings.clone()).into_iter();
        settings
            .map(|setting| view! { <th scope="col">{translated(setting.label())}</th> })
            .collect_view()
    };
    let rows = move || table.get().groups.into_iter().map(group).collect_view();
    view! {
        <div class="summary" hidden=is_empty>
            <div class="table-frame" tabindex="0" role="region" aria-label=t!("Mean and standard deviation")>
                <table class="run-table" data-testid="summary-table" aria-label=t!("Mean and standard deviation")>
                    <thead>
                        <tr>
                            {heads}
                            <th scope="col">{t!("Runs")}</th>
                            {COLUMNS.iter().map(|column| view! { <th scope="col">{translated(column.title)}" %"</th> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div class="queue-buttons">
                <SmallButton test_id="copy-csv" text=t!("Copy as CSV") press=move |()| copy("CSV".to_owned(), table.with_untracked(Table::to_csv), copied) />
                <SmallButton test_id="copy-latex" text=t!("Copy as LaTeX") press=move |()| copy("LaTeX".to_owned(), table.with_untracked(Table::to_latex), copied) />
                <CopiedLine copied />
            </div>
            <p class="hint">{t!("Test accuracy and label accuracy as mean ± sample standard deviation over the seeds.")}</p>
        </div>
    }
}

fn group(group: Group) -> impl IntoView {
    let values = group.values.into_iter().map(|value| view! { <td>{value}</td> });
    let spreads = group.spreads.into_iter().map(|spread| {
        let deviation = spread.deviation.map(|deviation| deviation.to_string());
        view! { <td data-value=spread.mean.to_string() data-deviation=deviation>{spread.text()}</td> }
    });
    view! {
        <tr>
            {values.collect_view()}
            <td>{group.runs}</td>
            {spreads.collect_view()}
        </tr>
    }
}

/// Twins in one click, and a sweep in a few words.
#[component]
pub fn QueueForm() -> impl IntoView {
    let app = app();
    let is_busy = Memo::new(move |_| app.is_busy());
    let is_wrong = move || app.form.first_wrong().is_some();
    let twins = move |_| {
        let base = app.form.experiment.get_untracked();
        app.start_queue(sweep::title_of_twins(&base), sweep::twins(&base));
    };
    view! {
        <div class="plans">
            <div class="plan">
                <button
                    type="button"
                    class="button"
                    data-testid="twins"
                    disabled=move || is_busy.get() || is_wrong()
                    on:click=twins
                >
                    {t!("Compare the three methods")}
                </button>
                <p class="hint">
                    {t!("PRODEN, Average and Supervised one after the other, with the settings of the form: the same seed, first weights and batches, and for the first two the same candidate sets.")}
                </p>
            </div>
            <details class="plan sweep">
                <summary>{t!("Queue several runs…")}</summary>
                <SweepForm app is_busy />
            </details>
        </div>
    }
}

#[component]
fn SweepForm(app: App, is_busy: Memo<bool>) -> impl IntoView {
    let (rates, seeds) =
        (RwSignal::new("0.1, 0.3, 0.5".to_owned()), RwSignal::new("1-3".to_owned()));
    let methods = RwSignal::new(vec![Method::Proden]);
    let plan = Memo::new(move |_| {
        let base = app.form.experiment.get();
        methods.with(|methods| sweep::experiments(&base, &rates.get(), &seeds.get(), methods))
    });
    let is_wrong = move || plan.with(Result::is_err) || app.form.first_wrong().is_some();
    let begin = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(experiments) = plan.get_untracked()
            && !untrack(is_wrong)
        {
            app.start_queue(sweep::title(&experiments), experiments);
        }
    };
    let choices = Method::ALL.iter().map(|&method| {
        let choose = move |event: ev::Event| {
            let chosen = event_target_checked(&event);
            methods.update(|methods| *methods = with(methods, method, chosen));
        };
        view! {
            <label class="check">
                <input type="checkbox" name=format!("sweep-{method}") prop:checked=move || methods.with(|it| it.contains(&method)) on:change=choose />
                {translated(method.title())}
            </label>
        }
    });
    view! {
        <form class="sweep-form" on:submit=begin>
            <label>
                {t!("Ambiguities q")}
                <input type="text" data-testid="sweep-rates" autocomplete="off" spellcheck="false" prop:value=rates on:input=move |event| rates.set(event_target_value(&event)) />
            </label>
            <label>
                {t!("Seeds")}
                <input type="text" data-testid="sweep-seeds" autocomplete="off" spellcheck="false" prop:value=seeds on:input=move |event| seeds.set(event_target_value(&event)) />
            </label>
            <fieldset class="checks">
                <legend>{t!("Methods")}</legend>
                {choices.collect_view()}
            </fieldset>
            <p class="sweep-plan" class:is-wrong=move || plan.with(Result::is_err) role="status" data-testid="sweep-plan">
                {move || plan.with(in_words)}
            </p>
            <button type="submit" class="button small primary" data-testid="sweep-start" title=t!("All of them, one after the other") disabled=move || is_busy.get() || is_wrong()>{t!("Start the queue")}</button>
        </form>
    }
}

/// The methods with one more or less, in their usual order.
fn with(methods: &[Method], method: Method, chosen: bool) -> Vec<Method> {
    let is_in = |it: &Method| if *it == method { chosen } else { methods.contains(it) };
    Method::ALL.iter().copied().filter(is_in).collect()
}

fn in_words(plan: &Result<Vec<Experiment>, SweepError>) -> String {
    match plan {
        Ok(experiments) => t!("{n} run; all other settings as in the form."
            | "{n} runs; all other settings as in the form." % experiments.len()),
        Err(error) => error.to_string(),
    }
}
