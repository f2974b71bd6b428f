//! What the page and the training engine say to each other.
//!
//! Each message is one of two enums, as JSON, with at most one byte array beside it that is
//! transferred, not copied ([`Payload`]). JSON, because an engine file of another build, kept
//! by a cache, must still be understood well enough to be told apart ([`BUILD_ID`] in the
//! handshake). Matches on both enums are exhaustive.

mod checkpoint;
mod files;
mod microscope;
mod networks;
mod run;

use serde::{Deserialize, Serialize};

pub use checkpoint::{CheckpointNews, CheckpointWish, KeptCheckpoint, lock_name};
pub use files::{CheckpointInfo, FileKind, KeptData, KeptFile, ModelInfo, Opening, Saving};
pub use microscope::{ImageSource, SetsInfo, SetsParts, Sight};
pub use networks::{Choosing, Evidence, KeptNetwork, KeptNetworks, Neighbour, NetworkSource};
pub use run::{
    CandidateStats, DeviceKind, DeviceReport, LoadProgress, RunInfo, Sample, StepReport,
};

use crate::experiment::language::Language;
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{DeviceChoice, Experiment, Setting};

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
    /// Word everything in this language from now on.
    Speak {
        language: Language,
    },
    /// Begin a run; a run that is on is stopped first.
    Start {
        experiment: Experiment,
    },
    /// Go on from the checkpoint that was opened last, or else from where the last run ended.
    /// Only epochs, data host and device may differ from that run's settings.
    Continue {
        experiment: Experiment,
    },
    /// Hold after the current step.
    Pause,
    Resume,
    /// End the run; the network so far can classify.
    Stop,
    /// Classify the image file in the payload with the network in use.
    Classify {
        /// Returned with the answer.
        request: u32,
    },
    /// Find the training images that the last run's network takes for nearest to the crop in the
    /// payload, u8 `[3, 32, 32]`. The engine answers with [`Event::Nearest`], several times.
    Nearest {
        /// Returned with the answers.
        request: u32,
    },
    /// Classify with that network from now on; one that is not this tab's run classifies on the
    /// CPU, unless WebGPU is asked for by name. The engine tells with [`Event::Fetching`] how far
    /// it has come, and answers with [`Event::Chosen`]. Refused while a run is on.
    Choose {
        source: NetworkSource,
        device: DeviceChoice,
    },
    /// Keep the network of the last run under the page's number for it. The engine answers with
    /// [`Event::NetworksKept`].
    KeepNetwork {
        run: u64,
    },
    /// Drop the kept networks of all runs but these, and say what is left.
    RetainNetworks {
        runs: Vec<u64>,
    },
    /// Send the network, or the whole state of the run. The engine answers with
    /// [`Event::Saved`], between two steps if a run is on.
    Save {
        what: FileKind,
    },
    /// Send the pictures of some images of the run: [`Sight::Images`], between two steps if a run is
    /// on.
    Images {
        source: ImageSource,
        indices: Vec<u32>,
    },
    /// Open the model or checkpoint file in the payload. Refused while a run is on.
    Open {
        /// For messages.
        name: String,
    },
    /// What is to be done with the checkpoints that the browser keeps by itself.
    Checkpoint(CheckpointWish),
    /// Keep the data files (archives or `.bin`) that travel beside the message, as the browser's
    /// own `File`s. The engine tells with [`Event::Keeping`] how far it has come, and answers
    /// with [`Event::DataKept`]. Refused while a run is on.
    KeepData,
    /// Say what data are kept: [`Event::DataKept`].
    ListData,
    /// Drop all data that are kept, and say what is left.
    ClearData,
}

impl Command {
    /// Whether a stopped run takes it along.
    pub const fn is_about_run(&self) -> bool {
        match self {
            Self::Start { .. }
            | Self::Continue { .. }
            | Self::Pause
            | Self::Resume
            | Self::Stop
            | Self::Checkpoint(CheckpointWish::Open { .. }) => true,
            Self::Hello { .. }
            | Self::Speak { .. }
            | Self::Classify { .. }
            | Self::Save { .. }
            | Self::Images { .. }
            | Self::Open { .. }
            | Self::Checkpoint(CheckpointWish::Keep { .. } | CheckpointWish::Drop { .. })
            | Self::Nearest { .. }
            | Self::Choose { .. }
            | Self::KeepNetwork { .. }
            | Self::RetainNetworks { .. }
            | Self::KeepData
            | Self::ListData
            | Self::ClearData => false,
        }
    }
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
    /// The engine is about to end, and knows why. It answers nothing any more.
    Dying(Failure),
    /// The answer to [`Command::Classify`].
    Classified { request: u32, outcome: Classification },
    /// The answer to [`Command::Save`].
    Saved(Saving),
    /// The answer to [`Command::Open`].
    Opened { name: String, outcome: Opening },
    /// News of the checkpoints that the browser keeps by itself.
    Checkpoint(CheckpointNews),
    /// Data files are being unpacked and kept.
    Keeping(LoadProgress),
    /// What data are kept.
    DataKept(KeptData),
    /// News for the label microscope.
    Microscope(Sight),
    /// A network is being fetched.
    Fetching(LoadProgress),
    /// The answer to [`Command::Choose`].
    Chosen { source: NetworkSource, outcome: Choosing },
    /// What networks of earlier runs are kept.
    NetworksKept(KeptNetworks),
    /// The answers to [`Command::Nearest`].
    Nearest { request: u32, outcome: Evidence },
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
    Probabilities {
        class_names: Vec<String>,
        probabilities: Vec<f32>,
        /// If the largest is smaller, the image shows perhaps none of the classes.
        threshold: f64,
    },
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
