//! A run in a line: for the tab's title, and for the notification at its end.

use super::run::{RunState, Status};
use super::runs::default_name;
use super::words;

const SITE: &str = "PRODEN";

/// The title of the tab: what runs, while something runs, and else the page's name. `turn` is the
/// position in a queue, from 1, and its length.
pub fn tab_title(page: &str, run: &RunState, turn: Option<(usize, usize)>) -> String {
    let turn = turn.map(|(at, of)| format!("{at}/{of} · ")).unwrap_or_default();
    // Rounded down: a run that has not ended is not at 100 %.
    let share = (run.progress() * 100.0).floor();
    let word = run.status.title();
    let subtitle = t!("learning from ambiguous labels");
    match run.status {
        Status::Loading | Status::Compiling => format!("{turn}{word} · {SITE}"),
        Status::Training | Status::Paused => format!("{turn}{share} % - {word} · {SITE}"),
        Status::Finished | Status::Failed => format!("{word} - {page} · {SITE}: {subtitle}"),
        Status::Idle => format!("{page} · {SITE}: {subtitle}"),
    }
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub title: String,
    pub body: String,
}

/// What to say of a run that has come to its end by itself; None of one that was stopped.
pub fn notice(run: &RunState) -> Option<Notice> {
    let name = run.experiment.as_ref().map(default_name).unwrap_or_default();
    match run.status {
        Status::Finished => {
            let last = run.epochs.last()?;
            Some(Notice {
                title: t!("Training has finished"),
                body: t!(
                    "{name}: test accuracy {test}, label accuracy {label}",
                    name,
                    test = words::percent(last.test_accuracy),
                    label = words::percent(last.label_accuracy)
                ),
            })
        }
        Status::Failed => Some(Notice {
            title: t!("Training has failed"),
            body: run.failure.as_ref().map(|it| it.fault.clone()).unwrap_or_default(),
        }),
        Status::Idle | Status::Loading | Status::Compiling | Status::Training | Status::Paused => {
            None
        }
    }
}

/// What to say of a queue that is over.
pub fn notice_of_queue(title: &str, standing: &str) -> Notice {
    Notice { title: t!("The queue is done"), body: format!("{title}: {standing}") }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::super::run::info_for_tests;
    use super::*;
    use crate::protocol::{Event, Failure, StepReport};

    fn training() -> RunState {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info_for_tests()), &[]);
        let report = StepReport {
            epoch: 2,
            step: 1,
            losses: vec![1.0],
            images_per_sec: 1.0,
            sample_confidences: vec![],
        };
        run.apply(&Event::Progress(report), &[]);
        run
    }

    #[test]
    fn the_title_shows_progress() {
        let mut run = RunState::default();
        let idle = "Train · PRODEN: learning from ambiguous labels";
        assert_eq!(tab_title("Train", &run, None), idle);
        run = training();
        assert_eq!(tab_title("Train", &run, None), "37 % - Training · PRODEN");
        assert_eq!(tab_title("About", &run, Some((2, 9))), "2/9 · 37 % - Training · PRODEN");
        run.apply(&Event::Paused, &[]);
        assert_eq!(tab_title("Train", &run, None), "37 % - Paused · PRODEN");
        run.apply(&Event::Finished, &[]);
        assert!(tab_title("Train", &run, None).starts_with("Finished - Train · "));
    }

    #[test]
    fn the_end_is_told_unless_it_was_asked_for() {
        let mut run = training();
        assert_eq!(notice(&run), None);
        let metrics = epoch_for_tests(1, 0.928);
        run.apply(&Event::Epoch { metrics, sample_confidences: vec![] }, &[]);
        run.apply(&Event::Finished, &[]);
        let said = notice(&run).unwrap();
        assert_eq!(said.body, "PRODEN, q 0.1, seed 1: test accuracy 92.8 %, label accuracy 50.0 %");
        run.apply(&Event::Failed(Failure::new("It broke.", "Again.")), &[]);
        assert_eq!(notice(&run).unwrap().body, "It broke.");
        run.apply(&Event::Stopped, &[]);
        assert_eq!(notice(&run), None);
    }
}
