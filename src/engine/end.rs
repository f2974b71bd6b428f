//! How a run ends before its end.

use burn::tensor::ExecutionError;

use super::inbox::Interrupt;
use crate::protocol::Failure;

/// Why a run did not reach its end.
#[derive(Debug)]
pub enum End {
    Interrupted(Interrupt),
    Failed(Failure),
    /// The device did not do what it was told; perhaps it is gone.
    Device(ExecutionError),
}

impl From<Interrupt> for End {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ExecutionError> for End {
    fn from(error: ExecutionError) -> Self {
        Self::Device(error)
    }
}

/// Why there is no checkpoint of a run.
#[derive(Debug)]
pub enum NoCheckpoint {
    Device(ExecutionError),
    Diverged(Failure),
}

impl From<NoCheckpoint> for End {
    fn from(reason: NoCheckpoint) -> Self {
        match reason {
            NoCheckpoint::Device(error) => Self::Device(error),
            NoCheckpoint::Diverged(failure) => Self::Failed(failure),
        }
    }
}

impl From<NoCheckpoint> for Failure {
    fn from(reason: NoCheckpoint) -> Self {
        match reason {
            NoCheckpoint::Device(error) => not_saved(error),
            NoCheckpoint::Diverged(failure) => failure,
        }
    }
}

/// What to say of a file that the device did not give the numbers of.
pub fn not_saved(error: ExecutionError) -> Failure {
    Failure::new(t!("The device failed while saving: {error}", error), t!("Try again."))
}
