//! How far a run agrees with the one that a link tells of, in numbers and in words.

use super::bytes::SHARE_UNIT;
use super::{Point, SharedResult};
use crate::experiment::language::translated;
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::runs::table::Measure;
use crate::experiment::words;

/// Shares that differ by less are called close: about what two devices make of one seed.
const CLOSE_SHARE: f64 = 0.02;
/// The same of losses, as a share of the larger one.
const CLOSE_LOSS: f64 = 0.05;

/// How far two curves are apart, over the epochs that both have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    pub measure: Measure,
    pub largest: f64,
    /// The epoch of the largest one.
    pub at_epoch: usize,
    pub mean: f64,
    /// The largest value of either curve.
    pub scale: f64,
}

/// How two runs compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// But for the rounding in the link.
    Same,
    Close,
    Different,
}

/// The agreement of a run with a shared result.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Epochs that both have.
    pub epochs: usize,
    /// None where one of the two does not tell its candidate sets.
    pub same_candidates: Option<bool>,
    pub differences: Vec<Difference>,
}

impl Agreement {
    /// None while there is no epoch that both have.
    pub fn of(shared: &SharedResult, history: &[EpochMetrics], digest: &str) -> Option<Self> {
        let pairs: Vec<(Point, Point)> = shared
            .points
            .iter()
            .filter_map(|&theirs| {
                let ours = history.get(theirs.epoch.checked_sub(1)?)?;
                (ours.epoch == theirs.epoch).then(|| (theirs, Point::from(*ours)))
            })
            .collect();
        let known = shared.candidates_digest.as_ref().filter(|_| !digest.is_empty());
        (!pairs.is_empty()).then(|| Self {
            epochs: pairs.len(),
            same_candidates: known.map(|theirs| theirs == digest),
            differences: Measure::ALL.iter().map(|&measure| difference(measure, &pairs)).collect(),
        })
    }

    pub fn verdict(&self) -> Verdict {
        let all = |fits: fn(&Difference) -> bool| self.differences.iter().all(fits);
        if all(Difference::is_same) {
            Verdict::Same
        } else if all(Difference::is_close) {
            Verdict::Close
        } else {
            Verdict::Different
        }
    }

    /// The whole in a sentence or two.
    pub fn sentence(&self) -> String {
        let over = t!("{n} epoch" | "{n} epochs" % self.epochs);
        let curves = match self.verdict() {
            Verdict::Same => t!(
                "Your run and the shared one are the same over {over}, as far as the link tells.",
                over
            ),
            Verdict::Close => t!("Your run and the shared one are close over {over}.", over),
            Verdict::Different => t!("Your run and the shared one differ over {over}.", over),
        };
        let sets = match (self.same_candidates, self.verdict()) {
            (Some(true), Verdict::Same) => t!(" Both drew the same candidate sets."),
            (Some(true), Verdict::Close | Verdict::Different) => {
                t!(
                    " Both drew the same candidate sets; devices round differently, and training amplifies it."
                )
            }
            (Some(false), _) => {
                t!(" Their candidate sets differ: other data, or another version of this page.")
            }
            (None, _) => String::new(),
        };
        curves + &sets
    }
}

fn difference(measure: Measure, pairs: &[(Point, Point)]) -> Difference {
    let (mut largest, mut at_epoch, mut sum, mut scale) = (0.0, pairs[0].0.epoch, 0.0, 0.0_f64);
    for (theirs, ours) in pairs {
        let (a, b) = (theirs.value(measure), ours.value(measure));
        let apart = (a - b).abs();
        if apart > largest {
            (largest, at_epoch) = (apart, theirs.epoch);
        }
        sum += apart;
        scale = scale.max(a.abs()).max(b.abs());
    }
    Difference { measure, largest, at_epoch, mean: sum / pairs.len() as f64, scale }
}

impl Difference {
    fn is_same(&self) -> bool {
        match self.measure {
            Measure::Loss => self.largest <= self.scale * 1e-4,
            Measure::TestAccuracy | Measure::LabelAccuracy | Measure::MeanConfidence => {
                self.largest <= SHARE_UNIT
            }
        }
    }

    fn is_close(&self) -> bool {
        match self.measure {
            Measure::Loss => self.largest <= self.scale * CLOSE_LOSS,
            Measure::TestAccuracy | Measure::LabelAccuracy | Measure::MeanConfidence => {
                self.largest <= CLOSE_SHARE
            }
        }
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let title = translated(self.measure.title());
        if self.is_same() {
            return t!("{title}: the same in every epoch.", title);
        }
        t!(
            "{title}: at most {largest} apart (epoch {epoch}), {mean} on average.",
            title,
            largest = self.text(self.largest),
            epoch = self.at_epoch,
            mean = self.text(self.mean)
        )
    }

    fn text(&self, value: f64) -> String {
        match self.measure {
            Measure::Loss => words::significant(value),
            Measure::TestAccuracy | Measure::LabelAccuracy | Measure::MeanConfidence => {
                t!("{number} points", number = format!("{:.2}", value * 1e2))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::metrics::epoch_for_tests;
    use super::super::shared_for_tests;
    use super::*;

    fn history(shared: &SharedResult, shift: f64) -> Vec<EpochMetrics> {
        let epoch = |point: &Point| EpochMetrics {
            loss: point.loss,
            label_accuracy: point.label_accuracy,
            mean_confidence: point.mean_confidence,
            ..epoch_for_tests(point.epoch, point.test_accuracy + shift)
        };
        shared.points.iter().map(epoch).collect()
    }

    #[test]
    fn the_same_run_agrees() {
        let shared = shared_for_tests(4);
        let agreement = Agreement::of(&shared, &history(&shared, 0.0), "a6ad3dc8cfbde685").unwrap();
        assert_eq!((agreement.epochs, agreement.verdict()), (4, Verdict::Same));
        assert!(agreement.sentence().contains("Both drew the same candidate sets"));
        assert_eq!(agreement.differences[0].sentence(), "Test accuracy: the same in every epoch.");
    }

    #[test]
    fn differences_are_told_with_their_epoch() {
        let shared = shared_for_tests(4);
        let mut ours = history(&shared, 0.01);
        let agreement = |ours: &[EpochMetrics]| Agreement::of(&shared, ours, "other").unwrap();
        assert_eq!(agreement(&ours).verdict(), Verdict::Close);
        ours[2].test_accuracy += 0.04;
        let agreement = agreement(&ours);
        assert_eq!(
            (agreement.verdict(), agreement.same_candidates),
            (Verdict::Different, Some(false))
        );
        assert_eq!(
            agreement.differences[0].sentence(),
            "Test accuracy: at most 5.00 points apart (epoch 3), 2.00 points on average."
        );
    }

    #[test]
    fn only_common_epochs_count() {
        let shared = shared_for_tests(4);
        let ours = history(&shared, 0.0);
        assert_eq!(Agreement::of(&shared, &ours[..2], "").unwrap().epochs, 2);
        assert_eq!(Agreement::of(&shared, &ours[..2], "").unwrap().same_candidates, None);
        assert_eq!(Agreement::of(&shared, &[], ""), None);
    }
}
