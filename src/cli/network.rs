//! A network from a file: ours, a checkpoint's, or PyTorch's.

mod pytorch;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::{Arg, ArgMatches, value_parser};

use super::{complain, failed};
use crate::engine::files::{Opened, model_info, refusal};
use crate::engine::trained::Trained;
use crate::experiment::Experiment;
use crate::model::file::ModelFile;

/// The name of `--model FILE` among the arguments; `model` is a setting's.
const ID: &str = "network";

/// `--model FILE`.
pub fn argument() -> Arg {
    Arg::new(ID)
        .long("model")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("A network: .safetensors (a model or a checkpoint), or PyTorch's .pt or .pth")
}

/// A network that was read.
pub struct Loaded {
    /// For messages.
    pub name: String,
    pub file: ModelFile,
}

impl Loaded {
    /// The network that `--model` names.
    ///
    /// # Errors
    /// When its file holds none.
    pub fn of(matches: &ArgMatches) -> Result<Self> {
        Self::read(matches.get_one::<PathBuf>(ID).context("--model is missing")?)
    }

    /// Reads a file of any of the kinds.
    ///
    /// # Errors
    /// When it holds no network.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
        let file = if pytorch::is_one(path, &bytes) {
            pytorch::read(path).with_context(|| {
                format!("“{name}” cannot be opened; give a state dict as torch.save writes it")
            })?
        } else {
            match Opened::read(&name, &bytes).map_err(|failure| failed(&failure))? {
                Opened::Model(model) => *model,
                Opened::Checkpoint(checkpoint) => checkpoint.model,
            }
        };
        // The number of parameters is not told here.
        let info = model_info(&file, 0).map_err(|error| failed(&refusal(&name, &error)))?;
        for note in info.notes {
            complain(&format!("note: {note}"));
        }
        Ok(Self { name, file })
    }

    /// The network, ready to be used.
    ///
    /// # Errors
    /// When its tensors are those of no network of ours.
    pub fn trained(&self, device: Device) -> Result<Trained> {
        Trained::from_file(&self.file, device).map_err(|error| failed(&refusal(&self.name, &error)))
    }

    /// How it was trained; None where the file does not say.
    pub fn experiment(&self) -> Option<&Experiment> {
        self.file.description.as_ref().map(|description| &description.experiment)
    }

    /// The number of its classes.
    ///
    /// # Errors
    /// When it is no network of ours.
    pub fn classes(&self) -> Result<usize> {
        let config = self.file.config();
        Ok(config.map_err(|error| anyhow!(failed(&refusal(&self.name, &error))))?.classes)
    }
}
