//! The steps in which the page works through a batch: what each is called, what it says, and which
//! of the numbers it shows.

use super::record::{Record, RecordedImage};
use super::{Row, Worked, batch_loss, course};

/// A step of the explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Candidates,
    Softmax,
    Mask,
    Renormalise,
    Loss,
    Epochs,
}

/// A column of a step's table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: fn() -> String,
    pub number: fn(&Row) -> f64,
}

/// What the visitor looks at.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub record: &'a Record,
    /// A position in the record.
    pub image: usize,
    /// From 0.
    pub pass: usize,
    /// The candidate set of each image, `[images][classes]`.
    pub sets: &'a [Vec<bool>],
}

/// The table of a step: as many cells in each row as there are titles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Of the column of row names, and of the others.
    pub titles: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    pub name: String,
    pub numbers: Vec<f64>,
    /// Whether it is of the true label, or of the epoch that is looked at.
    pub is_marked: bool,
    /// Whether it is of a label that is no candidate.
    pub is_outside: bool,
}

const LOGIT: Column = Column { title: || t!("Logit z"), number: |row| row.logit };
const PROBABILITY: Column = Column { title: || t!("Probability p"), number: |row| row.probability };
const MASKED: Column = Column { title: || t!("p in the set"), number: |row| row.masked };
const RENEWED: Column = Column { title: || t!("New confidence w"), number: |row| row.renewed };
const STORED: Column = Column { title: || t!("Stored w"), number: |row| row.stored };
const SURPRISE: Column = Column { title: || t!("− log p"), number: |row| -row.probability.ln() };
const SHARE_OF_LOSS: Column =
    Column { title: || t!("− w log p"), number: |row| row.share_of_loss };

impl Step {
    pub const ALL: [Self; 6] =
        [Self::Candidates, Self::Softmax, Self::Mask, Self::Renormalise, Self::Loss, Self::Epochs];

