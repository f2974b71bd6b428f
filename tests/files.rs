//! Networks and runs as files: what is saved comes back bit for bit, from wherever it is.

#[path = "common/conversation.rs"]
mod conversation;
#[path = "common/epochs.rs"]
mod epochs;
#[path = "common/runs.rs"]
mod runs;
#[path = "common/tell.rs"]
mod tell;
#[path = "common/told.rs"]
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use burn::tensor::Device;
use conversation::converse_until;
use epochs::epochs;
use futures_executor::block_on;
use proden::experiment::{Augmentation, Experiment, Method, NetworkKind};
use proden::model::file::{FileError, ModelFile};
use proden::model::weights::{self, HostTensor, WeightsError};
use proden::protocol::{Command, Event, FileKind};
use proden::train::checkpoint::Checkpoint;
use runs::{go_on, run, start};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tell::tell;
use told::{is_end, tiny};

/// Two checkpoints are the same but for times.
fn assert_same(ours: &[u8], theirs: &[u8]) {
    let [mut ours, mut theirs] = [ours, theirs].map(|bytes| Checkpoint::read(bytes).unwrap());
    for epoch in ours.history.iter_mut().chain(&mut theirs.history) {
        (epoch.images_per_sec, epoch.elapsed_secs) = (0.0, 0.0);
    }
    assert_eq!(ours.history, theirs.history);
    assert_eq!(ours.position, theirs.position);
    // Not printed: they are long.
    assert!(ours.model.description == theirs.model.description, "description");
    for (name, tensor) in &theirs.model.tensors {
        assert!(ours.model.tensors[name] == *tensor, "{name}");
    }
    assert!(ours.model.counts == theirs.model.counts, "counts");
    assert!(ours.momentum == theirs.momentum, "momentum");
    assert!(ours == theirs, "labels");
}

#[test]
fn a_run_that_goes_on_is_the_run_that_never_stopped() {
    for (kind, augment, method) in [
        (NetworkKind::ConvNet, Augmentation::FlipCrop, Method::Proden),
        (NetworkKind::ResNet32, Augmentation::None, Method::Average),
    ] {
        let four = Experiment {
            epochs: 4,
            model: kind,
            augment,
            method,
            batch: 20,
            width: 0.125,
            ..tiny()
        };
        let two = Experiment { epochs: 2, ..four.clone() };
        let undisturbed = run(start(&four), None);

        let first = run(start(&two), None);
        let second = run(go_on(first.checkpoint, &four), None);
        assert_eq!([first.epochs, second.epochs].concat(), undisturbed.epochs, "{kind}");
        assert_same(&second.checkpoint, &undisturbed.checkpoint);
    }
}

