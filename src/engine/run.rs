//! One run from its settings to its end: load, prepare, train, evaluate, tell.

use burn::tensor::ExecutionError;

use super::inbox::{Inbox, Interrupt};
use super::report::{Reporter, choose_samples};
use super::session::{Emit, Trained};
use super::{device, host, load};
use crate::data::images::{DataSet, ImageSet};
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Experiment, Setting};
use crate::protocol::{Event, Failure, RunInfo, Sample};
use crate::train::evaluate;
use crate::train::labels::LabelReport;
use crate::train::trainer::Trainer;

/// Why a run did not reach its end.
#[derive(Debug)]
pub enum End {
    Interrupted(Interrupt),
    Failed(Failure),
}

impl From<Interrupt> for End {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ExecutionError> for End {
    fn from(error: ExecutionError) -> Self {
        Self::Failed(Failure::new(
            format!("The device failed while training: {error}"),
            "Start again; if it happens again, choose the device “CPU” or a smaller batch size or width.",
        ))
    }
}

/// A run that has its data and its network.
pub struct Run<'a> {
    inbox: &'a mut Inbox,
    emit: &'a Emit,
    /// Where the network stays for classification, whatever becomes of the run.
    trained: &'a mut Option<Trained>,
    trainer: Trainer,
    test: ImageSet,
    samples: Vec<Sample>,
    reporter: Reporter,
    epochs: usize,
    began_secs: f64,
}

/// Does what the experiment says.
///
/// # Errors
/// When the run is interrupted or fails.
pub async fn run(
    experiment: Experiment,
    inbox: &mut Inbox,
    emit: &Emit,
    trained: &mut Option<Trained>,
) -> Result<(), End> {
    experiment.check().map_err(|error| {
        Failure::new(error.to_string(), "Change one of the two settings.").about(error.setting)
    })?;
    inbox.begin_run();
    let progress = |progress| emit(Event::Loading(progress), None);
    let data = inbox.during(&**emit, load::data_set(&experiment, &progress)).await??;
    let chosen = inbox.during(&**emit, device::choose(experiment.device)).await??;
    emit(Event::Device(chosen.report), None);

    let DataSet { train, test, class_names, notes } = data;
    let epochs = experiment.epochs;
    let trainer = Trainer::new(experiment.clone(), train, &chosen.device);
    let samples = choose_samples(trainer.images(), trainer.candidates(), experiment.seed);
    *trained = Some(Trained {
        network: trainer.network_for_evaluation(),
        device: chosen.device,
        normaliser: trainer.normaliser().clone(),
        class_names: class_names.clone(),
    });
    let pixels = samples.iter().flat_map(|sample| trainer.images().image(sample.index)).copied();
    let info = RunInfo {
        class_names,
        train_images: trainer.images().len(),
        test_images: test.len(),
        steps_per_epoch: trainer.steps_per_epoch(),
        parameters: trainer.parameters(),
        mean_candidates: trainer.candidates().mean_size(),
        candidates_digest: trainer.candidates().digest(),
        samples: samples.clone(),
        notes,
        experiment,
    };
    emit(Event::Started(info), Some(pixels.collect()));
    let reporter = Reporter::new(&samples);
    let began_secs = host::now_secs();
    let mut run =
        Run { inbox, emit, trained, trainer, test, samples, reporter, epochs, began_secs };
    let outcome = run.train().await;
    run.keep_network();
    outcome
}

