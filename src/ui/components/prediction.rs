//! What the network says of the photos.

use leptos::prelude::*;

use super::evidence::NearestImages;
use crate::experiment::album::{Answer, Photo, PhotoState};
use crate::experiment::language::{class_title, class_titles};
use crate::experiment::{display, words};
use crate::protocol::Failure;
use crate::ui::pixels::Picture;
use crate::ui::state::app;

/// Classes that are seen at a glance. Of more, the likeliest are shown.
const MAX_SHOWN: usize = 10;
/// The same where there are several photos.
const MAX_SHOWN_OF_SEVERAL: usize = 3;

#[component]
pub fn Predictions() -> impl IntoView {
    let album = app().photos.album;
    let requests = Memo::new(move |_| {
        album.with(|album| album.photos.iter().map(|photo| photo.request).collect::<Vec<_>>())
    });
    let is_empty = Memo::new(move |_| requests.with(Vec::is_empty));
    view! {
        <p class="placeholder" hidden=move || !is_empty.get()>{t!("The network’s answers appear here.")}</p>
        <Progress />
        <ol class="photos" data-testid="photos" hidden=is_empty>
            <For each=move || requests.get() key=|request| *request let:request>
                <PhotoItem request />
            </For>
        </ol>
    }
}

/// How many of several photos have had their turn.
#[component]
fn Progress() -> impl IntoView {
    let album = app().photos.album;
    let progress = Memo::new(move |_| album.with(|album| album.progress()));
    let text = move || {
        let (done, total) = progress.get();
        t!("{done} of {total} photos", done, total)
    };
    view! {
        <div class="photo-progress" role="status" data-testid="photo-progress" data-value=move || progress.get().0 hidden=move || progress.get().1 < 2>
            <progress max=move || progress.get().1.to_string() value=move || progress.get().0.to_string() aria-label=t!("Photos classified")></progress>
            <span class="hint">{text}</span>
        </div>
    }
}

#[component]
fn PhotoItem(request: u32) -> impl IntoView {
    let album = app().photos.album;
    let of = move |get: fn(&Photo) -> PhotoState| album.with(|it| it.get(request).map(get));
    let state = Memo::new(move |_| of(|photo| photo.state.clone()));
    let name = album.with_untracked(|it| it.get(request).map(|photo| photo.name.clone()));
    let name = StoredValue::new(name.unwrap_or_default());
    let is_single = Memo::new(move |_| album.with(|album| album.photos.len() == 1));
    view! {
        <li class="photo" data-request=request>
            {move || match state.get() {
                None | Some(PhotoState::Waiting) => view! {
                    <p class="placeholder">{t!("“{name}” waits for its turn…", name = name.get_value())}</p>
                }
                .into_any(),
                Some(PhotoState::Asked) => view! {
                    <p class="placeholder" role="status">{t!("Asking the network about “{name}”…", name = name.get_value())}</p>
                }
                .into_any(),
                Some(PhotoState::Refused(failure)) => refused(name.get_value(), failure).into_any(),
                Some(PhotoState::Answered(answer)) => {
                    answered(request, name.get_value(), answer, is_single.get()).into_any()
                }
            }}
        </li>
    }
}

fn refused(name: String, failure: Failure) -> impl IntoView {
    view! {
        <div class="errors" role="alert" data-testid="error">
            <ul>
                <li>
                    <span class="hint" hidden=failure.fault.contains(&name)>{t!("“{name}”: ", name)}</span>
                    <strong>{failure.fault}</strong>
                    " "
                    <span>{failure.remedy}</span>
                </li>
            </ul>
        </div>
    }
}

fn answered(request: u32, name: String, answer: Answer, is_single: bool) -> impl IntoView {
    let best = answer.best();
    let title = best.and_then(|class| answer.class_names.get(class));
    let title = title.map(|name| class_title(name)).unwrap_or_default();
    let certainty = words::percent(f64::from(answer.confidence()));
    let is_none = answer.looks_like_none();
    let max_shown = if is_single { MAX_SHOWN } else { MAX_SHOWN_OF_SEVERAL };
    let Answer { class_names, probabilities, threshold, crop } = answer;
    let class_names = class_titles(&class_names);
    let classes = class_names.len();
    view! {
        <article class="answer" class:is-none=is_none>
            <figure class="crop">
                <Picture planes=crop label=t!("The 32×32 crop that the network saw") />
                <figcaption class="hint">{t!("What the network saw: the middle of “{name}”, scaled to 32×32 pixels.", name)}</figcaption>
            </figure>
            <div class="verdict">
                {is_none.then(|| view! { <NoneOfThem classes threshold /> })}
                <p class="hint">{if is_none { t!("If it has to be one of them") } else { t!("The network’s best guess") }}</p>
                <p class="prediction" role="status" data-testid="prediction" data-value=best>{title}</p>
                <p>{certainty}</p>
            </div>
            <Probabilities class_names probabilities best max_shown />
            <NearestImages request />
        </article>
    }
}

/// The network does not believe itself.
#[component]
fn NoneOfThem(classes: usize, threshold: f64) -> impl IntoView {
    let is_calibrated = app()
        .held
        .with_untracked(|held| held.network.as_ref().is_some_and(|network| network.is_calibrated));
    let title = match classes {
        10 => t!("This looks like none of the ten."),
        classes => t!("This looks like none of the {classes} classes.", classes),
    };
    let reason = if is_calibrated {
        t!("measured on images that it had not learnt from")
    } else {
        t!("a rule of thumb, since nobody has measured this network")
    };
    view! {
        <div class="none-of-them" data-testid="none-of-them" data-value=threshold>
            <strong>{title}</strong>
            <p class="hint">{t!("A guess below {threshold} is not to be believed ({reason}).", threshold = words::percent(threshold), reason)}</p>
        </div>
    }
}

#[component]
fn Probabilities(
    class_names: Vec<String>,
    probabilities: Vec<f32>,
    best: Option<usize>,
    max_shown: usize,
) -> impl IntoView {
    let shows_all = RwSignal::new(false);
    let count = probabilities.len();
    let order = display::ranking(&probabilities, max_shown);
    let bars = order.into_iter().enumerate().map(move |(rank, class)| {
        let name = class_names.get(class).cloned().unwrap_or_else(|| class.to_string());
        let probability = probabilities.get(class).copied().unwrap_or_default();
        let is_hidden = move || rank >= max_shown && !shows_all.get();
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
            hidden=count <= max_shown
            aria-expanded=move || if shows_all.get() { "true" } else { "false" }
            on:click=move |_| shows_all.update(|shows_all| *shows_all = !*shows_all)
        >
            {move || if shows_all.get() {
                t!("Show the {count} likeliest only", count = max_shown)
            } else {
                t!("Show all {count} classes", count)
            }}
        </button>
    }
}
