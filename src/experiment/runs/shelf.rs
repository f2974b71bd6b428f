//! The kept runs of a visitor: an ordered list, and what can be done with it. It notes what has
//! changed, so that only that is written to the browser's storage.

use super::{COLOURS, MAX_NAME_CHARS, MAX_NOTE_CHARS, Outcome, RunId, RunRecord};
use super::{default_name, tidy};

/// More curves in one chart cannot be told apart.
pub const MAX_SHOWN: usize = 8;

/// The kept runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf {
    /// Pinned ones first, then the newest first.
    runs: Vec<RunRecord>,
    deleted: Option<RunRecord>,
    changed: Vec<RunId>,
}

impl Shelf {
    pub fn of(runs: Vec<RunRecord>) -> Self {
        let mut shelf = Self { runs, ..Self::default() };
        shelf.sort();
        shelf
    }

    pub fn runs(&self) -> &[RunRecord] {
        &self.runs
    }

    pub fn get(&self, id: RunId) -> Option<&RunRecord> {
        self.runs.iter().find(|run| run.id == id)
    }

    pub fn newest(&self) -> Option<&RunRecord> {
        self.runs.iter().max_by_key(|run| run.id)
    }

    /// The runs whose curves are drawn, the oldest first.
    pub fn shown(&self) -> Vec<&RunRecord> {
        let mut shown: Vec<_> = self.runs.iter().filter(|run| run.shown).collect();
        shown.sort_by_key(|run| run.id);
        shown
    }

