//! The numbers of every epoch, the newest on top.

use leptos::prelude::*;

use crate::experiment::metrics::EpochMetrics;
use crate::experiment::words;
use crate::ui::state::app;

/// Rows in the page; more would only make it slow.
const MAX_ROWS: usize = 200;

#[component]
pub fn EpochTable() -> impl IntoView {
    let run = app().run;
    // The last epoch tells two runs of the same length apart.
    let newest = Memo::new(move |_| run.with(|run| (run.epochs.len(), run.epochs.last().copied())));
    let is_empty = move || newest.with(|(epochs, _)| *epochs == 0);
    let rows = move || {
        newest.get();
        run.with_untracked(|run| {
            run.epochs.iter().rev().take(MAX_ROWS).copied().collect::<Vec<_>>()
        })
    };
    view! {
        <section class="card" aria-label=t!("Epochs")>
            <h2>{t!("Epoch by epoch")}</h2>
            <p class="placeholder" hidden=move || !is_empty()>{t!("A row for each epoch appears here.")}</p>
            <div class="table-frame" tabindex="0" role="region" aria-label=t!("Epoch by epoch") hidden=is_empty>
                <table class="run-table" data-testid="epoch-table">
                    <thead>
                        <tr>
                            <th scope="col">{t!("Epoch")}</th>
                            <th scope="col">{t!("Loss")}</th>
                            <th scope="col">{t!("Test accuracy")}</th>
                            <th scope="col">{t!("Label accuracy")}</th>
                            <th scope="col">{t!("Mean confidence")}</th>
                            <th scope="col">{t!("Learning rate")}</th>
                            <th scope="col">{t!("Images/s")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=rows key=key children=row />
                    </tbody>
                </table>
            </div>
        </section>
    }
}

/// Two runs may have the same epochs; the clock tells them apart.
fn key(epoch: &EpochMetrics) -> (usize, u64) {
    (epoch.epoch, epoch.elapsed_secs.to_bits())
}

fn row(epoch: EpochMetrics) -> impl IntoView {
    view! {
        <tr data-epoch=epoch.epoch>
            <th scope="row">{epoch.epoch}</th>
            {cell(epoch.loss, words::significant)}
            {cell(epoch.test_accuracy, words::percent)}
            {cell(epoch.label_accuracy, words::percent)}
            {cell(epoch.mean_confidence, words::percent)}
            {cell(epoch.lr, words::significant)}
            {cell(epoch.images_per_sec, |rate| words::significant(rate.round()))}
        </tr>
    }
}

fn cell(value: f64, text: fn(f64) -> String) -> impl IntoView {
    view! { <td data-value=value>{text(value)}</td> }
}
