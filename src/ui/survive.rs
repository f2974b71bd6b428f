//! Runs that survive: while a run is on, the engine keeps checkpoints of it and this page notes
//! that it does (a key a run in `localStorage`). What is noted when a page opens was interrupted.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;

use super::client::Client;
use super::state::App;
use super::{lock, storage};
use crate::experiment::held::{Errand, Held};
use crate::experiment::open_run::{self, AfterDeath, OpenRun, UnderWay};
use crate::experiment::run::{RunState, Status};
use crate::experiment::runs::RunId;
use crate::experiment::way_out::{self, WayOut};
use crate::experiment::{DeviceChoice, Experiment, Setting};
use crate::protocol::{
    CheckpointNews, CheckpointWish, Command, Event, Failure, KeptCheckpoint, lock_name,
};

/// A tab that was closed or killed lets go of its locks within this.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// A handle on what is kept of runs that have not come to their end.
#[derive(Clone, Copy)]
pub struct Survival {
    /// A run of an earlier page, or one that cannot go on otherwise.
    pub offer: RwSignal<Option<OpenRun>>,
    /// The last checkpoint of the run under way.
    pub kept: RwSignal<Option<KeptCheckpoint>>,
    /// Why the run under way is not kept.
    pub failure: RwSignal<Option<Failure>>,
    under_way: StoredValue<UnderWay>,
    /// Counts the times that a run began or went on: a lock that came free is news of its own time only.
    stretch: StoredValue<u32>,
    /// The run that is being opened to go on with, or only to be looked at.
    opening: StoredValue<Option<Opening>>,
}

/// An interrupted run that the engine was asked to open.
#[derive(Debug, Clone, PartialEq)]
struct Opening {
    open: OpenRun,
    then: Then,
    /// The visitor had paused it.
    is_paused: bool,
    /// To be said when it goes on.
    note: Option<String>,
}

/// What follows when an interrupted run has been opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    /// With all that it was, but on the CPU.
    GoOnOnCpu,
    /// It would diverge again.
    Stand,
}

impl Survival {
    /// What the browser's storage holds.
    pub fn from_storage() -> Self {
        let texts = storage::open_runs();
        Self {
            offer: RwSignal::new(open_run::newest(texts.iter().map(String::as_str))),
            kept: RwSignal::default(),
            failure: RwSignal::default(),
            under_way: StoredValue::new(UnderWay::default()),
            stretch: StoredValue::new(0),
            opening: StoredValue::new(None),
        }
    }
}

impl App {
    /// Asks that the run which is begun next be kept.
    pub(super) fn keep_next(self) {
        self.survival.failure.set(None);
        self.survival.stretch.update_value(|it| *it += 1);
        if let Some(RunId(run)) = self.runs.current.get_untracked() {
            self.send(Command::Checkpoint(CheckpointWish::Keep { run }));
        }
    }

    /// Another run begins: the one before is none of its business.
    pub(super) fn forget_kept(self) {
        self.survival.kept.set(None);
        self.survival.under_way.update_value(UnderWay::clear);
    }

    /// Goes on with the interrupted run that is offered.
    pub fn resume_interrupted(self) {
        let Some(open) = self.survival.offer.get_untracked() else { return };
        // Of this tab: it has diverged, and would again.
        let is_of_this_tab = self.runs.current.get_untracked() == Some(open.run);
        let has_failed =
            self.run.with_untracked(|run| run.failure.as_ref().is_some_and(is_diverged));
        let then = if is_of_this_tab && has_failed { Then::Stand } else { Then::GoOn };
        self.open_interrupted(open, then);
    }

    fn open_interrupted(self, open: OpenRun, then: Then) {
        // It is on its way.
        if self.survival.opening.with_value(Option::is_some) {
            return;
        }
        self.held.update(|held| held.ask(Errand::Opening(t!("The interrupted run"))));
        self.open_kept(Opening { open, then, is_paused: false, note: None });
    }

    /// What one click can do about the run's failure.
    pub fn way_out(self) -> Option<WayOut> {
        if self.is_active() {
            return None;
        }
        self.run.with(|run| {
            let failure = run.failure.as_ref()?;
            match &run.experiment {
                Some(experiment) => WayOut::of(failure, experiment),
                None => self.form.experiment.with(|experiment| WayOut::of(failure, experiment)),
            }
        })
    }

    /// Whether there is a run to go on with, in the engine or in the browser's storage.
    pub fn can_go_on(self) -> bool {
        self.held.with(Held::can_continue) || self.survival.offer.with(Option::is_some)
    }

