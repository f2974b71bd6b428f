//! Files of runs that were damaged, or that a run left which had gone wrong: what they hold is
//! checked when they are opened, so that nothing panics later and no run goes on as another one.

#[path = "common/conversation.rs"]
mod conversation;
#[path = "common/epochs.rs"]
mod epochs;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/runs.rs"]
mod runs;
#[path = "common/told.rs"]
mod told;

use std::sync::LazyLock;

use burn::tensor::Device;
use conversation::converse_until;
use photo::image_file;
use proden::experiment::Experiment;
use proden::model::file::{FileError, ModelFile};
use proden::model::weights::HostTensor;
use proden::protocol::{Classification, Command, Event, FileKind, Opening, Payload, Saving};
use proden::train::checkpoint::Checkpoint;
use runs::{go_on, run, start};
use safetensors::SafeTensors;
use told::{is_end, tiny};

/// A run of two steps an epoch.
fn least() -> Experiment {
    Experiment { train_limit: 16, test_limit: 8, batch: 8, epochs: 2, ..tiny() }
}

/// Of a run that was stopped in its second epoch, between the two steps.
static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let one = Experiment { epochs: 1, ..least() };
    let first = run(start(&one), None).checkpoint;
    // The first step of a run is reported at once.
    run(go_on(first, &least()), Some(1)).checkpoint
});

fn good() -> Checkpoint {
    Checkpoint::read(&GOOD).unwrap()
}

/// What is said of a checkpoint with something changed in it.
fn refused(change: impl Fn(&mut Checkpoint)) -> String {
    let mut checkpoint = good();
    change(&mut checkpoint);
    match Checkpoint::read(&checkpoint.to_bytes().unwrap()) {
        Err(FileError::Inconsistent(fault)) => fault,
        other => panic!("{:?}", other.map(|checkpoint| checkpoint.position)),
    }
}

/// The file with a part of its description replaced.
fn described_otherwise(from: &str, to: &str) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(&GOOD).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    let text = metadata.get_mut("proden").unwrap();
    assert!(text.contains(from), "{text}");
    *text = text.replace(from, to);
    let tensors = SafeTensors::deserialize(&GOOD).unwrap();
    safetensors::serialize(tensors.iter(), Some(metadata)).unwrap()
}

#[test]
fn the_momentum_is_that_of_the_parameters() {
    let misshapen = |checkpoint: &mut Checkpoint| {
        let velocity = HostTensor { shape: vec![3], values: vec![0.0; 3] };
        checkpoint.momentum.insert("c1.weight".to_owned(), velocity);
    };
    assert!(refused(misshapen).contains("the momentum of “c1.weight” has not the shape"));
    let missing = refused(|checkpoint| drop(checkpoint.momentum.remove("bn2.bias")));
    assert!(missing.contains("the momentum of “bn2.bias” is missing"), "{missing}");
    let renamed = refused(|checkpoint| {
        let velocity = checkpoint.momentum.remove("l_c1.bias").unwrap();
        checkpoint.momentum.insert("l_c1.biased".to_owned(), velocity);
    });
    assert!(renamed.contains("the momentum of “l_c1.bias” is missing"), "{renamed}");
    let extra = refused(|checkpoint| {
        let velocity = checkpoint.momentum["bn1.weight"].clone();
        checkpoint.momentum.insert("bn1.running_mean".to_owned(), velocity);
    });
    assert!(extra.contains("the momentum of “bn1.running_mean” belongs to no parameter"));
    let none = refused(|checkpoint| checkpoint.momentum.clear());
    assert!(none.contains("is missing"), "{none}");
}

#[test]
fn a_run_without_momentum_has_none_to_keep() {
    let experiment = Experiment { momentum: 0.0, epochs: 1, ..least() };
    let ended = run(start(&experiment), None);
    assert!(Checkpoint::read(&ended.checkpoint).unwrap().momentum.is_empty());
    let more = Experiment { epochs: 2, ..experiment };
    assert_eq!(run(go_on(ended.checkpoint, &more), None).epochs.len(), 1);
}

#[test]
fn a_position_may_be_as_large_as_a_number_gets() {
    for step in [usize::MAX, usize::MAX / 2, usize::MAX / 8 + 1] {
        let fault = refused(|checkpoint| checkpoint.position.step = step);
        assert_eq!(fault, "the step lies beyond the end of its epoch");
    }
    for images in [usize::MAX, usize::MAX / 10 + 1] {
        let bytes = described_otherwise("\"images\":16", &format!("\"images\":{images}"));
        let error = Checkpoint::read(&bytes).unwrap_err();
        assert_eq!(
            error,
            FileError::Inconsistent("the candidate sets are not one an image".to_owned())
        );
    }
    let fault = refused(|checkpoint| checkpoint.position.epoch = usize::MAX);
    assert_eq!(fault, "the history has not as many epochs as were trained");
}

