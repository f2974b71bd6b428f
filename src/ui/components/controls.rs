//! Start, pause, resume, stop, and the link to share.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::field;
use crate::experiment::run::Status;
use crate::ui::state::{App, app};
use crate::ui::{place, share};

#[component]
pub fn Controls() -> impl IntoView {
    let app = app();
    let status = Memo::new(move |_| app.run.with(|run| run.status));
    let is_active = move || status.get().is_active();
    let is_paused = move || status.get() == Status::Paused;
    let is_over = move || matches!(status.get(), Status::Finished | Status::Failed);
    let can_pause = move || status.get() == Status::Training;
    view! {
        <div class="controls">
            <button type="button" class="button primary" data-testid="start" disabled=is_active on:click=move |_| start(app)>
                <Icon path="M8 5v14l11-7z" />
                {move || if is_over() { "Start again" } else { "Start training" }}
            </button>
            <button type="button" class="button" data-testid="pause" hidden=is_paused disabled=move || !can_pause() on:click=move |_| app.pause()>
                <Icon path="M7 5h4v14H7zM13 5h4v14h-4z" />
                "Pause"
            </button>
            <button type="button" class="button" data-testid="resume" hidden=move || !is_paused() on:click=move |_| app.resume()>
                <Icon path="M8 5v14l11-7z" />
                "Resume"
            </button>
            <button type="button" class="button" data-testid="stop" disabled=move || !is_active() on:click=move |_| app.stop()>
                <Icon path="M6 6h12v12H6z" />
                "Stop"
            </button>
            <Share />
        </div>
    }
}

/// Begins the run, or leads to the field that must be put right first.
fn start(app: App) {
    match untrack(|| app.form.first_wrong()) {
        Some(setting) => field::focus(&field::id(setting)),
        None => app.start(app.form.experiment.get_untracked()),
    }
}

#[component]
fn Icon(path: &'static str) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=path fill="currentColor" /></svg> }
}

/// How far sharing has come.
#[derive(Debug, Clone, PartialEq)]
enum Shared {
    No,
    Copied,
    /// To be copied by hand.
    Shown(String),
}

#[component]
fn Share() -> impl IntoView {
    let app = app();
    let shared = RwSignal::new(Shared::No);
    let share = move |_| {
        let address = place::address_with(&untrack(|| app.form.query()));
        spawn_local(async move {
            let copied = share::copy(&address).await;
            // The page may have been left meanwhile, and the signal with it.
            let _ = shared.try_set(if copied { Shared::Copied } else { Shared::Shown(address) });
        });
    };
    let select =
        |event: leptos::ev::FocusEvent| event_target::<web_sys::HtmlInputElement>(&event).select();
    view! {
        <button type="button" class="button quiet" data-testid="share" on:click=share>
            <Icon path="M14 4l7 7-7 7v-4.2C8.5 13.8 5 15.600 3 19c.6-5.600 4-9.800 11-10.800z" />
            "Share"
        </button>
        <div class="shared" role="status">
            {move || match shared.get() {
                Shared::No => ().into_any(),
                Shared::Copied => view! { <span>"Link copied"</span> }.into_any(),
                Shared::Shown(address) => view! {
                    <label>
                        "Copy this link:"
                        <input type="text" readonly data-testid="share-link" prop:value=address on:focus=select />
                    </label>
                }
                .into_any(),
            }}
        </div>
    }
}
