//! The label microscope as the whole app shares it: what is known, and what of it is shown.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;

use super::screen;
use super::state::App;
use crate::experiment::microscope::{Choice, Story};
use crate::experiment::thumbnails::Thumbnails;
use crate::protocol::{Command, ImageSource, Sight};

/// How long the whole story takes to play, within the bounds of a step.
const PLAY_TIME: Duration = Duration::from_secs(12);
const QUICKEST_STEP: Duration = Duration::from_millis(120);
const SLOWEST_STEP: Duration = Duration::from_millis(600);
/// The step for those who want less motion.
const CALM_STEP: Duration = Duration::from_millis(1_500);

/// A handle that copies.
#[derive(Clone, Copy)]
pub struct Scope {
    pub story: RwSignal<Story>,
    pub thumbnails: RwSignal<Thumbnails>,
    pub choice: RwSignal<Choice>,
    /// Whether the grid of images is unfolded.
    pub is_open: RwSignal<bool>,
    /// The image that is shown large.
    pub opened: RwSignal<Option<u32>>,
    /// The images of the choice, in its order.
    pub order: Memo<Arc<Vec<u32>>>,
    /// The position in the story that is shown.
    pub position: Memo<usize>,
    pub is_playing: RwSignal<bool>,
    /// A position that the visitor went to; None follows the run.
    held_at: RwSignal<Option<usize>>,
    player: StoredValue<Option<IntervalHandle>>,
}

impl Scope {
    pub fn new() -> Self {
        let story = RwSignal::new(Story::default());
        let choice = RwSignal::new(Choice::default());
        let held_at = RwSignal::new(None);
        Self {
            story,
            thumbnails: RwSignal::default(),
            choice,
            is_open: RwSignal::new(!screen::is_phone()),
            opened: RwSignal::new(None),
            order: Memo::new(move |_| {
                Arc::new(story.with(|story| choice.with(|choice| story.select(choice))))
            }),
            position: Memo::new(move |_| {
                let last = story.with(Story::last);
                held_at.get().map_or(last, |position: usize| position.min(last))
            }),
            is_playing: RwSignal::new(false),
            held_at,
            player: StoredValue::new(None),
        }
    }

    /// Takes news from the engine.
    pub fn take(self, sight: &Sight, payload: Vec<u8>) {
        match sight {
            Sight::Sets(_) => {
                self.opened.set(None);
                self.show_last();
                self.thumbnails.update(|it| it.apply(sight, &payload));
                self.story.update(|story| story.apply(sight, payload));
            }
            Sight::Epoch { .. } => self.story.update(|story| story.apply(sight, payload)),
            Sight::Images { .. } => self.thumbnails.update(|it| it.apply(sight, &payload)),
        }
    }

    /// Another run begins.
    pub fn clear(self) {
        self.opened.set(None);
        self.show_last();
        self.story.update(Story::clear);
        self.thumbnails.update(Thumbnails::clear);
        // Classes and set sizes are those of a run.
        self.choice.update(|choice| *choice = choice.all());
    }

    /// Looks at the images behind a cell of the table of found labels.
    pub fn look_behind(self, label: u8, found: u8) {
        let choice = Choice { class: Some(label), found: Some(found), ..Choice::default() };
        self.choice.set(choice);
        self.is_open.set(true);
    }

    /// Shows a position of the story; the last one follows the run.
    pub fn show(self, position: usize) {
        self.pause();
        self.go_to(position);
    }

    fn go_to(self, position: usize) {
        let last = self.story.with_untracked(Story::last);
        self.held_at.set((position < last).then_some(position));
    }

    fn show_last(self) {
        self.pause();
        self.held_at.set(None);
    }

    /// Plays the story from where it is, or from its beginning if it is at its end.
    pub fn play(self) {
        let (last, at) = (self.story.with_untracked(Story::last), self.position.get_untracked());
        if last == 0 {
            return;
        }
        self.pause();
        if at == last {
            self.go_to(0);
        }
        let fitting = PLAY_TIME / u32::try_from(last).unwrap_or(u32::MAX);
        let step = match screen::wants_less_motion() {
            true => CALM_STEP,
            false => fitting.clamp(QUICKEST_STEP, SLOWEST_STEP),
        };
        self.player.set_value(set_interval_with_handle(move || self.play_on(), step).ok());
        self.is_playing.set(true);
    }

    fn play_on(self) {
        let next = self.position.get_untracked() + 1;
        self.go_to(next);
        if next >= self.story.with_untracked(Story::last) {
            self.pause();
        }
    }

    pub fn pause(self) {
        if let Some(player) = self.player.get_value() {
            player.clear();
        }
        self.player.set_value(None);
        self.is_playing.set(false);
    }
}

impl App {
    /// Asks the engine for those of the pictures that are not here.
    pub fn want_pictures(self, source: ImageSource, wanted: impl IntoIterator<Item = u32>) {
        // Without a run it has none, and would be started to say so.
        if !self.held.with_untracked(|held| held.can_save()) {
            return;
        }
        let asked = self.scope.thumbnails.try_update_untracked(|it| it.ask(source, wanted));
        let indices = asked.unwrap_or_default();
        if !indices.is_empty() {
            self.send(Command::Images { source, indices });
        }
    }
}
