//! Files of networks and runs: what they are read as, and in which words they are refused.

use crate::model::file::{FileError, ModelFile};
use crate::protocol::{CheckpointInfo, Failure, ModelInfo};
use crate::train::checkpoint::Checkpoint;

/// A file that was opened.
#[derive(Debug)]
pub enum Opened {
    Model(Box<ModelFile>),
    Checkpoint(Box<Checkpoint>),
}

impl Opened {
    /// Reads a safetensors file; `name` is for the message.
    ///
    /// # Errors
    /// When it holds no network and no run of ours.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let read = if Checkpoint::is_one(bytes) {
            Checkpoint::read(bytes).map(|checkpoint| Self::Checkpoint(Box::new(checkpoint)))
        } else {
            ModelFile::read(bytes).map(|model| Self::Model(Box::new(model)))
        };
        read.map_err(|error| refusal(name, &error))
    }

    /// The network in it.
    pub fn model(&self) -> &ModelFile {
        match self {
            Self::Model(model) => model,
            Self::Checkpoint(checkpoint) => &checkpoint.model,
        }
    }
}

/// The failure of a file that is refused.
pub fn refusal(name: &str, error: &FileError) -> Failure {
    let remedy = match error {
        FileError::NotSafetensors(_) => {
            t!(
                "Choose a .safetensors file that was saved here or by PyTorch. Files of the kind .pt and .pth open on the command line: proden test --model FILE."
            )
        }
        FileError::CutShort => t!("Save it again, or fetch it again."),
        FileError::WrongType { .. } | FileError::TooLargeForHalf(_) => {
            t!("Save the network in 32-bit floats (model.float()).")
        }
        FileError::UnknownNetwork | FileError::Weights(_) => {
            t!(
                "The file must hold the state dict of the authors’ convnet or resnet, or of kuangliu’s ResNet18, and nothing else."
            )
        }
        FileError::Newer(_) => t!("Reload the page, or update the program."),
        FileError::Description(_) | FileError::Inconsistent(_) => {
            t!("The file is damaged, or was changed by another program: save it again.")
        }
    };
    Failure::new(t!("“{name}” cannot be opened: {error}.", name, error), remedy)
}

/// What is told of a network from a file.
///
/// # Errors
/// When it is no network of ours.
pub fn model_info(model: &ModelFile, parameters: usize) -> Result<ModelInfo, FileError> {
    let config = model.config()?;
    let (class_names, _) = model.input_and_output()?;
    let experiment = model.description.as_ref().map(|it| it.experiment.clone());
    let mut notes = Vec::new();
    if experiment.is_none() {
        notes.push(t!(
            "The file does not say what its {classes} classes are called, nor what its input was normalised by: the official CIFAR-{kind} is assumed.",
            classes = class_names.len(),
            kind = if class_names.len() == 100 { 100 } else { 10 }
        ));
    }
    let network = t!("{model}, width {width}", model = config.kind, width = config.width);
    let calibration = model.description.as_ref().and_then(|it| it.calibration);
    Ok(ModelInfo { network, experiment, class_names, parameters, calibration, notes })
}

/// What is told of a run from a file.
///
/// # Errors
/// Never for a checkpoint that was read.
pub fn checkpoint_info(
    checkpoint: &Checkpoint,
    parameters: usize,
) -> Result<CheckpointInfo, FileError> {
    let (class_names, _) = checkpoint.model.input_and_output()?;
    Ok(CheckpointInfo {
        class_names,
        parameters,
        experiment: checkpoint.experiment()?.clone(),
        history: checkpoint.history.clone(),
        step: checkpoint.position.step,
    })
}
