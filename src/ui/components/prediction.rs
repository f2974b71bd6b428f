//! What the network says of the photo.

use leptos::prelude::*;

use crate::experiment::{display, words};
use crate::ui::pixels::Picture;
use crate::ui::state::{Answer, Photo, app};

/// Classes that are seen at a glance. Of more, the likeliest are shown.
const MAX_SHOWN: usize = 10;

#[component]
pub fn Prediction() -> impl IntoView {
    let app = app();
    move || match app.photo.get() {
        Photo::None => view! {
            <p class="placeholder">"The network’s answer appears here."</p>
        }
        .into_any(),
        Photo::Asked { name, .. } => view! {
            <p class="placeholder" role="status">"Asking the network about “"{name}"”…"</p>
        }
        .into_any(),
        Photo::Refused(_) => view! {
            <p class="placeholder">"No answer: the message above says why."</p>
        }
        .into_any(),
        Photo::Answered(answer) => answered(answer).into_any(),
    }
}

fn answered(answer: Answer) -> impl IntoView {
    let Answer { name, class_names, probabilities, crop } = answer;
    let best = display::leader(&probabilities);
    let title = best.and_then(|class| class_names.get(class)).cloned().unwrap_or_default();
    let certainty = best.and_then(|class| probabilities.get(class)).copied().unwrap_or_default();
    view! {
        <div class="answer">
            <figure class="crop">
                <Picture planes=crop label="The 32×32 crop that the network saw" />
                <figcaption class="hint">"What the network saw: the middle of “"{name}"”, scaled to 32×32 pixels."</figcaption>
            </figure>
            <div class="verdict">
                <p class="hint">"The network’s best guess"</p>
                <p class="prediction" role="status" data-testid="prediction" data-value=best>{title}</p>
                <p>{words::percent(f64::from(certainty))}</p>
            </div>
            <Probabilities class_names probabilities best />
        </div>
    }
}

#[component]
fn Probabilities(
    class_names: Vec<String>,
    probabilities: Vec<f32>,
    best: Option<usize>,
) -> impl IntoView {
    let shows_all = RwSignal::new(false);
    let count = probabilities.len();
    let order = display::ranking(&probabilities, MAX_SHOWN);
    let bars = order.into_iter().enumerate().map(move |(rank, class)| {
        let name = class_names.get(class).cloned().unwrap_or_else(|| class.to_string());
        let probability = probabilities.get(class).copied().unwrap_or_default();
        let is_hidden = move || rank >= MAX_SHOWN && !shows_all.get();
        view! {
            <li class="bar" class:is-true=Some(class) == best hidden=is_hidden data-class=class data-value=probability>
                <span class="bar-name">{name}</span>
                <span class="bar-track" aria-hidden="true">
                    <span class="bar-fill" style=("--share", probability.to_string())></span>
                </span>
                <span class="bar-text">{words::percent(f64::from(probability))}</span>
            </li>
        }
    });
    view! {
        <ul class="bars probabilities" data-testid="probabilities">{bars.collect_view()}</ul>
        <button
            type="button"
            class="text-button show-all"
            data-testid="show-all"
            hidden=count <= MAX_SHOWN
            aria-expanded=move || if shows_all.get() { "true" } else { "false" }
            on:click=move |_| shows_all.update(|shows_all| *shows_all = !*shows_all)
        >
            {move || if shows_all.get() {
                format!("Show the {MAX_SHOWN} likeliest only")
            } else {
                format!("Show all {count} classes")
            }}
        </button>
    }
}
