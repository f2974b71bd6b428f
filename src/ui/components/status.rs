//! Where the run stands: in a word, in a sentence, and as a bar; and the device that trains.

use leptos::prelude::*;

use crate::experiment::run::{RunState, Status};
use crate::experiment::{display, words};
use crate::protocol::{DeviceKind, DeviceReport};
use crate::ui::state::app;

#[component]
pub fn StatusPanel() -> impl IntoView {
    let app = app();
    let status = Memo::new(move |_| app.run.with(|run| run.status));
    let sentence = Memo::new(move |_| app.run.with(sentence));
    let notes = Memo::new(move |_| {
        let of_run = app.run.with(|run| run.info.as_ref().map(|info| info.notes.clone()));
        let own = app.note.get();
        own.into_iter().chain(of_run.unwrap_or_default()).collect::<Vec<_>>()
    });
    let note_items = move || {
        let notes = notes.get();
        notes.into_iter().map(|note| view! { <li>{note}</li> }).collect_view()
    };
    view! {
        <div class="status-panel">
            <div class="status-line" data-testid="status" data-state=move || status.get().name()>
                <span class="status-word" role="status">{move || word(status.get())}</span>
                <span class="status-sentence">{sentence}</span>
            </div>
            <ProgressBar />
            <ul class="notes" hidden=move || notes.with(Vec::is_empty)>{note_items}</ul>
            <Device />
        </div>
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Idle => "Ready",
        Status::Loading => "Loading",
        Status::Compiling => "Compiling",
        Status::Training => "Training",
        Status::Paused => "Paused",
        Status::Finished => "Finished",
        Status::Failed => "Failed",
    }
}

fn sentence(run: &RunState) -> String {
    match run.status {
        Status::Idle if run.stopped && run.epoch > 0 => {
            format!("Stopped in epoch {}.", run.epoch)
        }
        Status::Idle if run.stopped => "Stopped before the first step.".to_owned(),
        Status::Idle if run.experiment.is_some() => standing(run),
        Status::Idle => "Choose a preset or your own settings, then start.".to_owned(),
        Status::Loading => run
            .loading
            .as_ref()
            .map_or_else(|| "Starting the training engine…".to_owned(), words::loading),
        Status::Compiling => {
            "Preparing the network for this device; the first step takes longest.".to_owned()
        }
        Status::Training => position(run),
        Status::Paused => format!("Held. {}", position(run)),
        Status::Finished => match run.epochs.last() {
            Some(last) => {
                format!("{} epochs in {}.", last.epoch, words::duration(last.elapsed_secs))
            }
            None => String::new(),
        },
        Status::Failed => "The message says why; what was measured so far stays.".to_owned(),
    }
}

/// Of a run from a checkpoint that has not gone on yet.
fn standing(run: &RunState) -> String {
    let epochs = run.experiment.as_ref().map_or(0, |experiment| experiment.epochs);
    let step = run.step_in_epoch().unwrap_or_default();
    format!("A run stands {}.", words::standing(run.epochs.len(), step, epochs))
}

fn position(run: &RunState) -> String {
    match &run.info {
        Some(info) => format!(
            "Epoch {} of {}, step {} of {}.",
            run.epoch, info.experiment.epochs, run.step, info.steps_per_epoch
        ),
        None => String::new(),
    }
}

#[component]
fn ProgressBar() -> impl IntoView {
    let run = app().run;
    let share = Memo::new(move |_| run.with(RunState::progress));
    // While data are fetched the bar shows the file, and does not say that it is the run.
    let fetched = Memo::new(move |_| {
        run.with(|run| match (&run.loading, run.status) {
            (Some(progress), Status::Loading) => display::share_loaded(progress),
            _ => None,
        })
    });
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label="Progress of the run"
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || format!("{:.1}", share.get() * 100.0)
            aria-valuetext=move || words::percent(share.get())
            data-testid="progress"
            data-value=share
        >
            <div class="progress-done" style=("--share", move || share.get().to_string())></div>
        </div>
        <div class="progress is-download" aria-hidden="true" hidden=move || fetched.get().is_none()>
            <div class="progress-done" style=("--share", move || fetched.get().unwrap_or_default().to_string())></div>
        </div>
    }
}

#[component]
fn Device() -> impl IntoView {
    let run = app().run;
    let device = Memo::new(move |_| run.with(|run| run.device.clone()));
    let kind = move || device.with(|device| device.as_ref().map(|device| device.kind.name()));
    view! {
        <div class="device" data-testid="device" data-device=kind hidden=move || device.with(Option::is_none)>
            {move || device.get().map(describe)}
        </div>
    }
}

fn describe(device: DeviceReport) -> impl IntoView {
    let kind = match device.kind {
        DeviceKind::WebGpu => "WebGPU",
        DeviceKind::Cpu => "CPU",
    };
    let has_limits = !device.limits.is_empty();
    let limits = device.limits.into_iter().map(|(name, value)| {
        view! { <div><dt>{name}</dt><dd>{value}</dd></div> }
    });
    view! {
        <p>
            <span class="badge">{kind}</span>
            " "
            {device.name}
        </p>
        {device.reason.map(|reason| view! { <p class="hint">{reason}</p> })}
        <details hidden=!has_limits>
            <summary>"Limits of this device"</summary>
            <dl class="limits">{limits.collect_view()}</dl>
        </details>
    }
}
