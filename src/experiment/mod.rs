//! What is to be trained, and what came of it: plain values that every part of the program
//! shares. Nothing here knows a tensor, a browser or a file.

mod choices;
mod config;
pub mod display;
pub mod files;
pub mod forecast;
pub mod headline;
pub mod held;
mod json;
pub mod kept;
pub mod link;
pub mod metrics;
pub mod preset;
pub mod result;
pub mod run;
pub mod runs;
mod setting;
pub mod smaller;
mod status;
pub mod words;

pub use choices::{
    Augmentation, CandidateRule, Dataset, DeviceChoice, Method, NetworkKind, UnknownChoice,
};
pub use config::Experiment;
pub use json::ConfigError;
pub use setting::{Group, Kind, Setting, SettingError};
