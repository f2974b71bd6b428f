//! A run between two steps, as one safetensors file (DESIGN.md, part 4, "Files"). What goes on
//! from it continues exactly as if it had never stopped.
//!
//! All that decides the numbers is kept bit by bit: floats as tensors, never as JSON.

use std::collections::BTreeMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Experiment, Method};
use crate::model::file::{self, Description, FileError, ModelFile, Precision};
use crate::model::parts::{self, Parts};
use crate::model::weights::HostTensor;

const MODEL: &str = "model.";
const MOMENTUM: &str = "momentum.";
const CANDIDATES: &str = "candidates";
const STORED: &str = "confidences.stored";
const RENEWED: &str = "confidences.renewed";
const HISTORY: &str = "history";
const LOSS_SUM: &str = "loss_sum";
/// Ends of the names of batch norm's statistics: no gradient moves those.
const RUNNING: [&str; 2] = ["running_mean", "running_var"];
/// Numbers of an epoch, in the order of [`history_row`].
const HISTORY_COLUMNS: usize = 9;

/// All of a run that is not its data.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub model: ModelFile,
    pub position: Position,
    /// v of each parameter (`torch.optim.SGD`'s `momentum_buffer`).
    pub momentum: BTreeMap<String, HostTensor>,
    /// 1 where the label is a candidate, `[images, classes]`.
    pub candidates: Vec<u8>,
    /// w_ij as of the last finished epoch, `[images, classes]`.
    pub stored: Vec<f32>,
    /// New confidences of this epoch's images, in the order they were drawn: `[drawn, classes]`.
    pub renewed: Vec<f32>,
    /// The epochs so far.
    pub history: Vec<EpochMetrics>,
    /// Sum over the images of this epoch, so far, of their batch's loss.
    pub loss_sum: f64,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// From 0.
    pub epoch: usize,
    /// Steps taken in this epoch.
    pub step: usize,
    /// Images in the training set.
    pub images: usize,
    /// Names the training images: equal sets have equal digests.
    pub data_digest: String,
}

/// The metadata: a model's description, and the position beside it.
#[derive(Deserialize)]
struct Metadata {
    position: Position,
}

/// The metadata as it is written. Seed and history stand there for whoever looks into the file;
/// what is read is the experiment's seed and the tensor, which is not rounded.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    description: &'a Description,
    position: WrittenPosition<'a>,
    history: &'a [EpochMetrics],
}

#[derive(Serialize)]
struct WrittenPosition<'a> {
    #[serde(flatten)]
    position: &'a Position,
    seed: u64,
}

impl Checkpoint {
    /// The experiment that was being run.
    ///
    /// # Errors
    /// Never for a checkpoint that was read: those have a description.
    pub fn experiment(&self) -> Result<&Experiment, FileError> {
        let description = self.model.description.as_ref();
        description.map(|description| &description.experiment).ok_or_else(missing_description)
    }

    /// Whether all that goes on training is a number. What a diverged step leaves is not.
    pub fn is_finite(&self) -> bool {
        let weights = self.model.tensors.values().chain(self.momentum.values());
        let mut numbers = weights.flat_map(|tensor| &tensor.values).chain(&self.renewed);
        numbers.all(|number| number.is_finite())
    }

