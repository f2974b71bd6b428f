//! One run from its first step to its last: train, evaluate, tell.

use super::checkpoints::Keeper;
use super::end::{End, NoCheckpoint, not_saved};
use super::inbox::{DataRequest, Inbox, Nearest, NetworkRequest, Request};
use super::report::Reporter;
use super::session::Emit;
use super::trained::Trained;
use super::{checkpoints, files, host, keep, networks, sight};
use crate::data::images::ImageSet;
use crate::experiment::calibration::Calibration;
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{DeviceChoice, Experiment, Setting, going_on};
use crate::protocol::{
    Choosing, Event, Evidence, Failure, FileKind, ModelInfo, Opening, RunInfo, Sample, Saving,
    StepReport,
};
use crate::train::checkpoint::Checkpoint;
use crate::train::evaluate;
use crate::train::labels::LabelReport;
use crate::train::trainer::Trainer;

/// A run that has its data and its network; between two steps, or over.
pub struct Run {
    pub trainer: Trainer,
    pub test: ImageSet,
    pub class_names: Vec<String>,
    pub notes: Vec<String>,
    pub samples: Vec<Sample>,
    pub reporter: Reporter,
    /// The epochs so far.
    pub history: Vec<EpochMetrics>,
    /// Seconds that the epochs took which were trained before this session began.
    pub elapsed_before_secs: f64,
    pub began_secs: f64,
    /// Keeps checkpoints while it trains, where somebody wants it.
    pub keeper: Option<Keeper>,
}

impl Run {
    /// Trains until the last epoch.
    ///
    /// # Errors
    /// When the run is interrupted or fails; it can go on from where it stands.
    pub async fn train(&mut self, inbox: &mut Inbox, emit: &Emit) -> Result<(), End> {
        self.tell_start(inbox, emit).await?;
        emit(Event::Compiling, None);
        // So that the page shows it before the first step takes the thread.
        host::yield_now().await;
        let mut is_first = true;
        while self.trainer.epoch() < self.trainer.experiment().epochs {
            let images_per_sec = self.steps_of_epoch(inbox, emit, is_first).await?;
            self.end_epoch(images_per_sec, inbox, emit).await?;
            is_first = false;
            self.keep(inbox, emit).await?;
        }
        Ok(())
    }

    async fn tell_start(&self, inbox: &mut Inbox, emit: &Emit) -> Result<(), End> {
        let trainer = &self.trainer;
        let classes = trainer.candidates().classes();
        let stored = trainer.stored_confidences().into_data_async();
        let confidences: Vec<f32> = inbox.during_read(&**emit, stored).await??.iter().collect();
        let images = self.samples.iter().map(|sample| trainer.images().image(sample.index));
        let pixels = images.flatten().copied().collect();
        let info = RunInfo {
            experiment: trainer.experiment().clone(),
            class_names: self.class_names.clone(),
            train_images: trainer.images().len(),
            test_images: self.test.len(),
            steps_per_epoch: trainer.steps_per_epoch(),
            parameters: trainer.parameters(),
            candidates: trainer.candidates().stats(),
            candidates_digest: trainer.candidates().digest(),
            samples: self.samples.clone(),
            sample_confidences: self.rows_of_samples(&confidences, classes),
            history: self.history.clone(),
            step: trainer.step_in_epoch(),
            notes: self.notes.clone(),
        };
        emit(Event::Started(info), Some(pixels));
        sight::sets(self, &confidences, emit);
        Ok(())
    }

    fn rows_of_samples(&self, confidences: &[f32], classes: usize) -> Vec<f32> {
        let rows =
            self.samples.iter().map(|sample| &confidences[sample.index * classes..][..classes]);
        rows.flatten().copied().collect()
    }

    /// Takes the steps that the epoch lacks; returns the images a second, without pauses.
    async fn steps_of_epoch(
        &mut self,
        inbox: &mut Inbox,
        emit: &Emit,
        mut is_first: bool,
    ) -> Result<f64, End> {
        let (began_secs, held_before) = (host::now_secs(), inbox.held_secs());
        let images_before = self.trainer.step_in_epoch() * self.trainer.experiment().batch;
        self.reporter.restart_clock();
        while !self.trainer.at_epoch_end() {
            self.give_way(inbox, emit).await?;
            self.keep(inbox, emit).await?;
            self.reporter.push(self.trainer.step());
            // The first step also compiles and allocates; it says nothing about the speed.
            if is_first || self.reporter.is_due() || self.trainer.at_epoch_end() {
                self.report(inbox, emit).await?;
                if is_first {
                    self.reporter.restart_clock();
                    is_first = false;
                }
            }
        }
        let images = self.trainer.images().len().saturating_sub(images_before);
        if images == 0 {
            // It goes on with an evaluation; nothing was trained that could be timed. Whether it had diverged
            // when it was stopped, nobody has looked.
            self.report(inbox, emit).await?;
            return Ok(self.history.last().map_or(0.0, |epoch| epoch.images_per_sec));
        }
        let secs = host::now_secs() - began_secs - (inbox.held_secs() - held_before);
        Ok(images as f64 / secs.max(1e-6))
    }