    /// For tests and for the page's own use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candidates => "candidates",
            Self::Softmax => "softmax",
            Self::Mask => "mask",
            Self::Renormalise => "renormalise",
            Self::Loss => "loss",
            Self::Epochs => "epochs",
        }
    }

    /// In a word.
    pub fn word(self) -> String {
        match self {
            Self::Candidates => t!("Candidate sets"),
            Self::Softmax => t!("Softmax"),
            Self::Mask => t!("Mask"),
            Self::Renormalise => t!("Renormalise"),
            Self::Loss => t!("Loss"),
            Self::Epochs => t!("Epoch by epoch"),
        }
    }

    pub fn title(self) -> String {
        match self {
            Self::Candidates => t!("The picture and its candidates"),
            Self::Softmax => t!("Softmax: what the network believes"),
            Self::Mask => t!("Mask: only candidates count"),
            Self::Renormalise => t!("Renormalise: new confidences"),
            Self::Loss => t!("Loss: with the stored confidences"),
            Self::Epochs => t!("The same picture, epoch by epoch"),
        }
    }

    /// The step before and the one after.
    pub fn neighbours(self) -> (Option<Self>, Option<Self>) {
        let at = Self::ALL.iter().position(|&step| step == self).unwrap_or(0);
        let before = at.checked_sub(1).and_then(|before| Self::ALL.get(before));
        (before.copied(), Self::ALL.get(at + 1).copied())
    }

    /// What is done in this step, whatever the numbers.
    pub fn explanation(self) -> String {
        match self {
            Self::Candidates => t!(
                "This is all that the trainer gets: the pixels, and a set of labels of which one is true. Which one, nobody says; the mark beside the true label is for you. Put labels in or take them out, and watch the later steps follow."
            ),
            Self::Softmax => t!(
                "The network gives each class a score, the logit. Softmax makes probabilities of them: each score becomes a power of e, divided by the sum of all, so that they are positive and add up to 1."
            ),
            Self::Mask => t!(
                "The true label is in the set. So whatever the network believes of the other labels is struck out."
            ),
            Self::Renormalise => t!(
                "What is left is divided by its sum, so that it adds up to 1 again: these are the new confidences. They are stored for the next epoch."
            ),
            Self::Loss => t!(
                "The loss of this pass still uses the confidences that were stored before it. It is small where a trusted candidate is probable; its gradient moves the weights."
            ),
            Self::Epochs => t!(
                "In each epoch the picture is drawn once, and its new confidences replace the old ones. A row is what was trusted after that pass."
            ),
        }
    }

    /// The table of this step; none for the first, which shows the picture.
    pub fn table(self, sight: &Sight) -> Table {
        match self {
            Self::Candidates => Table::default(),
            Self::Softmax => sight.classes(&[LOGIT, PROBABILITY], |_| true),
            Self::Mask => sight.classes(&[PROBABILITY, MASKED], |_| true),
            Self::Renormalise => sight.classes(&[MASKED, RENEWED], |row| row.is_candidate),
            Self::Loss => sight.classes(&[STORED, SURPRISE, SHARE_OF_LOSS], |row| row.is_candidate),
            Self::Epochs => sight.epochs(),
        }
    }

    /// What the numbers come to, in a sentence.
    pub fn outcome(self, sight: &Sight) -> String {
        let worked = sight.worked();
        let set = sight.set();
        let size = set.iter().filter(|&&member| member).count();
        match self {
            Self::Candidates if size == 1 => {
                t!("One candidate: the label is known, and there is nothing to find.")
            }
            Self::Candidates => t!(
                "{size} candidates. Before the first pass each is trusted equally: 1/{size} = {share}.",
                size,
                share = number(1.0 / size as f64),
            ),
            Self::Softmax => {
                let (name, share) = sight.leader(&worked, |row| row.probability);
                t!("The most probable of all classes is {name}, with {share}.", name, share)
            }
            Self::Mask => t!(
                "The candidates hold {inside} together; {outside} is struck out.",
                inside = number(worked.share_of_set),
                outside = number(1.0 - worked.share_of_set),
            ),
            Self::Renormalise => {
                let (name, share) = sight.leader(&worked, |row| row.renewed);
                t!(
                    "Each is divided by {sum}. The most trusted is now {name}, with {share}.",
                    name,
                    share,
                    sum = number(worked.share_of_set),
                )
            }
            Self::Loss => t!(
                "Added up, the loss of this picture is {loss}. The mean over the four pictures is {mean}; the run takes it over all {batch} of the batch.",
                loss = number(worked.loss),
                mean = number(sight.mean_loss()),
                batch = sight.record.experiment.batch,
            ),
            Self::Epochs => sight.verdict(),
        }
    }
}

impl Sight<'_> {
    fn image(&self) -> &RecordedImage {
        &self.record.images[self.image]
    }

    fn set(&self) -> &[bool] {
        &self.sets[self.image]
    }

    /// The numbers of the picture in the pass that is looked at.
    pub fn worked(&self) -> Worked {
        Worked::of(self.image(), self.pass, self.set())
    }

    /// The mean loss of all recorded pictures.
    pub fn mean_loss(&self) -> f64 {
        let sets = self.sets.iter().map(Vec::as_slice);
        batch_loss(self.record.images.iter().zip(sets), self.pass)
    }

    /// The name of the class with the largest of some number, and the number.
    fn leader(&self, worked: &Worked, of: fn(&Row) -> f64) -> (String, String) {
        let Some(class) = worked.leader(of) else { return Default::default() };
        (self.record.class_names[class].clone(), number(of(&worked.rows[class])))
    }

    fn classes(&self, columns: &[Column], is_shown: fn(&Row) -> bool) -> Table {
        let names = &self.record.class_names;
        let worked = self.worked();
        let shown = worked.rows.iter().enumerate().filter(|(_, row)| is_shown(row));
        let rows = shown.map(|(class, row)| TableRow {
            name: names[class].clone(),
            numbers: columns.iter().map(|column| (column.number)(row)).collect(),
            is_marked: class == self.image().label,
            is_outside: !row.is_candidate,
        });
        let of_names = t!("Class");
        let titles = columns.iter().map(|column| (column.title)());
        Table { titles: std::iter::once(of_names).chain(titles).collect(), rows: rows.collect() }
    }

    fn epochs(&self) -> Table {
        let set = self.set();
        let members = || (0..set.len()).filter(|&class| set[class]);
        let rows = course(self.image(), set).into_iter().enumerate();
        let rows = rows.map(|(pass, confidences)| TableRow {
            name: (pass + 1).to_string(),
            numbers: members().map(|class| confidences[class]).collect(),
            is_marked: pass == self.pass,
            is_outside: false,
        });
        let names = members().map(|class| self.record.class_names[class].clone());
        let of_epochs = t!("Epoch");
        Table { titles: std::iter::once(of_epochs).chain(names).collect(), rows: rows.collect() }
    }

    /// Whether the true label has won.
    fn verdict(&self) -> String {
        let (image, set) = (self.image(), self.set());
        let last = self.record.passes().saturating_sub(1);
        let (name, share) = self.leader(&Worked::of(image, last, set), |row| row.renewed);
        let truth = &self.record.class_names[image.label];
        if !set[image.label] {
            t!(
                "The true label, {truth}, is not in your set: however long it trains, it cannot be found.",
                truth
            )
        } else if name == *truth {
            t!("In the end {name} is trusted with {share}: the true label was found.", name, share)
        } else {
            t!(
                "In the end {name} is trusted with {share}, though {truth} is true: such mistakes happen, and the loss then teaches the wrong label.",
                name,
                share,
                truth
            )
        }
    }
}