    /// The file's bytes: the same for the same state.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        let description = self.model.description.as_ref().ok_or_else(missing_description)?;
        let classes = description.class_names.len();
        let mut parts = Parts::default();
        self.model.add_to(&mut parts, MODEL, Precision::Single)?;
        for (name, tensor) in &self.momentum {
            parts.add_floats(format!("{MOMENTUM}{name}"), tensor);
        }
        let rows = |values: &[f32]| HostTensor {
            shape: vec![values.len() / classes.max(1), classes],
            values: values.to_vec(),
        };
        parts.add(
            CANDIDATES,
            Dtype::U8,
            vec![self.position.images, classes],
            self.candidates.clone(),
        );
        parts.add_floats(STORED, &rows(&self.stored));
        parts.add_floats(RENEWED, &rows(&self.renewed));
        let history = self.history.iter().flat_map(history_row).flat_map(f64::to_le_bytes);
        let shape = vec![self.history.len(), HISTORY_COLUMNS];
        parts.add(HISTORY, Dtype::F64, shape, history.collect());
        parts.add(LOSS_SUM, Dtype::F64, vec![], self.loss_sum.to_le_bytes().to_vec());
        let seed = description.experiment.seed;
        let position = WrittenPosition { position: &self.position, seed };
        let written = Written { description, position, history: &self.history };
        let text = serde_json::to_string(&written)
            .map_err(|error| FileError::Description(error.to_string()))?;
        parts.to_bytes(Some(text))
    }

    /// Whether a file is a checkpoint rather than a model. Says nothing of its health.
    pub fn is_one(bytes: &[u8]) -> bool {
        parts::open(bytes).is_ok_and(|(_, file)| file.tensor(STORED).is_ok())
    }

    /// Parses a checkpoint.
    ///
    /// # Errors
    /// When it is none, or its parts contradict each other.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let (text, file) = parts::open(bytes)?;
        let text = text.ok_or_else(missing_description)?;
        let description = file::parse_metadata(&text)?;
        let Metadata { position } = serde_json::from_str(&text)
            .map_err(|error| FileError::Description(error.to_string()))?;
        let mut model = ModelFile {
            description: Some(description),
            tensors: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        let mut momentum = BTreeMap::new();
        for (name, view) in file.iter() {
            if let Some(name) = name.strip_prefix(MODEL) {
                model.insert(name, &view)?;
            } else if let Some(name) = name.strip_prefix(MOMENTUM) {
                momentum.insert(name.to_owned(), parts::floats(name, &view)?);
            }
        }
        let checkpoint = Self {
            model,
            position,
            momentum,
            candidates: parts::bytes_of(CANDIDATES, &part(&file, CANDIDATES)?, Dtype::U8)?.to_vec(),
            stored: parts::floats(STORED, &part(&file, STORED)?)?.values,
            renewed: parts::floats(RENEWED, &part(&file, RENEWED)?)?.values,
            history: doubles(HISTORY, &part(&file, HISTORY)?)?
                .chunks_exact(HISTORY_COLUMNS)
                .filter_map(|row| row.try_into().ok().map(history_entry))
                .collect(),
            loss_sum: doubles(LOSS_SUM, &part(&file, LOSS_SUM)?)?.first().copied().unwrap_or(0.0),
        };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// Whoever holds a checkpoint that was read need not ask these again.
    fn check(&self) -> Result<(), FileError> {
        self.check_labels()?;
        self.check_history()?;
        self.check_momentum()
    }

    fn check_labels(&self) -> Result<(), FileError> {
        let experiment = self.experiment()?;
        let classes = experiment.dataset.classes();
        let Position { step, images, .. } = self.position;
        // Every image is drawn once an epoch, the last batch may be short. A position from
        // outside may be as large as a number gets.
        let drawn = if experiment.method == Method::Proden {
            step.saturating_mul(experiment.batch).min(images)
        } else {
            0
        };
        let is_share = |value: &f32| (0.0..=1.0).contains(value);
        let has_candidate = |set: &[u8]| set.contains(&1) && set.iter().all(|&member| member <= 1);
        first_of([
            (images == 0, t!("there are no training images")),
            (
                step > images.div_ceil(experiment.batch),
                t!("the step lies beyond the end of its epoch"),
            ),
            (
                self.candidates.len() != images.saturating_mul(classes),
                t!("the candidate sets are not one an image"),
            ),
            (!self.candidates.chunks(classes).all(has_candidate), t!("an image has no candidate")),
            (
                self.stored.len() != self.candidates.len(),
                t!("the confidences are not one an image"),
            ),
            (!self.stored.iter().all(is_share), t!("a confidence is not from 0 to 1")),
            (
                self.renewed.len() != drawn.saturating_mul(classes),
                t!("the new confidences are not those of the images drawn"),
            ),
            (!self.renewed.iter().all(is_share), t!("a new confidence is not from 0 to 1")),
        ])
    }

    /// Numbers that are none would not survive the way to the page, which is JSON.
    fn check_history(&self) -> Result<(), FileError> {
        let mut numbers = self.history.iter().flat_map(history_row).chain([self.loss_sum]);
        let epochs = self.history.iter().map(|entry| entry.epoch);
        first_of([
            (
                self.history.len() != self.position.epoch,
                t!("the history has not as many epochs as were trained"),
            ),
            (
                !epochs.eq(1..=self.history.len()),
                t!("the history does not count its epochs from 1"),
            ),
            (!numbers.all(f64::is_finite), t!("a number of its history is not finite")),
        ])
    }

    /// From the first step on there is a velocity of each parameter, if there is momentum at all:
    /// a run without them would go on, but as another one.
    fn check_momentum(&self) -> Result<(), FileError> {
        let has_begun = self.position.epoch > 0 || self.position.step > 0;
        let is_needed = has_begun && self.experiment()?.momentum > 0.0;
        if self.momentum.is_empty() && !is_needed {
            return Ok(());
        }
        let is_parameter = |name: &str| !RUNNING.iter().any(|suffix| name.ends_with(suffix));
        let parameters = self.model.tensors.iter().filter(|(name, _)| is_parameter(name));
        let shapes: BTreeMap<&str, &[usize]> =
            parameters.map(|(name, tensor)| (name.as_str(), &tensor.shape[..])).collect();
        let wrong = |name: &str| match (self.momentum.get(name), shapes.get(name)) {
            (None, _) => Some(t!("the momentum of “{name}” is missing", name)),
            (Some(_), None) => Some(t!("the momentum of “{name}” belongs to no parameter", name)),
            (Some(velocity), Some(shape)) if velocity.shape[..] != **shape => {
                Some(t!("the momentum of “{name}” has not the shape of its parameter", name))
            }
            (Some(_), Some(_)) => None,
        };
        let mut names = shapes.keys().copied().chain(self.momentum.keys().map(String::as_str));
        match names.find_map(wrong) {
            Some(fault) => Err(FileError::Inconsistent(fault)),
            None => Ok(()),
        }
    }
}

