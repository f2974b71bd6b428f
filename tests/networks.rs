//! Networks in half precision, networks that are chosen, and the training images near a photo.

#[path = "common/conversation.rs"]
mod conversation;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/told.rs"]
mod told;

use std::collections::BTreeMap;

use conversation::converse_until;
use half::bf16;
use photo::image_file;
use proden::data::images::IMAGE_BYTES;
use proden::data::synthetic;
use proden::experiment::calibration::Calibration;
use proden::experiment::{DeviceChoice, Experiment};
use proden::model::file::{FileError, ModelFile, Precision};
use proden::protocol::{
    Choosing, Classification, Command, Event, Evidence, FileKind, NetworkSource, Opening, Payload,
};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use told::{is_end, tiny};

/// The network of a small run.
fn model(experiment: Experiment) -> ModelFile {
    let save = (Command::Save { what: FileKind::Model }, None);
    let mut events = after_run(experiment, vec![save], |event| matches!(event, Event::Saved(_)));
    ModelFile::read(&events.pop().unwrap().1.unwrap()).unwrap()
}

#[test]
fn half_precision_halves_the_file_and_rounds_once() {
    let model = model(tiny());
    let (whole, half) = (model.to_bytes().unwrap(), model.to_bytes_with(Precision::Half).unwrap());
    assert!(half.len() * 10 < whole.len() * 7, "{} of {}", half.len(), whole.len());
    let read = ModelFile::read(&half).unwrap();
    assert_eq!((&read.description, &read.counts), (&model.description, &model.counts));
    let mut rounded = 0;
    for (name, tensor) in &model.tensors {
        for (was, is) in tensor.values.iter().zip(&read.tensors[name].values) {
            // Half precision has 11 bits; below 6e-5 it has fewer.
            assert!((was - is).abs() <= was.abs() / 2048.0 + 6e-8, "{name}: {was} and {is}");
            rounded += usize::from(was != is);
        }
        let is_exact = tensor.values == read.tensors[name].values;
        assert!(tensor.shape.len() > 1 || is_exact, "{name} is small, and kept as it is");
    }
    assert!(rounded > 1_000);
    assert_eq!(read.to_bytes_with(Precision::Half).unwrap(), half, "rounding once is rounding");

    let mut large = model;
    let (name, tensor) =
        large.tensors.iter_mut().find(|(_, tensor)| tensor.shape.len() > 1).unwrap();
    tensor.values[0] = 1e6;
    let error = FileError::TooLargeForHalf(name.clone());
    assert_eq!(large.to_bytes_with(Precision::Half), Err(error));
}

#[test]
fn networks_of_any_precision_are_read() {
    let model = model(tiny());
    let bytes = model.to_bytes().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let brain: BTreeMap<String, Vec<u8>> = model
        .tensors
        .iter()
        .map(|(name, tensor)| {
            let halves = tensor.values.iter().flat_map(|&it| bf16::from_f32(it).to_le_bytes());
            (name.clone(), halves.collect())
        })
        .collect();
    let views = file.iter().map(|(name, view)| match brain.get(name) {
        Some(halves) => {
            (name, TensorView::new(Dtype::BF16, view.shape().to_vec(), halves).unwrap())
        }
        None => (name, view),
    });
    let read = ModelFile::read(&safetensors::serialize(views, None).unwrap()).unwrap();
    for (name, tensor) in &model.tensors {
        let expected = tensor.values.iter().map(|&it| bf16::from_f32(it).to_f32());
        assert!(expected.eq(read.tensors[name].values.iter().copied()), "{name}");
    }
}

