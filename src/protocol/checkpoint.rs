//! Checkpoints that the browser keeps by itself, so that a run survives its tab.

use serde::{Deserialize, Serialize};

use super::Failure;

/// What the page wants of kept checkpoints. A run is named by the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckpointWish {
    /// Keep those of the run that is begun next.
    Keep { run: u64 },
    /// Open the run's newest whole one, to go on from it. Answered with [`super::Event::Opened`];
    /// what goes on is kept under the same name.
    Open { run: u64 },
    /// Drop the run's: it has come to its end, or nobody wants to go on with it.
    Drop { run: u64 },
}

/// News of a run's checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CheckpointNews {
    /// This engine holds the lock of the run's name ([`lock_name`]) from now on: no other tab can
    /// write it, and whoever gets the lock knows that the engine has let go of it.
    Held { run: u64 },
    /// One was written.
    Kept(KeptCheckpoint),
    /// None was written, and why; the run goes on without.
    NotKept { run: u64, failure: Failure },
}

/// A checkpoint in the browser's storage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KeptCheckpoint {
    pub run: u64,
    /// Epochs trained before it.
    pub epochs: usize,
    /// Steps taken in the epoch after those.
    pub step: usize,
    pub size_bytes: usize,
    /// What it took to make and to write it.
    pub secs: f64,
}

/// The name of a run's lock (Web Locks API).
pub fn lock_name(run: u64) -> String {
    format!("proden-run-{run}")
}
