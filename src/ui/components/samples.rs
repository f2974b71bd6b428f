//! Training images with their candidate labels as bars of confidence, which move as the truth
//! emerges. A bar listens to its own image alone.

use std::time::Duration;

use leptos::prelude::*;

use super::explained::{Explained, Section};
use crate::experiment::display;
use crate::experiment::language::class_titles;
use crate::experiment::words;
use crate::protocol::Sample;
use crate::ui::pixels::{IMAGE_BYTES, Picture};
use crate::ui::screen;
use crate::ui::state::app;

/// Shown at first, and after a click.
const FEW_ON_PHONE: usize = 8;
const FEW: usize = 24;
const MAX_SAMPLES: usize = 48;
const MAX_BARS: usize = 6;
/// Cards are built a few at a time: all at once would hold the main thread for too long.
const CARDS_AT_ONCE: usize = 4;
const CARD_PAUSE: Duration = Duration::from_millis(30);

/// A run's samples; another run has others.
#[derive(Debug, Clone, PartialEq)]
struct Cast {
    samples: Vec<Sample>,
    class_names: Vec<String>,
    digest: String,
}

#[component]
pub fn Samples() -> impl IntoView {
    let run = app().run;
    let cast = Memo::new(move |_| {
        run.with(|run| {
            let info = run.info.as_ref()?;
            Some(Cast {
                samples: info.samples.iter().take(MAX_SAMPLES).cloned().collect(),
                class_names: class_titles(&info.class_names),
                digest: info.candidates_digest.clone(),
            })
        })
    });
    view! {
        <section class="card" aria-label=t!("Training images")>
            <h2>{t!("The truth, emerging")}</h2>
            <p class="hint">
                {t!("Each training image comes with several candidate labels, of which one is true. The bars show how much is trusted in each. The true label is marked")}
                " "
                <TrueMark />
                " "
                {t!("here, but the network is never told.")}
                " "
                <Explained section=Section::WorkedBatch of=t!("Confidences") />
            </p>
            <div class="samples" data-testid="samples">
                {move || cast.get().map_or_else(
                    || view! { <p class="placeholder">{t!("Start a run to see some of its training images here.")}</p> }.into_any(),
                    |cast| view! { <Cards cast /> }.into_any(),
                )}
            </div>
        </section>
    }
}

/// The sign of the true label.
#[component]
pub fn TrueMark() -> impl IntoView {
    view! {
        <svg class="true-mark" viewBox="0 0 16 16" role="img" aria-label=t!("true label")>
            <path d="M3 8.500l3.200 3.200L13 5" fill="none" stroke="currentColor" stroke-width="2.500" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    }
}

#[component]
fn Cards(cast: Cast) -> impl IntoView {
    let total = cast.samples.len();
    let few = if screen::is_phone() { FEW_ON_PHONE } else { FEW };
    let shown = RwSignal::new(0);
    show_more(shown, total.min(few));
    let is_whole = RwSignal::new(total <= few);
    let show_all = move |_| {
        is_whole.set(true);
        show_more(shown, total);
    };
    let cast = StoredValue::new(cast);
    view! {
        <For each=move || 0..shown.get() key=|position| *position let:position>
            {cast.with_value(|cast| cast.samples.get(position).map(|sample| card(position, sample, &cast.class_names)))}
        </For>
        <button type="button" class="button small more-samples" data-testid="more-samples" hidden=is_whole on:click=show_all>
            {t!("Show all {total}", total)}
        </button>
    }
}

/// Raises the number of shown cards step by step. Ends when the component is gone.
fn show_more(shown: RwSignal<usize>, total: usize) {
    let Some(now) = shown.try_get_untracked() else {
        return;
    };
    if now < total {
        shown.set((now + CARDS_AT_ONCE).min(total));
        set_timeout(move || show_more(shown, total), CARD_PAUSE);
    }
}

fn card(position: usize, sample: &Sample, class_names: &[String]) -> impl IntoView + use<> {
    let run = app().run;
    let confidences = Memo::new(move |_| {
        run.with(|run| run.sample_confidences.get(position).cloned().unwrap_or_default())
    });
    let label = sample.label;
    let is_right = Memo::new(move |_| confidences.with(|row| display::leader(row)) == Some(label));
    let planes = run.with_untracked(|run| {
        let pixels = run.sample_pixels.chunks(IMAGE_BYTES).nth(position);
        pixels.map(<[u8]>::to_vec).unwrap_or_default()
    });
    let names = class_names.to_vec();
    let name = move |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let picture_label =
        t!("Training image {image}: {label}", image = sample.index, label = name(label));
    let bars = if sample.candidates.len() <= MAX_BARS {
        all_bars(&sample.candidates, label, name, confidences)
    } else {
        leading_bars(sample.candidates.clone(), label, name, confidences)
    };
    view! {
        <article class="sample" class:is-right=is_right data-index=sample.index>
            <Picture planes label=picture_label />
            <ul class="bars">{bars}</ul>
        </article>
    }
}

fn all_bars(
    candidates: &[usize],
    label: usize,
    name: impl Fn(usize) -> String,
    confidences: Memo<Vec<f32>>,
) -> AnyView {
    let bars = candidates.iter().map(|&class| {
        let confidence =
            Memo::new(move |_| confidences.with(|row| row.get(class).copied().unwrap_or_default()));
        bar(Signal::stored(name(class)), class == label, confidence)
    });
    bars.collect_view().into_any()
}

/// Of a long candidate set: the true label, the strongest of the others as they change, and one
/// bar for all the rest.
fn leading_bars(
    candidates: Vec<usize>,
    label: usize,
    name: impl Fn(usize) -> String + Clone + Send + Sync + 'static,
    confidences: Memo<Vec<f32>>,
) -> AnyView {
    const RIVALS: usize = MAX_BARS - 2;
    let others = candidates.len() - 1 - RIVALS;
    let of_label =
        Memo::new(move |_| confidences.with(|row| row.get(label).copied().unwrap_or_default()));
    let true_bar = bar(Signal::stored(name(label)), true, of_label);
    let rivals = Memo::new(move |_| {
        confidences.with(|row| display::rivals(&candidates, label, row, RIVALS))
    });
    let rival_bars = (0..RIVALS).map(move |rank| {
        let class = Memo::new(move |_| rivals.with(|rivals| rivals.get(rank).copied()));
        let name = name.clone();
        let title = Memo::new(move |_| class.get().map(&name).unwrap_or_default());
        let confidence = Memo::new(move |_| {
            let class = class.get().unwrap_or_default();
            confidences.with(|row| row.get(class).copied().unwrap_or_default())
        });
        bar(title.into(), false, confidence)
    });
    let rest = Memo::new(move |_| {
        rivals.with(|rivals| confidences.with(|row| display::rest(row, label, rivals)))
    });
    let title = Signal::stored(t!("{n} other" | "{n} others" % others));
    (true_bar, rival_bars.collect_view(), bar(title, false, rest)).into_any()
}

fn bar(name: Signal<String>, is_true: bool, confidence: Memo<f32>) -> impl IntoView {
    view! {
        <li class="bar" class:is-true=is_true data-value=confidence>
            <span class="bar-name">{name} {is_true.then(|| view! { <TrueMark /> })}</span>
            <span class="bar-track" aria-hidden="true">
                <span class="bar-fill" style=("--share", move || confidence.get().to_string())></span>
            </span>
            <span class="visually-hidden">{move || words::percent(f64::from(confidence.get()))}</span>
        </li>
    }
}