    /// Does it.
    pub fn take_way_out(self) {
        let Some(way) = untrack(|| self.way_out()) else { return };
        let (WayOut::OnCpu(experiment) | WayOut::SmallerBatch(experiment)) = &way;
        let experiment = experiment.clone();
        let is_held = self.held.with_untracked(Held::can_continue);
        // Rather the kept state than what a failing device holds, but of this run alone.
        let kept = self.survival.under_way.with_value(|it| it.kept().cloned());
        let current = self.runs.current.get_untracked();
        let offer = self.survival.offer.get_untracked();
        let offer = offer.filter(|open| !is_held || current == Some(open.run));
        match (way, kept.or(offer)) {
            (WayOut::OnCpu(_), Some(open)) => self.open_interrupted(open, Then::GoOnOnCpu),
            (WayOut::OnCpu(_), None) if is_held => {
                self.form.replace(experiment.clone());
                self.go_on(experiment);
            }
            (WayOut::OnCpu(_) | WayOut::SmallerBatch(_), _) => {
                self.form.replace(experiment.clone());
                self.start(experiment);
            }
        }
    }

    /// Drops the interrupted run that is offered.
    pub fn discard_interrupted(self) {
        if let Some(open) = self.survival.offer.get_untracked() {
            self.drop_kept(open.run);
        }
        self.offer_next();
    }

    fn open_kept(self, opening: Opening) {
        let RunId(run) = opening.open.run;
        self.note.set(opening.note.clone());
        self.survival.opening.set_value(Some(opening));
        self.send(Command::Checkpoint(CheckpointWish::Open { run }));
    }

    /// A checkpoint was opened. If it is of an interrupted run, that is the current one again, under
    /// its own name.
    pub(super) fn follow_opened(self, experiment: &Experiment) {
        let Some(Opening { open, then, is_paused, note }) = self.survival.opening.get_value()
        else {
            return self.forget_kept();
        };
        self.survival.opening.set_value(None);
        self.survival.offer.set(None);
        self.runs.current.set(Some(open.run));
        let turn = open.turn.filter(|&at| self.is_waiting(at, experiment));
        // Where it does not go on now, it may later.
        self.runs.stopped_turn.set_value(turn.map(|at| (open.run, at)));
        self.survival.under_way.update_value(|it| it.go_on(open));
        let (interrupted, mut experiment) = (experiment.clone(), experiment.clone());
        match then {
            Then::GoOn => {}
            Then::GoOnOnCpu => {
                experiment.device = DeviceChoice::Cpu;
                self.form.enter(Setting::Device, DeviceChoice::Cpu.to_string());
            }
            Then::Stand => return self.runs.let_go(),
        }
        self.in_turn(turn, move |app| {
            app.go_on_in(app.stopped_turn(&interrupted), experiment);
            app.note.set(note);
            if is_paused {
                app.pause();
            }
        });
    }

    /// The visitor stops what is on its way to go on: if the engine was asked to open it, it will stand.
    pub(super) fn give_up_opening(self, is_asked: bool) {
        let Some(opening) = self.survival.opening.get_value() else { return };
        if is_asked {
            self.survival.opening.set_value(Some(Opening { then: Then::Stand, ..opening }));
        } else {
            self.forget_opening();
            self.held.update(|held| held.errand = None);
            self.survival.offer.set(Some(opening.open));
        }
    }

    /// The engine that was asked to open a run is gone. True if the run was, and would have been again, paused.
    pub(super) fn forget_opening(self) -> bool {
        let opening = self.survival.opening.get_value();
        self.survival.opening.set_value(None);
        let is_paused = self.run.with_untracked(|run| run.status == Status::Paused);
        is_paused || opening.is_some_and(|opening| opening.is_paused)
    }

    /// The link wants a run that begins by itself. One that was interrupted comes first: it would be out of reach
    /// once another one is on. But what another tab is on with, and is noted here as well, holds up nothing.
    pub fn start_by_itself(self, experiment: Experiment) {
        let Some(open) = self.survival.offer.get_untracked() else {
            return self.start(experiment);
        };
        let is_free = Rc::new(Cell::new(false));
        let note = {
            let is_free = Rc::clone(&is_free);
            move || is_free.set(true)
        };
        lock::when_free(&lock_name(open.run.0), note);
        let start = move || {
            if !is_free.get() {
                self.start(experiment);
            }
        };
        set_timeout(start, LOCK_PATIENCE);
    }

