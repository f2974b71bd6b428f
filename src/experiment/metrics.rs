//! The numbers of a run (DESIGN.md, part 5).

use serde::{Deserialize, Serialize};

/// What one epoch came to; also a line of `metrics.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// From 1.
    pub epoch: usize,
    /// Mean training loss over the images of the epoch.
    pub loss: f64,
    /// Share of the test images that are classified rightly, after the epoch.
    pub test_accuracy: f64,
    /// Share of the training images whose largest confidence is on the true label.
    pub label_accuracy: f64,
    /// Mean over the training images of the largest confidence.
    pub mean_confidence: f64,
    /// Share of the training images that hold a wrong label with a confidence over 0.9.
    pub confident_wrong: f64,
    /// The learning rate of the epoch.
    pub lr: f64,
    /// Training throughput of the epoch, without the evaluation.
    pub images_per_sec: f64,
    /// Since the start of the run, without pauses.
    pub elapsed_secs: f64,
}

/// Test accuracy over a whole run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub last: f64,
    pub best: f64,
    /// Mean over the last ten epochs (or all, if fewer), as in the paper.
    pub mean_of_last_ten: f64,
}

impl Summary {
    /// None before the first epoch has ended.
    pub fn of(epochs: &[EpochMetrics]) -> Option<Self> {
        let last = epochs.last()?.test_accuracy;
        let tail = &epochs[epochs.len().saturating_sub(10)..];
        Some(Self {
            last,
            best: epochs.iter().map(|epoch| epoch.test_accuracy).fold(f64::MIN, f64::max),
            mean_of_last_ten: tail.iter().map(|epoch| epoch.test_accuracy).sum::<f64>()
                / tail.len() as f64,
        })
    }
}

#[cfg(test)]
pub(crate) fn epoch_for_tests(epoch: usize, test_accuracy: f64) -> EpochMetrics {
    EpochMetrics {
        epoch,
        loss: 1.0,
        test_accuracy,
        label_accuracy: 0.5,
        mean_confidence: 0.5,
        confident_wrong: 0.0,
        lr: 0.05,
        images_per_sec: 100.0,
        elapsed_secs: epoch as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_looks_at_the_last_ten_epochs() {
        assert_eq!(Summary::of(&[]), None);
        let epochs: Vec<_> =
            (1..=12).map(|n| epoch_for_tests(n, if n <= 2 { 1.0 } else { 0.5 })).collect();
        let summary = Summary::of(&epochs).unwrap();
        assert_eq!((summary.last, summary.best, summary.mean_of_last_ten), (0.5, 1.0, 0.5));
    }
}
