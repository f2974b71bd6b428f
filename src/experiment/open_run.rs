//! Runs whose end has not come: what the page notes of a run while its checkpoints are kept, and
//! what it does when the engine dies under it.

use serde::{Deserialize, Serialize};

use super::config::Experiment;
use super::language::translated;
use super::runs::RunId;
use super::words;
use crate::protocol::{Failure, KeptCheckpoint};

/// The version of the text below.
const VERSION: u32 = 1;
/// How often in a row a dead engine is replaced without asking, while none of them comes so far
/// as to keep a checkpoint.
const MAX_REVIVALS: u32 = 2;

/// A run with a checkpoint in the browser's storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenRun {
    version: u32,
    pub run: RunId,
    pub experiment: Experiment,
    /// Epochs trained before the checkpoint.
    pub epochs: usize,
    /// Steps taken in the epoch after those.
    pub step: usize,
    /// Its position in the queue, if it is of one.
    pub turn: Option<usize>,
}

impl OpenRun {
    pub const fn new(kept: KeptCheckpoint, experiment: Experiment, turn: Option<usize>) -> Self {
        let KeptCheckpoint { run, epochs, step, .. } = kept;
        Self { version: VERSION, run: RunId(run), experiment, epochs, step, turn }
    }

    pub fn to_text(&self) -> String {
        // Our own types always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a text says; None if it is of another version, or damaged. There is nothing to say of
    /// that: what it stands for are some seconds of training.
    pub fn from_text(text: &str) -> Option<Self> {
        let open: Self = serde_json::from_str(text).ok()?;
        (open.version == VERSION).then_some(open)
    }

    /// What is offered, in a sentence.
    pub fn offer(&self) -> String {
        let position = words::position(self.epochs, self.step, self.experiment.epochs);
        t!(
            "A run was interrupted ({dataset}, {model}, q = {rate}). It is kept in this browser as it was {position}, and goes on from there to the same numbers.",
            dataset = translated(self.experiment.dataset.title()),
            model = translated(self.experiment.model.title()),
            rate = self.experiment.rate,
            position,
        )
    }
}

/// The newest of the texts that can be read.
pub fn newest<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<OpenRun> {
    texts.into_iter().filter_map(OpenRun::from_text).max_by_key(|open| open.run)
}

/// What becomes of a run whose engine has died.
#[derive(Debug, Clone, PartialEq)]
pub enum AfterDeath {
    /// A new engine goes on from the checkpoint.
    GoOn(OpenRun),
    /// It stops, and the checkpoint is offered.
    Offer(OpenRun),
    /// There is no checkpoint.
    Nothing,
}

/// The run that is under way in this page, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnderWay {
    /// What could go on, if the engine died now.
    kept: Option<OpenRun>,
    revivals: u32,
}

impl UnderWay {
    /// A checkpoint was kept.
    pub fn keep(&mut self, open: OpenRun) {
        self.revivals = 0;
        self.kept = Some(open);
    }

    pub const fn kept(&self) -> Option<&OpenRun> {
        self.kept.as_ref()
    }

    /// A run goes on from a checkpoint.
    pub fn go_on(&mut self, open: OpenRun) {
        self.kept = Some(open);
    }

    /// Another run begins, or this one has come to its end.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The engine has died while the run was under way.
    pub fn engine_died(&mut self) -> AfterDeath {
        match &self.kept {
            None => AfterDeath::Nothing,
            Some(open) if self.revivals < MAX_REVIVALS => {
                self.revivals += 1;
                AfterDeath::GoOn(open.clone())
            }
            Some(open) => AfterDeath::Offer(open.clone()),
        }
    }
}

/// What is said when a new engine goes on.
pub fn revived(open: &OpenRun, death: &Failure) -> String {
    let position = words::position(open.epochs, open.step, open.experiment.epochs);
    t!(
        "{fault} A new one goes on with the run as it was {position}: no number is lost.",
        fault = death.fault,
        position
    )
}

/// What to do when a run has diverged and its last good state is kept.
pub fn back_from(diverged: &Failure, open: &OpenRun) -> Failure {
    let position = words::position(open.epochs, open.step, open.experiment.epochs);
    Failure {
        remedy: t!(
            "{remedy} Or “Continue” brings back the last good state, {position}: its network can be saved, and it classifies.",
            remedy = diverged.remedy,
            position
        ),
        ..diverged.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(run: u64, epochs: usize) -> OpenRun {
        let kept = KeptCheckpoint { run, epochs, step: 0, size_bytes: 1, secs: 0.0 };
        OpenRun::new(kept, Experiment { epochs: 9, ..Experiment::default() }, None)
    }

    #[test]
    fn the_newest_that_can_be_read_is_offered() {
        let (old, new) = (open(5, 1).to_text(), open(7, 2).to_text());
        let later = new.replace("\"version\":1", "\"version\":2").replace("\"run\":7", "\"run\":9");
        let found = newest([old.as_str(), "nonsense", &new, &later, ""]).unwrap();
        assert_eq!(found, open(7, 2));
        assert!(found.offer().contains("after epoch 2 of 9"), "{}", found.offer());
        assert_eq!(newest([later.as_str()]), None);
    }

    #[test]
    fn a_dead_engine_is_replaced_while_that_helps() {
        let mut run = UnderWay::default();
        assert_eq!(run.engine_died(), AfterDeath::Nothing);
        run.keep(open(1, 1));
        assert_eq!(run.engine_died(), AfterDeath::GoOn(open(1, 1)));
        run.go_on(open(1, 1));
        assert_eq!(run.engine_died(), AfterDeath::GoOn(open(1, 1)));
        assert_eq!(run.engine_died(), AfterDeath::Offer(open(1, 1)), "it dies again and again");
        run.keep(open(1, 2));
        assert_eq!(run.engine_died(), AfterDeath::GoOn(open(1, 2)), "it came further");
        run.clear();
        assert_eq!((run.engine_died(), run.kept()), (AfterDeath::Nothing, None));
    }

    #[test]
    fn what_is_said_names_the_place() {
        let death = Failure::new("The engine died.", "start again");
        assert!(revived(&open(1, 3), &death).starts_with("The engine died. A new one"));
        let back = back_from(&death, &open(1, 3));
        assert!(back.remedy.contains("after epoch 3 of 9") && back.fault == death.fault);
    }
}
