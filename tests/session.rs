//! The engine's session, natively: what the page may ask of it, and what it must answer.

#[path = "common/conversation.rs"]
mod conversation;
#[path = "common/epochs.rs"]
mod epochs;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/told.rs"]
mod told;

use std::fs;

use conversation::{Sender, converse_until};
use epochs::epochs;
use photo::image_file;
use proden::experiment::microscope::Story;
use proden::experiment::run::{RunState, Status};
use proden::experiment::{Dataset, DeviceChoice, Experiment, Method};
use proden::protocol::{BUILD_ID, Classification, Command, Event, ImageSource, Sight};
use told::{is_end, tiny};

/// Sends the commands, and lets `react` send more at each event, until the run has ended.
fn converse(
    commands: Vec<Command>,
    mut react: impl FnMut(&Event, &Sender) + 'static,
) -> Vec<Event> {
    let commands = commands.into_iter().map(|command| (command, None)).collect();
    let events = converse_until(commands, move |event, _, sender| {
        react(event, sender);
        is_end(event)
    });
    events.into_iter().map(|(event, _)| event).collect()
}

fn start(experiment: Experiment) -> Vec<Command> {
    vec![Command::Hello { build: BUILD_ID.to_owned() }, Command::Start { experiment }]
}

#[test]
fn a_run_tells_its_story_in_order() {
    let events = converse(start(tiny()), |_, _| {});
    assert_eq!(events[0], Event::Ready { build: BUILD_ID.to_owned() });
    let mut run = RunState::begun();
    for event in &events {
        run.apply(event, &[]);
    }
    assert_eq!(run.status, Status::Finished);
    assert_eq!(run.epochs.len(), 2);
    assert_eq!(run.step_losses.len(), 6);
    assert_eq!(run.info.unwrap().samples.len(), 24);
}

#[test]
fn a_paused_run_ends_as_an_undisturbed_one() {
    let plain = epochs(&converse(start(tiny()), |_, _| {}));
    let mut paused = false;
    let disturbed = converse(start(tiny()), move |event, sender| match event {
        Event::Progress(report) if report.step == 1 && !paused => {
            paused = true;
            sender.unbounded_send((Command::Pause, None)).unwrap();
        }
        Event::Paused => sender.unbounded_send((Command::Resume, None)).unwrap(),
        _ => {}
    });
    assert!(disturbed.contains(&Event::Paused) && disturbed.contains(&Event::Resumed));
    assert_eq!(epochs(&disturbed), plain);
}

#[test]
fn a_pause_asked_for_while_loading_holds_before_the_first_step() {
    let events = converse(start(tiny()), |event, sender| match event {
        Event::Loading(_) => sender.unbounded_send((Command::Pause, None)).unwrap(),
        Event::Paused => sender.unbounded_send((Command::Resume, None)).unwrap(),
        _ => {}
    });
    let position = |wanted: &Event| events.iter().position(|event| event == wanted).unwrap();
    let paused = position(&Event::Paused);
    assert!(position(&Event::Compiling) < paused && paused < position(&Event::Resumed));
    let first_step = events.iter().position(|event| matches!(event, Event::Progress(_))).unwrap();
    assert!(position(&Event::Resumed) < first_step, "the last state told is the true one");
}

#[test]
fn a_run_can_be_stopped_and_replaced() {
    let stopped = converse(start(tiny()), |event, sender| {
        if matches!(event, Event::Progress(_)) {
            sender.unbounded_send((Command::Stop, None)).unwrap();
        }
    });
    assert_eq!(stopped.last(), Some(&Event::Stopped));
    assert!(epochs(&stopped).is_empty());

    let mut replaced = false;
    let events = converse(start(Experiment { epochs: 50, ..tiny() }), move |event, sender| {
        if matches!(event, Event::Progress(_)) && !std::mem::replace(&mut replaced, true) {
            let experiment = Experiment { epochs: 1, ..tiny() };
            sender.unbounded_send((Command::Start { experiment }, None)).unwrap();
        }
    });
    assert_eq!(events.last(), Some(&Event::Finished));
    assert_eq!(epochs(&events).len(), 1);
}

