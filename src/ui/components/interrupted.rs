//! What is kept of runs that have not come to their end: an interrupted one that is offered, and
//! how far the one under way is kept.

use leptos::prelude::*;

use super::small_button::SmallButton;
use crate::experiment::words;
use crate::ui::state::app;

/// The run of an earlier page. “Continue”, above, goes on with it.
#[component]
pub fn Interrupted() -> impl IntoView {
    let app = app();
    let offer = Memo::new(move |_| {
        let is_free = !app.is_active() && !app.held.with(|held| held.can_continue());
        app.survival.offer.get().filter(|_| is_free)
    });
    view! {
        <div class="interrupted" role="status" data-testid="interrupted" hidden=move || offer.with(Option::is_none)>
            <p>{move || offer.with(|offer| offer.as_ref().map(|open| open.offer()))}</p>
            <SmallButton test_id="discard-interrupted" text=t!("Discard it") press=move || app.discard_interrupted() />
        </div>
    }
}

/// How far the run under way is kept in this browser.
#[component]
pub fn KeptSoFar() -> impl IntoView {
    let app = app();
    let kept = app.survival.kept;
    let epochs = move || kept.get().map(|kept| kept.epochs);
    let step = move || kept.get().map(|kept| kept.step);
    let size = move || kept.get().map(|kept| kept.size_bytes);
    let secs = move || kept.get().map(|kept| kept.secs);
    let text = move || {
        let kept = kept.get()?;
        let planned = app.run.with(|run| run.experiment.as_ref().map_or(0, |it| it.epochs));
        let position = words::position(kept.epochs, kept.step, planned);
        let size = words::bytes(kept.size_bytes as u64);
        Some(t!("Kept in this browser {position} ({size}).", position, size))
    };
    view! {
        <p
            class="hint"
            data-testid="checkpoint"
            data-epochs=epochs
            data-step=step
            data-bytes=size
            data-value=secs
            hidden=move || kept.with(Option::is_none)
        >
            {text}
        </p>
    }
}
