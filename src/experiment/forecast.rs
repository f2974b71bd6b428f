//! How long a run takes on this machine, from what was measured of it so far. What happens once
//! (loading, compiling kernels, the first step) is left out.

use super::metrics::EpochMetrics;
use super::run::{RunState, Status};
use super::smaller::Measured;
use super::words;
use crate::protocol::StepReport;

/// A forward pass alone, as a share of a training step an image: backward costs twice as much.
/// Good until the first evaluation was timed.
const EVALUATION_COST: f64 = 1.0 / 3.0;

/// The speed of a run, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Since the run began, or went on.
    reports: usize,
    epochs: usize,
    /// While training, over the last few seconds.
    images_per_sec: Option<f64>,
    /// What an epoch takes beside its steps: the evaluation.
    evaluation_secs: Option<f64>,
    /// From the end of one epoch to the end of the next.
    epoch_secs: Option<f64>,
}

impl Pace {
    /// Takes a report of steps. The first one holds the first step, which compiles and allocates.
    pub fn report(&mut self, report: &StepReport) {
        self.reports += 1;
        if self.reports > 1 && report.images_per_sec > 0.0 {
            self.images_per_sec = Some(report.images_per_sec);
        }
    }

    /// Takes an epoch that has ended; `before` is the one before it.
    pub fn epoch(
        &mut self,
        epoch: &EpochMetrics,
        before: Option<&EpochMetrics>,
        train_images: usize,
    ) {
        self.epochs += 1;
        let whole_secs = epoch.elapsed_secs - before.map_or(0.0, |before| before.elapsed_secs);
        if self.epochs == 1 {
            // Compiling is in both, so it is not in their difference.
            let steps_secs = train_images as f64 / epoch.images_per_sec.max(1e-9);
            self.evaluation_secs = Some((whole_secs - steps_secs).max(0.0));
            self.images_per_sec = self.images_per_sec.or(Some(epoch.images_per_sec));
        } else {
            let known = self.epoch_secs.unwrap_or(whole_secs);
            self.epoch_secs = Some(f64::midpoint(known, whole_secs));
        }
    }

    /// Seconds an epoch. None before it can be said honestly.
    pub fn secs_per_epoch(&self, train_images: usize, test_images: usize) -> Option<f64> {
        self.epoch_secs.or_else(|| {
            let rate = self.images_per_sec.filter(|&rate| rate > 0.0)?;
            let guess = test_images as f64 * EVALUATION_COST / rate;
            Some(train_images as f64 / rate + self.evaluation_secs.unwrap_or(guess))
        })
    }
}

/// What can be said of a run under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Of the whole run, from its first epoch on.
    pub total_secs: f64,
    pub left_secs: f64,
}

impl RunState {
    /// How long the run takes, while it goes on and once that can be said.
    pub fn forecast(&self) -> Option<Forecast> {
        if !matches!(self.status, Status::Training | Status::Paused) {
            return None;
        }
        let info = self.info.as_ref()?;
        let secs_per_epoch = self.pace.secs_per_epoch(info.train_images, info.test_images)?;
        let epochs = info.experiment.epochs as f64;
        Some(Forecast {
            total_secs: epochs * secs_per_epoch,
            left_secs: (epochs - self.epochs_done()).max(0.0) * secs_per_epoch,
        })
    }

    /// Seconds until the run ends, as far as is known.
    pub fn eta_secs(&self) -> Option<f64> {
        self.forecast().map(|forecast| forecast.left_secs)
    }

    /// The run with its time, for the offers of smaller settings.
    pub fn measured(&self) -> Option<Measured> {
        let (info, device) = (self.info.as_ref()?, self.device.as_ref()?);
        Some(Measured {
            experiment: info.experiment.clone(),
            train_images: info.train_images,
            test_images: info.test_images,
            device: device.kind,
            total_secs: self.forecast()?.total_secs,
        })
    }
}

/// A duration that is not known exactly: `about 3 min`, rounded so that it does not flicker.
pub fn about(secs: f64) -> String {
    const MINUTE: f64 = 60.0;
    let step = match secs {
        _ if secs < 10.0 => 1.0,
        _ if secs < 2.0 * MINUTE => 5.0,
        _ if secs < 10.0 * MINUTE => 30.0,
        _ if secs < 60.0 * MINUTE => MINUTE,
        _ if secs < 600.0 * MINUTE => 10.0 * MINUTE,
        _ => 60.0 * MINUTE,
    };
    let rounded = (secs / step).round().max(1.0) * step;
    t!("about {duration}", duration = words::round_duration(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(images_per_sec: f64) -> StepReport {
        StepReport { epoch: 1, step: 1, losses: vec![], images_per_sec, sample_confidences: vec![] }
    }

    fn epoch(epoch: usize, elapsed_secs: f64, images_per_sec: f64) -> EpochMetrics {
        EpochMetrics {
            elapsed_secs,
            images_per_sec,
            ..super::super::metrics::epoch_for_tests(epoch, 0.5)
        }
    }

    #[test]
    fn the_first_step_is_no_measure() {
        let mut pace = Pace::default();
        pace.report(&report(0.5));
        assert_eq!(pace.secs_per_epoch(1_000, 300), None);
        pace.report(&report(100.0));
        assert_eq!(pace.secs_per_epoch(1_000, 300), Some(10.0 + 1.0), "a guess of the evaluation");
    }

    #[test]
    fn the_evaluation_counts_once_it_is_known() {
        let mut pace = Pace::default();
        pace.report(&report(0.5));
        pace.report(&report(100.0));
        // 20 s of compiling, 10 s of steps, 4 s of evaluation.
        let first = epoch(1, 34.0, 1_000.0 / 30.0);
        pace.epoch(&first, None, 1_000);
        assert!((pace.secs_per_epoch(1_000, 300).unwrap() - 14.0).abs() < 1e-9);
        // From then on whole epochs are measured.
        let second = epoch(2, 47.0, 100.0);
        pace.epoch(&second, Some(&first), 1_000);
        assert_eq!(pace.secs_per_epoch(1_000, 300), Some(13.0));
        pace.epoch(&epoch(3, 62.0, 100.0), Some(&second), 1_000);
        assert_eq!(pace.secs_per_epoch(1_000, 300), Some(14.0), "between the last two");
    }

    #[test]
    fn an_epoch_of_one_report_is_better_than_nothing() {
        let mut pace = Pace::default();
        pace.report(&report(0.5));
        pace.epoch(&epoch(1, 4.0, 50.0), None, 100);
        assert_eq!(pace.secs_per_epoch(100, 10), Some(4.0));
    }

    #[test]
    fn durations_are_round() {
        for (secs, text) in [
            (0.2, "about 1 s"),
            (7.4, "about 7 s"),
            (58.0, "about 1 min"),
            (161.0, "about 2 min 30 s"),
            (700.0, "about 12 min"),
            (7_400.0, "about 2 h"),
            (8_000.0, "about 2 h 10 min"),
            (1e6, "about 11 days"),
            (f64::INFINITY, "about unknown"),
        ] {
            assert_eq!(about(secs), text);
        }
    }
}
