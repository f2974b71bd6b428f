//! Start, continue, pause, resume, stop.

use leptos::prelude::*;

use super::field;
use super::icon::{self, Icon};
use crate::experiment::Experiment;
use crate::experiment::run::Status;
use crate::ui::state::{App, app};

#[component]
pub fn Controls() -> impl IntoView {
    let app = app();
    let status = Memo::new(move |_| app.run.with(|run| run.status));
    let is_active = move || status.get().is_active();
    let is_paused = move || status.get() == Status::Paused;
    let can_pause = move || status.get() == Status::Training;
    let has_run = Memo::new(move |_| app.can_go_on());
    let is_over =
        move || has_run.get() || matches!(status.get(), Status::Finished | Status::Failed);
    // While there are epochs left, to go on is what one wants rather than to begin anew.
    let is_unfinished = Memo::new(move |_| {
        let planned = app.form.experiment.with(|experiment| experiment.epochs);
        let done = app.run.with(|run| run.epochs.len());
        has_run.get() && !is_active() && done < planned
    });
    let is_busy = Memo::new(move |_| app.is_busy());
    view! {
        <div class="controls">
            <button
                type="button"
                class="button"
                class:primary=move || !is_unfinished.get()
                data-testid="start"
                disabled=is_busy
                on:click=move |_| if_valid(app, App::start)
            >
                <Icon path=icon::PLAY />
                {move || if is_over() { t!("Start again") } else { t!("Start training") }}
            </button>
            <button
                type="button"
                class="button"
                class:primary=is_unfinished
                title=t!("Go on with the run that is here; to go on beyond its end, set more epochs first")
                data-testid="resume-offer"
                hidden=move || !has_run.get() || is_active()
                disabled=is_busy
                on:click=move |_| go_on(app)
            >
                <Icon path=icon::GO_ON />
                {t!("Continue")}
            </button>
            <button type="button" class="button" data-testid="pause" hidden=is_paused disabled=move || !can_pause() on:click=move |_| app.pause()>
                <Icon path=icon::PAUSE />
                {t!("Pause")}
            </button>
            <button type="button" class="button" data-testid="resume" hidden=move || !is_paused() on:click=move |_| app.resume()>
                <Icon path=icon::PLAY />
                {t!("Resume")}
            </button>
            <button type="button" class="button" data-testid="stop" disabled=move || !is_active() on:click=move |_| app.stop()>
                <Icon path=icon::STOP />
                {t!("Stop")}
            </button>
        </div>
    }
}

/// Goes on with the run that the engine holds, or else with one that was interrupted.
fn go_on(app: App) {
    if app.held.with_untracked(|held| held.can_continue()) {
        if_valid(app, App::go_on);
    } else {
        app.resume_interrupted();
    }
}

/// Does it with the form's settings, or leads to the field that must be put right first.
fn if_valid(app: App, begin: fn(App, Experiment)) {
    match untrack(|| app.form.first_wrong()) {
        Some(setting) => field::focus(&field::id(setting)),
        None => begin(app, app.form.experiment.get_untracked()),
    }
}
