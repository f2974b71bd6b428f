//! The epochs of the story: a slider, a button that plays it, and what is decided at each.

use leptos::prelude::*;

use crate::experiment::microscope::{Decision, Story};
use crate::experiment::words;
use crate::ui::state::app;

#[component]
pub fn Timeline() -> impl IntoView {
    let scope = app().scope;
    let (position, is_playing) = (scope.position, scope.is_playing);
    let last = Memo::new(move |_| scope.story.with(Story::last));
    let epoch = Memo::new(move |_| scope.story.with(|story| story.epoch_at(position.get())));
    let text = move || match epoch.get() {
        None | Some(0) => t!("Before the first epoch"),
        Some(epoch) => t!("After epoch {epoch}", epoch),
    };
    let decisions = Memo::new(move |_| scope.story.with(|story| story.decisions(position.get())));
    let toggle = move |_| match is_playing.get_untracked() {
        true => scope.pause(),
        false => scope.play(),
    };
    view! {
        <div class="timeline">
            <button
                type="button"
                class="button small play"
                data-testid="microscope-play"
                aria-pressed=move || if is_playing.get() { "true" } else { "false" }
                disabled=move || last.get() == 0
                on:click=toggle
            >
                {move || if is_playing.get() { format!("❚❚ {}", t!("Pause")) } else { format!("▶ {}", t!("Play")) }}
            </button>
            <input
                type="range"
                data-testid="microscope-epoch"
                data-value=move || epoch.get()
                min="0"
                max=last
                step="1"
                prop:value=move || position.get().to_string()
                aria-label=t!("Epoch that is shown")
                aria-valuetext=text
                on:input=move |event| {
                    if let Ok(position) = event_target_value(&event).parse() {
                        scope.show(position);
                    }
                }
            />
            <output class="timeline-epoch">{text}</output>
        </div>
        <ul class="decisions" aria-label=t!("What is decided at this epoch")>
            {Decision::ALL.into_iter().enumerate().map(|(index, decision)| {
                let count = Memo::new(move |_| decisions.get()[index]);
                view! {
                    <li data-state=decision.name() data-testid="microscope-decision" data-value=count>
                        <span class="decision-badge" inner_html=badge(decision)></span>
                        <span>{move || words::count(count.get() as u64)}" "{decision.title()}</span>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
}

/// The sign of a decision, as HTML: the shape says it as well as the colour.
pub fn badge(decision: Decision) -> String {
    let sign = match decision {
        Decision::Decided => "✓",
        Decision::Undecided => "?",
        Decision::Wrong => "✕",
    };
    let name = decision.name();
    format!(
        "<span class=\"decision-sign\" aria-hidden=\"true\" data-state=\"{name}\">{sign}</span>"
    )
}
