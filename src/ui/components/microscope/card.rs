//! A training image in the grid: its picture, its candidates as bars, and what is decided.

use leptos::prelude::*;

use super::timeline::badge;
use crate::experiment::language::{class_title, class_titles};
use crate::experiment::microscope::{Card, Decision};
use crate::protocol::ImageSource;
use crate::ui::components::window_grid::Slot;
use crate::ui::pixels::Thumbnail;
use crate::ui::state::{App, app};

/// The name of a class of the run.
pub fn class_name(app: App, class: u8) -> String {
    let name = app.run.with(|run| {
        let info = run.info.as_ref()?;
        info.class_names.get(usize::from(class)).map(|name| class_title(name))
    });
    name.unwrap_or_else(|| class.to_string())
}

/// The names of all classes of the run, for the cards: each of them needs some.
#[derive(Clone, Copy)]
pub struct ClassNames(Memo<Vec<String>>);

impl ClassNames {
    pub fn of(app: App) -> Self {
        let names = move || app.run.with(|run| Some(class_titles(&run.info.as_ref()?.class_names)));
        Self(Memo::new(move |_| names().unwrap_or_default()))
    }
}

fn shown(app: App, ClassNames(names): ClassNames, position: usize) -> Option<Card> {
    let scope = app.scope;
    let image = scope.order.with(|order| order.get(position).copied())?;
    let at = scope.position.get();
    // Tracked by what decides them: names change with the sets.
    scope.story.with(|story| names.with_untracked(|names| Some(story.card(image, at, names))))
}

pub fn card(slot: Slot) -> AnyView {
    let (app, names) = (app(), expect_context::<ClassNames>());
    let shown =
        Memo::new(move |_| slot.position.get().and_then(|position| shown(app, names, position)));
    let image = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|it| it.image)));
    let of = move |take: fn(&Card) -> String| {
        Signal::derive(move || shown.with(|shown| shown.as_ref().map(take)).unwrap_or_default())
    };
    let state = |card: &Card| {
        let (sign, word) = (badge(card.decision), short(card.decision));
        format!("{sign}<span class=\"scope-state\">{word}</span>")
    };
    view! {
        <button
            type="button"
            class="scope-card"
            data-testid="microscope-item"
            data-index=image
            data-state=of(|card| card.decision.name().to_owned())
            tabindex=move || slot.tab_index()
            aria-haspopup="dialog"
            on:click=move |_| {
                slot.activate();
                app.scope.opened.set(image.get_untracked());
            }
        >
            // Not an `aria-label`: that would have to hold every word that is seen on the card.
            <span class="visually-hidden">{of(|card| card.label.clone())}</span>
            <span class="scope-picture" aria-hidden="true">
                <Thumbnail source=ImageSource::Train index=image />
                <span class="scope-said" inner_html=of(state)></span>
            </span>
            <span class="scope-bars" aria-hidden="true" inner_html=of(|card| card.bars.clone())></span>
        </button>
    }
    .into_any()
}

/// Under a picture there is little room.
fn short(decision: Decision) -> String {
    match decision {
        Decision::Decided => t!("decided"),
        Decision::Undecided => t!("undecided"),
        Decision::Wrong => t!("wrong"),
    }
}
