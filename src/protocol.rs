//! What the page and the training engine say to each other.
//!
//! Each message is one of two enums, as JSON, with at most one byte array beside it that is
//! transferred, not copied ([`Payload`]). JSON, because an engine file of another build, kept
//! by a cache, must still be understood well enough to be told apart ([`BUILD_ID`] in the
//! handshake). Matches on both enums are exhaustive.

use serde::{Deserialize, Serialize};

use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Experiment, Setting};

/// Names the sources that this binary was built from. The page and the engine are built
/// together, so in a healthy pair the two are the same.
pub const BUILD_ID: &str = env!("PRODEN_BUILD_ID");

/// Bytes that travel beside a message; which, the message says.
pub type Payload = Option<Vec<u8>>;

/// From the page to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// The first message. The engine answers with [`Event::Ready`].
    Hello {
        build: String,
    },
    /// Begin a run; a run that is on is stopped first.
    Start {
        experiment: Experiment,
    },
    /// Hold after the current step.
    Pause,
    Resume,
    /// End the run; the network so far can classify.
    Stop,
    /// Classify the image file in the payload with the network of the last run.
    Classify {
        /// Returned with the answer.
        request: u32,
    },
}

/// From the engine to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The answer to [`Command::Hello`].
    Ready { build: String },
    /// Data are being fetched (or drawn).
    Loading(LoadProgress),
    /// The device was chosen.
    Device(DeviceReport),
    /// First step: kernels are being compiled, memory is being taken.
    Compiling,
    /// Data and network are there; the payload holds the pixels of the samples,
    /// u8 `[samples, 3, 32, 32]`.
    Started(RunInfo),
    /// Some steps have been taken.
    Progress(StepReport),
    /// An epoch has ended and was evaluated.
    Epoch {
        metrics: EpochMetrics,
        /// Confidences of the samples, `[samples * classes]`, row by row.
        sample_confidences: Vec<f32>,
    },
    /// The run is held.
    Paused,
    /// The run goes on.
    Resumed,
    /// The run was ended by [`Command::Stop`].
    Stopped,
    /// The run has reached its end.
    Finished,
    /// The run (or what was asked) could not go on.
    Failed(Failure),
    /// The answer to [`Command::Classify`].
    Classified { request: u32, outcome: Classification },
}

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
    /// Mean size of the candidate sets.
    pub mean_candidates: f64,
    /// Names the candidate sets: equal on two machines when all sets are equal.
    pub candidates_digest: String,
    /// Training images to show, in the order of the payload.
    pub samples: Vec<Sample>,
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

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub fault: String,
    pub remedy: String,
    /// The setting to change, where it is one.
    pub setting: Option<String>,
}

impl Failure {
    pub fn new(fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fault: fault.into(), remedy: remedy.into(), setting: None }
    }

    /// Points at the setting to change.
    pub fn about(mut self, setting: Setting) -> Self {
        self.setting = Some(setting.name().to_owned());
        self
    }
}

/// What a network says of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Classification {
    /// One probability a class. The payload holds the 32x32 crop that the network saw,
    /// u8 `[3, 32, 32]`.
    Probabilities { class_names: Vec<String>, probabilities: Vec<f32> },
    /// The image (or the lack of a network) is at fault.
    Refused(Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_wire() {
        let command = Command::Start { experiment: Experiment::default() };
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);

        let event = Event::Failed(Failure::new("a", "b").about(Setting::Data));
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn an_experiment_out_of_bounds_is_no_command() {
        let text = serde_json::to_string(&Command::Start { experiment: Experiment::default() })
            .unwrap()
            .replace(r#""rate":0.1"#, r#""rate":7"#);
        assert!(serde_json::from_str::<Command>(&text).is_err());
    }
}
