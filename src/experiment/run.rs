//! The state of a run as the page shows it: a pure function of the engine's events.

use super::config::Experiment;
use super::forecast::Pace;
use super::going_on;
use super::metrics::{EpochMetrics, Summary};
pub use super::status::Status;
use crate::protocol::{
    CheckpointInfo, DeviceReport, Event, Failure, LoadProgress, RunInfo, StepReport,
};

/// A point of the loss curve: the mean loss of the steps of one report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossPoint {
    /// Epochs since the start, with fractions.
    pub at_epoch: f64,
    pub loss: f64,
}

/// All that the page knows of the current (or last) run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunState {
    pub status: Status,
    pub device: Option<DeviceReport>,
    pub loading: Option<LoadProgress>,
    /// Its settings: known before the rest if it comes from a checkpoint.
    pub experiment: Option<Experiment>,
    pub info: Option<RunInfo>,
    /// Pixels of the samples, u8 `[samples, 3, 32, 32]`.
    pub sample_pixels: Vec<u8>,
    /// Confidences of each sample, `[samples][classes]`.
    pub sample_confidences: Vec<Vec<f32>>,
    /// The epoch under way (or the last one), from 1; 0 before the first step.
    pub epoch: usize,
    /// Steps taken in that epoch.
    pub step: usize,
    pub losses: Vec<LossPoint>,
    /// The loss of every step, in order.
    pub step_losses: Vec<f32>,
    pub epochs: Vec<EpochMetrics>,
    pub images_per_sec: Option<f64>,
    /// From which the time is foretold.
    pub pace: Pace,
    pub failure: Option<Failure>,
    /// Whether the run was ended by the visitor.
    pub stopped: bool,
    /// Whether the engine has begun with it, or gone on, since it was asked to.
    pub has_started: bool,
}

impl RunState {
    /// The state in which a run begins, before the engine has answered.
    pub fn begun() -> Self {
        Self { status: Status::Loading, ..Self::default() }
    }

    /// A run that stands where its checkpoint says, until it goes on.
    pub fn standing(checkpoint: &CheckpointInfo) -> Self {
        Self {
            experiment: Some(checkpoint.experiment.clone()),
            epochs: checkpoint.history.clone(),
            losses: losses_of(&checkpoint.history),
            epoch: checkpoint.history.len() + usize::from(checkpoint.step > 0),
            step: checkpoint.step,
            ..Self::default()
        }
    }

    /// The run is asked to go on; what it has come to stays.
    pub fn go_on(&mut self) {
        self.status = Status::Loading;
        self.loading = None;
        self.failure = None;
        self.stopped = false;
        self.has_started = false;
    }

    /// Whether the run can go on so, as far as the page knows it.
    ///
    /// # Errors
    /// As [`going_on::check`].
    pub fn can_go_on(&self, experiment: &Experiment) -> Result<(), Failure> {
        let before = self.experiment.as_ref();
        before.map_or(Ok(()), |before| going_on::check(before, experiment, self.epochs.len()))
    }

