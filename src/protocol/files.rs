//! Files that come in and go out: networks, checkpoints, data sets.

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::experiment::calibration::Calibration;
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Dataset, Experiment};

/// What a safetensors file of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A network that can classify.
    Model,
    /// A run that can go on: network, momentum, candidate sets, confidences, position.
    Checkpoint,
}

impl FileKind {
    /// The file's usual name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Model => "model.safetensors",
            Self::Checkpoint => "checkpoint.safetensors",
        }
    }
}

/// What became of a wish to save.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Saving {
    /// The payload holds the file.
    File(FileKind),
    Refused(Failure),
}

/// What became of a file that was to be opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Opening {
    /// A network, which classifies from now on.
    Model(ModelInfo),
    /// A run, which can go on; its network classifies from now on.
    Checkpoint(CheckpointInfo),
    Refused(Failure),
}

/// A network from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// For a person: `convnet, width 0.125`.
    pub network: String,
    /// How it was trained; None where the file does not say, as PyTorch's do not.
    pub experiment: Option<Experiment>,
    pub class_names: Vec<String>,
    /// Learnable numbers.
    pub parameters: usize,
    /// None where nobody has measured how far it can be believed.
    pub calibration: Option<Calibration>,
    /// Worth knowing, but no fault.
    pub notes: Vec<String>,
}

/// A run from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointInfo {
    pub experiment: Experiment,
    pub class_names: Vec<String>,
    /// Learnable numbers of its network.
    pub parameters: usize,
    /// Its epochs so far.
    pub history: Vec<EpochMetrics>,
    /// Steps taken in the epoch after those.
    pub step: usize,
}

/// The data that the browser keeps for us, and what the last request came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeptData {
    pub files: Vec<KeptFile>,
    /// Bytes that the browser would give this site in all; None where it does not say.
    pub quota_bytes: Option<u64>,
    /// The data set that was just added, where one was.
    pub added: Option<Dataset>,
    /// Worth knowing, but no fault: "not the official files".
    pub notes: Vec<String>,
    /// Why nothing can be kept, or was not; what is there can still be used.
    pub problem: Option<Failure>,
}

/// A data file in the browser's own storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where it is from: the host's address, or None for a file that the visitor gave.
    pub host: Option<String>,
    /// As under a data host: `cifar-10-batches-bin/test_batch.bin`.
    pub name: String,
    pub size_bytes: u64,
}