/// DESIGN.md, part 4: for other programs that look into the file.
#[test]
fn a_checkpoint_says_in_its_metadata_where_the_run_stands() {
    let experiment = Experiment { seed: 7, ..tiny() };
    let bytes = run(start(&experiment), None).checkpoint;
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = &header.metadata().as_ref().unwrap()["proden"];
    let said: serde_json::Value = serde_json::from_str(text).unwrap();
    let position = &said["position"];
    for (name, expected) in [("epoch", 2), ("step", 0), ("seed", 7)] {
        assert_eq!(position[name], expected, "{name}");
    }
    assert_eq!(said["experiment"]["train-limit"], 96);
    let history = Checkpoint::read(&bytes).unwrap().history;
    assert_eq!(said["history"].as_array().unwrap().len(), 2);
    for (said, epoch) in said["history"].as_array().unwrap().iter().zip(&history) {
        assert_eq!(said["epoch"], epoch.epoch);
        assert!((said["loss"].as_f64().unwrap() / epoch.loss - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_stopped_run_goes_on_where_it_was_stopped() {
    let three = Experiment { epochs: 3, batch: 8, ..tiny() };
    let undisturbed = run(start(&three), None);
    let mut positions = Vec::new();
    for stop_at in [1, 3, 12] {
        let first = run(start(&three), Some(stop_at));
        positions.push(Checkpoint::read(&first.checkpoint).unwrap().position.step);
        let second = run(go_on(first.checkpoint, &three), None);
        assert_eq!([first.epochs, second.epochs].concat(), undisturbed.epochs);
        assert_same(&second.checkpoint, &undisturbed.checkpoint);
    }
    // In the middle of an epoch, and after its last step but before it was evaluated.
    assert!(positions.iter().any(|step| (1..12).contains(step)), "{positions:?}");
    assert!(positions.contains(&12), "{positions:?}");
}

#[test]
fn the_last_run_goes_on_without_a_file() {
    let four = Experiment { epochs: 4, ..tiny() };
    let undisturbed = run(start(&four), None);
    let mut ends = 0;
    let events = converse_until(start(&tiny()), move |event, _, sender| {
        if is_end(event) {
            ends += 1;
            let experiment = Experiment { epochs: 4, ..tiny() };
            sender.unbounded_send((Command::Continue { experiment }, None)).unwrap();
        }
        ends == 2
    });
    assert_eq!(epochs(events.iter().map(|(event, _)| event)), undisturbed.epochs);
}

#[test]
fn saving_in_the_middle_changes_nothing() {
    let experiment = Experiment { epochs: 2, ..tiny() };
    let undisturbed = run(start(&experiment), None);
    let events = converse_until(start(&experiment), |event, _, sender| {
        if matches!(event, Event::Progress(_)) {
            for what in [FileKind::Model, FileKind::Checkpoint] {
                sender.unbounded_send((Command::Save { what }, None)).unwrap();
            }
        }
        is_end(event)
    });
    assert!(events.iter().filter(|(event, _)| matches!(event, Event::Saved(_))).count() >= 4);
    assert_eq!(epochs(events.iter().map(|(event, _)| event)), undisturbed.epochs);
}

#[test]
fn what_would_change_numbers_is_refused_by_name() {
    let checkpoint = run(start(&tiny()), None).checkpoint;
    let failure = |experiment: Experiment| {
        let events =
            converse_until(go_on(checkpoint.clone(), &experiment), |event, _, _| is_end(event));
        match events.into_iter().last() {
            Some((Event::Failed(failure), _)) => failure,
            other => panic!("{other:?}"),
        }
    };
    let cases = [
        (Experiment { lr: 0.01, epochs: 4, ..tiny() }, "lr", "0.01"),
        (Experiment { train_limit: 64, epochs: 4, ..tiny() }, "train-limit", "64"),
        (tiny(), "epochs", "has trained its 2 epochs"),
    ];
    for (experiment, setting, part) in cases {
        let failure = failure(experiment);
        assert_eq!(failure.setting.as_deref(), Some(setting));
        assert!(failure.fault.contains(part), "{}", failure.fault);
    }
}

#[test]
fn nothing_to_go_on_with_is_said() {
    let command = Command::Continue { experiment: tiny() };
    let events = converse_until(vec![(command, None)], |event, _, _| is_end(event));
    let Some((Event::Failed(failure), _)) = events.last() else { panic!("{events:?}") };
    assert!(failure.fault.contains("no run"), "{}", failure.fault);
}

/// Tensors as a file has them, by name.
type RawTensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// PyTorch's tensors of a golden file's first network; None where the files are not.
fn golden_init(name: &str) -> Option<RawTensors> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    let Ok(bytes) = fs::read(folder.join(name).with_extension("safetensors")) else {
        tell(&format!("SKIPPED: {} is not here", folder.display()));
        return None;
    };
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let init = file.tensors().into_iter().filter_map(|(name, view)| {
        let name = name.strip_prefix("init.")?.to_owned();
        Some((name, (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
    });
    Some(init.collect())
}

fn as_file(tensors: &RawTensors) -> Vec<u8> {
    let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap()
}

#[test]
fn files_of_pytorch_are_read_and_written_back_the_same() {
    for (name, kind, width) in [
        ("convnet", NetworkKind::ConvNet, 0.125),
        ("resnet18", NetworkKind::ResNet18, 0.125),
        ("resnet32", NetworkKind::ResNet32, 1.0),
    ] {
        let Some(tensors) = golden_init(name) else { continue };
        let bytes = as_file(&tensors);
        let mut file = ModelFile::read(&bytes).unwrap();
        let config = file.config().unwrap();
        assert_eq!((config.kind, config.width, config.classes), (kind, width, 10));
        // Through the network on its device, not only through our types.
        let network = file.network(&Device::flex()).unwrap();
        file.tensors = block_on(weights::export(&network)).unwrap();
        assert_eq!(file.to_bytes().unwrap(), bytes, "{name}");
    }
}

#[test]
fn foreign_tensors_are_refused_by_name() {
    let device = Device::flex();
    let whole = run(start(&tiny()), None).checkpoint;
    let whole = Checkpoint::read(&whole).unwrap().model;
    assert!(whole.network(&device).is_ok());
    let refused = |change: &dyn Fn(&mut BTreeMap<String, HostTensor>)| {
        let mut model = whole.clone();
        change(&mut model.tensors);
        let again = ModelFile::read(&model.to_bytes().unwrap()).unwrap();
        again.network(&device).map(drop).unwrap_err()
    };
    let missing = refused(&|tensors| drop(tensors.remove("l_c1.bias")));
    assert_eq!(missing, FileError::Weights(WeightsError::Missing("l_c1.bias".to_owned())));
    let extra = refused(&|tensors| {
        let tensor = tensors["l_c1.bias"].clone();
        tensors.insert("scale".to_owned(), tensor);
    });
    assert_eq!(extra, FileError::Weights(WeightsError::Extra("scale".to_owned())));
    let misshapen = refused(&|tensors| {
        let tensor = tensors["c1.weight"].clone();
        tensors.insert("l_c1.bias".to_owned(), tensor);
    });
    assert!(
        matches!(misshapen, FileError::Weights(WeightsError::Shape { name, .. }) if name == "l_c1.bias")
    );
}
