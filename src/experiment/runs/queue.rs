//! Experiments that run one after the other, unattended, and which of them are done. The page
//! keeps it in the browser's storage: what is over stays over after a reload.

use serde::{Deserialize, Serialize};

use super::RunId;
use super::text::{TextError, from_versioned, versioned};
use crate::experiment::config::Experiment;

/// Several experiments and how far they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    pub title: String,
    entries: Vec<Entry>,
}

/// An experiment of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub experiment: Experiment,
    pub state: EntryState,
}

/// How far an experiment of a queue is. One that is under way waits: were the page closed now, it
/// would have to begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    Waiting,
    Done(RunId),
    /// It came to an end without a result.
    Failed,
}

impl Queue {
    pub fn new(title: impl Into<String>, experiments: Vec<Experiment>) -> Self {
        let entry = |experiment| Entry { experiment, state: EntryState::Waiting };
        Self { title: title.into(), entries: experiments.into_iter().map(entry).collect() }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The next experiment to run, and its position.
    pub fn next(&self) -> Option<(usize, &Experiment)> {
        let at = self.entries.iter().position(|entry| entry.state == EntryState::Waiting)?;
        Some((at, &self.entries[at].experiment))
    }

    /// What came of an experiment.
    pub fn settle(&mut self, at: usize, state: EntryState) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.state = state;
        }
    }

    /// The runs that are done.
    pub fn done(&self) -> impl Iterator<Item = RunId> + '_ {
        self.entries.iter().filter_map(|entry| match entry.state {
            EntryState::Done(id) => Some(id),
            EntryState::Waiting | EntryState::Failed => None,
        })
    }

    pub fn left(&self) -> usize {
        self.entries.iter().filter(|entry| entry.state == EntryState::Waiting).count()
    }

    pub fn is_over(&self) -> bool {
        self.left() == 0
    }

    /// How far it is, in words.
    pub fn standing(&self) -> String {
        let (all, done) = (self.entries.len(), self.done().count());
        let failed = all - done - self.left();
        match failed {
            0 => t!("{done} of {all} runs done", done, all),
            _ => t!("{done} of {all} runs done, {failed} failed", done, all, failed),
        }
    }

    /// As it is kept.
    pub fn to_text(&self) -> String {
        versioned(self)
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// When it is damaged, or of a later version.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let queue: Self = from_versioned(text)?;
        if queue.entries.is_empty() || queue.entries.len() > super::sweep::MAX_RUNS {
            return Err(TextError::Damaged(t!("it holds {runs} runs", runs = queue.entries.len())));
        }
        Ok(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sweep::twins;
    use super::*;

    fn queue() -> Queue {
        Queue::new("three methods", twins(&Experiment::default()))
    }

    #[test]
    fn one_after_the_other() {
        let mut queue = queue();
        assert_eq!(queue.next().map(|(at, _)| at), Some(0));
        queue.settle(0, EntryState::Done(RunId(5)));
        queue.settle(1, EntryState::Failed);
        assert_eq!(queue.next(), Some((2, &queue.entries()[2].experiment)));
        assert_eq!((queue.left(), queue.is_over()), (1, false));
        assert_eq!(queue.standing(), "1 of 3 runs done, 1 failed");
        queue.settle(2, EntryState::Done(RunId(6)));
        queue.settle(9, EntryState::Failed);
        assert!(queue.is_over() && queue.next().is_none());
        assert_eq!(queue.done().collect::<Vec<_>>(), [RunId(5), RunId(6)]);
    }

    #[test]
    fn a_reload_forgets_nothing_that_was_done() {
        let mut queue = queue();
        queue.settle(0, EntryState::Done(RunId(5)));
        let again = Queue::from_text(&queue.to_text()).unwrap();
        assert_eq!(again, queue);
        assert_eq!(again.standing(), "1 of 3 runs done");
    }

    #[test]
    fn strange_texts_are_refused() {
        let text = queue().to_text();
        let newer = text.replace(r#""version":1"#, r#""version":9"#);
        assert_eq!(Queue::from_text(&newer), Err(TextError::Newer(9)));
        let empty = r#"{"version":1,"title":"x","entries":[]}"#;
        for damaged in ["", "{}", empty, &text[1..]] {
            assert!(matches!(Queue::from_text(damaged), Err(TextError::Damaged(_))), "{damaged}");
        }
    }
}
