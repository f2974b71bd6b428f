//! Runs that are broken off at any moment and go on from what was kept, natively: the session is
//! unwound where it stands, as a worker is that is killed.

#[path = "common/epochs.rs"]
mod epochs;
#[path = "common/told.rs"]
mod told;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use epochs::epochs;
use futures_channel::mpsc::unbounded;
use futures_executor::block_on;
use proden::engine::checkpoints::memory::with_storage;
use proden::engine::session::{self, Emit};
use proden::experiment::metrics::EpochMetrics;
use proden::experiment::{Experiment, Method};
use proden::protocol::{CheckpointNews, CheckpointWish, Command, Event, Opening, Payload};
use told::{is_end, tiny};

const RUN: u64 = 7;

/// A run of five epochs of three steps.
fn short() -> Experiment {
    Experiment { epochs: 5, ..tiny() }
}

/// What a session has told, and whether it was killed.
struct Told {
    events: Vec<Event>,
    was_killed: bool,
}

/// Serves the commands until a run has ended or `hears` has asked for the end, or until it is
/// killed, which is so many events after the first checkpoint (see [`is_due`]).
fn serve(
    commands: Vec<Command>,
    kill_after: Option<usize>,
    hears: impl Fn(&Event) -> Option<Command> + 'static,
) -> Told {
    struct Killed;
    let (sender, receiver) = unbounded();
    for command in commands {
        sender.unbounded_send((command, None)).unwrap();
    }
    let sender = RefCell::new(Some(sender));
    let events = Rc::new(RefCell::new(Vec::new()));
    let emit: Emit = {
        let events = events.clone();
        Rc::new(move |event: Event, _: Payload| {
            let answer = hears(&event);
            let is_over = is_end(&event);
            events.borrow_mut().push(event);
            if kill_after.is_some_and(|after| is_due(&events.borrow(), after)) {
                // Not a panic, which would be printed.
                resume_unwind(Box::new(Killed));
            }
            if let (Some(command), Some(sender)) = (answer, &*sender.borrow()) {
                sender.unbounded_send((command, None)).unwrap();
            }
            if is_over {
                sender.borrow_mut().take();
            }
        })
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| block_on(session::serve(receiver, emit))));
    let was_killed = match outcome {
        Ok(()) => false,
        Err(thrown) if thrown.is::<Killed>() => true,
        Err(thrown) => resume_unwind(thrown),
    };
    Told { events: events.take(), was_killed }
}

/// Whether so many events have come since there is a checkpoint to go on from, or the last epoch
/// has: how many there are in all depends on time, since progress is told by the clock.
fn is_due(events: &[Event], after: usize) -> bool {
    let is_checkpoint = |event: &Event| {
        matches!(
            event,
            Event::Checkpoint(CheckpointNews::Kept(_))
                | Event::Opened { outcome: Opening::Checkpoint(_), .. }
        )
    };
    let is_last_epoch = |event: &Event| matches!(event, Event::Epoch { metrics, .. } if metrics.epoch == short().epochs);
    events.last().is_some_and(is_last_epoch)
        || events.iter().position(is_checkpoint).is_some_and(|first| events.len() > first + after)
}

fn nothing(_: &Event) -> Option<Command> {
    None
}

/// The commands of a run that is kept.
fn start(experiment: &Experiment) -> Vec<Command> {
    let keep = Command::Checkpoint(CheckpointWish::Keep { run: RUN });
    vec![keep, Command::Start { experiment: experiment.clone() }]
}

/// Goes on with what is kept, as the page does.
fn go_on(experiment: &Experiment, kill_after: Option<usize>) -> Told {
    let open = Command::Checkpoint(CheckpointWish::Open { run: RUN });
    let experiment = experiment.clone();
    let sent = Cell::new(false);
    let keep = Command::Checkpoint(CheckpointWish::Keep { run: RUN });
    // Continue is sent once the checkpoint is open; Keep may come before that.
    serve(vec![open, keep], kill_after, move |event| match event {
        Event::Opened { outcome: Opening::Checkpoint(_), .. } if !sent.replace(true) => {
            Some(Command::Continue { experiment: experiment.clone() })
        }
        Event::Opened { outcome: Opening::Refused(_), .. } => Some(Command::Stop),
        _ => None,
    })
}

fn clear() {
    with_storage(|storage| {
        storage.slots.clear();
        storage.room_bytes = None;
    });
}

