//! Networks to choose from, and why a network says what it says.

use serde::{Deserialize, Serialize};

use super::{Failure, ModelInfo};
use crate::experiment::hosted::Entry;

/// Where a network is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkSource {
    /// The run that the engine holds.
    Run,
    /// An earlier run, by the page's number: this browser has kept its network.
    Kept(u64),
    /// The site offers it.
    Hosted(Entry),
}

/// What became of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Choosing {
    /// It classifies from now on.
    Network(ModelInfo),
    Refused(Failure),
}

/// The networks of earlier runs that the browser keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeptNetworks {
    /// The newest first.
    pub networks: Vec<KeptNetwork>,
    /// Why a network is not kept; no run fails for it.
    pub problem: Option<Failure>,
}

/// The network of a run that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptNetwork {
    /// The page's number.
    pub run: u64,
    pub size_bytes: u64,
}

/// The training images that a network takes for nearest to a photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Evidence {
    /// So many training images have been looked at.
    Looking {
        done: usize,
        total: usize,
    },
    /// The payload holds their pixels, u8 `[neighbours, 3, 32, 32]`.
    Found {
        /// The nearest first.
        neighbours: Vec<Neighbour>,
        /// Images that were compared, evenly spread over the training set.
        compared: usize,
        training_images: usize,
    },
    Refused(Failure),
}

/// A training image near a photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// In the training set.
    pub index: usize,
    /// Cosine of the angle between its features and the photo's.
    pub similarity: f32,
    /// The true class.
    pub label: usize,
    /// Classes.
    pub candidates: Vec<usize>,
    /// The candidate that is trusted most, and how much.
    pub found: usize,
    pub confidence: f32,
}