    async fn report(&mut self, inbox: &mut Inbox, emit: &Emit) -> Result<(), End> {
        let reading = self.reporter.read(&self.trainer);
        let (report, interrupt) = inbox.until_done(&**emit, reading).await;
        let told = report.map_err(End::from).and_then(|report| Ok(self.tell_steps(report, emit)?));
        // Whatever came of it: the page knows that the run is over, and may be with the next one.
        interrupt.map_or(told, |interrupt| Err(interrupt.into()))
    }

    fn tell_steps(&self, report: StepReport, emit: &Emit) -> Result<(), Failure> {
        self.check(&report)?;
        if !report.losses.is_empty() {
            emit(Event::Progress(report), None);
        }
        Ok(())
    }

    /// A loss that is no number is the end of a run; nor can it be told to the page, in JSON. It
    /// may have been read while the run was saved.
    fn check(&self, report: &StepReport) -> Result<(), Failure> {
        if self.reporter.loss_sum().is_finite() {
            return Ok(());
        }
        let loss = report.losses.iter().copied().find(|loss| !loss.is_finite());
        let fault = t!(
            "The training has diverged: the loss became {loss} in epoch {epoch} at a learning rate of {rate}.",
            loss = loss.unwrap_or(f32::NAN),
            epoch = report.epoch,
            rate = self.trainer.learning_rate()
        );
        Err(Failure::new(fault, t!("Choose a lower learning rate and start again."))
            .about(Setting::Lr))
    }

    /// Evaluates, and only then goes on to the next epoch: a run that is interrupted here does
    /// it again.
    async fn end_epoch(
        &mut self,
        images_per_sec: f64,
        inbox: &mut Inbox,
        emit: &Emit,
    ) -> Result<(), End> {
        let classes = self.trainer.candidates().classes();
        let confidences = self.trainer.confidences_at_epoch_end().into_data_async();
        let confidences = inbox.during_read(&**emit, confidences).await??;
        let confidences: Vec<f32> = confidences.iter().collect();
        let images = self.trainer.images();
        let labels = LabelReport::of(&confidences, &images.labels, classes);
        let answers = self.answers(inbox, emit).await?;
        let right = answers.iter().zip(&self.test.labels).filter(|(answer, label)| answer == label);
        let test_accuracy = right.count() as f64 / self.test.len().max(1) as f64;
        let images = self.trainer.images().len();
        let metrics = EpochMetrics {
            epoch: self.trainer.epoch() + 1,
            loss: self.reporter.mean_loss(images),
            test_accuracy,
            label_accuracy: labels.accuracy,
            mean_confidence: labels.mean_confidence,
            confident_wrong: labels.confident_wrong,
            lr: self.trainer.learning_rate(),
            images_per_sec,
            elapsed_secs: self.elapsed_before_secs + host::now_secs()
                - self.began_secs
                - inbox.held_secs(),
        };
        self.trainer.end_epoch();
        self.reporter.end_epoch();
        self.history.push(metrics);
        let sample_confidences = self.rows_of_samples(&confidences, classes);
        emit(Event::Epoch { metrics, sample_confidences }, None);
        sight::epoch(self, metrics.epoch, &confidences, answers, emit);
        Ok(())
    }

    /// The network's answers to the test images, `[test_images]`.
    async fn answers(&mut self, inbox: &mut Inbox, emit: &Emit) -> Result<Vec<u8>, End> {
        let network = self.trainer.network_for_evaluation();
        let ids: Vec<usize> = (0..self.test.len()).collect();
        let mut answers = Vec::with_capacity(ids.len());
        for ids in ids.chunks(evaluate::BATCH) {
            self.give_way(inbox, emit).await?;
            let (device, normaliser) = (self.trainer.device(), self.trainer.normaliser());
            let asked = evaluate::answers(&network, device, normaliser, &self.test, ids);
            answers.extend(inbox.during_read(&**emit, asked).await??);
        }
        Ok(answers)
    }

    /// Gives way; while held, and in between, what is asked is answered.
    async fn give_way(&mut self, inbox: &mut Inbox, emit: &Emit) -> Result<(), End> {
        let held_before = inbox.held_secs();
        loop {
            inbox.give_way(&**emit).await?;
            let Some(request) = inbox.next_request() else {
                break;
            };
            self.answer(request, emit).await;
        }
        if inbox.held_secs() > held_before {
            self.reporter.restart_clock();
        }
        Ok(())
    }

