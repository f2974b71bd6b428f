//! What the engine tells of a run.

use serde::{Deserialize, Serialize};

use crate::experiment::Experiment;
use crate::experiment::metrics::EpochMetrics;

/// How far a download has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadProgress {
    /// What is being loaded, for a person: a file's name.
    pub what: String,
    pub loaded_bytes: u64,
    /// None where the host does not say.
    pub total_bytes: Option<u64>,
}

/// The kind of device that trains; its name is the page's `data-device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    WebGpu,
    Cpu,
}

impl DeviceKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebGpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }
}

/// The device in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    pub kind: DeviceKind,
    /// Maker and model where the browser tells, for a person.
    pub name: String,
    /// Why this device, where that is not plain: in words for a person.
    pub reason: Option<String>,
    /// Limits that matter, `(name, value)`, for a person.
    pub limits: Vec<(String, String)>,
}

/// What is known of a run once it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    pub experiment: Experiment,
    pub class_names: Vec<String>,
    pub train_images: usize,
    pub test_images: usize,
    pub steps_per_epoch: usize,
    /// Learnable numbers in the network.
    pub parameters: usize,
    pub candidates: CandidateStats,
    /// Names the candidate sets: equal on two machines when all sets are equal.
    pub candidates_digest: String,
    /// Training images to show, in the order of the payload.
    pub samples: Vec<Sample>,
    /// Confidences of the samples as the run begins, `[samples * classes]`, row by row.
    pub sample_confidences: Vec<f32>,
    /// Epochs that were trained before: of a run that goes on from a checkpoint.
    pub history: Vec<EpochMetrics>,
    /// Steps that were taken in the epoch after those.
    pub step: usize,
    /// Worth knowing, but no fault: "not the official files".
    pub notes: Vec<String>,
}

/// A training image whose confidences are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Position in the training set.
    pub index: usize,
    pub label: usize,
    /// The candidate set, ascending.
    pub candidates: Vec<usize>,
}

/// Steps since the last report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// From 1.
    pub epoch: usize,
    /// Steps taken in this epoch.
    pub step: usize,
    /// The loss of each step since the last report, in order.
    pub losses: Vec<f32>,
    /// Images a second while training, over the last few seconds.
    pub images_per_sec: f64,
    /// New confidences of samples seen since the last report: (position among the samples,
    /// one confidence a class).
    pub sample_confidences: Vec<(usize, Vec<f32>)>,
}

/// How ambiguous the candidate sets of a training set are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateStats {
    /// Candidates an image, on average.
    pub mean_size: f64,
    /// Images whose set has n candidates, at position n; `[classes + 1]`.
    pub images_of_size: Vec<usize>,
}

impl CandidateStats {
    /// The share of images whose only candidate is the true label.
    pub fn singletons(&self) -> f64 {
        self.share(1)
    }

    /// The share of images with every class as a candidate: they say nothing.
    pub fn full_sets(&self) -> f64 {
        self.share(self.images_of_size.len().saturating_sub(1))
    }

    fn share(&self, size: usize) -> f64 {
        let images: usize = self.images_of_size.iter().sum();
        let of_size = self.images_of_size.get(size).copied().unwrap_or_default();
        of_size as f64 / images.max(1) as f64
    }
}
