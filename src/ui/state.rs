//! What the whole app shares, whatever page is open: the run, the form, the photo, the engine.
//!
//! Events are taken in one at a time but shown in batches, so that a fast run costs the main
//! thread no more than a slow one.

use std::time::Duration;

use leptos::prelude::*;

use super::client::{Client, Notice};
use super::form::Form;
use crate::experiment::Experiment;
use crate::experiment::run::RunState;
use crate::protocol::{Classification, Command, Event, Failure};

/// How long frequent events wait for company.
const BATCH_DELAY: Duration = Duration::from_millis(80);

/// The shared state; a handle that copies.
#[derive(Clone, Copy)]
pub struct App {
    pub run: RwSignal<RunState>,
    pub form: Form,
    /// Something worth knowing about the last action, that is no fault.
    pub note: RwSignal<Option<&'static str>>,
    /// Whether the engine holds a network that can classify.
    pub has_network: RwSignal<bool>,
    pub photo: RwSignal<Photo>,
    client: StoredValue<Option<Client>, LocalStorage>,
    inbox: StoredValue<Inbox, LocalStorage>,
    last_request: StoredValue<u32>,
}

/// Events that wait to be shown.
#[derive(Default)]
struct Inbox {
    events: Vec<(Event, Vec<u8>)>,
    scheduled: bool,
}

/// The photo on the Classify page.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Photo {
    #[default]
    None,
    /// The network was asked.
    Asked {
        request: u32,
        name: String,
    },
    Answered(Answer),
    Refused(Failure),
}

/// What the network says of a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub name: String,
    pub class_names: Vec<String>,
    pub probabilities: Vec<f32>,
    /// The crop that the network saw, u8 `[3, 32, 32]`.
    pub crop: Vec<u8>,
}

impl App {
    pub fn new() -> Self {
        let app = Self {
            run: RwSignal::default(),
            form: Form::from_address(),
            note: RwSignal::default(),
            has_network: RwSignal::default(),
            photo: RwSignal::default(),
            client: StoredValue::new_local(None),
            inbox: StoredValue::new_local(Inbox::default()),
            last_request: StoredValue::new(0),
        };
        app.client.set_value(Some(Client::new(move |notice| app.take(notice))));
        app
    }

    /// Begins a run, unless one is on.
    pub fn start(self, experiment: Experiment) {
        if self.run.with_untracked(|run| run.status.is_active()) {
            return;
        }
        self.note.set(None);
        self.run.set(RunState::begun());
        self.send(Command::Start { experiment }, None);
    }

    pub fn pause(self) {
        self.send(Command::Pause, None);
    }

    pub fn resume(self) {
        self.send(Command::Resume, None);
    }

    pub fn stop(self) {
        if let Some(client) = self.client.get_value() {
            client.stop();
        }
    }

    /// Asks the network what the image file shows.
    pub fn classify(self, name: String, file: Vec<u8>) {
        let request = self.last_request.get_value().wrapping_add(1);
        self.last_request.set_value(request);
        self.photo.set(Photo::Asked { request, name });
        self.send(Command::Classify { request }, Some(file));
    }

    fn send(self, command: Command, payload: Option<Vec<u8>>) {
        if let Some(client) = self.client.get_value() {
            client.send(command, payload);
        }
    }

    fn take(self, notice: Notice) {
        match notice {
            Notice::Event(Event::Classified { request, outcome }, crop) => {
                self.take_answer(request, outcome, crop);
            }
            Notice::Event(event, payload) => self.enqueue(event, payload),
            Notice::Gone(reason) => self.lose_engine(reason),
        }
    }

    fn take_answer(self, answered: u32, outcome: Classification, crop: Vec<u8>) {
        self.photo.update(|photo| {
            let Photo::Asked { request, name } = photo else {
                return;
            };
            if *request != answered {
                return;
            }
            *photo = match outcome {
                Classification::Refused(failure) => Photo::Refused(failure),
                Classification::Probabilities { class_names, probabilities } => {
                    let name = std::mem::take(name);
                    Photo::Answered(Answer { name, class_names, probabilities, crop })
                }
            };
        });
    }

    fn lose_engine(self, reason: Option<Failure>) {
        self.flush();
        let had_network = self.has_network.get_untracked();
        self.has_network.set(false);
        if reason.is_none() && had_network {
            self.note.set(Some(
                "The engine was in the middle of a long step and was ended by force. The network of this run is gone, so there is nothing to classify with.",
            ));
        }
        if let Some(failure) = reason {
            self.photo.update(|photo| {
                if let Photo::Asked { .. } = photo {
                    *photo = Photo::Refused(failure.clone());
                }
            });
            if self.run.with_untracked(|run| run.status.is_active()) {
                self.enqueue(Event::Failed(failure), Vec::new());
            }
        }
    }

    fn enqueue(self, event: Event, payload: Vec<u8>) {
        let is_frequent = match &event {
            Event::Progress(_) | Event::Loading(_) | Event::Keeping(_) => true,
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
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::DataKept(_) => false,
        };
        if let Event::Started(_) = event {
            self.has_network.set(true);
        }
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
        self.run.update(|run| {
            for (event, payload) in &events {
                run.apply(event, payload);
            }
        });
    }
}

/// The shared state, from any component.
pub fn app() -> App {
    expect_context()
}