#[test]
fn a_run_goes_on_on_another_device() {
    let on = |device, epochs| Experiment { device, epochs, ..tiny() };
    let whole = epochs(&converse(start(on(DeviceChoice::Cpu, 3)), |_, _| {}));
    let commands = start(on(DeviceChoice::Auto, 2)).into_iter().map(|it| (it, None)).collect();
    let mut has_gone_on = false;
    let events = converse_until(commands, move |event, _, sender| {
        let goes_on = *event == Event::Finished && !std::mem::replace(&mut has_gone_on, true);
        if goes_on {
            let experiment = on(DeviceChoice::Cpu, 3);
            sender.unbounded_send((Command::Continue { experiment }, None)).unwrap();
        }
        is_end(event) && !goes_on
    });
    let events: Vec<Event> = events.into_iter().map(|(event, _)| event).collect();
    assert_eq!(events.last(), Some(&Event::Finished));
    assert_eq!(epochs(&events), whole);
    let devices = events.iter().filter(|event| matches!(event, Event::Device(_)));
    assert_eq!(devices.count(), 2, "the device is chosen anew");
}

#[test]
fn a_stopped_run_that_is_saved_stays_stopped() {
    let events = converse(start(tiny()), |event, sender| {
        if matches!(event, Event::Progress(_)) {
            sender.unbounded_send((Command::Stop, None)).unwrap();
        }
    });
    let mut run = RunState::begun();
    events.iter().for_each(|event| run.apply(event, &[]));
    assert_eq!(run.status, Status::Idle);
    // What is told of steps that nobody had read before.
    let report = events.iter().find(|event| matches!(event, Event::Progress(_))).unwrap();
    run.apply(report, &[]);
    assert_eq!(run.status, Status::Idle);

    // The next run may have been asked for by then: they are none of its steps.
    let mut next = RunState::begun();
    next.apply(report, &[]);
    assert_eq!((next.status, next.step_losses.len()), (Status::Loading, 0));
}

#[test]
fn methods_differ_in_what_they_find() {
    let labels = |method| {
        let experiment = Experiment { method, rate: 0.3, epochs: 8, train_limit: 320, ..tiny() };
        epochs(&converse(start(experiment), |_, _| {})).last().unwrap().label_accuracy
    };
    assert_eq!(labels(Method::Supervised), 1.0);
    assert!(labels(Method::Proden) > labels(Method::Average));
}