/// A number with three decimals; a minus sign that is one.
pub fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    match text.strip_prefix('-') {
        Some("0.000") => "0.000".to_owned(),
        Some(positive) => format!("−{positive}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(record: &Record, image: usize, pass: usize) -> Vec<(Step, Table, String)> {
        let sets: Vec<_> =
            record.images.iter().map(|it| it.set(record.class_names.len())).collect();
        let sight = Sight { record, image, pass, sets: &sets };
        Step::ALL.map(|step| (step, step.table(&sight), step.outcome(&sight))).to_vec()
    }

    #[test]
    fn each_step_shows_what_it_is_about() {
        let record = Record::built_in();
        for image in 0..record.images.len() {
            let candidates = record.images[image].candidates.len();
            for (step, table, outcome) in tables(&record, image, 1) {
                assert!(!outcome.is_empty() && !step.explanation().is_empty());
                let rows = match step {
                    Step::Candidates => 0,
                    Step::Softmax | Step::Mask => record.class_names.len(),
                    Step::Renormalise | Step::Loss => candidates,
                    Step::Epochs => record.passes(),
                };
                assert_eq!(table.rows.len(), rows, "{}", step.title());
                for row in &table.rows {
                    assert_eq!(row.numbers.len() + 1, table.titles.len());
                    assert!(row.numbers.iter().all(|number| number.is_finite()));
                }
                let marked = table.rows.iter().filter(|row| row.is_marked).count();
                assert_eq!(marked, usize::from(step != Step::Candidates));
            }
        }
    }

    #[test]
    fn a_set_without_the_truth_finds_none() {
        let record = Record::built_in();
        let mut sets: Vec<_> =
            record.images.iter().map(|it| it.set(record.class_names.len())).collect();
        sets[0] = vec![true; record.class_names.len()];
        sets[0][record.images[0].label] = false;
        let sight = Sight { record: &record, image: 0, pass: 0, sets: &sets };
        assert!(Step::Epochs.outcome(&sight).contains("not in your set"));
        assert_eq!(Step::Loss.table(&sight).rows.len(), record.class_names.len() - 1);
        sets[0].fill(false);
        sets[0][3] = true;
        let sight = Sight { record: &record, image: 0, pass: 0, sets: &sets };
        assert!(Step::Candidates.outcome(&sight).contains("nothing to find"));
    }

    #[test]
    fn steps_follow_one_another() {
        assert_eq!(Step::Candidates.neighbours(), (None, Some(Step::Softmax)));
        assert_eq!(Step::Epochs.neighbours(), (Some(Step::Loss), None));
        let mut names = Step::ALL.map(Step::name).to_vec();
        names.dedup();
        assert_eq!(names.len(), Step::ALL.len());
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(0.12345), "0.123");
        assert_eq!(number(-2.5), "−2.500");
        assert_eq!(number(-0.0001), "0.000");
    }
}
