//! The label microscope: every training image with its candidates, at every epoch.

mod card;
mod choose;
mod detail;
mod timeline;

use leptos::prelude::*;

use super::window_grid::{CellSize, WindowGrid};
use crate::experiment::confidence::SURE_TEXT;
use crate::experiment::microscope::Story;
use crate::protocol::ImageSource;
use crate::ui::state::app;
use card::{ClassNames, card};
use choose::Choose;
use detail::Detail;
use timeline::Timeline;

/// The heights of the rows stand in style/microscope.css too.
const CARD: CellSize = CellSize { width_px: 244.0, height_px: 118.0 };

#[component]
pub fn Microscope() -> impl IntoView {
    let scope = app().scope;
    let has_story = Memo::new(move |_| scope.story.with(|story| !story.is_empty()));
    let is_open = Memo::new(move |_| scope.is_open.get());
    view! {
        <section class="card microscope" aria-label=t!("Label microscope") data-testid="microscope">
            <div class="card-head">
                <h2 id="microscope" tabindex="-1">{t!("Label microscope")}</h2>
                <button
                    type="button"
                    class="button small"
                    data-testid="microscope-toggle"
                    aria-expanded=move || if is_open.get() { "true" } else { "false" }
                    on:click=move |_| scope.is_open.update(|is_open| *is_open = !*is_open)
                >
                    {move || if is_open.get() { t!("Fold") } else { t!("Unfold") }}
                </button>
            </div>
            <p class="hint">
                {t!("All training images, at every epoch. An image counts as decided once a candidate is trusted with {share} or more: rightly if that is the true label, wrongly if it is another.", share = SURE_TEXT)}
            </p>
            <Show when=move || is_open.get()>
                <Show
                    when=move || has_story.get()
                    fallback=|| view! { <p class="placeholder">{t!("Start a run to see its training images here.")}</p> }
                >
                    <Opened />
                </Show>
            </Show>
            <Detail />
        </section>
    }
}

#[component]
fn Opened() -> impl IntoView {
    let app = app();
    let scope = app.scope;
    provide_context(ClassNames::of(app));
    let total = Memo::new(move |_| scope.order.with(|order| order.len()));
    // Other images come to the same places when the order changes.
    let wanted = RwSignal::new(0..0);
    Effect::new(move || {
        let order = scope.order.get();
        let range = wanted.get();
        app.want_pictures(ImageSource::Train, order.get(range).unwrap_or_default().iter().copied());
    });
    view! {
        <Choose />
        <Timeline />
        <p class="microscope-count" role="status" data-testid="microscope-count" data-value=total>
            {move || t!("{n} image fits" | "{n} images fit" % total.get())}
        </p>
        <div class="microscope-cards" class:is-playing=move || scope.is_playing.get()>
            <WindowGrid total size=CARD label=t!("Training images") cell=card on_rest=move |range| wanted.set(range) />
        </div>
        {move || note(&scope.story).map(|note| view! { <p class="hint">{note}</p> })}
    }
}

/// Where the story is not whole.
fn note(story: &RwSignal<Story>) -> Option<String> {
    story.with(|story| match (story.begins_late(), story.is_thinned()) {
        (Some(epoch), _) => Some(t!(
            "This run goes on from a checkpoint: its story begins after epoch {epoch}, and “changed most” counts from there.",
            epoch
        )),
        (None, true) => {
            Some(t!("To save memory, only some of the earlier epochs are kept."))
        }
        (None, false) => None,
    })
}