    async fn answer(&mut self, request: Request, emit: &Emit) {
        let busy = || {
            Failure::new(
                t!("A run is under way."),
                t!("Stop it first, or wait until it has ended."),
            )
        };
        match request {
            Request::Classify(photo) => self.trained().classify(photo, emit).await,
            Request::Save(what) => self.save(what, emit).await,
            Request::Images { source, indices } => sight::images(self, source, &indices, emit),
            Request::OpenKept { .. } => {
                let name = t!("The interrupted run");
                emit(Event::Opened { name, outcome: Opening::Refused(busy()) }, None);
            }
            // Of another run: the page drops this one's when it has ended.
            Request::DropKept { run } => checkpoints::drop_run(run).await,
            Request::Open { name, .. } => {
                emit(Event::Opened { name, outcome: Opening::Refused(busy()) }, None);
            }
            Request::Data(DataRequest::Keep) => keep::refuse(busy(), emit).await,
            Request::Data(request) => keep::serve(request, emit).await,
            Request::Network(NetworkRequest::Choose { source, .. }) => {
                emit(Event::Chosen { source, outcome: Choosing::Refused(busy()) }, None);
            }
            Request::Network(NetworkRequest::Keep { .. }) => {
                // What was asked of the run before came too late: its network is gone.
                emit(Event::NetworksKept(networks::refuse(busy()).await), None);
            }
            Request::Network(NetworkRequest::Retain { runs }) => {
                emit(Event::NetworksKept(networks::retain(&runs).await), None);
            }
            Request::Nearest(Nearest { request, .. }) => {
                emit(Event::Nearest { request, outcome: Evidence::Refused(busy()) }, None);
            }
        }
    }

    /// The network as it is now.
    pub fn trained(&self) -> Trained {
        Trained {
            network: self.trainer.network_for_evaluation(),
            device: self.trainer.device().clone(),
            normaliser: self.trainer.normaliser().clone(),
            class_names: self.class_names.clone(),
            calibration: Calibration::default(),
        }
    }

    /// What is told of the network.
    pub fn model_info(&self) -> ModelInfo {
        let experiment = self.trainer.experiment();
        ModelInfo {
            network: t!(
                "{model}, width {width}",
                model = experiment.model,
                width = experiment.width
            ),
            experiment: Some(experiment.clone()),
            class_names: self.class_names.clone(),
            parameters: self.trainer.parameters(),
            calibration: None,
            notes: Vec::new(),
        }
    }

    /// Sends the network or the state of the run as a file.
    pub async fn save(&mut self, what: FileKind, emit: &Emit) {
        let (outcome, file) = match self.file(what, emit).await {
            Ok(file) => (Saving::File(what), Some(file)),
            Err(failure) => (Saving::Refused(failure), None),
        };
        emit(Event::Saved(outcome), file);
    }

    /// The network or the state of the run as a file.
    ///
    /// # Errors
    /// When the device fails, or the run has diverged.
    pub async fn file(&mut self, what: FileKind, emit: &Emit) -> Result<Vec<u8>, Failure> {
        let file = match what {
            FileKind::Model => {
                self.trainer.model(&self.class_names).await.map_err(not_saved)?.to_bytes()
            }
            FileKind::Checkpoint => self.checkpoint(emit).await?.to_bytes(),
        };
        file.map_err(|error| files::refusal(what.file_name(), &error))
    }

    /// The state of the run as it is now.
    ///
    /// # Errors
    /// When the device fails, or the run has diverged.
    pub async fn checkpoint(&mut self, emit: &Emit) -> Result<Checkpoint, NoCheckpoint> {
        // The sum of losses must know of every step that was taken.
        let report = self.reporter.read(&self.trainer).await.map_err(NoCheckpoint::Device)?;
        self.tell_steps(report, emit).map_err(NoCheckpoint::Diverged)?;
        let made = self.trainer.checkpoint(&self.class_names).await;
        let mut checkpoint = made.map_err(NoCheckpoint::Device)?;
        checkpoint.history.clone_from(&self.history);
        checkpoint.loss_sum = self.reporter.loss_sum();
        Ok(checkpoint)
    }

    /// The device that was asked for.
    pub fn device(&self) -> DeviceChoice {
        self.trainer.experiment().device
    }

    /// Whether it can go on so.
    ///
    /// # Errors
    /// When the settings differ in what decides a number.
    pub fn can_go_on(&self, experiment: &Experiment) -> Result<(), Failure> {
        going_on::check(self.trainer.experiment(), experiment, self.history.len())
    }

    /// Makes ready to train to more epochs, on the same device.
    ///
    /// # Errors
    /// As [`Self::can_go_on`].
    pub fn go_on(&mut self, experiment: Experiment) -> Result<(), Failure> {
        self.can_go_on(&experiment)?;
        self.elapsed_before_secs = self.history.last().map_or(0.0, |epoch| epoch.elapsed_secs);
        self.began_secs = host::now_secs();
        self.trainer.set_experiment(experiment);
        Ok(())
    }
}
