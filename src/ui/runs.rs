//! The kept runs and the queue, as the page shares them, and the ends of runs: each is kept, and
//! in a queue the next one begins at once. Nothing here waits for a timer or a frame, which a
//! hidden tab would be given late or never.

use leptos::ev;
use leptos::prelude::*;

use super::lock::Claim;
use super::state::App;
use super::{attention, storage};
use crate::experiment::Experiment;
use crate::experiment::headline;
use crate::experiment::run::Status;
use crate::experiment::runs::queue::{EntryState, Queue};
use crate::experiment::runs::shelf::Shelf;
use crate::experiment::runs::text;
use crate::experiment::runs::{Ended, Outcome, RunId};
use crate::protocol::Failure;

/// A handle on what is kept of runs.
#[derive(Clone, Copy)]
pub struct Runs {
    pub shelf: RwSignal<Shelf>,
    pub queue: RwSignal<Option<Queue>>,
    /// The position in the queue of the run under way in this tab.
    pub turn: RwSignal<Option<usize>>,
    /// The run that was stopped in its turn, and the position of that: it can go on.
    pub(super) stopped_turn: StoredValue<Option<(RunId, usize)>>,
    /// The lock of the tab that works through the queue, while that is this one.
    pub(super) claim: StoredValue<Option<Claim>, LocalStorage>,
    /// Whether it is being asked for.
    pub(super) is_claiming: StoredValue<bool>,
    /// Keys of kept runs that cannot be read, and why.
    pub unreadable: RwSignal<Vec<(String, String)>>,
    /// Why something is not kept.
    pub failure: RwSignal<Option<Failure>>,
    /// The run that is under way, or was last.
    pub current: RwSignal<Option<RunId>>,
    /// What is started when the run under way has stopped.
    pub next: StoredValue<Option<Experiment>>,
}

impl Runs {
    /// What the browser's storage holds.
    pub fn from_storage() -> Self {
        let (mut kept, mut unreadable) = (Vec::new(), Vec::new());
        for (key, text) in storage::runs() {
            match text::to_record(&text) {
                Ok(record) => kept.push(record),
                Err(error) => unreadable.push((key, error.to_string())),
            }
        }
        let queue = match storage::get(storage::QUEUE).map(|text| Queue::from_text(&text)) {
            Some(Ok(queue)) => Some(queue),
            Some(Err(error)) => {
                unreadable.push((storage::QUEUE.to_owned(), error.to_string()));
                None
            }
            None => None,
        };
        let runs = Self {
            shelf: RwSignal::new(Shelf::of(kept)),
            queue: RwSignal::new(queue),
            turn: RwSignal::default(),
            stopped_turn: StoredValue::new(None),
            claim: StoredValue::new_local(None),
            is_claiming: StoredValue::new(false),
            unreadable: RwSignal::new(unreadable),
            failure: RwSignal::default(),
            current: RwSignal::default(),
            next: StoredValue::new(None),
        };
        // Another tab of this page keeps runs in the same place.
        let handle = window_event_listener(ev::storage, move |event| runs.take_over(event.key()));
        on_cleanup(move || handle.remove());
        runs
    }

    fn take_over(self, key: Option<String>) {
        if key.as_deref() == Some(storage::QUEUE) {
            return self.take_over_queue();
        }
        let Some(id) = key.as_deref().and_then(storage::run_id) else {
            return;
        };
        let text = storage::get(&storage::run_key(id));
        let record = text.and_then(|text| text::to_record(&text).ok());
        self.shelf.update(|shelf| shelf.take_over(RunId(id), record));
    }

    /// Another tab has changed the queue; whose run is on in this one keeps its own.
    fn take_over_queue(self) {
        if self.turn.get_untracked().is_none() {
            let text = storage::get(storage::QUEUE);
            self.queue.set(text.and_then(|text| Queue::from_text(&text).ok()));
        }
    }

    /// What another tab has just done to the queue, which this one may not have been told yet. A full storage
    /// has less than this page.
    pub(super) fn reread_queue(self) {
        let is_kept = storage::get(storage::QUEUE).is_some();
        if is_kept && self.failure.get_untracked().is_none() {
            self.take_over_queue();
        }
    }

    /// A run begins that is none of the kept ones.
    pub fn begin(self) {
        let newest = self.shelf.with_untracked(|shelf| shelf.newest().map(|run| run.id));
        let last = newest.max(self.current.get_untracked());
        self.current.set(Some(RunId::after(last, js_sys::Date::now())));
        self.turn.set(None);
        self.next.set_value(None);
    }

    /// Changes the shelf, and keeps what has changed.
    pub fn change(self, change: impl FnOnce(&mut Shelf)) {
        self.shelf.update(change);
        let mut changed = Vec::new();
        // Nobody is told: what is drawn does not depend on what is written.
        self.shelf.update_untracked(|shelf| changed = shelf.take_changes());
        for id in changed {
            let text = self.shelf.with_untracked(|shelf| shelf.get(id).map(text::of_record));
            match text {
                Some(text) => self.put(&storage::run_key(id), &text),
                None => storage::remove(&storage::run_key(id)),
            }
        }
    }

    /// Changes the queue, and keeps it.
    fn change_queue(self, change: impl FnOnce(&mut Queue)) {
        self.queue.update(|queue| {
            if let Some(queue) = queue {
                change(queue);
            }
        });
        self.keep_queue();
    }

