//! Bytes from the static host: streamed, counted, limited. Natively, from a folder.

#[cfg(any(all(feature = "engine", target_family = "wasm"), test))]
mod attempts;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod browser;
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod native;

use crate::experiment::Setting;
use crate::protocol::Failure;

/// How far a file has come: bytes so far, and bytes in all where known.
pub type Progress<'a> = &'a dyn Fn(u64, Option<u64>);

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("{}", t!("there is no file at {url} (HTTP {status})", url, status))]
    Missing { url: String, status: u16 },
    #[error("{}", t!("there is no file {path}", path))]
    NoFile { path: String },
    #[error("{}", t!("the host answered HTTP {status} for {url}", status, url))]
    Refused { url: String, status: u16 },
    #[error("{}", t!("{url} could not be reached ({reason})", url, reason))]
    Unreachable { url: String, reason: String },
    #[error("{}", t!("the host did not answer for {secs} seconds while {url} was being read", secs, url))]
    Silent { url: String, secs: u64 },
    #[error("{}", t!("the connection broke after {loaded_bytes} bytes of {url}", loaded_bytes, url))]
    Broken { url: String, loaded_bytes: usize },
    #[error("{}", t!("{url} is larger than the {max_bytes} bytes of an official file", url, max_bytes))]
    TooLarge { url: String, max_bytes: usize },
    #[error("{}", t!("“{url}” is not a URL", url))]
    BadUrl { url: String },
}

impl SourceError {
    /// The error with what to do about it.
    pub fn into_failure(self) -> Failure {
        let remedy = match &self {
            Self::Missing { .. } => {
                t!(
                    "Check the static host in the settings: it must hold the folder of the unpacked binary archive. To serve your own copy, run “cargo xtask serve --data DIR”. The built-in shapes need no data."
                )
            }
            Self::NoFile { .. } => {
                t!("Fetch the data with “proden data --out DIR” and give --data DIR.")
            }
            Self::Refused { .. } => t!("Try again later, or set another static host."),
            Self::Unreachable { .. } => {
                t!(
                    "Check the static host in the settings and your connection. Another site must allow this page to read it (CORS)."
                )
            }
            Self::Silent { .. } | Self::Broken { .. } => {
                t!("Check your connection and start again, or set another static host.")
            }
            Self::TooLarge { .. } => t!("Set a static host that holds the official binary files."),
            Self::BadUrl { .. } => {
                t!("Give the static host as a URL such as https://example.org/cifar/ or data/.")
            }
        };
        Failure::new(t!("The data could not be loaded: {error}.", error = self), remedy)
            .about(Setting::Data)
    }
}

/// What to read of a file.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Stop after so many bytes; the rest is not needed.
    pub enough_bytes: usize,
    /// A longer file is refused.
    pub max_bytes: usize,
}

#[cfg(all(feature = "engine", target_family = "wasm"))]
pub use browser::{absolute, message_of, read};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
pub use native::{absolute, read};