#[test]
fn photos_are_classified_while_training_and_refused_before() {
    let events = converse(start(tiny()), |event, sender| {
        if let Event::Epoch { .. } = event {
            let command = Command::Classify { request: 7 };
            sender.unbounded_send((command, Some(b"no photo".to_vec()))).unwrap();
            let file = image_file();
            sender.unbounded_send((Command::Classify { request: 8 }, Some(file))).unwrap();
        }
    });
    let answer = |wanted| {
        events.iter().find_map(|event| match event {
            Event::Classified { request, outcome } if *request == wanted => Some(outcome),
            _ => None,
        })
    };
    assert!(matches!(answer(7), Some(Classification::Refused(_))));
    let Some(Classification::Probabilities { probabilities, class_names, .. }) = answer(8) else {
        panic!("{:?}", answer(8));
    };
    assert_eq!(class_names.len(), 10);
    assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn a_diverging_run_is_stopped_with_a_remedy() {
    let experiment =
        Experiment { lr: 10.0, momentum: 0.99, weight_decay: 1.0, epochs: 200, ..tiny() };
    let events = converse(start(experiment), |_, _| {});
    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert!(failure.fault.contains("diverged"), "{}", failure.fault);
    assert_eq!(failure.setting.as_deref(), Some("lr"));
}

#[test]
fn cifar_files_are_read_up_to_the_limit_and_faults_are_named() {
    let folder = std::env::temp_dir().join(format!("proden-session-{}", std::process::id()));
    let batches = folder.join("cifar-10-batches-bin");
    fs::create_dir_all(&batches).unwrap();
    let record = |label: u8| [vec![label], vec![label * 20; 3072]].concat();
    let records: Vec<u8> = (0..60).flat_map(|i| record(i % 10)).collect();
    fs::write(batches.join("data_batch_1.bin"), &records).unwrap();
    fs::write(batches.join("test_batch.bin"), &records).unwrap();
    let experiment = Experiment {
        dataset: Dataset::Cifar10,
        data: format!("{}/", folder.display()),
        train_limit: 50,
        test_limit: 0,
        epochs: 1,
        ..tiny()
    };
    let events = converse(start(experiment.clone()), |_, _| {});
    assert_eq!(events.last(), Some(&Event::Finished), "{:?}", events.last());
    let info = events.iter().find_map(|event| match event {
        Event::Started(info) => Some(info),
        _ => None,
    });
    let info = info.unwrap();
    assert_eq!((info.train_images, info.test_images), (50, 60));
    assert_eq!(info.notes.len(), 1, "a short test file is told of");

    let failure = |experiment| match converse(start(experiment), |_, _| {}).pop() {
        Some(Event::Failed(failure)) => failure.fault,
        other => panic!("{other:?}"),
    };
    let all = Experiment { train_limit: 0, ..experiment.clone() };
    assert!(failure(all).contains("data_batch_2.bin"), "the second file is not there");
    fs::write(batches.join("test_batch.bin"), &records[..3_000]).unwrap();
    assert!(failure(experiment).contains("cut short"));
    fs::remove_dir_all(&folder).unwrap();
}

/// What the microscope is told fits what the run says of itself.
#[test]
fn the_microscope_sees_what_the_run_reports() {
    let mut asked = false;
    let commands = start(Experiment { rate: 0.3, ..tiny() });
    let commands = commands.into_iter().map(|command| (command, None)).collect();
    let ask = |source, indices| (Command::Images { source, indices }, None);
    let events = converse_until(commands, move |event, _, sender| {
        // Once in the middle of the run, and once when it is over.
        if matches!(event, Event::Progress(_)) && !std::mem::replace(&mut asked, true) {
            sender.unbounded_send(ask(ImageSource::Train, vec![5, 9_999, 0])).unwrap();
        }
        if is_end(event) {
            sender.unbounded_send(ask(ImageSource::Test, vec![31])).unwrap();
        }
        matches!(event, Event::Microscope(Sight::Images { source: ImageSource::Test, .. }))
    });

    let mut story = Story::default();
    let (mut epochs, mut pictures) = (Vec::new(), Vec::new());
    for (event, payload) in events {
        match event {
            Event::Epoch { metrics, .. } => epochs.push(metrics),
            Event::Microscope(sight) => {
                let payload = payload.unwrap_or_default();
                if let Sight::Images { indices, .. } = &sight {
                    pictures.push((indices.clone(), payload.len()));
                }
                story.apply(&sight, payload);
                if matches!(sight, Sight::Epoch { .. }) {
                    let metrics = epochs.last().unwrap();
                    assert_eq!(story.found_labels(10).accuracy(), Some(metrics.label_accuracy));
                    assert_eq!(story.test_answers(10).accuracy(), Some(metrics.test_accuracy));
                    let [_, _, wrong] = story.decisions(story.last());
                    let confident_wrong = metrics.confident_wrong * story.sets().len() as f64;
                    assert_eq!(wrong as f64, confident_wrong.round());
                }
            }
            _ => {}
        }
    }
    assert_eq!((story.len(), epochs.len(), story.sets().len()), (3, 2, 96));
    assert_eq!(pictures, [(vec![5, 0], 2 * 3_072), (vec![31], 3_072)]);
}

#[test]
fn without_a_run_there_are_no_pictures() {
    let command = Command::Images { source: ImageSource::Train, indices: vec![0] };
    let events = converse_until(vec![(command, None)], |_, _, _| true);
    let none = Sight::Images { source: ImageSource::Train, indices: vec![] };
    assert_eq!(events, [(Event::Microscope(none), None)]);
}
