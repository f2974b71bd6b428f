//! Networks as safetensors files (<https://github.com/huggingface/safetensors>, "Format"), by
//! PyTorch's names: files that PyTorch wrote open here, and ours open there.
//!
//! Our own files say in their metadata, under `proden`, how the network was trained. Of others
//! the tensors' names and shapes tell which network it is.

use std::collections::BTreeMap;

use burn::tensor::Device;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

use super::parts::{Parts, bytes_of, floats, open};
use super::weights::{self, HostTensor, WeightsError};
use super::{Network, NetworkConfig};
use crate::data::cifar;
use crate::data::images::ChannelStats;
use crate::experiment::calibration::Calibration;
use crate::experiment::{Dataset, Experiment, NetworkKind};

/// Of the metadata; raised when older programs could not read a file any more.
pub const VERSION: u32 = 1;
/// PyTorch's batch norm counts its batches in a tensor of this name; we do not need it.
const COUNT: &str = "num_batches_tracked";

/// Why a file is not a network that we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("{}", t!("it is no safetensors file ({reason})", reason = .0))]
    NotSafetensors(String),
    #[error("{}", t!("it is cut short or was changed: its size is not what it says"))]
    CutShort,
    #[error("{}", t!("the tensor “{name}” is of type {dtype}; networks are {needed} here", name, dtype, needed))]
    WrongType { name: String, dtype: String, needed: &'static str },
    #[error("{}", t!("its tensors are those of none of our networks (convnet, resnet18, resnet32)"))]
    UnknownNetwork,
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("{}", t!("its description cannot be read ({reason})", reason = .0))]
    Description(String),
    #[error("{}", t!("it is of version {version}, and this program knows versions up to {known}", version = .0, known = VERSION))]
    Newer(u32),
    #[error("{}", t!("it contradicts itself: {how}", how = .0))]
    Inconsistent(String),
    #[error("{}", t!("a number in the tensor “{name}” is too large for half precision", name = .0))]
    TooLargeForHalf(String),
}

/// How many bits a file spends on a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32: what is read is what was written.
    Single,
    /// 16, but 32 for biases and all of batch norm: those are few, and a variance may be tiny.
    Half,
}

/// How a network was trained, and what its input must look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub version: u32,
    pub experiment: Experiment,
    pub class_names: Vec<String>,
    /// Of the training images, which the input is normalised by.
    pub channels: ChannelStats,
    /// What makes its opinions honest; None where nobody has measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

impl Description {
    /// Of a file that this program writes.
    pub fn new(experiment: &Experiment, class_names: &[String], channels: ChannelStats) -> Self {
        let (experiment, class_names) = (experiment.clone(), class_names.to_vec());
        Self { version: VERSION, experiment, class_names, channels, calibration: None }
    }
}

/// A network outside of any device.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// None in files that we did not write.
    pub description: Option<Description>,
    /// Weights and batch-norm statistics.
    pub tensors: BTreeMap<String, HostTensor>,
    /// Batches that each batch norm has seen.
    pub counts: BTreeMap<String, i64>,
}

impl ModelFile {
    /// A network that has trained for `steps`.
    pub fn new(
        description: Description,
        tensors: BTreeMap<String, HostTensor>,
        steps: usize,
    ) -> Self {
        let norms = tensors.keys().filter_map(|name| name.strip_suffix("running_mean"));
        let counts = norms.map(|norm| (format!("{norm}{COUNT}"), steps as i64)).collect();
        Self { description: Some(description), tensors, counts }
    }

