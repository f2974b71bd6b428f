//! Whole runs in the engine's session, and what is left of them.

use proden::experiment::Experiment;
use proden::experiment::metrics::EpochMetrics;
use proden::protocol::{Command, Event, FileKind, Payload, Saving};

use crate::conversation::converse_until;
use crate::epochs::epochs;
use crate::told::is_end;

/// What a run came to: its epochs, and its checkpoint at the end.
pub struct Outcome {
    pub epochs: Vec<EpochMetrics>,
    pub checkpoint: Vec<u8>,
}

/// Runs the commands to the end of a run, and saves a checkpoint there. The run is stopped at the
/// first report of so many steps in an epoch.
pub fn run(commands: Vec<(Command, Payload)>, stop_at: Option<usize>) -> Outcome {
    let events = converse_until(commands, move |event, _, sender| {
        if let Event::Progress(report) = event
            && stop_at.is_some_and(|step| report.step >= step)
        {
            sender.unbounded_send((Command::Stop, None)).unwrap();
        }
        if is_end(event) {
            let save = Command::Save { what: FileKind::Checkpoint };
            sender.unbounded_send((save, None)).unwrap();
        }
        matches!(event, Event::Saved(_))
    });
    let saved = events.iter().find_map(|(event, payload)| match event {
        Event::Saved(Saving::File(FileKind::Checkpoint)) => payload.clone(),
        _ => None,
    });
    let epochs = epochs(events.iter().map(|(event, _)| event));
    let last = &events[events.len() - 1];
    Outcome { epochs, checkpoint: saved.unwrap_or_else(|| panic!("{last:?}")) }
}

/// The commands of a run.
pub fn start(experiment: &Experiment) -> Vec<(Command, Payload)> {
    vec![(Command::Start { experiment: experiment.clone() }, None)]
}

/// The commands of a run from a checkpoint.
pub fn go_on(checkpoint: Vec<u8>, experiment: &Experiment) -> Vec<(Command, Payload)> {
    let open = Command::Open { name: "checkpoint.safetensors".to_owned() };
    let go_on = Command::Continue { experiment: experiment.clone() };
    vec![(open, Some(checkpoint)), (go_on, None)]
}
