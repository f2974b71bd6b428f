//! The turns of the queue. One tab at a time works through it, since two would train the same: it holds a lock
//! from its first turn until the queue ends or is stopped, or until the tab goes.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::lock::Claim;
use super::state::App;
use super::storage;
use crate::experiment::Experiment;
use crate::experiment::runs::queue::{EntryState, Queue};
use crate::experiment::runs::shelf::Shelf;
use crate::protocol::Failure;

impl App {
    /// Begins with the experiments, one after the other. What was in the chart makes way.
    pub fn start_queue(self, title: String, experiments: Vec<Experiment>) {
        if experiments.is_empty() {
            return;
        }
        self.claim_queue(move |app| {
            app.runs.change(Shelf::clear_chart);
            app.runs.queue.set(Some(Queue::new(title, experiments)));
            app.runs.keep_queue();
            app.start_turn();
        });
    }

    /// Goes on with the queue where it stands.
    pub fn go_on_with_queue(self) {
        self.claim_queue(Self::start_turn);
    }

    /// Begins with the next experiment of the queue, which is this tab's.
    pub(super) fn start_turn(self) {
        let next = self.runs.queue.with_untracked(|queue| {
            queue.as_ref()?.next().map(|(at, experiment)| (at, experiment.clone()))
        });
        if let Some((at, experiment)) = next
            && !untrack(|| self.is_active())
        {
            self.start(experiment);
            self.runs.turn.set(Some(at));
        }
    }

    /// The run under way was stopped in its turn: “Continue” goes on with it, so the form shows its settings.
    pub(super) fn leave_turn(self, at: usize) {
        let run = self.runs.current.get_untracked();
        self.runs.stopped_turn.set_value(run.map(|run| (run, at)));
        if let Some(experiment) = self.run.with_untracked(|run| run.experiment.clone()) {
            self.form.replace(experiment);
        }
    }

    /// The turn of a run that goes on with the experiment, if it was stopped in one.
    pub(super) fn stopped_turn(self, experiment: &Experiment) -> Option<usize> {
        let (run, at) = self.runs.stopped_turn.get_value()?;
        let is_it =
            self.runs.current.get_untracked() == Some(run) && self.is_waiting(at, experiment);
        is_it.then_some(at)
    }

    /// Whether the experiment still waits for its turn in the queue.
    pub(super) fn is_waiting(self, at: usize, experiment: &Experiment) -> bool {
        self.runs.queue.with_untracked(|queue| {
            let entry = queue.as_ref().and_then(|queue| queue.entries().get(at));
            entry.is_some_and(|it| it.state == EntryState::Waiting && it.experiment == *experiment)
        })
    }

    /// Goes on with a run, in its turn if it has one.
    pub(super) fn in_turn(self, turn: Option<usize>, go_on: impl FnOnce(Self) + 'static) {
        if turn.is_some() { self.claim_queue(go_on) } else { self.work(go_on) }
    }

    /// Begins to work through the queue, unless another tab does: then that is said, and nothing is done.
    fn claim_queue(self, work: impl FnOnce(Self) + 'static) {
        if self.runs.claim.with_value(Option::is_some) {
            return self.work(work);
        }
        // A second click while the lock is being asked for.
        if untrack(|| self.is_active()) || self.runs.is_claiming.get_value() {
            return;
        }
        self.runs.is_claiming.set_value(true);
        self.held.update(|held| held.failure = None);
        spawn_local(async move {
            let claim = Claim::take(storage::QUEUE).await;
            self.runs.is_claiming.set_value(false);
            if claim.is_none() {
                return self.held.update(|held| held.refuse(worked_through_elsewhere()));
            }
            self.runs.claim.set_value(claim);
            self.runs.reread_queue();
            self.work(work);
        });
    }

    /// Does it, unless a run has begun meanwhile. The queue is let go of if that was no turn of it.
    fn work(self, work: impl FnOnce(Self)) {
        if !untrack(|| self.is_active()) {
            work(self);
        }
        if self.runs.turn.get_untracked().is_none() {
            self.runs.let_go();
        }
    }
}

fn worked_through_elsewhere() -> Failure {
    Failure::new(
        t!("A queue of runs is being worked through in another tab."),
        t!("Let it end there, stop it, or close that tab, then try again: nothing is lost."),
    )
}