fn first_of<const N: usize>(faults: [(bool, String); N]) -> Result<(), FileError> {
    match faults.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, fault)) => Err(FileError::Inconsistent(fault)),
        None => Ok(()),
    }
}

fn missing_description() -> FileError {
    FileError::Description(t!("it has none"))
}

fn part<'a>(file: &SafeTensors<'a>, name: &str) -> Result<TensorView<'a>, FileError> {
    let missing = || FileError::Inconsistent(t!("the tensor “{name}” is missing", name));
    file.iter().find(|(found, _)| *found == name).map(|(_, view)| view).ok_or_else(missing)
}

fn doubles(name: &str, view: &TensorView) -> Result<Vec<f64>, FileError> {
    let (words, _) = parts::bytes_of(name, view, Dtype::F64)?.as_chunks::<8>();
    Ok(words.iter().map(|&word| f64::from_le_bytes(word)).collect())
}

fn history_row(epoch: &EpochMetrics) -> [f64; HISTORY_COLUMNS] {
    let EpochMetrics {
        epoch,
        loss,
        test_accuracy,
        label_accuracy,
        mean_confidence,
        confident_wrong,
        lr,
        images_per_sec,
        elapsed_secs,
    } = *epoch;
    [
        epoch as f64,
        loss,
        test_accuracy,
        label_accuracy,
        mean_confidence,
        confident_wrong,
        lr,
        images_per_sec,
        elapsed_secs,
    ]
}

fn history_entry(row: [f64; HISTORY_COLUMNS]) -> EpochMetrics {
    let [
        epoch,
        loss,
        test_accuracy,
        label_accuracy,
        mean_confidence,
        confident_wrong,
        lr,
        images_per_sec,
        elapsed_secs,
    ] = row;
    EpochMetrics {
        epoch: epoch as usize,
        loss,
        test_accuracy,
        label_accuracy,
        mean_confidence,
        confident_wrong,
        lr,
        images_per_sec,
        elapsed_secs,
    }
}