    pub(super) fn keep_queue(self) {
        match self.queue.with_untracked(|queue| queue.as_ref().map(Queue::to_text)) {
            Some(text) => self.put(storage::QUEUE, &text),
            None => storage::remove(storage::QUEUE),
        }
    }

    fn put(self, key: &str, text: &str) {
        let is_kept = storage::put(key, text);
        let failure = Failure::new(
            t!(
                "This browser does not keep what was added to the runs: its storage is full or forbidden."
            ),
            t!(
                "It stays on this page until you close it. Delete some runs to make room, or allow storage for this site."
            ),
        );
        let failure = (!is_kept).then_some(failure);
        if self.failure.with_untracked(|before| *before != failure) {
            self.failure.set(failure);
        }
    }

    /// Takes what cannot be read out of the storage.
    pub fn remove_unreadable(self) {
        for (key, _) in self.unreadable.get_untracked() {
            storage::remove(&key);
        }
        self.unreadable.set(Vec::new());
    }

    /// The turn in the queue, from 1, and how many there are.
    pub fn turn_of(self) -> Option<(usize, usize)> {
        let at = self.turn.get()?;
        self.queue.with(|queue| Some((at + 1, queue.as_ref()?.entries().len())))
    }

    /// No turn of the queue is under way in this tab: another one may work through it.
    pub(super) fn let_go(self) {
        self.claim.set_value(None);
    }

    /// Drops the queue; its runs stay.
    pub fn drop_queue(self) {
        self.queue.set(None);
        self.keep_queue();
    }
}

impl App {
    /// Stops the run under way and begins another one in its place.
    pub fn start_instead(self, experiment: Experiment) {
        self.runs.next.set_value(Some(experiment));
        self.stop();
    }

    /// A run that was under way is over.
    pub(super) fn end_run(self) {
        let ended = self.run.with_untracked(|run| match (run.status, &run.failure) {
            (Status::Finished, _) => Some(Ended::Finished),
            (Status::Failed, Some(failure)) => Some(Ended::Failed(failure.clone())),
            (Status::Idle, _) => Some(Ended::Stopped),
            (
                Status::Failed
                | Status::Loading
                | Status::Compiling
                | Status::Training
                | Status::Paused,
                _,
            ) => None,
        });
        let Some(ended) = ended else { return };
        let kept = self.keep_run(ended.clone());
        if ended == Ended::Finished {
            self.end_kept();
        }
        match self.runs.turn.get_untracked() {
            Some(at) => self.end_turn(at, &ended, kept),
            None => self.end_single(&ended),
        }
    }

    /// The id under which the run is kept, if there is something to keep.
    fn keep_run(self, ended: Ended) -> Option<RunId> {
        let now_ms = js_sys::Date::now();
        let outcome = self.run.with_untracked(|run| Outcome::of(run, ended, now_ms))?;
        let id = self.runs.current.get_untracked()?;
        let failed = matches!(outcome.ended, Ended::Failed(_));
        // It was to go on, and did not come to its first step: what it came to before still holds.
        let has_started = self.run.with_untracked(|run| run.has_started);
        if failed && !has_started && self.runs.shelf.with_untracked(|shelf| shelf.get(id).is_some())
        {
            return Some(id);
        }
        self.runs.change(|shelf| shelf.keep(id, outcome));
        // A run that failed has a network that diverged, or a device that is gone.
        if !failed {
            self.keep_network(id.0);
        }
        Some(id)
    }

    fn end_single(self, ended: &Ended) {
        let next = self.runs.next.get_value();
        self.runs.next.set_value(None);
        match (ended, next) {
            (Ended::Stopped, Some(experiment)) => {
                self.form.replace(experiment.clone());
                self.start(experiment);
            }
            (Ended::Stopped, None) => {}
            (Ended::Finished | Ended::Failed(_), _) => {
                if let Some(notice) = self.run.with_untracked(headline::notice) {
                    attention::notify(&notice);
                }
            }
        }
    }

    fn end_turn(self, at: usize, ended: &Ended, kept: Option<RunId>) {
        let took_a_step =
            self.run.with_untracked(|run| run.has_started && !run.step_losses.is_empty());
        let state = match (ended, kept) {
            (Ended::Finished, Some(id)) => EntryState::Done(id),
            (Ended::Failed(_), _) if took_a_step => EntryState::Failed,
            // Stopped by the visitor; or what failed so early would fail for the others too. The
            // queue offers to go on from here.
            (Ended::Stopped | Ended::Failed(_) | Ended::Finished, _) => EntryState::Waiting,
        };
        self.runs.change_queue(|queue| queue.settle(at, state));
        self.runs.turn.set(None);
        if state == EntryState::Waiting {
            self.runs.let_go();
            if *ended == Ended::Stopped {
                self.leave_turn(at);
            }
            return self.end_single(ended);
        }
        self.start_turn();
        if self.runs.turn.get_untracked().is_none() {
            self.runs.let_go();
            let notice = self.runs.queue.with_untracked(|queue| {
                let queue = queue.as_ref()?;
                Some(headline::notice_of_queue(&queue.title, &queue.standing()))
            });
            if let Some(notice) = notice {
                attention::notify(&notice);
            }
        }
    }
}