    /// Takes the next event. `payload` are the bytes that came with it.
    pub fn apply(&mut self, event: &Event, payload: &[u8]) {
        match event {
            Event::Loading(progress) => {
                self.status = Status::Loading;
                self.loading = Some(progress.clone());
            }
            Event::Device(device) => self.device = Some(device.clone()),
            Event::Started(info) => self.start(info, payload),
            Event::Compiling => self.status = Status::Compiling,
            Event::Progress(report) => self.progress_to(report),
            Event::Epoch { metrics, sample_confidences } => {
                self.end_epoch(metrics, sample_confidences);
            }
            Event::Paused => self.status = Status::Paused,
            Event::Resumed => self.status = Status::Training,
            Event::Stopped => {
                self.status = Status::Idle;
                self.stopped = true;
            }
            Event::Finished => self.status = Status::Finished,
            Event::Failed(failure) => {
                self.status = Status::Failed;
                self.failure = Some(failure.clone());
            }
            // About the connection, photos and files, not about the run.
            Event::Ready { .. }
            | Event::Dying(_)
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::Checkpoint(_)
            | Event::Keeping(_)
            | Event::DataKept(_)
            | Event::Microscope(_)
            | Event::Fetching(_)
            | Event::Chosen { .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
    }

    fn start(&mut self, info: &RunInfo, pixels: &[u8]) {
        self.loading = None;
        self.has_started = true;
        // A run that goes on compiles anew, maybe for another device.
        self.pace = Pace::default();
        self.sample_pixels = pixels.to_vec();
        let classes = info.class_names.len().max(1);
        self.sample_confidences =
            info.sample_confidences.chunks(classes).map(<[f32]>::to_vec).collect();
        // A run that goes on in this page has a finer curve than its history gives.
        if self.epochs != info.history {
            self.epochs.clone_from(&info.history);
            self.losses = losses_of(&info.history);
        }
        self.experiment = Some(info.experiment.clone());
        (self.epoch, self.step) = match info.step {
            0 => (info.history.len(), info.steps_per_epoch),
            step => (info.history.len() + 1, step),
        };
        self.info = Some(info.clone());
    }

    fn progress_to(&mut self, report: &StepReport) {
        // Of the run before: it was stopped while its last steps were read.
        if !self.has_started {
            return;
        }
        // A report that was under way when the visitor paused must not look like a resumption, and a
        // run that is over tells of its last steps when it is saved.
        if matches!(self.status, Status::Loading | Status::Compiling) {
            self.status = Status::Training;
        }
        self.epoch = report.epoch;
        self.step = report.step;
        self.images_per_sec = Some(report.images_per_sec);
        self.pace.report(report);
        if !report.losses.is_empty() {
            let sum: f64 = report.losses.iter().map(|&loss| f64::from(loss)).sum();
            let at_epoch = self.epochs_done();
            self.losses.push(LossPoint { at_epoch, loss: sum / report.losses.len() as f64 });
            self.step_losses.extend(&report.losses);
        }
        for (sample, confidences) in &report.sample_confidences {
            if let Some(row) = self.sample_confidences.get_mut(*sample) {
                row.clone_from(confidences);
            }
        }
    }

    fn end_epoch(&mut self, metrics: &EpochMetrics, sample_confidences: &[f32]) {
        let before = self.epochs.last().copied();
        self.epochs.push(*metrics);
        let Some(info) = &self.info else { return };
        self.pace.epoch(metrics, before.as_ref(), info.train_images);
        self.epoch = metrics.epoch;
        self.step = info.steps_per_epoch;
        self.sample_confidences =
            sample_confidences.chunks(info.class_names.len()).map(<[f32]>::to_vec).collect();
    }

    /// Epochs since the start, with the steps of this one as a fraction where it is known.
    pub(super) fn epochs_done(&self) -> f64 {
        let Some(info) = &self.info else {
            return self.epochs.len() as f64;
        };
        let steps = info.steps_per_epoch.max(1) as f64;
        self.epoch.saturating_sub(1) as f64 + self.step as f64 / steps
    }

    /// The share of the whole run that is done, from 0 to 1.
    pub fn progress(&self) -> f64 {
        match (&self.experiment, self.status) {
            (_, Status::Finished) => 1.0,
            (Some(experiment), _) if self.epoch > 0 => {
                (self.epochs_done() / experiment.epochs as f64).min(1.0)
            }
            _ => 0.0,
        }
    }

    /// Steps taken in an epoch that has not ended.
    pub fn step_in_epoch(&self) -> Option<usize> {
        (self.epoch > self.epochs.len() && self.step > 0).then_some(self.step)
    }

    /// The latest loss: of the last steps, and at an epoch's end of the whole epoch, which does
    /// not depend on when the steps were reported.
    pub fn loss(&self) -> Option<f64> {
        match (&self.info, self.epochs.last()) {
            (Some(info), Some(last))
                if last.epoch == self.epoch && self.step == info.steps_per_epoch =>
            {
                Some(last.loss)
            }
            _ => self.losses.last().map(|point| point.loss),
        }
    }

    /// Test accuracy over the run so far.
    pub fn summary(&self) -> Option<Summary> {
        Summary::of(&self.epochs)
    }
}

/// The loss curve as far as the history of a run tells it.
fn losses_of(history: &[EpochMetrics]) -> Vec<LossPoint> {
    let point = |epoch: &EpochMetrics| LossPoint { at_epoch: epoch.epoch as f64, loss: epoch.loss };
    history.iter().map(point).collect()
}

#[cfg(test)]
pub(crate) fn info_for_tests() -> RunInfo {
    RunInfo {
        experiment: Experiment { epochs: 4, ..Experiment::default() },
        class_names: vec!["a".into(), "b".into(), "c".into()],
        train_images: 100,
        test_images: 10,
        steps_per_epoch: 2,
        parameters: 1,
        candidates: crate::protocol::CandidateStats {
            mean_size: 2.0,
            images_of_size: vec![0, 0, 100, 0],
        },
        candidates_digest: String::new(),
        samples: vec![crate::protocol::Sample { index: 5, label: 0, candidates: vec![0, 2] }],
        sample_confidences: vec![0.5, 0.0, 0.5],
        history: vec![],
        step: 0,
        notes: vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::info_for_tests as info;
    use super::*;

    fn step(epoch: usize, step: usize) -> Event {
        Event::Progress(StepReport {
            epoch,
            step,
            losses: vec![1.0, 2.0],
            images_per_sec: 50.0,
            sample_confidences: vec![(0, vec![0.9, 0.0, 0.1])],
        })
    }

    #[test]
    fn a_run_from_start_to_finish() {
        let mut run = RunState::begun();
        assert_eq!(run.status, Status::Loading);
        run.apply(&Event::Started(info()), &[1, 2, 3]);
        assert_eq!(run.sample_confidences, [[0.5, 0.0, 0.5]]);
        run.apply(&Event::Compiling, &[]);
        assert_eq!(run.status, Status::Compiling);

        run.apply(&step(1, 1), &[]);
        assert_eq!((run.status, run.progress()), (Status::Training, 1.0 / 8.0));
        assert_eq!(run.losses, [LossPoint { at_epoch: 0.5, loss: 1.5 }]);
        assert_eq!(run.sample_confidences, [[0.9, 0.0, 0.1]]);
        assert_eq!(run.eta_secs(), None, "the first step says nothing about the others");

        let metrics = epoch_for_tests(1, 0.5);
        run.apply(&Event::Epoch { metrics, sample_confidences: vec![1.0, 0.0, 0.0] }, &[]);
        assert_eq!((run.progress(), run.eta_secs()), (0.25, Some(3.0)));
        assert_eq!(run.sample_confidences, [[1.0, 0.0, 0.0]]);
        assert_eq!(run.loss(), Some(1.0), "of the epoch, not of its last report");

        run.apply(&Event::Finished, &[]);
        assert_eq!((run.progress(), run.eta_secs()), (1.0, None));
        assert_eq!(run.summary().unwrap().best, 0.5);
    }

    #[test]
    fn a_run_goes_on_from_a_checkpoint() {
        let mut run = RunState::begun();
        let history = vec![epoch_for_tests(1, 0.5), epoch_for_tests(2, 0.6)];
        run.apply(&Event::Started(RunInfo { history, step: 1, ..info() }), &[]);
        assert_eq!((run.epoch, run.step, run.epochs.len()), (3, 1, 2));
        assert_eq!(run.progress(), 2.5 / 4.0);
        assert_eq!(run.losses.len(), 2);
        run.apply(&step(3, 2), &[]);
        assert_eq!(run.progress(), 0.75);
    }

    #[test]
    fn a_checkpoint_stands_before_it_goes_on() {
        let history = vec![epoch_for_tests(1, 0.5), epoch_for_tests(2, 0.6)];
        let experiment = Experiment { epochs: 4, ..Experiment::default() };
        let checkpoint = CheckpointInfo {
            experiment,
            class_names: vec!["a".into(), "b".into()],
            parameters: 10,
            history: history.clone(),
            step: 1,
        };
        let mut run = RunState::standing(&checkpoint);
        assert_eq!((run.status, run.epoch, run.progress()), (Status::Idle, 3, 0.5));
        assert_eq!((run.loss(), run.summary().unwrap().best), (Some(1.0), 0.6));

        run.go_on();
        run.apply(&Event::Failed(Failure::new("no data", "check")), &[]);
        assert_eq!((run.status, run.epochs.len()), (Status::Failed, 2));

        run.go_on();
        assert_eq!((run.status, run.failure.clone()), (Status::Loading, None));
        run.apply(&Event::Started(RunInfo { history, step: 1, ..info() }), &[]);
        assert_eq!((run.epoch, run.step, run.progress()), (3, 1, 2.5 / 4.0));
    }

    #[test]
    fn going_on_keeps_the_fine_curve() {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info()), &[]);
        run.apply(&step(1, 1), &[]);
        run.apply(&step(1, 2), &[]);
        let metrics = epoch_for_tests(1, 0.5);
        run.apply(&Event::Epoch { metrics, sample_confidences: vec![] }, &[]);
        run.apply(&Event::Finished, &[]);
        run.go_on();
        run.apply(&Event::Started(RunInfo { history: vec![metrics], ..info() }), &[]);
        assert_eq!((run.losses.len(), run.epochs.len(), run.step_losses.len()), (2, 1, 4));
    }

    #[test]
    fn a_late_report_does_not_end_a_pause() {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info()), &[]);
        run.apply(&Event::Paused, &[]);
        run.apply(&step(1, 1), &[]);
        assert_eq!(run.status, Status::Paused);
        run.apply(&Event::Resumed, &[]);
        assert_eq!(run.status, Status::Training);
    }

    #[test]
    fn failure_and_stop_keep_what_was_measured() {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info()), &[]);
        run.apply(&step(1, 2), &[]);
        run.apply(&Event::Failed(Failure::new("broken", "try again")), &[]);
        assert_eq!(run.status, Status::Failed);
        assert_eq!(run.loss(), Some(1.5));
        run.apply(&Event::Stopped, &[]);
        assert_eq!((run.status, run.stopped), (Status::Idle, true));
    }
}
