//! A run for tests, and where its events end.

use proden::experiment::{DeviceChoice, Experiment};
use proden::protocol::Event;

/// A run of six steps.
pub fn tiny() -> Experiment {
    Experiment {
        train_limit: 96,
        test_limit: 32,
        epochs: 2,
        batch: 32,
        width: 0.0625,
        device: DeviceChoice::Cpu,
        ..Experiment::default()
    }
}

/// Whether a run ends with this event.
pub fn is_end(event: &Event) -> bool {
    matches!(event, Event::Finished | Event::Failed(_) | Event::Stopped)
}
