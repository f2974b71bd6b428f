//! The steps of a run: batches in seeded order, PRODEN's loss, SGD, confidences.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData};

use super::checkpoint::{Checkpoint, Position};
use super::proden::Confidences;
use super::schedule::step_lr;
use super::sgd::Sgd;
use crate::data::augment::View;
use crate::data::batches::{Normaliser, epoch_order};
use crate::data::candidates::CandidateSets;
use crate::data::images::{CHANNELS, ChannelStats, ImageSet, SIDE};
use crate::data::random::{Stream, stream};
use crate::experiment::{Experiment, Method};
use crate::model::file::{Description, FileError, ModelFile};
use crate::model::weights::{self, parameters};
use crate::model::{Network, NetworkConfig};
use crate::ops::{self, PartialLoss};

/// What an optimiser step leaves on the device.
#[derive(Clone)]
pub struct StepOutput {
    /// The images of the batch, as positions in the training set.
    pub ids: Vec<usize>,
    /// Mean over the batch, `[1]`.
    pub loss: Tensor<1>,
    /// The new confidences, `[batch, classes]`.
    pub confidences: Tensor<2>,
}

/// A run between two steps. It computes and never waits: reading results back is the caller's.
pub struct Trainer {
    experiment: Experiment,
    device: Device,
    images: ImageSet,
    candidates: CandidateSets,
    normaliser: Normaliser,
    network: Network,
    optimizer: Sgd,
    confidences: Confidences,
    /// From 0.
    epoch: usize,
    /// Steps taken in this epoch.
    step: usize,
    order: Vec<usize>,
    /// Whether each epoch draws its images anew; only the golden reference runs do not.
    shuffle: bool,
}

impl Trainer {
    /// Draws candidate sets and initial weights from the experiment's seed. `images` is not
    /// empty; `device` is the plain device, without autodiff.
    pub fn new(experiment: Experiment, images: ImageSet, device: &Device) -> Self {
        let classes = experiment.dataset.classes();
        let candidates = match experiment.method {
            Method::Proden | Method::Average => CandidateSets::draw(
                experiment.candidates,
                experiment.rate,
                &images,
                classes,
                experiment.seed,
            ),
            Method::Supervised => CandidateSets::truth(&images, classes),
        };
        let network = NetworkConfig::of(&experiment).init(&device.clone().autodiff());
        Self::with(experiment, images, candidates, network, device)
    }

    /// A run from given candidate sets and weights; `network` is on the autodiff device.
    pub fn with(
        experiment: Experiment,
        images: ImageSet,
        candidates: CandidateSets,
        network: Network,
        device: &Device,
    ) -> Self {
        Self {
            optimizer: Sgd::new(experiment.momentum, experiment.weight_decay),
            normaliser: Normaliser::new(&ChannelStats::of(&images)),
            confidences: Confidences::uniform(&candidates, device),
            order: epoch_order(experiment.seed, 0, images.len()),
            device: device.clone(),
            epoch: 0,
            step: 0,
            shuffle: true,
            experiment,
            images,
            candidates,
            network,
        }
    }

    /// Goes on where a checkpoint stands. `images` are those that it was made with; `experiment`
    /// differs from its own in nothing that decides a number.
    ///
    /// # Errors
    /// When its network is not the experiment's.
    pub fn resume(
        experiment: Experiment,
        checkpoint: &Checkpoint,
        images: ImageSet,
        device: &Device,
    ) -> Result<Self, FileError> {
        let classes = experiment.dataset.classes();
        let candidates = CandidateSets::from_members(checkpoint.candidates.clone(), classes);
        let network = checkpoint.model.network(&device.clone().autodiff())?;
        let Position { epoch, step, .. } = checkpoint.position;
        let order = epoch_order(experiment.seed, epoch, images.len());
        let mut trainer = Self {
            epoch,
            step,
            order,
            ..Self::with(experiment, images, candidates, network, device)
        };
        trainer.optimizer.import(&trainer.network, &checkpoint.momentum, device);
        trainer.confidences.restore(&checkpoint.stored, &checkpoint.renewed, device);
        Ok(trainer)
    }

