//! The numbers of the run; each also stands, unrounded, in its element's `data-value`.

use leptos::prelude::*;

use super::explained::{Explained, Section};
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::run::RunState;
use crate::experiment::words;
use crate::ui::state::app;

/// Steps whose losses are exposed to tests and scripts.
const EXPOSED_STEPS: usize = 512;

/// A number on the page: the test id, the label, where it comes from, how it is written, and
/// what it means.
struct Figure {
    name: &'static str,
    label: fn() -> String,
    value: fn(&RunState) -> Option<f64>,
    text: fn(f64) -> String,
    help: fn() -> String,
}

const MAIN: &[Figure] = &[
    Figure {
        name: "test-accuracy",
        label: || t!("Test accuracy"),
        value: |run| last(run, |epoch| epoch.test_accuracy),
        text: words::percent,
        help: || t!("Share of unseen test images classified rightly, after the last epoch"),
    },
    Figure {
        name: "label-accuracy",
        label: || t!("Label accuracy"),
        value: |run| last(run, |epoch| epoch.label_accuracy),
        text: words::percent,
        help: || t!("Share of training images whose most trusted candidate is the true label"),
    },
    Figure {
        name: "loss",
        label: || t!("Loss"),
        value: RunState::loss,
        text: words::significant,
        help: || t!("Training loss of the latest steps"),
    },
    Figure {
        name: "epoch",
        label: || t!("Epoch"),
        value: |run| (run.epoch > 0).then_some(run.epoch as f64),
        text: whole,
        help: || t!("Passes over the training images"),
    },
    Figure {
        name: "throughput",
        label: || t!("Images a second"),
        value: |run| run.images_per_sec,
        text: words::significant,
        help: || t!("Training images, over the last seconds"),
    },
    Figure {
        name: "eta",
        label: || t!("Time left"),
        value: RunState::eta_secs,
        text: words::duration,
        help: || t!("Until the run ends, if it goes on at this speed"),
    },
];

const FURTHER: &[Figure] = &[
    Figure {
        name: "best-accuracy",
        label: || t!("Best test accuracy"),
        value: |run| Some(run.summary()?.best),
        text: words::percent,
        help: || t!("Over all epochs"),
    },
    Figure {
        name: "mean-accuracy",
        label: || t!("Mean of last 10"),
        value: |run| Some(run.summary()?.mean_of_last_ten),
        text: words::percent,
        help: || t!("Test accuracy over the last ten epochs, as in the paper"),
    },
    Figure {
        name: "mean-confidence",
        label: || t!("Mean confidence"),
        value: |run| last(run, |epoch| epoch.mean_confidence),
        text: words::percent,
        help: || t!("The largest confidence of an image, on average"),
    },
    Figure {
        name: "confident-wrong",
        label: || t!("Confidently wrong"),
        value: |run| last(run, |epoch| epoch.confident_wrong),
        text: words::percent,
        help: || t!("Share of training images that hold a wrong label with a confidence over 0.9"),
    },
    Figure {
        name: "learning-rate",
        label: || t!("Learning rate"),
        value: |run| last(run, |epoch| epoch.lr),
        text: words::significant,
        help: || t!("Of the last epoch"),
    },
    Figure {
        name: "parameters",
        label: || t!("Parameters"),
        value: |run| Some(run.info.as_ref()?.parameters as f64),
        text: whole,
        help: || t!("Learnable numbers in the network"),
    },
    Figure {
        name: "train-images",
        label: || t!("Training images"),
        value: |run| Some(run.info.as_ref()?.train_images as f64),
        text: whole,
        help: String::new,
    },
    Figure {
        name: "test-images",
        label: || t!("Test images"),
        value: |run| Some(run.info.as_ref()?.test_images as f64),
        text: whole,
        help: String::new,
    },
];

fn last(run: &RunState, value: fn(&EpochMetrics) -> f64) -> Option<f64> {
    run.epochs.last().map(value)
}

fn whole(value: f64) -> String {
    words::count(value as u64)
}

#[component]
pub fn Numbers() -> impl IntoView {
    view! {
        <dl class="numbers">{MAIN.iter().map(figure).collect_view()}</dl>
        <details class="further">
            <summary>{t!("More numbers")}</summary>
            <dl class="numbers is-small">
                {FURTHER.iter().map(figure).collect_view()}
                <Candidates />
            </dl>
            <Explained section=Section::Measured of=t!("More numbers") />
        </details>
        <StepLosses />
    }
}

fn figure(figure: &'static Figure) -> impl IntoView {
    let run = app().run;
    let value = Memo::new(move |_| run.with(figure.value));
    let text = move || value.get().map_or_else(|| "–".to_owned(), figure.text);
    view! {
        <div class="number" title=(figure.help)()>
            <dt>{(figure.label)()}</dt>
            <dd data-testid=figure.name data-value=move || value.get().map(|value| value.to_string())>{text}</dd>
        </div>
    }
}

#[component]
fn Candidates() -> impl IntoView {
    let run = app().run;
    let sets = Memo::new(move |_| {
        run.with(|run| {
            let info = run.info.as_ref()?;
            Some((info.candidates.mean_size, info.candidates_digest.clone()))
        })
    });
    let mean = move || sets.with(|sets| sets.as_ref().map(|(mean, _)| *mean));
    let digest = move || sets.with(|sets| sets.as_ref().map(|(_, digest)| digest.clone()));
    view! {
        <div class="number" title=t!("Mean size of the candidate sets")>
            <dt>{t!("Candidates an image")}</dt>
            <dd data-testid="candidates" data-value=move || mean().map(|mean| mean.to_string()) data-digest=digest>
                {move || mean().map_or_else(|| "–".to_owned(), |mean| format!("{mean:.2}"))}
            </dd>
        </div>
    }
}

/// Lets a test compare two runs step by step.
#[component]
fn StepLosses() -> impl IntoView {
    let run = app().run;
    let steps = Memo::new(move |_| run.with(|run| run.step_losses.len().min(EXPOSED_STEPS)));
    let losses = move || {
        let steps = steps.get();
        run.with_untracked(|run| {
            serde_json::to_string(&run.step_losses[..steps.min(run.step_losses.len())])
        })
        .unwrap_or_default()
    };
    view! { <span hidden data-testid="step-losses" data-value=losses></span> }
}
