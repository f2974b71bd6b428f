//! Results in links: the one that the page was opened with, and those that it gives away.

use leptos::ev;
use leptos::prelude::*;

use super::form::Form;
use super::place;
use super::state::App;
use crate::experiment::Experiment;
use crate::experiment::link;
use crate::experiment::result::agreement::Agreement;
use crate::experiment::result::{SharedResult, fragment};
use crate::experiment::runs::Outcome;
use crate::experiment::runs::table::same_experiment;
use crate::protocol::Failure;

/// A result that somebody sent, with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub experiment: Experiment,
    pub result: SharedResult,
}

/// A handle on what the page's address tells of a result.
#[derive(Clone, Copy)]
pub struct Shared {
    pub received: RwSignal<Option<Received>>,
    /// Why the address' result could not be taken.
    pub failure: RwSignal<Option<Failure>>,
}

impl Shared {
    /// Reads the page's address, now and whenever another fragment is entered in it.
    pub fn from_address() -> Self {
        let shared = Self { received: RwSignal::default(), failure: RwSignal::default() };
        shared.read();
        let handle = window_event_listener(ev::hashchange, move |_| shared.read());
        on_cleanup(move || handle.remove());
        shared
    }

    fn read(self) {
        let experiment = link::from_query(&place::query()).experiment;
        let (received, failure) = match fragment::from_fragment(&place::fragment(), &experiment) {
            Ok(None) => return,
            Ok(Some(result)) => (Some(Received { experiment, result }), None),
            Err(error) => (None, Some(Failure::new(error.to_string(), error.remedy()))),
        };
        self.received.set(received);
        self.failure.set(failure);
    }

    /// Takes the sender's curves away, and out of the address.
    pub fn dismiss(self, form: Form) {
        self.received.set(None);
        place::replace_query(&untrack(|| form.query()));
    }
}

impl App {
    /// The link to an experiment, with its result where there is one.
    pub fn address_of(self, experiment: &Experiment, result: Option<&SharedResult>) -> String {
        let fragment = result.map(|result| fragment::to_fragment(experiment, result));
        let query = self.speech.query_of(experiment);
        place::address_with(&query, fragment.as_deref())
    }

    /// The newest kept run with these settings, as a link holds it.
    pub fn result_of(self, experiment: &Experiment, max_points: usize) -> Option<SharedResult> {
        self.runs.shelf.with(|shelf| {
            let runs = shelf.runs().iter();
            let same = runs.filter(|run| same_experiment(&run.outcome.experiment, experiment));
            let newest = same.max_by_key(|run| run.id)?;
            SharedResult::of(&newest.outcome, max_points)
        })
    }

    /// How far the run under way, or else the newest of the same settings, agrees with the result
    /// that was sent.
    pub fn agreement(self) -> Option<Agreement> {
        let received = self.shared.received.get()?;
        let is_same = |experiment: &Experiment| same_experiment(experiment, &received.experiment);
        let of_run = self.run.with(|run| {
            let info = run.info.as_ref().filter(|info| is_same(&info.experiment))?;
            Agreement::of(&received.result, &run.epochs, &info.candidates_digest)
        });
        of_run.or_else(|| {
            self.runs.shelf.with(|shelf| {
                let same = shelf.runs().iter().filter(|run| is_same(&run.outcome.experiment));
                let Outcome { history, candidates_digest, .. } =
                    &same.max_by_key(|run| run.id)?.outcome;
                Agreement::of(&received.result, history, candidates_digest)
            })
        })
    }
}