#[test]
fn a_calibration_that_is_none_is_refused() {
    let mut model = model(tiny());
    let calibration = Calibration { temperature: 2.0, threshold: 0.7 };
    model.description.as_mut().unwrap().calibration = Some(calibration);
    let read = ModelFile::read(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(read.calibration(), calibration);
    model.description.as_mut().unwrap().calibration =
        Some(Calibration { temperature: 0.0, threshold: 0.7 });
    let error = ModelFile::read(&model.to_bytes().unwrap()).unwrap_err();
    assert!(matches!(error, FileError::Inconsistent(_)), "{error}");
}

/// The answers to commands that are given when a run is over, until `is_last`.
fn after_run(
    experiment: Experiment,
    commands: Vec<(Command, Payload)>,
    is_last: impl Fn(&Event) -> bool + 'static,
) -> Vec<(Event, Payload)> {
    let mut commands = Some(commands);
    let mut events =
        converse_until(vec![(Command::Start { experiment }, None)], move |event, _, sender| {
            if is_end(event) {
                for command in commands.take().into_iter().flatten() {
                    sender.unbounded_send(command).unwrap();
                }
            }
            is_last(event)
        });
    let end = events.iter().position(|(event, _)| is_end(event)).unwrap();
    events.split_off(end + 1)
}

fn classify(request: u32) -> (Command, Payload) {
    (Command::Classify { request }, Some(image_file()))
}

fn probabilities(events: &[(Event, Payload)], wanted: u32) -> Vec<f32> {
    let found = events.iter().find_map(|(event, _)| match event {
        Event::Classified { request, outcome } if *request == wanted => Some(outcome),
        _ => None,
    });
    match found {
        Some(Classification::Probabilities { probabilities, .. }) => probabilities.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_classifies_and_the_run_is_still_there() {
    let other = Experiment { seed: 2, ..tiny() };
    let model = model(other);
    let open = Command::Open { name: "a".to_owned() };
    let run = Command::Choose { source: NetworkSource::Run, device: DeviceChoice::Auto };
    let commands = vec![
        classify(1),
        (open, Some(model.to_bytes().unwrap())),
        classify(2),
        (run, None),
        classify(3),
        (Command::Save { what: FileKind::Model }, None),
    ];
    let events = after_run(tiny(), commands, |event| matches!(event, Event::Saved(_)));
    assert_eq!(probabilities(&events, 1), probabilities(&events, 3));
    assert_ne!(probabilities(&events, 1), probabilities(&events, 2));
    assert!(
        events.iter().any(|(event, _)| {
            matches!(event, Event::Opened { outcome: Opening::Model(_), .. })
        })
    );
    let chosen = events.iter().find_map(|(event, _)| match event {
        Event::Chosen { outcome: Choosing::Network(info), .. } => Some(info),
        _ => None,
    });
    assert_eq!(chosen.unwrap().experiment, Some(tiny()));
    let saved = events.last().unwrap().1.as_ref().unwrap();
    assert!(ModelFile::read(saved).unwrap().description.unwrap().experiment == tiny());
}

#[test]
fn what_cannot_be_chosen_is_refused_with_a_remedy() {
    let choose = |source| vec![(Command::Choose { source, device: DeviceChoice::Auto }, None)];
    for source in [NetworkSource::Run, NetworkSource::Kept(7)] {
        let events = converse_until(choose(source), |_, _, _| true);
        let [(Event::Chosen { outcome: Choosing::Refused(failure), .. }, None)] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert!(!failure.remedy.is_empty());
    }
}

#[test]
fn a_training_image_is_its_own_nearest() {
    let experiment = Experiment { train_limit: 200, rate: 0.3, epochs: 1, ..tiny() };
    let images = synthetic::draw(200, 1).train;
    let crop = images.image(17).to_vec();
    let commands = vec![(Command::Nearest { request: 1 }, Some(crop.clone())), classify(2)];
    let is_last = |event: &Event| {
        matches!(
            event,
            Event::Nearest { outcome: Evidence::Found { .. } | Evidence::Refused(_), .. }
        )
    };
    let events = after_run(experiment, commands, is_last);
    let Some((Event::Nearest { outcome, .. }, Some(pixels))) = events.last() else {
        panic!("{events:?}");
    };
    let Evidence::Found { neighbours, compared: 200, training_images: 200 } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((neighbours.len(), pixels.len()), (8, 8 * IMAGE_BYTES));
    assert_eq!(neighbours[0].index, 17);
    assert!((neighbours[0].similarity - 1.0).abs() < 1e-5, "{:?}", neighbours[0]);
    assert_eq!(pixels[..IMAGE_BYTES], crop);
    for pair in neighbours.windows(2) {
        assert!(pair[0].similarity >= pair[1].similarity);
    }
    for it in neighbours {
        assert_eq!(it.label, usize::from(images.labels[it.index]));
        assert!(it.candidates.contains(&it.label) && it.candidates.contains(&it.found));
        assert!((0.0..=1.0).contains(&it.confidence));
    }
    // The first piece of the work was told of, and the photo came before the end.
    assert!(matches!(
        events[0].0,
        Event::Nearest { outcome: Evidence::Looking { done: 8, total: 200 }, .. }
    ));
    assert!(events.iter().any(|(event, _)| matches!(event, Event::Classified { .. })));
}

#[test]
fn without_training_images_there_are_no_nearest() {
    let crop = Some(vec![0; IMAGE_BYTES]);
    let events = converse_until(vec![(Command::Nearest { request: 1 }, crop)], |_, _, _| true);
    let [(Event::Nearest { outcome: Evidence::Refused(failure), .. }, None)] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(failure.fault.contains("not in this tab"));

    // A crop that is none, while there is a run.
    let commands = vec![(Command::Nearest { request: 1 }, Some(vec![1, 2, 3]))];
    let events = after_run(tiny(), commands, |event| matches!(event, Event::Nearest { .. }));
    assert!(matches!(&events[..], [(Event::Nearest { outcome: Evidence::Refused(_), .. }, None)]));
}

#[test]
fn a_run_that_begins_ends_the_comparison() {
    let crop = Some(vec![9; IMAGE_BYTES]);
    let again = Command::Start { experiment: Experiment { epochs: 1, ..tiny() } };
    let commands = vec![(Command::Nearest { request: 1 }, crop), (again, None)];
    let events = after_run(Experiment { train_limit: 2_000, epochs: 1, ..tiny() }, commands, {
        let begun = std::cell::Cell::new(false);
        move |event| {
            begun.set(begun.get() || matches!(event, Event::Started(_)));
            begun.get() && is_end(event)
        }
    });
    let nearest: Vec<_> = events
        .iter()
        .filter_map(|(event, _)| match event {
            Event::Nearest { outcome, .. } => Some(outcome),
            _ => None,
        })
        .collect();
    assert!(matches!(nearest.last(), Some(Evidence::Refused(_))), "{nearest:?}");
    assert!(matches!(events.last(), Some((Event::Finished, _))));
}
