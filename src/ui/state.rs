//! What the whole app shares, whatever page is open: the run, the form, the photos, the engine.
//!
//! Events are taken in one at a time but shown in batches, so that a fast run costs the main
//! thread no more than a slow one.

use std::time::Duration;

use js_sys::Uint8Array;
use leptos::prelude::*;

use super::classify::Photos;
use super::client::{Client, Notice};
use super::form::Form;
use super::runs::Runs;
use super::scope::Scope;
use super::shared::Shared;
use super::speech::Speech;
use super::survive::Survival;
use crate::experiment::choice::Choice;
use crate::experiment::held::{Errand, Held};
use crate::experiment::kept::Kept;
use crate::experiment::run::RunState;
use crate::experiment::thumbnails::Thumbnails;
use crate::experiment::{Experiment, Setting};
use crate::protocol::{Choosing, Command, Event, Failure, Opening, Saving};

/// How long frequent events wait for company.
const BATCH_DELAY: Duration = Duration::from_millis(80);

/// The shared state; a handle that copies.
#[derive(Clone, Copy)]
pub struct App {
    pub speech: Speech,
    pub run: RwSignal<RunState>,
    pub form: Form,
    /// What the engine holds: networks, runs that can go on.
    pub held: RwSignal<Held>,
    /// The data that the browser keeps.
    pub kept: RwSignal<Kept>,
    /// Something worth knowing about the last action, that is no fault.
    pub note: RwSignal<Option<String>>,
    pub photos: Photos,
    /// The networks that there are to classify with.
    pub choice: RwSignal<Choice>,
    /// The label microscope.
    pub scope: Scope,
    /// The name of the page that is open.
    pub page: RwSignal<String>,
    pub runs: Runs,
    /// The result in the link that the page was opened with.
    pub shared: Shared,
    /// What is kept of runs that have not come to their end.
    pub survival: Survival,
    client: StoredValue<Option<Client>, LocalStorage>,
    inbox: StoredValue<Inbox, LocalStorage>,
}

/// Events that wait to be shown.
#[derive(Default)]
struct Inbox {
    events: Vec<(Event, Vec<u8>)>,
    scheduled: bool,
}

impl App {
    pub fn new() -> Self {
        let speech = Speech::from_address();
        let app = Self {
            speech,
            run: RwSignal::default(),
            form: Form::from_address(speech),
            held: RwSignal::default(),
            kept: RwSignal::default(),
            note: RwSignal::default(),
            photos: Photos::new(),
            choice: RwSignal::default(),
            scope: Scope::new(),
            page: RwSignal::default(),
            runs: Runs::from_storage(),
            shared: Shared::from_address(),
            survival: Survival::from_storage(),
            client: StoredValue::new_local(None),
            inbox: StoredValue::new_local(Inbox::default()),
        };
        let client = Client::new(move |notice| app.take(notice));
        client.speak(speech.language.get_untracked());
        app.client.set_value(Some(client));
        app
    }

    /// Whether a run is under way.
    pub fn is_active(self) -> bool {
        self.run.with(|run| run.status.is_active())
    }

    /// Whether a run cannot begin now: one is under way, a file is being opened, or data are being kept.
    pub fn is_busy(self) -> bool {
        let is_opening = || self.held.with(|held| matches!(held.errand, Some(Errand::Opening(_))));
        self.is_active() || self.kept.with(|kept| kept.keeping.is_some()) || is_opening()
    }

    /// Whether the engine holds a network that can classify.
    pub fn has_network(self) -> bool {
        self.held.with(|held| held.network.is_some())
    }

    /// Begins a run, unless one is on.
    pub fn start(self, experiment: Experiment) {
        if untrack(|| self.is_active()) {
            return;
        }
        self.note.set(None);
        self.runs.begin();
        self.run.set(RunState::begun());
        self.scope.clear();
        self.held.update(Held::make_room);
        self.kept.update(|kept| kept.failure = None);
        self.forget_kept();
        self.keep_next();
        self.send(Command::Start { experiment });
    }

    /// Goes on with the run that the engine holds, unless one is on; in its turn, if it was stopped in one.
    pub fn go_on(self, experiment: Experiment) {
        let turn = self.stopped_turn(&experiment);
        self.in_turn(turn, move |app| app.go_on_in(app.stopped_turn(&experiment), experiment));
    }

    /// The same in that turn of the queue, or in none.
    pub(super) fn go_on_in(self, turn: Option<usize>, experiment: Experiment) {
        if let Err(failure) = self.run.with_untracked(|run| run.can_go_on(&experiment)) {
            return self.held.update(|held| held.refuse(failure));
        }
        self.note.set(None);
        self.runs.turn.set(turn);
        self.run.update(|run| {
            run.go_on();
            // What is free to differ.
            run.experiment = Some(experiment.clone());
        });
        self.held.update(|held| held.failure = None);
        self.kept.update(|kept| kept.failure = None);
        self.keep_next();
        self.send(Command::Continue { experiment });
    }

    pub fn pause(self) {
        self.send(Command::Pause);
    }

    pub fn resume(self) {
        self.send(Command::Resume);
    }

    pub fn stop(self) {
        if let Some(client) = self.client() {
            self.give_up_opening(client.is_ready());
            client.stop();
        }
    }

    pub(super) fn client(self) -> Option<Client> {
        self.client.get_value()
    }

    pub(super) fn send(self, command: Command) {
        if let Some(client) = self.client() {
            client.send(command);
        }
    }

