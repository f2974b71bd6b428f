//! How ambiguous the training set is: the sizes of its candidate sets, known before the first step.

use leptos::prelude::*;

use super::explained::{Explained, Section};
use crate::experiment::ambiguity::Expected;
use crate::experiment::display::{self, SizeColumn};
use crate::experiment::words;
use crate::protocol::CandidateStats;
use crate::ui::state::app;

/// Columns that can be told apart on a phone.
const MAX_COLUMNS: usize = 20;
/// With more columns than this, only some have their size written below.
const MAX_LABELS: usize = 10;

#[component]
pub fn CandidateSets() -> impl IntoView {
    let run = app().run;
    let stats = Memo::new(move |_| {
        run.with(|run| run.info.as_ref().map(|info| (info.candidates.clone(), info.train_images)))
    });
    view! {
        <section class="card" aria-label=t!("Candidate sets") hidden=move || stats.with(Option::is_none)>
            <h2>{t!("Candidate sets")}</h2>
            <p class="hint">
                {t!("How many labels each training image might have. The fewer, the more the network is told.")}
                " "
                <Explained section=Section::PartialLabels of=t!("Candidate sets") />
            </p>
            {move || stats.get().map(|(stats, images)| view! { <Figures stats images /> })}
        </section>
    }
}

/// What the form's settings will make of the sets: the expectation, before anything is drawn.
#[component]
pub fn ExpectedSets() -> impl IntoView {
    let form = app().form;
    let expected = Memo::new(move |_| form.experiment.with(Expected::of));
    view! {
        <p
            class="field-help"
            data-testid="expected-size"
            data-value=move || expected.get().map(|expected| expected.mean_size)
            hidden=move || expected.get().is_none()
        >
            {move || expected.get().map(|expected| expected.words())}
        </p>
    }
}

#[component]
fn Figures(stats: CandidateStats, images: usize) -> impl IntoView {
    let percent = words::percent as fn(f64) -> String;
    view! {
        <div class="candidate-sets">
            <dl class="numbers">
                {figure("candidates-mean", t!("Mean size"), stats.mean_size, words::significant, t!("Labels in a set, on average"))}
                {figure("candidates-singletons", t!("Certain"), stats.singletons(), percent, t!("Images with one candidate: the true label"))}
                {figure("candidates-full", t!("Say nothing"), stats.full_sets(), percent, t!("Images with every class as a candidate"))}
            </dl>
            <Histogram stats images />
        </div>
    }
}

fn figure(
    test_id: &'static str,
    label: String,
    value: f64,
    text: fn(f64) -> String,
    help: String,
) -> impl IntoView {
    view! {
        <div class="number" title=help>
            <dt>{label}</dt>
            <dd data-testid=test_id data-value=value>{text(value)}</dd>
            <dd class="number-help">{help.clone()}</dd>
        </div>
    }
}

#[component]
fn Histogram(stats: CandidateStats, images: usize) -> impl IntoView {
    let sizes = serde_json::to_string(&stats.images_of_size).unwrap_or_default();
    let columns = display::size_columns(&stats.images_of_size, MAX_COLUMNS);
    let label_every = columns.len().div_ceil(MAX_LABELS);
    let summary = t!("Sizes of the candidate sets of {n} image"
        | "Sizes of the candidate sets of {n} images" % images);
    let columns = columns.into_iter().enumerate().map(|(position, column)| {
        view! { <Column column is_labelled=position.is_multiple_of(label_every) /> }
    });
    view! {
        <figure class="histogram">
            <ol data-testid="candidates-histogram" data-value=sizes aria-label=summary>
                {columns.collect_view()}
            </ol>
            <figcaption class="hint" aria-hidden="true">{t!("Labels in the set")}</figcaption>
        </figure>
    }
}

#[component]
fn Column(column: SizeColumn, is_labelled: bool) -> impl IntoView {
    let SizeColumn { from, to, images, share, height } = column;
    let size = if from == to { from.to_string() } else { format!("{from}–{to}") };
    let share = words::percent(share);
    let text = match to {
        1 => t!(
            "{size} label: {n} image, {share}" | "{size} label: {n} images, {share}" % images,
            size,
            share
        ),
        _ => t!(
            "{size} labels: {n} image, {share}" | "{size} labels: {n} images, {share}" % images,
            size,
            share
        ),
    };
    let tip = text.clone();
    view! {
        <li title=tip>
            <span class="visually-hidden">{text}</span>
            <span class="column-track" aria-hidden="true">
                <span class="column-fill" style=("--share", height.to_string())></span>
            </span>
            <span class="column-label" aria-hidden="true">{is_labelled.then_some(size)}</span>
        </li>
    }
}