    /// Parses a safetensors file.
    ///
    /// # Errors
    /// When it is no safetensors file, or holds what no network of ours holds.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let (metadata, file) = open(bytes)?;
        let description = metadata.map(|text| parse_metadata(&text)).transpose()?;
        let mut model = Self { description, tensors: BTreeMap::new(), counts: BTreeMap::new() };
        for (name, view) in file.iter() {
            // Networks that trained on several GPUs carry it before each name.
            let name = name.strip_prefix("module.").unwrap_or(name);
            model.insert(name, &view)?;
        }
        Ok(model)
    }

    /// Takes a tensor of a file.
    pub(crate) fn insert(&mut self, name: &str, view: &TensorView) -> Result<(), FileError> {
        if name.ends_with(COUNT) {
            let count = bytes_of(name, view, Dtype::I64)?.first_chunk::<8>();
            self.counts
                .insert(name.to_owned(), count.map_or(0, |&bytes| i64::from_le_bytes(bytes)));
        } else {
            self.tensors.insert(name.to_owned(), floats(name, view)?);
        }
        Ok(())
    }

    /// The file's bytes: the same for the same network.
    ///
    /// # Errors
    /// When a tensor's shape and values do not agree.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        self.to_bytes_with(Precision::Single)
    }

    /// The file's bytes, with weights of that precision.
    ///
    /// # Errors
    /// As [`Self::to_bytes`], and when a weight is too large.
    pub fn to_bytes_with(&self, precision: Precision) -> Result<Vec<u8>, FileError> {
        let mut parts = Parts::default();
        self.add_to(&mut parts, "", precision)?;
        let description = self.description.as_ref().map(serde_json::to_string).transpose();
        parts.to_bytes(description.map_err(|error| FileError::Description(error.to_string()))?)
    }

    pub(crate) fn add_to(
        &self,
        parts: &mut Parts,
        prefix: &str,
        precision: Precision,
    ) -> Result<(), FileError> {
        for (name, tensor) in &self.tensors {
            let name = format!("{prefix}{name}");
            match precision {
                Precision::Half if tensor.shape.len() > 1 => parts.add_halves(name, tensor)?,
                Precision::Half | Precision::Single => parts.add_floats(name, tensor),
            }
        }
        for (name, count) in &self.counts {
            parts.add(format!("{prefix}{name}"), Dtype::I64, vec![], count.to_le_bytes().to_vec());
        }
        Ok(())
    }

    /// Which network it is: by its description, or else by its tensors.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn config(&self) -> Result<NetworkConfig, FileError> {
        if let Some(Description { experiment, .. }) = &self.description {
            return Ok(NetworkConfig::of(experiment));
        }
        let shape = |name: &str| self.tensors.get(name).map(|tensor| tensor.shape.as_slice());
        let known = [
            (NetworkKind::ConvNet, "c1.weight", 128, "l_c1.weight"),
            (NetworkKind::ResNet18, "conv1.weight", 64, "linear.weight"),
            (NetworkKind::ResNet32, "conv1.weight", 16, "fc.weight"),
        ];
        let found = known.into_iter().find_map(|(kind, stem, channels, head)| {
            let (&[width, 3, 3, 3], &[classes, _]) = (shape(stem)?, shape(head)?) else {
                return None;
            };
            (width > 0 && classes > 0 && classes <= 256).then_some(NetworkConfig {
                kind,
                classes,
                width: width as f64 / f64::from(channels),
                dropout: true,
                seed: 1,
            })
        });
        found
            .filter(|config| (0.0625..=2.0).contains(&config.width))
            .ok_or(FileError::UnknownNetwork)
    }

    /// The network, on the device.
    ///
    /// # Errors
    /// When a tensor is missing, misshapen or one too many; it is named.
    pub fn network(&self, device: &Device) -> Result<Network, FileError> {
        Ok(weights::import(self.config()?.init(device), &self.tensors)?)
    }

    /// What its opinions are calibrated by.
    pub fn calibration(&self) -> Calibration {
        let own = self.description.as_ref().and_then(|description| description.calibration);
        own.unwrap_or_default()
    }

    /// What its classes are called, and what its input is normalised by. Files that do not say
    /// are taken to be of the official CIFAR data that has as many classes.
    ///
    /// # Errors
    /// When it is no network of ours.
    pub fn input_and_output(&self) -> Result<(Vec<String>, ChannelStats), FileError> {
        if let Some(description) = &self.description {
            return Ok((description.class_names.clone(), description.channels));
        }
        let classes = self.config()?.classes;
        Ok(match classes {
            10 => (cifar::class_names(Dataset::Cifar10), cifar::CIFAR10_CHANNELS),
            100 => (cifar::class_names(Dataset::Cifar100), cifar::CIFAR100_CHANNELS),
            _ => {
                let names = (0..classes).map(|class| format!("class {class}"));
                (names.collect(), cifar::CIFAR10_CHANNELS)
            }
        })
    }
}

pub(crate) fn parse_metadata(text: &str) -> Result<Description, FileError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let unreadable = |error: serde_json::Error| FileError::Description(error.to_string());
    let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
    if version > VERSION {
        return Err(FileError::Newer(version));
    }
    let description: Description = serde_json::from_str(text).map_err(unreadable)?;
    let classes = description.experiment.dataset.classes();
    if !description.channels.std.iter().all(|&std| std > 0.0) {
        return Err(FileError::Inconsistent(t!("a channel has no standard deviation")));
    }
    if description.calibration.is_some_and(|calibration| !calibration.is_sound()) {
        return Err(FileError::Inconsistent(t!("its calibration is none")));
    }
    if description.class_names.len() != classes {
        let names = description.class_names.len();
        return Err(FileError::Inconsistent(t!(
            "{names} class names for {classes} classes",
            names,
            classes
        )));
    }
    Ok(description)
}
