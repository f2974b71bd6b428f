//! Runs that are over, as the page keeps them: what was asked, what came of it, and what the
//! visitor wrote beside it.

pub mod queue;
pub mod shelf;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod text;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::choices::Dataset;
use super::config::Experiment;
use super::language::translated;
use super::metrics::EpochMetrics;
use super::run::RunState;
use crate::protocol::{DeviceKind, Failure};

/// The colours that runs are told apart by; the style sheet has as many.
pub const COLOURS: usize = 8;

const MAX_NAME_CHARS: usize = 60;
const MAX_NOTE_CHARS: usize = 500;

/// Names a run in this browser: the milliseconds since 1970 at which it began, or the next number
/// that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub u64);

impl RunId {
    /// For a run that begins now; never one that was given before.
    pub fn after(last: Option<Self>, now_ms: f64) -> Self {
        let now = Self(now_ms.max(0.0) as u64);
        last.map_or(now, |last| now.max(Self(last.0.saturating_add(1))))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a run came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    Finished,
    /// By the visitor.
    Stopped,
    Failed(Failure),
}

impl Ended {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }
}

/// The device that trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUsed {
    pub kind: DeviceKind,
    pub name: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub experiment: Experiment,
    pub device: Option<DeviceUsed>,
    pub history: Vec<EpochMetrics>,
    pub ended: Ended,
    pub ended_at_ms: f64,
    /// As in [`crate::protocol::RunInfo`].
    pub candidates_digest: String,
}

impl Outcome {
    /// What came of the run if it ended just now. None if there is nothing to keep: it never took
    /// a step, or was stopped before an epoch was measured.
    pub fn of(run: &RunState, ended: Ended, now_ms: f64) -> Option<Self> {
        let info = run.info.as_ref()?;
        let is_worth_keeping = match &ended {
            Ended::Finished | Ended::Stopped => !run.epochs.is_empty(),
            Ended::Failed(_) => !run.epochs.is_empty() || !run.step_losses.is_empty(),
        };
        is_worth_keeping.then(|| Self {
            experiment: Experiment { autostart: false, ..info.experiment.clone() },
            device: run
                .device
                .as_ref()
                .map(|device| DeviceUsed { kind: device.kind, name: device.name.clone() }),
            history: run.epochs.clone(),
            ended,
            ended_at_ms: now_ms,
            candidates_digest: info.candidates_digest.clone(),
        })
    }
}

/// A run that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    pub id: RunId,
    pub name: String,
    /// Below [`COLOURS`].
    pub colour: usize,
    pub note: String,
    pub pinned: bool,
    /// Whether its curves are drawn.
    pub shown: bool,
    pub outcome: Outcome,
}

/// A name for a run that nobody has named: what one most often varies.
pub fn default_name(experiment: &Experiment) -> String {
    let method = short_method(experiment);
    let data = match experiment.dataset {
        Dataset::Synthetic => "",
        Dataset::Cifar10 => "CIFAR-10, ",
        Dataset::Cifar100 => "CIFAR-100, ",
    };
    let (rate, seed) = (experiment.rate, experiment.seed);
    t!("{data}{method}, q {rate}, seed {seed}", data, method, rate, seed)
}

/// The method in a word, as its title begins.
pub fn short_method(experiment: &Experiment) -> String {
    let title = translated(experiment.method.title());
    title.split(['(', '（']).next().unwrap_or_default().trim_end().to_owned()
}

/// A name or note as it is kept: on one line, and not endless.
fn tidy(text: &str, max_chars: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(max_chars).collect()
}

#[cfg(test)]
pub(crate) fn record_for_tests(id: u64, experiment: Experiment, accuracies: &[f64]) -> RunRecord {
    let epochs = accuracies.iter().enumerate();
    RunRecord {
        id: RunId(id),
        name: format!("run {id}"),
        colour: 0,
        note: String::new(),
        pinned: false,
        shown: true,
        outcome: Outcome {
            experiment,
            device: Some(DeviceUsed { kind: DeviceKind::Cpu, name: "2 cores".into() }),
            history: epochs
                .map(|(at, &accuracy)| super::metrics::epoch_for_tests(at + 1, accuracy))
                .collect(),
            ended: Ended::Finished,
            ended_at_ms: 1e12 + id as f64,
            candidates_digest: "a6ad3dc8cfbde685".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::super::run::{RunState, info_for_tests};
    use super::*;
    use crate::protocol::Event;

    fn stopped(run: &RunState) -> Option<Outcome> {
        Outcome::of(run, Ended::Stopped, 5.0)
    }

    #[test]
    fn ids_grow_even_if_the_clock_does_not() {
        let first = RunId::after(None, 1_000.7);
        assert_eq!(first, RunId(1_000));
        assert_eq!(RunId::after(Some(first), 1_000.9), RunId(1_001));
        assert_eq!(RunId::after(Some(first), 5_000.0), RunId(5_000));
        assert_eq!(RunId::after(None, f64::NAN), RunId(0));
    }

    #[test]
    fn a_run_without_a_result_is_not_kept() {
        let mut run = RunState::begun();
        assert_eq!(stopped(&run), None);
        let failed = Ended::Failed(Failure::new("no data", "give some"));
        run.apply(&Event::Started(info_for_tests()), &[]);
        assert_eq!(stopped(&run), None);
        assert_eq!(Outcome::of(&run, failed, 5.0), None, "no step was taken");

        run.epochs.push(epoch_for_tests(1, 0.5));
        let outcome = stopped(&run).unwrap();
        assert_eq!((outcome.history.len(), outcome.ended_at_ms), (1, 5.0));
    }

    #[test]
    fn a_name_tells_what_is_varied() {
        assert_eq!(default_name(&Experiment::default()), "PRODEN, q 0.1, seed 1");
        let experiment = Experiment {
            dataset: Dataset::Cifar10,
            method: crate::experiment::Method::Supervised,
            ..Experiment::default()
        };
        assert_eq!(default_name(&experiment), "CIFAR-10, Supervised, q 0.1, seed 1");
    }

    #[test]
    fn names_are_tidied() {
        assert_eq!(tidy("  two\n words ", 60), "two words");
        assert_eq!(tidy(&"é".repeat(100), MAX_NAME_CHARS).chars().count(), MAX_NAME_CHARS);
    }
}