#[test]
fn what_is_no_number_is_refused() {
    let not_finite = "a number of its history is not finite";
    assert_eq!(refused(|checkpoint| checkpoint.history[0].loss = f64::NAN), not_finite);
    let speed = |checkpoint: &mut Checkpoint| checkpoint.history[0].images_per_sec = f64::INFINITY;
    assert_eq!(refused(speed), not_finite);
    assert_eq!(refused(|checkpoint| checkpoint.loss_sum = f64::NEG_INFINITY), not_finite);
    let fault = refused(|checkpoint| checkpoint.history[0].epoch = 7);
    assert_eq!(fault, "the history does not count its epochs from 1");
    let fault = refused(|checkpoint| checkpoint.stored[3] = f32::NAN);
    assert_eq!(fault, "a confidence is not from 0 to 1");
}

/// What the network says of a photo, after the commands.
fn verdict(mut commands: Vec<(Command, Payload)>) -> (Classification, Vec<(Event, Payload)>) {
    commands.push((Command::Classify { request: 1 }, Some(image_file())));
    let events = converse_until(commands, |event, _, _| matches!(event, Event::Classified { .. }));
    let verdict = events.iter().find_map(|(event, _)| match event {
        Event::Classified { outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    (verdict.expect("an answer"), events)
}

fn assert_has_no_opinion(verdict: &Classification) {
    let Classification::Refused(failure) = verdict else { panic!("{verdict:?}") };
    assert!(failure.fault.contains("is not a number"), "{failure:?}");
    assert!(failure.remedy.contains("lower learning rate"), "{failure:?}");
}

#[test]
fn a_network_of_no_numbers_has_no_opinion() {
    let mut model = good().model;
    let weights = model.tensors.get_mut("l_c1.weight").unwrap();
    weights.values.fill(f32::NAN);
    let open = Command::Open { name: "nan.safetensors".to_owned() };
    let (said, events) = verdict(vec![(open, Some(model.to_bytes().unwrap()))]);
    let opened = &events[0].0;
    assert!(matches!(opened, Event::Opened { outcome: Opening::Model(_), .. }), "{opened:?}");
    assert_has_no_opinion(&said);
}

#[test]
fn a_run_that_diverged_can_neither_classify_nor_be_saved() {
    let wild = Experiment { lr: 10.0, momentum: 0.99, weight_decay: 1.0, epochs: 200, ..tiny() };
    let mut has_failed = false;
    let events = converse_until(start(&wild), move |event, _, sender| {
        if let Event::Failed(_) = event
            && !std::mem::replace(&mut has_failed, true)
        {
            let classify = Command::Classify { request: 1 };
            sender.unbounded_send((classify, Some(image_file()))).unwrap();
            let save = Command::Save { what: FileKind::Checkpoint };
            sender.unbounded_send((save, None)).unwrap();
        }
        matches!(event, Event::Saved(_))
    });
    let [.., (Event::Classified { outcome, .. }, _), (Event::Saved(saving), _)] = &events[..]
    else {
        panic!("{:?}", events.last());
    };
    assert_has_no_opinion(outcome);
    let Saving::Refused(failure) = saving else { panic!("{saving:?}") };
    assert!(failure.fault.contains("diverged"), "{failure:?}");
}

/// Opens what may be a checkpoint, and goes on with it if it is one.
fn open_and_go_on(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::read(bytes) else { return };
    let before = checkpoint.experiment().unwrap().clone();
    let more = Experiment { epochs: checkpoint.history.len() + 1, ..before };
    let events = converse_until(go_on(bytes.to_vec(), &more), |event, _, _| {
        // A file that is refused is still asked to go on with.
        is_end(event)
    });
    assert!(events.iter().any(|(event, _)| is_end(event)), "{:?}", events.last());
}

#[test]
fn an_undamaged_checkpoint_goes_on() {
    let checkpoint = good();
    assert_eq!((checkpoint.position.epoch, checkpoint.position.step), (1, 1));
    open_and_go_on(&GOOD);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(200)
    })]

    /// A checkpoint with a changed byte or two is read or refused, never a panic; what is read
    /// can be gone on with or is refused then.
    #[test]
    fn no_damage_to_a_checkpoint_panics(changes in proptest::collection::vec((0.0..1.0_f64, 0_u8..=255), 1..4)) {
        let mut bytes = GOOD.clone();
        let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as f64;
        for (at, byte) in changes {
            // Mostly in the header: the rest is numbers.
            let at = (at * header_len * 1.1) as usize;
            bytes[at] = byte;
        }
        open_and_go_on(&bytes);
        if let Ok(checkpoint) = Checkpoint::read(&bytes) {
            let _ = checkpoint.to_bytes();
        }
        if let Ok(model) = ModelFile::read(&bytes) {
            let _ = model.network(&Device::flex());
        }
    }

    /// Digits of the position and of the settings, and names of tensors, that are others.
    #[test]
    fn no_other_description_panics(at in 0.0..1.0_f64, digit in b'0'..=b'9') {
        let mut bytes = GOOD.clone();
        let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        let digits: Vec<usize> =
            (8..8 + header_len).filter(|&at| bytes[at].is_ascii_digit()).collect();
        bytes[digits[(at * digits.len() as f64) as usize]] = digit;
        open_and_go_on(&bytes);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(0_u8..=255, 0..300)) {
        let _ = ModelFile::read(&bytes);
        let _ = Checkpoint::read(&bytes);
    }
}