impl Run<'_> {
    async fn train(&mut self) -> Result<(), End> {
        (self.emit)(Event::Compiling, None);
        // So that the page shows it before the first step takes the thread.
        host::yield_now().await;
        while self.trainer.epoch() < self.epochs {
            let train_secs = self.steps_of_epoch().await?;
            self.end_epoch(train_secs).await?;
        }
        Ok(())
    }

    /// Takes the steps of an epoch; returns the seconds they took, without pauses.
    async fn steps_of_epoch(&mut self) -> Result<f64, End> {
        let (began_secs, held_before) = (host::now_secs(), self.inbox.held_secs());
        self.reporter.restart_clock();
        let mut is_first = self.trainer.epoch() == 0;
        while !self.trainer.at_epoch_end() {
            self.checkpoint().await?;
            self.reporter.push(self.trainer.step());
            // The first step compiles: its own report tells the page that this is over.
            if is_first || self.trainer.at_epoch_end() || self.reporter.is_due() {
                self.report().await?;
                is_first = false;
            }
        }
        Ok(host::now_secs() - began_secs - (self.inbox.held_secs() - held_before))
    }

    async fn report(&mut self) -> Result<(), End> {
        let Self { inbox, emit, reporter, trainer, .. } = self;
        let report = inbox.during(&***emit, reporter.read(trainer)).await??;
        if let Some(loss) = report.losses.iter().find(|loss| !loss.is_finite()) {
            let fault = format!(
                "The training has diverged: the loss became {loss} in epoch {} at a learning rate of {}.",
                report.epoch,
                self.trainer.learning_rate(),
            );
            return Err(Failure::new(fault, "Choose a lower learning rate and start again.")
                .about(Setting::Lr)
                .into());
        }
        emit(Event::Progress(report), None);
        Ok(())
    }

    async fn end_epoch(&mut self, train_secs: f64) -> Result<(), End> {
        let lr = self.trainer.learning_rate();
        self.trainer.end_epoch();
        let classes = self.trainer.candidates().classes();
        let stored = self.trainer.stored_confidences();
        let stored = self.inbox.during(&**self.emit, stored.into_data_async()).await??;
        let confidences: Vec<f32> = stored.iter().collect();
        let labels = LabelReport::of(&confidences, &self.trainer.images().labels, classes);
        let test_accuracy = self.test_accuracy().await?;
        let metrics = EpochMetrics {
            epoch: self.trainer.epoch(),
            loss: self.reporter.end_epoch(),
            test_accuracy,
            label_accuracy: labels.accuracy,
            mean_confidence: labels.mean_confidence,
            confident_wrong: labels.confident_wrong,
            lr,
            images_per_sec: self.trainer.images().len() as f64 / train_secs.max(1e-6),
            elapsed_secs: host::now_secs() - self.began_secs - self.inbox.held_secs(),
        };
        let rows =
            self.samples.iter().map(|sample| &confidences[sample.index * classes..][..classes]);
        let sample_confidences = rows.flatten().copied().collect();
        (self.emit)(Event::Epoch { metrics, sample_confidences }, None);
        Ok(())
    }

    /// Also leaves the evaluated network for classification.
    async fn test_accuracy(&mut self) -> Result<f64, End> {
        self.keep_network();
        let mut right = 0;
        let ids: Vec<usize> = (0..self.test.len()).collect();
        for ids in ids.chunks(evaluate::BATCH) {
            self.checkpoint().await?;
            // keep_network has put it there.
            let Some(Trained { network, device, normaliser, .. }) = &*self.trained else {
                break;
            };
            let counted = evaluate::count_right(network, device, normaliser, &self.test, ids);
            right += self.inbox.during(&**self.emit, counted).await??;
        }
        Ok(right as f64 / self.test.len().max(1) as f64)
    }

    fn keep_network(&mut self) {
        if let Some(trained) = self.trained {
            trained.network = self.trainer.network_for_evaluation();
        }
    }

    /// Gives way; while held, and in between, photos are classified by the network as it is.
    async fn checkpoint(&mut self) -> Result<(), End> {
        let held_before = self.inbox.held_secs();
        loop {
            self.inbox.checkpoint(&**self.emit).await?;
            let Some(photo) = self.inbox.next_photo() else {
                break;
            };
            self.keep_network();
            if let Some(trained) = self.trained {
                trained.classify(photo, self.emit).await;
            }
        }
        if self.inbox.held_secs() > held_before {
            self.reporter.restart_clock();
        }
        Ok(())
    }
}
