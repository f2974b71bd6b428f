//! Every kind of malformed file, with what is said of it and what is to be done: one table.

#[path = "../common/conversation.rs"]
mod conversation;
mod files;
mod table;
#[path = "../common/told.rs"]
mod told;

use std::fs;
use std::process::Command as Process;

use burn::tensor::Device;
use conversation::converse_until;
use files::record;
use futures_executor::block_on;
use proden::data::archive::Unpacker;
use proden::experiment::{Dataset, Experiment, NetworkKind};
use proden::model::NetworkConfig;
use proden::model::file::ModelFile;
use proden::model::weights;
use proden::protocol::{Classification, Command, Event, Opening};
use table::Case;
use tempfile::TempDir;
use told::{is_end, tiny};

/// The door by which a file comes in.
#[derive(Debug, Clone, Copy)]
pub enum Door {
    /// Given to the page or to `proden data`: an archive, or a file out of one.
    Given,
    /// Read from a data host, or from a folder: the test images of CIFAR-10.
    Host,
    /// Opened as a network or a checkpoint.
    Opened,
    /// Classified.
    Photo,
    /// `proden train -c`.
    Config,
}

/// What is said of the file: the fault, and the remedy.
fn told(door: Door, name: &str, bytes: Vec<u8>) -> (String, String) {
    match door {
        Door::Given => {
            let mut unpacker = Unpacker::new(name);
            let pushed = bytes.chunks(1_000).try_for_each(|chunk| unpacker.push(chunk).map(drop));
            let error = pushed.and_then(|()| unpacker.finish().map(drop)).expect_err("a fault");
            (error.to_string(), error.remedy().to_owned())
        }
        Door::Host => of_host(name, &bytes),
        Door::Opened => {
            let open = Command::Open { name: name.to_owned() };
            let events = converse_until(vec![(open, Some(bytes))], |_, _, _| true);
            match events.into_iter().next() {
                Some((Event::Opened { outcome: Opening::Refused(failure), .. }, _)) => {
                    (failure.fault, failure.remedy)
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        Door::Photo => of_photo(bytes),
        Door::Config => of_config(&bytes),
    }
}

fn of_host(name: &str, bytes: &[u8]) -> (String, String) {
    let folder = TempDir::new().unwrap();
    let batches = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&batches).unwrap();
    fs::write(batches.join("data_batch_1.bin"), record(1)).unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let data = format!("{}/", folder.path().display());
    let experiment =
        Experiment { dataset: Dataset::Cifar10, data, train_limit: 1, test_limit: 0, ..tiny() };
    let events =
        converse_until(vec![(Command::Start { experiment }, None)], |event, _, _| is_end(event));
    match events.into_iter().last() {
        Some((Event::Failed(failure), _)) => (failure.fault, failure.remedy),
        other => panic!("{name}: {other:?}"),
    }
}

fn of_photo(bytes: Vec<u8>) -> (String, String) {
    let config = NetworkConfig {
        kind: NetworkKind::ConvNet,
        classes: 10,
        width: 0.0625,
        dropout: true,
        seed: 1,
    };
    let tensors = block_on(weights::export(&config.init(&Device::flex()))).unwrap();
    let model = ModelFile { description: None, tensors, counts: Default::default() };
    let open = (Command::Open { name: String::new() }, Some(model.to_bytes().unwrap()));
    let classify = (Command::Classify { request: 1 }, Some(bytes));
    let events = converse_until(vec![open, classify], |event, _, _| {
        matches!(event, Event::Classified { .. })
    });
    match events.into_iter().last() {
        Some((Event::Classified { outcome: Classification::Refused(failure), .. }, _)) => {
            (failure.fault, failure.remedy)
        }
        other => panic!("{other:?}"),
    }
}

fn of_config(bytes: &[u8]) -> (String, String) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.json"), bytes).unwrap();
    let output = Process::new(env!("CARGO_BIN_EXE_proden"))
        .args(["train", "-c", "config.json", "--out", "run"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!folder.path().join("run").exists());
    let text = String::from_utf8(output.stderr).unwrap();
    (text.clone(), text)
}

#[track_caller]
fn check(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    for (door, name, bytes, says, remedy) in cases {
        let (fault, advice) = told(door, name, bytes);
        assert!(fault.contains(says), "{door:?} {name}: “{says}” is not in “{fault}”");
        assert!(advice.contains(remedy), "{door:?} {name}: “{remedy}” is not in “{advice}”");
    }
}

#[test]
fn archives_and_files_out_of_them() {
    check(table::given());
}

#[test]
fn files_of_a_host() {
    check(table::hosted());
}

#[test]
fn networks_and_checkpoints() {
    check(table::opened());
}

#[test]
fn pictures() {
    check(table::photos());
}

#[test]
fn configurations() {
    check(table::configs());
}
