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
                <span class="status-word" role="status">{move || status.get().title()}</span>
                <span class="status-sentence">{sentence}</span>
            </div>
            <ProgressBar />
            <ul class="notes" hidden=move || notes.with(Vec::is_empty)>{note_items}</ul>
            <Device />
        </div>
    }
}

fn sentence(run: &RunState) -> String {
    match run.status {
        Status::Idle if run.stopped && run.epoch > 0 => {
            t!("Stopped in epoch {epoch}.", epoch = run.epoch)
        }
        Status::Idle if run.stopped => t!("Stopped before the first step."),
        Status::Idle if run.experiment.is_some() => standing(run),
        Status::Idle => t!("Choose a preset or your own settings, then start."),
        Status::Loading => {
            run.loading.as_ref().map_or_else(|| t!("Starting the training engine…"), words::loading)
        }
        Status::Compiling => {
            t!("Preparing the network for this device; the first step takes longest.")
        }
        Status::Training => position(run),
        Status::Paused => t!("Held. {position}", position = position(run)),
        Status::Finished => match run.epochs.last() {
            Some(last) => {
                let time = words::duration(last.elapsed_secs);
                t!("{n} epoch in {time}." | "{n} epochs in {time}." % last.epoch, time)
            }
            None => String::new(),
        },
        Status::Failed => t!("The message says why; what was measured so far stays."),
    }
}

/// Of a run from a checkpoint that has not gone on yet.
fn standing(run: &RunState) -> String {
    let epochs = run.experiment.as_ref().map_or(0, |experiment| experiment.epochs);
    let step = run.step_in_epoch().unwrap_or_default();
    t!("A run stands {standing}.", standing = words::standing(run.epochs.len(), step, epochs))
}

fn position(run: &RunState) -> String {
    match &run.info {
        Some(info) => t!(
            "Epoch {epoch} of {epochs}, step {step} of {steps}.",
            epoch = run.epoch,
            epochs = info.experiment.epochs,
            step = run.step,
            steps = info.steps_per_epoch
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
            aria-label=t!("Progress of the run")
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
            <summary>{t!("Limits of this device")}</summary>
            <dl class="limits">{limits.collect_view()}</dl>
        </details>
    }
}
