//! What is to be trained, and what came of it: plain values that every part of the program
//! shares. Nothing here knows a tensor, a browser or a file.

// First: it has the macro `t!`, which all others use.
#[macro_use]
pub mod language;

pub mod album;
pub mod ambiguity;
pub mod calibration;
pub mod choice;
mod choices;
pub mod confidence;
mod config;
pub mod confusion;
pub mod course_figure;
pub mod curves;
pub mod display;
pub mod explain;
pub mod export;
pub mod figure;
pub mod files;
pub mod forecast;
pub mod going_on;
pub mod grid;
pub mod headline;
pub mod held;
pub mod hosted;
mod json;
pub mod kept;
pub mod link;
pub mod metrics;
pub mod microscope;
pub mod nearness;
pub mod open_run;
pub mod preset;
pub mod result;
pub mod run;
pub mod runs;
mod setting;
pub mod smaller;
mod status;
pub mod thumbnails;
pub mod way_out;
pub mod words;

pub use choices::{
    Augmentation, CandidateRule, Dataset, DeviceChoice, Method, NetworkKind, UnknownChoice,
};
pub use config::Experiment;
pub use json::ConfigError;
pub use setting::{Group, Kind, Setting, SettingError};