    /// The network as a file.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn model(&self, class_names: &[String]) -> Result<ModelFile, ExecutionError> {
        let tensors = weights::export(&self.network_for_evaluation()).await?;
        let description =
            Description::new(&self.experiment, class_names, ChannelStats::of(&self.images));
        let steps = self.epoch * self.steps_per_epoch() + self.step;
        Ok(ModelFile::new(description, tensors, steps))
    }

    /// The state of the run; history and losses, which the trainer does not know, are empty.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn checkpoint(&self, class_names: &[String]) -> Result<Checkpoint, ExecutionError> {
        let renewed = match self.confidences.renewed() {
            Some(renewed) => renewed.into_data_async().await?.iter().collect(),
            None => Vec::new(),
        };
        Ok(Checkpoint {
            model: self.model(class_names).await?,
            position: Position {
                epoch: self.epoch,
                step: self.step,
                images: self.images.len(),
                data_digest: self.images.digest(),
            },
            momentum: self.optimizer.export(&self.network).await?,
            candidates: self.candidates.members().to_vec(),
            stored: self.stored_confidences().into_data_async().await?.iter().collect(),
            renewed,
            history: Vec::new(),
            loss_sum: 0.0,
        })
    }

    /// Goes on under settings that differ in nothing that decides a number.
    pub fn set_experiment(&mut self, experiment: Experiment) {
        self.experiment = experiment;
    }

    /// The plain device, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Draws the images of each epoch in their own order instead of a random one.
    pub fn in_order(mut self) -> Self {
        self.shuffle = false;
        self.order = (0..self.images.len()).collect();
        self
    }

    pub fn steps_per_epoch(&self) -> usize {
        self.images.len().div_ceil(self.experiment.batch)
    }

    /// Steps taken in this epoch.
    pub fn step_in_epoch(&self) -> usize {
        self.step
    }

    /// From 0.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Whether all steps of this epoch have been taken.
    pub fn at_epoch_end(&self) -> bool {
        self.step == self.steps_per_epoch()
    }

    pub fn learning_rate(&self) -> f64 {
        step_lr(&self.experiment, self.epoch)
    }

    /// Learnable numbers in the network; running statistics are not among them.
    pub fn parameters(&self) -> usize {
        parameters(&self.network)
    }

    pub fn images(&self) -> &ImageSet {
        &self.images
    }

    pub fn candidates(&self) -> &CandidateSets {
        &self.candidates
    }

    pub fn normaliser(&self) -> &Normaliser {
        &self.normaliser
    }

    /// The network as it trains.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A copy of the network for evaluation, on the plain device.
    pub fn network_for_evaluation(&self) -> Network {
        self.network.valid()
    }

    /// w_ij of all images as of the last finished epoch, `[images, classes]`.
    pub fn stored_confidences(&self) -> Tensor<2> {
        self.confidences.stored()
    }

    /// w_ij of all images as they will be stored at the end of this epoch, `[images, classes]`;
    /// all its steps have been taken.
    pub fn confidences_at_epoch_end(&self) -> Tensor<2> {
        self.confidences.at_epoch_end(&self.order, &self.device)
    }

    /// The gradients of the next step, without taking it.
    pub fn gradients(&self) -> GradientsParams {
        let (loss, ..) = self.forward(&self.next_ids());
        GradientsParams::from_grads(loss.backward(), &self.network)
    }

    /// What the network says of the next step's images, `[batch, classes]`, without taking the
    /// step. As with [`Self::gradients`] running statistics move, which no step reads.
    pub fn next_logits(&self) -> Tensor<2> {
        self.logits(&self.next_ids()).inner()
    }

    /// Takes one step. Not to be called at the end of an epoch.
    pub fn step(&mut self) -> StepOutput {
        let ids = self.next_ids();
        let (loss, confidences) = self.forward(&ids);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let lr = self.learning_rate();
        self.network = self.optimizer.step(lr, self.network.clone(), gradients);
        if self.experiment.method == Method::Proden {
            self.confidences.renew(confidences.clone());
        }
        self.step += 1;
        StepOutput { ids, loss: loss.inner(), confidences }
    }

    /// Stores the epoch's confidences and goes on to the next epoch.
    pub fn end_epoch(&mut self) {
        self.confidences.end_epoch(&self.order, &self.device);
        self.epoch += 1;
        self.step = 0;
        if self.shuffle {
            self.order = epoch_order(self.experiment.seed, self.epoch, self.images.len());
        }
    }

    /// The images of the next step, as positions in the training set; none at the end of an epoch.
    pub fn next_ids(&self) -> Vec<usize> {
        let start = self.step * self.experiment.batch;
        let end = (start + self.experiment.batch).min(self.images.len());
        self.order[start..end].to_vec()
    }

    /// The network's answers to a batch, `[batch, classes]`, as it trains: with dropout.
    fn logits(&self, ids: &[usize]) -> Tensor<2> {
        let Experiment { seed, augment, .. } = self.experiment;
        let first_draw = (self.epoch * self.images.len()) as u64;
        let pixels = self
            .normaliser
            .batch(&self.images, ids, |id| View::draw(augment, seed, first_draw + id as u64));
        let shape = [ids.len(), CHANNELS, SIDE, SIDE];
        let input =
            Tensor::from_data(TensorData::new(pixels, shape), &self.device.clone().autodiff());
        let global_step = self.epoch * self.steps_per_epoch() + self.step;
        let mut dropout = stream(seed, Stream::Dropout, global_step as u64);
        self.network.forward(input, Some(&mut dropout))
    }

    /// Loss `[1]` and new confidences `[batch, classes]` of a batch.
    fn forward(&self, ids: &[usize]) -> (Tensor<1>, Tensor<2>) {
        let logits = self.logits(ids);
        let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::from(&ids[..]), &self.device);
        let (candidates, stored) = self.confidences.batch(&ids);
        let PartialLoss { per_image, renewed } =
            ops::partial_loss(logits, stored.clone(), candidates);
        let confidences = match self.experiment.method {
            Method::Proden => renewed,
            Method::Average | Method::Supervised => stored,
        };
        (ops::mean(per_image), confidences)
    }
}