    /// An interrupted run could not be opened.
    pub(super) fn follow_refused(self, failure: &Failure) {
        let Some(Opening { open, .. }) = self.survival.opening.get_value() else { return };
        self.survival.opening.set_value(None);
        self.survival.offer.set(Some(open));
        if untrack(|| self.is_active()) {
            // Its engine died, and a new one could not go on.
            self.held.update(|held| held.failure = None);
            self.run.update(|run| run.apply(&Event::Failed(failure.clone()), &[]));
        }
    }

    /// News from the engine.
    pub(super) fn follow_checkpoint(self, news: &CheckpointNews) {
        match news {
            CheckpointNews::Held { run } => self.watch_engine(*run),
            CheckpointNews::Kept(kept) => self.note_kept(*kept),
            CheckpointNews::NotKept { failure, .. } => {
                self.survival.failure.set(Some(failure.clone()));
            }
        }
    }

    fn note_kept(self, kept: KeptCheckpoint) {
        if self.survival.kept.with_untracked(Option::is_none) {
            storage::persist();
        }
        self.survival.kept.set(Some(kept));
        self.survival.failure.set(None);
        let experiment = self.run.with_untracked(|run| run.experiment.clone()).unwrap_or_default();
        let turn = self.runs.turn.get_untracked();
        let open = OpenRun::new(kept, Experiment { autostart: false, ..experiment }, turn);
        storage::put(&storage::open_run_key(open.run), &open.to_text());
        self.survival.under_way.update_value(|it| it.keep(open));
    }

    /// The engine holds the run's lock: whoever waits for it learns that the engine is dead, even
    /// if that was killed and could not say so.
    fn watch_engine(self, run: u64) {
        let client = self.client();
        let engine = client.as_ref().and_then(Client::engine_id);
        let stretch = self.survival.stretch.get_value();
        lock::when_free(&lock_name(run), move || {
            // Else it was let go of in good order, or this page has itself ended the engine.
            // A finished run that goes on at once would else hear of its own end.
            let is_same = client.as_ref().and_then(Client::engine_id) == engine
                && self.survival.stretch.get_value() == stretch;
            let is_on = self.runs.current.get_untracked() == Some(RunId(run))
                && untrack(|| self.is_active());
            if let Some(client) = client.filter(|_| is_same && is_on) {
                client.bury();
            }
        });
    }

    /// The run under way has come to its end, and is kept as what it came to.
    pub(super) fn end_kept(self) {
        if let Some(run) = self.runs.current.get_untracked() {
            self.drop_kept(run);
        }
        self.forget_kept();
    }

    fn drop_kept(self, RunId(run): RunId) {
        let key = storage::open_run_key(RunId(run));
        // Without the note there is no checkpoint, and no engine need be started to drop it.
        if storage::get(&key).is_some() {
            storage::remove(&key);
            self.send(Command::Checkpoint(CheckpointWish::Drop { run }));
        }
    }

    fn offer_next(self) {
        let texts = storage::open_runs();
        self.survival.offer.set(open_run::newest(texts.iter().map(String::as_str)));
    }

    /// The run has failed. If it has diverged, its last good state is offered.
    pub(super) fn follow_failure(self, failure: &Failure) {
        let open = self.survival.under_way.with_value(|it| it.kept().cloned());
        if let Some(open) = open.filter(|_| is_diverged(failure)) {
            let failure = open_run::back_from(failure, &open);
            self.run.update(|run| run.failure = Some(failure));
            self.held.update(Held::diverge);
            self.survival.offer.set(Some(open));
        }
    }

    /// The engine died while a run was under way. True if a new one goes on with it.
    pub(super) fn revive(self, death: &Failure, is_paused: bool) -> bool {
        if way_out::is_hopeless(death) {
            self.offer_kept();
            return false;
        }
        let mut after = AfterDeath::Nothing;
        self.survival.under_way.update_value(|it| after = it.engine_died());
        match after {
            AfterDeath::GoOn(open) => {
                let note = open_run::revived(&open, death);
                self.run.update(RunState::go_on);
                self.open_kept(Opening { open, then: Then::GoOn, is_paused, note: Some(note) });
                true
            }
            AfterDeath::Offer(open) => {
                self.survival.offer.set(Some(open));
                false
            }
            AfterDeath::Nothing => false,
        }
    }

    /// The engine was ended by force: what it held is gone, but for what is kept.
    pub(super) fn offer_kept(self) {
        let open = self.survival.under_way.with_value(|it| it.kept().cloned());
        if open.is_some() {
            self.survival.offer.set(open);
        }
    }
}

fn is_diverged(failure: &Failure) -> bool {
    failure.setting.as_deref() == Some(Setting::Lr.name())
}
