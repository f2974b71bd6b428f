//! Why the network says so: the training images that it takes for nearest to a photo, with their
//! candidates and the labels that were found.

use leptos::prelude::*;

use super::samples::TrueMark;
use crate::experiment::album::Compared;
use crate::experiment::language::class_titles;
use crate::experiment::words;
use crate::protocol::Neighbour;
use crate::ui::pixels::{IMAGE_BYTES, Picture};
use crate::ui::state::app;

/// More candidates than this are counted only.
const MAX_NAMED: usize = 6;

#[component]
pub fn NearestImages(request: u32) -> impl IntoView {
    let app = app();
    let evidence = Memo::new(move |_| {
        app.photos.album.with(|album| album.get(request).and_then(|photo| photo.evidence.clone()))
    });
    let has_images = Memo::new(move |_| app.held.with(|held| held.uses_run()));
    let is_active = Memo::new(move |_| app.is_active());
    move || {
        let shown = match evidence.get() {
            Some(Compared::Looking { done, total }) => view! { <Looking done total /> }.into_any(),
            Some(Compared::Refused(failure)) => view! {
                <p class="hint" data-testid="no-evidence">{failure.fault}" "{failure.remedy}</p>
            }
            .into_any(),
            Some(Compared::Found { neighbours, compared, training_images, pixels }) => {
                found(&neighbours, (compared, training_images), &pixels).into_any()
            }
            None if !has_images.get() => view! {
                <p class="hint" data-testid="no-evidence">
                    {t!("The training images of this network are not in this tab, so there are none to compare the photo with.")}
                </p>
            }
            .into_any(),
            None if is_active.get() => view! {
                <p class="hint" data-testid="no-evidence">
                    {t!("When the run is over, the photo can be compared with its training images.")}
                </p>
            }
            .into_any(),
            None => view! {
                <button type="button" class="button small" data-testid="ask-evidence" on:click=move |_| app.compare(request)>
                    {t!("Which training images are nearest?")}
                </button>
            }
            .into_any(),
        };
        view! { <div class="evidence">{shown}</div> }
    }
}

#[component]
fn Looking(done: usize, total: usize) -> impl IntoView {
    let text = if total == 0 {
        t!("Comparing with the training images…")
    } else {
        t!("Comparing with the training images: {done} of {total}", done, total)
    };
    view! {
        <div class="coming" role="status" data-testid="evidence-progress" data-value=done>
            <progress max=total.max(1).to_string() value=done.to_string() aria-label=t!("Training images compared")></progress>
            <span class="hint">{text}</span>
        </div>
    }
}

fn found(
    neighbours: &[Neighbour],
    (compared, training_images): (usize, usize),
    pixels: &[u8],
) -> impl IntoView + use<> {
    let names = app().held.with_untracked(|held| {
        held.network.as_ref().map(|network| class_titles(&network.class_names)).unwrap_or_default()
    });
    let cards = neighbours.iter().zip(pixels.chunks(IMAGE_BYTES));
    let cards: Vec<_> = cards.map(|(neighbour, planes)| card(neighbour, planes, &names)).collect();
    let among = if compared < training_images {
        t!(
            "Compared with {compared} of the {images} training images, evenly chosen.",
            compared = words::count(compared as u64),
            images = words::count(training_images as u64)
        )
    } else {
        t!(
            "Compared with all {images} training images.",
            images = words::count(training_images as u64)
        )
    };
    view! {
        <h3>{t!("The nearest training images")}</h3>
        <p class="hint">
            {t!("By what the network’s last layer sees in them (1 is the same). Each with its candidates, the true one marked, and the label that the run found. ")}
            {among}
        </p>
        <ol class="neighbours" data-testid="evidence">{cards}</ol>
    }
}

fn card(neighbour: &Neighbour, planes: &[u8], names: &[String]) -> impl IntoView + use<> {
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let Neighbour { index, similarity, label, candidates, found, confidence } = neighbour;
    let is_right = found == label;
    let candidates = if candidates.len() <= MAX_NAMED {
        let list = candidates.iter().map(|&class| {
            let mark = (class == *label).then(|| view! { <TrueMark /> });
            view! { <li class:is-true=class == *label>{name(class)} {mark}</li> }
        });
        view! { <ul class="candidates">{list.collect_view()}</ul> }.into_any()
    } else {
        let text = t!(
            "{count} candidates, in truth {class}",
            count = candidates.len(),
            class = name(*label)
        );
        view! { <p class="hint">{text}</p> }.into_any()
    };
    let picture = t!("Training image {image}: {label}", image = index, label = name(*label));
    view! {
        <li class="neighbour" class:is-right=is_right data-index=*index data-label=*label data-found=*found data-value=*similarity>
            <Picture planes=planes.to_vec() label=picture />
            <p class="similarity">{format!("{similarity:.3}")}</p>
            <p>{t!("Found: ")}<strong>{name(*found)}</strong>{format!(", {}", words::percent(f64::from(*confidence)))}</p>
            {candidates}
        </li>
    }
}