fn kept(events: &[Event]) -> Vec<(usize, usize)> {
    let of = |event: &Event| match event {
        Event::Checkpoint(CheckpointNews::Kept(kept)) => Some((kept.epochs, kept.step)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Told of all epochs of a run that goes on: those before and those after.
fn all_epochs(events: &[Event]) -> Vec<EpochMetrics> {
    let before = events.iter().find_map(|event| match event {
        Event::Started(info) => Some(info.history.clone()),
        _ => None,
    });
    let before = before
        .unwrap_or_default()
        .into_iter()
        .map(|metrics| Event::Epoch { metrics, sample_confidences: Vec::new() });
    let before: Vec<Event> = before.collect();
    epochs(before.iter().chain(events))
}

#[test]
fn a_checkpoint_is_kept_after_an_epoch_and_goes_on_exactly() {
    clear();
    let undisturbed = serve(start(&short()), None, nothing);
    assert_eq!(undisturbed.events.last(), Some(&Event::Finished));
    let held = Event::Checkpoint(CheckpointNews::Held { run: RUN });
    assert!(undisturbed.events.contains(&held));
    let kept = kept(&undisturbed.events);
    assert_eq!(kept.first(), Some(&(1, 0)));
    assert!(kept.iter().all(|&(epochs, step)| epochs < 5 && step == 0), "{kept:?}");

    let again = go_on(&short(), None);
    assert_eq!(again.events.last(), Some(&Event::Finished));
    assert_eq!(all_epochs(&again.events), epochs(&undisturbed.events));
}

#[test]
fn killed_at_any_event_it_ends_with_the_same_numbers() {
    clear();
    for method in [Method::Proden, Method::Average] {
        let experiment = Experiment { method, ..short() };
        let undisturbed = serve(start(&experiment), None, nothing);
        let wanted = epochs(&undisturbed.events);
        let first_kept = undisturbed
            .events
            .iter()
            .position(|event| matches!(event, Event::Checkpoint(CheckpointNews::Kept(_))))
            .expect("a checkpoint");
        for kill_after in (0..undisturbed.events.len() - first_kept).step_by(3) {
            clear();
            assert!(serve(start(&experiment), Some(kill_after), nothing).was_killed);
            // Killed again soon after it went on, and once more.
            assert!(go_on(&experiment, Some(9)).was_killed);
            assert!(go_on(&experiment, Some(6)).was_killed);
            let last = go_on(&experiment, None);
            assert_eq!(all_epochs(&last.events), wanted, "killed after {kill_after} events");
        }
    }
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    clear();
    let undisturbed = serve(start(&short()), None, nothing);
    with_storage(|storage| {
        let slots = storage.slots.get_mut(&RUN).expect("slots");
        assert!(slots.iter().all(|slot| !slot.is_empty()), "the run wrote to both");
        // Sequence numbers stand at the same place in both headers.
        let newest = usize::from(slots[1][8] > slots[0][8]);
        let middle = slots[newest].len() / 2;
        slots[newest][middle] ^= 1;
    });
    let again = go_on(&short(), None);
    assert_eq!(all_epochs(&again.events), epochs(&undisturbed.events));

    with_storage(|storage| {
        for slot in storage.slots.get_mut(&RUN).expect("slots") {
            slot.truncate(100);
        }
    });
    let refused = go_on(&short(), None);
    let Some(Event::Opened { outcome: Opening::Refused(failure), .. }) = refused.events.first()
    else {
        panic!("{:?}", refused.events.first());
    };
    assert!(failure.fault.contains("none of its checkpoints is whole"), "{}", failure.fault);
}

#[test]
fn a_full_storage_is_told_and_stops_nothing() {
    clear();
    let wanted = epochs(&serve(start(&short()), None, nothing).events);
    clear();
    with_storage(|storage| storage.room_bytes = Some(1_000));
    let told = serve(start(&short()), None, nothing);
    assert_eq!(epochs(&told.events), wanted);
    let refusals: Vec<_> = told
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Checkpoint(CheckpointNews::NotKept { failure, .. }) => Some(&failure.fault),
            _ => None,
        })
        .collect();
    assert_eq!(refusals.len(), 1, "it is not asked again for a minute");
    assert!(refusals[0].contains("full"), "{}", refusals[0]);
    assert!(kept(&told.events).is_empty());
}

#[test]
fn a_diverged_run_leaves_its_last_good_state() {
    clear();
    let wild = Experiment { lr: 10.0, momentum: 0.99, weight_decay: 1.0, epochs: 200, ..tiny() };
    let told = serve(start(&wild), None, nothing);
    assert!(matches!(told.events.last(), Some(Event::Failed(_))), "{:?}", told.events.last());
    let good = kept(&told.events);
    let last_good = *good.last().expect("it took some epochs to diverge");
    // It diverges again at the same step, of which this is the proof.
    let again = go_on(&wild, None);
    let opened = again.events.iter().find_map(|event| match event {
        Event::Opened { outcome: Opening::Checkpoint(info), .. } => Some(info),
        _ => None,
    });
    let opened = opened.expect("the last good state");
    assert_eq!((opened.history.len(), opened.step), last_good);
    assert!(matches!(again.events.last(), Some(Event::Failed(_))));
}

#[test]
fn dropped_checkpoints_are_gone_and_old_runs_are_swept_away() {
    clear();
    for run in 1..=5 {
        let keep = Command::Checkpoint(CheckpointWish::Keep { run });
        serve(vec![keep, Command::Start { experiment: short() }], None, nothing);
    }
    let runs = || with_storage(|storage| storage.slots.keys().copied().collect::<Vec<_>>());
    assert_eq!(runs(), [3, 4, 5]);
    let drop = Command::Checkpoint(CheckpointWish::Drop { run: 4 });
    // Stop is answered at once, and ends the conversation.
    serve(vec![drop, Command::Stop], None, nothing);
    assert_eq!(runs(), [3, 5]);
}

#[test]
fn what_nobody_wants_to_keep_is_not_kept() {
    clear();
    serve(vec![Command::Start { experiment: tiny() }], None, nothing);
    assert!(with_storage(|storage| storage.slots.is_empty()));
}