    pub(super) fn send_bytes(self, command: Command, bytes: Uint8Array) {
        if let Some(client) = self.client() {
            client.send_bytes(command, bytes);
        }
    }

    fn take(self, notice: Notice) {
        match notice {
            Notice::Gone(reason) => self.lose_engine(reason),
            Notice::Event(event, bytes) => self.take_event(*event, bytes),
        }
    }

    fn take_event(self, event: Event, bytes: Option<Uint8Array>) {
        if let Event::Saved(Saving::File(what)) = event {
            // First what came before: the file's name says how far the run is.
            self.enqueue(event, Vec::new());
            if let Some(bytes) = bytes {
                self.hand_out(what, &bytes);
            }
            return;
        }
        let bytes = bytes.map(|bytes| bytes.to_vec()).unwrap_or_default();
        match event {
            Event::Classified { request, outcome } => self.take_answer(request, outcome, bytes),
            Event::Nearest { request, outcome } => {
                self.photos.album.update(|it| it.take_evidence(request, outcome, bytes));
            }
            event => self.enqueue(event, bytes),
        }
    }

    fn lose_engine(self, reason: Option<Failure>) {
        self.flush();
        let was_paused = self.forget_opening();
        let before = self.held.get_untracked();
        let was_keeping = self.kept.with_untracked(|kept| kept.keeping.is_some());
        self.held.update(Held::lose_all);
        self.kept.update(|kept| kept.keeping = None);
        self.scope.thumbnails.update(Thumbnails::give_up);
        let is_told = self.lose_network(reason.as_ref());
        let Some(failure) = reason else {
            self.offer_kept();
            return self.note.set(before.last_words());
        };
        if untrack(|| self.is_active()) {
            if !self.revive(&failure, was_paused) {
                self.enqueue(Event::Failed(failure), Vec::new());
            }
        } else if was_keeping {
            self.kept.update(|kept| kept.refuse(failure));
        } else if !is_told {
            self.held.update(|held| held.refuse(failure));
        }
    }

    fn enqueue(self, event: Event, payload: Vec<u8>) {
        let is_frequent = match &event {
            Event::Progress(_)
            | Event::Loading(_)
            | Event::Keeping(_)
            | Event::Fetching(_)
            | Event::Microscope(_) => true,
            Event::Ready { .. }
            | Event::Device(_)
            | Event::Compiling
            | Event::Started(_)
            | Event::Epoch { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Stopped
            | Event::Finished
            | Event::Failed(_)
            | Event::Dying(_)
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::Checkpoint(_)
            | Event::DataKept(_)
            | Event::Chosen { .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => false,
        };
        self.inbox.update_value(|inbox| inbox.events.push((event, payload)));
        if !is_frequent {
            self.flush();
        } else if !self.inbox.with_value(|inbox| inbox.scheduled) {
            self.inbox.update_value(|inbox| inbox.scheduled = true);
            // Not an animation frame: those rest while the tab is hidden, and the run goes on.
            set_timeout(move || self.flush(), BATCH_DELAY);
        }
    }

    fn flush(self) {
        let mut events = Vec::new();
        self.inbox.update_value(|inbox| {
            inbox.scheduled = false;
            events = std::mem::take(&mut inbox.events);
        });
        if events.is_empty() {
            return;
        }
        let was_active = untrack(|| self.is_active());
        self.run.update(|run| {
            for (event, payload) in &events {
                run.apply(event, payload);
            }
        });
        self.held.update(|held| events.iter().for_each(|(event, _)| held.apply(event)));
        self.kept.update(|kept| events.iter().for_each(|(event, _)| kept.apply(event)));
        self.choice.update(|choice| events.iter().for_each(|(event, _)| choice.apply(event)));
        for (event, payload) in events {
            self.follow(&event, payload);
        }
        if was_active {
            self.end_run();
        }
    }

    /// What an event changes beyond what is shown of it.
    fn follow(self, event: &Event, payload: Vec<u8>) {
        match event {
            Event::Microscope(sight) => self.scope.take(sight, payload),
            Event::Opened { outcome: Opening::Checkpoint(info), .. } => {
                self.note.set(None);
                self.runs.begin();
                self.run.set(RunState::standing(info));
                self.scope.clear();
                // A reload would begin a new run.
                let experiment = Experiment { autostart: false, ..info.experiment.clone() };
                self.form.replace(experiment);
                self.follow_opened(&info.experiment);
                self.ask_again();
            }
            Event::Opened { outcome: Opening::Refused(failure), .. } => {
                self.follow_refused(failure);
            }
            Event::Checkpoint(news) => self.follow_checkpoint(news),
            Event::Failed(failure) => self.follow_failure(failure),
            Event::Opened { outcome: Opening::Model(_), .. }
            | Event::Chosen { outcome: Choosing::Network(_), .. } => self.ask_again(),
            // Photos that have waited for it are refused now.
            Event::Chosen { outcome: Choosing::Refused(_), .. } => self.ask_next(),
            Event::DataKept(data) => {
                if let Some(dataset) = data.added {
                    self.form.enter(Setting::Dataset, dataset.name().to_owned());
                }
            }
            Event::Ready { .. }
            | Event::Loading(_)
            | Event::Device(_)
            | Event::Compiling
            | Event::Started(_)
            | Event::Progress(_)
            | Event::Epoch { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Stopped
            | Event::Finished
            | Event::Dying(_)
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Keeping(_)
            | Event::Fetching(_)
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
    }
}

/// The shared state, from any component.
pub fn app() -> App {
    expect_context()
}