    /// Keeps what came of a run. One that is kept already went on: its name, colour and note stay.
    pub fn keep(&mut self, id: RunId, outcome: Outcome) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            run.outcome = outcome;
        } else {
            self.make_room_in_chart();
            let record = RunRecord {
                id,
                name: default_name(&outcome.experiment),
                colour: self.free_colour(),
                note: String::new(),
                pinned: false,
                shown: true,
                outcome,
            };
            self.runs.push(record);
            self.sort();
        }
        self.changed.push(id);
    }

    /// Hides the oldest curves that are not pinned, so that there is room for one more.
    fn make_room_in_chart(&mut self) {
        let shown: Vec<RunId> = self.shown().iter().map(|run| run.id).collect();
        let excess = (shown.len() + 1).saturating_sub(MAX_SHOWN);
        let not_pinned = |id: &RunId| self.get(*id).is_some_and(|run| !run.pinned);
        let hidden: Vec<RunId> = shown.into_iter().filter(not_pinned).take(excess).collect();
        for id in hidden {
            self.show(id, false);
        }
    }

    /// The colour that the fewest drawn runs have, and of those the fewest kept ones.
    pub fn free_colour(&self) -> usize {
        let count = |colour: usize, only_shown: bool| {
            let has = |run: &&RunRecord| run.colour == colour && (run.shown || !only_shown);
            self.runs.iter().filter(has).count()
        };
        (0..COLOURS).min_by_key(|&colour| (count(colour, true), count(colour, false))).unwrap_or(0)
    }

    /// An empty name brings the default one back.
    pub fn rename(&mut self, id: RunId, name: &str) {
        self.change(id, |run| {
            let name = tidy(name, MAX_NAME_CHARS);
            run.name = if name.is_empty() { default_name(&run.outcome.experiment) } else { name };
        });
    }

    pub fn note(&mut self, id: RunId, note: &str) {
        self.change(id, |run| run.note = tidy(note, MAX_NOTE_CHARS));
    }

    pub fn paint(&mut self, id: RunId, colour: usize) {
        self.change(id, |run| run.colour = colour % COLOURS);
    }

    pub fn pin(&mut self, id: RunId, pinned: bool) {
        self.change(id, |run| run.pinned = pinned);
        self.sort();
    }

    pub fn show(&mut self, id: RunId, shown: bool) {
        self.change(id, |run| run.shown = shown);
    }

    /// Leaves only pinned curves in the chart: for runs that are to be compared with each other.
    pub fn clear_chart(&mut self) {
        let hidden: Vec<RunId> =
            self.runs.iter().filter(|run| run.shown && !run.pinned).map(|run| run.id).collect();
        for id in hidden {
            self.show(id, false);
        }
    }

    /// Takes a run away; [`Self::undo_delete`] brings it back until another one is.
    pub fn delete(&mut self, id: RunId) {
        if let Some(at) = self.runs.iter().position(|run| run.id == id) {
            self.deleted = Some(self.runs.remove(at));
            self.changed.push(id);
        }
    }

    /// The run that was deleted last.
    pub fn deleted(&self) -> Option<&RunRecord> {
        self.deleted.as_ref()
    }

    pub fn undo_delete(&mut self) {
        if let Some(run) = self.deleted.take() {
            self.changed.push(run.id);
            self.runs.push(run);
            self.sort();
        }
    }

    /// A run as another tab has written it; None where it was deleted there.
    pub fn take_over(&mut self, id: RunId, record: Option<RunRecord>) {
        self.runs.retain(|run| run.id != id);
        self.runs.extend(record);
        self.sort();
    }

    /// What was changed since this was last asked, each once: to be written, or taken away if it
    /// is here no more.
    pub fn take_changes(&mut self) -> Vec<RunId> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort();
        changed.dedup();
        changed
    }

    fn change(&mut self, id: RunId, change: impl FnOnce(&mut RunRecord)) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            change(run);
            self.changed.push(id);
        }
    }

    fn sort(&mut self) {
        self.runs.sort_by_key(|run| (!run.pinned, std::cmp::Reverse(run.id)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::record_for_tests;
    use super::*;
    use crate::experiment::Experiment;

    fn shelf(runs: u64) -> Shelf {
        let mut shelf = Shelf::default();
        for id in 1..=runs {
            shelf.keep(RunId(id), outcome());
        }
        shelf
    }

    fn outcome() -> Outcome {
        record_for_tests(1, Experiment::default(), &[0.5]).outcome
    }

    fn ids(shelf: &Shelf) -> Vec<u64> {
        shelf.runs().iter().map(|run| run.id.0).collect()
    }

    #[test]
    fn the_newest_is_on_top_below_the_pinned() {
        let mut shelf = shelf(3);
        assert_eq!(ids(&shelf), [3, 2, 1]);
        shelf.pin(RunId(1), true);
        assert_eq!(ids(&shelf), [1, 3, 2]);
        assert_eq!(shelf.newest().unwrap().id, RunId(3));
    }

    #[test]
    fn a_run_that_goes_on_keeps_what_was_written_beside_it() {
        let mut shelf = shelf(1);
        shelf.rename(RunId(1), " mine ");
        shelf.note(RunId(1), "why");
        let longer = record_for_tests(1, Experiment::default(), &[0.5, 0.7]).outcome;
        shelf.keep(RunId(1), longer);
        let run = shelf.get(RunId(1)).unwrap();
        assert_eq!((run.name.as_str(), run.note.as_str()), ("mine", "why"));
        assert_eq!((run.outcome.history.len(), shelf.runs().len()), (2, 1));
        shelf.rename(RunId(1), " ");
        assert_eq!(shelf.get(RunId(1)).unwrap().name, "PRODEN, q 0.1, seed 1");
    }

    #[test]
    fn the_chart_holds_a_few_and_each_has_its_colour() {
        let mut shelf = shelf(3);
        shelf.pin(RunId(1), true);
        for id in 4..=20 {
            shelf.keep(RunId(id), outcome());
        }
        let shown: Vec<u64> = shelf.shown().iter().map(|run| run.id.0).collect();
        assert_eq!(shown, [1, 14, 15, 16, 17, 18, 19, 20], "the pinned one and the newest");
        let mut colours: Vec<usize> = shelf.shown().iter().map(|run| run.colour).collect();
        colours.sort();
        assert_eq!(colours, (0..COLOURS).collect::<Vec<_>>());
        shelf.clear_chart();
        assert_eq!(shelf.shown().len(), 1);
    }

    #[test]
    fn deletion_can_be_undone() {
        let mut shelf = shelf(3);
        shelf.take_changes();
        shelf.delete(RunId(2));
        assert_eq!((ids(&shelf), shelf.deleted().unwrap().id), (vec![3, 1], RunId(2)));
        assert_eq!(shelf.take_changes(), [RunId(2)]);
        shelf.undo_delete();
        assert_eq!((ids(&shelf), shelf.deleted()), (vec![3, 2, 1], None));
        assert_eq!(shelf.take_changes(), [RunId(2)]);
        shelf.delete(RunId(9));
        assert_eq!(shelf.take_changes(), []);
    }

    #[test]
    fn only_what_changed_is_written() {
        let mut shelf = shelf(3);
        assert_eq!(shelf.take_changes(), [RunId(1), RunId(2), RunId(3)]);
        shelf.paint(RunId(2), 99);
        shelf.note(RunId(2), "x");
        assert_eq!(shelf.take_changes(), [RunId(2)]);
        assert_eq!(shelf.get(RunId(2)).unwrap().colour, 99 % COLOURS);
        shelf.take_over(RunId(3), None);
        shelf.take_over(RunId(5), Some(record_for_tests(5, Experiment::default(), &[0.5])));
        assert_eq!((ids(&shelf), shelf.take_changes()), (vec![5, 2, 1], vec![]));
    }
}
