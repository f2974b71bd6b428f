//! The result of a run in a link: its curves, thinned and quantised, so that they fit into the
//! fragment of a URL. A fragment is never sent to a server.

pub mod agreement;
pub mod bytes;
pub mod fragment;
pub mod qr;

use super::metrics::EpochMetrics;
use super::runs::table::Measure;
use super::runs::{Ended, Outcome};
use super::{display, words};
use crate::protocol::DeviceKind;

/// Points of a curve in a link.
pub const MAX_POINTS: usize = 120;
/// Points of a curve in a QR code: more would make it too fine for a telephone.
pub const MAX_POINTS_IN_CODE: usize = 24;

/// How a run came to its end, without reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowEnded {
    Finished,
    Stopped,
    Failed,
}

/// The numbers of an epoch that a link holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From 1.
    pub epoch: usize,
    pub loss: f64,
    pub test_accuracy: f64,
    pub label_accuracy: f64,
    pub mean_confidence: f64,
}

impl Point {
    pub const fn value(&self, measure: Measure) -> f64 {
        match measure {
            Measure::TestAccuracy => self.test_accuracy,
            Measure::LabelAccuracy => self.label_accuracy,
            Measure::Loss => self.loss,
            Measure::MeanConfidence => self.mean_confidence,
        }
    }
}

impl From<EpochMetrics> for Point {
    fn from(epoch: EpochMetrics) -> Self {
        Self {
            epoch: epoch.epoch,
            loss: epoch.loss,
            test_accuracy: epoch.test_accuracy,
            label_accuracy: epoch.label_accuracy,
            mean_confidence: epoch.mean_confidence,
        }
    }
}

/// What a link tells of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedResult {
    pub ended: HowEnded,
    pub device: Option<DeviceKind>,
    /// Seconds that the run took, without pauses.
    pub elapsed_secs: f64,
    /// As in [`crate::protocol::RunInfo`]; None where it is not known.
    pub candidates_digest: Option<String>,
    /// Ascending in their epochs.
    pub points: Vec<Point>,
}

impl SharedResult {
    /// Of a run that has at least one epoch, with at most about `max_points` of them.
    pub fn of(outcome: &Outcome, max_points: usize) -> Option<Self> {
        let last = outcome.history.last()?;
        let digest = &outcome.candidates_digest;
        Some(Self {
            ended: match outcome.ended {
                Ended::Finished => HowEnded::Finished,
                Ended::Stopped => HowEnded::Stopped,
                Ended::Failed(_) => HowEnded::Failed,
            },
            device: outcome.device.as_ref().map(|device| device.kind),
            elapsed_secs: last.elapsed_secs,
            candidates_digest: (!digest.is_empty()).then(|| digest.clone()),
            points: display::thin(&outcome.history, max_points)
                .into_iter()
                .map(Point::from)
                .collect(),
        })
    }

    /// What it was, in a sentence.
    pub fn sentence(&self) -> String {
        let Some(last) = self.points.last() else { return String::new() };
        let ended = match self.ended {
            HowEnded::Finished => String::new(),
            HowEnded::Stopped => t!(", then it was stopped"),
            HowEnded::Failed => t!(", then it failed"),
        };
        let device = match self.device {
            Some(DeviceKind::Cpu) => t!(" on a CPU"),
            Some(DeviceKind::WebGpu) => t!(" on a graphics card"),
            None => String::new(),
        };
        t!(
            "The sender’s run took {time} for {epochs}{device}{ended}. It came to a test accuracy of {test} and a label accuracy of {label}.",
            time = words::duration(self.elapsed_secs),
            epochs = t!("{n} epoch" | "{n} epochs" % last.epoch),
            device,
            ended,
            test = words::percent(last.test_accuracy),
            label = words::percent(last.label_accuracy)
        )
    }

    /// The curve of a measure as `(epoch, value)`.
    pub fn curve(&self, measure: Measure) -> Vec<(f64, f64)> {
        let point = |point: &Point| (point.epoch as f64, point.value(measure));
        self.points.iter().map(point).collect()
    }
}

#[cfg(test)]
pub(crate) fn shared_for_tests(epochs: usize) -> SharedResult {
    SharedResult {
        ended: HowEnded::Finished,
        device: Some(DeviceKind::Cpu),
        elapsed_secs: 161.0,
        candidates_digest: Some("a6ad3dc8cfbde685".into()),
        points: (1..=epochs)
            .map(|epoch| Point {
                epoch,
                loss: 2.3 / epoch as f64,
                test_accuracy: 1.0 - 0.9 / epoch as f64,
                label_accuracy: 0.985,
                mean_confidence: 0.5,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Experiment;
    use super::super::runs::record_for_tests;
    use super::*;

    #[test]
    fn a_result_is_thinned_to_its_last_epoch() {
        let outcome = record_for_tests(1, Experiment::default(), &[0.5; 1_000]).outcome;
        let result = SharedResult::of(&outcome, MAX_POINTS).unwrap();
        assert!(result.points.len() <= MAX_POINTS);
        assert_eq!(result.points.last().unwrap().epoch, 1_000);
        assert_eq!(result.curve(Measure::TestAccuracy)[0].1, 0.5);
        assert_eq!(
            shared_for_tests(10).sentence(),
            "The sender’s run took 2 min 41 s for 10 epochs on a CPU. It came to a test accuracy of 91.0 % and a label accuracy of 98.5 %."
        );
        let nothing = record_for_tests(1, Experiment::default(), &[]).outcome;
        assert_eq!(SharedResult::of(&nothing, MAX_POINTS), None);
    }
}
