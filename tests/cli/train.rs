//! `proden train`: its files, its output, and runs that go on exactly where they were broken off.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use proden::experiment::Experiment;
use proden::experiment::link::to_query;
use proden::experiment::result::fragment::to_fragment;
use proden::experiment::result::{HowEnded, Point, SharedResult};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Outcome, lines, metrics, proden, run};

/// A run of three steps an epoch, and a fraction of a second.
const TINY: [&str; 11] = [
    "train",
    "--train-limit",
    "96",
    "--test-limit",
    "32",
    "--batch",
    "32",
    "--width",
    "0.0625",
    "--device",
    "cpu",
];

fn train(folder: &Path, arguments: &[&str]) -> Outcome {
    run(folder, &[&TINY[..], arguments].concat())
}

/// The tensors of a file: its metadata know the number of epochs that were asked for.
fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> =
        file.iter().map(|(name, view)| (name.to_owned(), view.data().to_vec())).collect();
    tensors.sort();
    assert!(!tensors.is_empty());
    tensors
}

/// Asserts that two runs have come to the same, bit for bit.
#[track_caller]
fn assert_same_run(one: &Path, other: &Path) {
    assert_eq!(metrics(one), metrics(other));
    let model = "model.safetensors";
    assert!(tensors(&one.join(model)) == tensors(&other.join(model)), "the weights differ");
}

#[test]
fn a_run_writes_four_files_and_a_line_an_epoch() {
    let folder = TempDir::new().unwrap();
    let outcome = train(folder.path(), &["--epochs", "2", "--seed", "7", "--out", "run"]).ok();
    assert_eq!(outcome.stdout.lines().count(), 2, "{outcome:?}");
    assert!(outcome.stderr.contains("candidates: 1."), "{outcome:?}");
    assert!(!outcome.stderr.contains(['\r', '\x1b']), "no bars in a pipe: {outcome:?}");

    let out = folder.path().join("run");
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("config.json")).unwrap()).unwrap();
    assert_eq!((&config["seed"], &config["train-limit"]), (&json!(7), &json!(96)));
    assert_eq!(config.as_object().unwrap().len(), 20, "complete: {config}");
    let epochs = lines(&fs::read_to_string(out.join("metrics.jsonl")).unwrap());
    assert_eq!(epochs.len(), 2);
    let keys = [
        "epoch",
        "loss",
        "test_accuracy",
        "label_accuracy",
        "mean_confidence",
        "lr",
        "images_per_sec",
        "elapsed_secs",
    ];
    for key in keys {
        assert!(epochs.iter().all(|epoch| epoch[key].is_number()), "{key}");
    }
    let names = |file: &str| tensors(&out.join(file)).into_iter().map(|(name, _)| name);
    assert!(names("model.safetensors").any(|name| name == "c1.weight"));
    assert!(names("checkpoint.safetensors").any(|name| name == "model.c1.weight"));
    let mut files: Vec<_> =
        fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(
        files,
        ["checkpoint.safetensors", "config.json", "metrics.jsonl", "model.safetensors"]
    );
}

#[test]
fn a_run_of_two_times_two_epochs_is_one_of_four() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    train(folder.path(), &["--epochs", "4", "--out", "whole"]).ok();
    train(folder.path(), &["--epochs", "2", "--out", "parts"]).ok();
    let resume = |arguments: &[&str]| {
        run(folder.path(), &[&["train", "--resume", "--out", "parts"], arguments].concat())
    };
    // Nothing is left to be done, and that is no fault.
    let before = metrics(&at("parts"));
    fs::remove_file(at("parts").join("model.safetensors")).unwrap();
    let outcome = resume(&[]).ok();
    assert!(outcome.stderr.contains("has trained its 2 epochs"), "{outcome:?}");
    assert_eq!(metrics(&at("parts")), before);
    assert!(at("parts/model.safetensors").exists());

    let outcome = resume(&["--epochs", "4", "--json"]).ok();
    assert_eq!(lines(&outcome.stdout).len(), 2);
    assert_same_run(&at("whole"), &at("parts"));
    assert_eq!(
        fs::read(at("whole/config.json")).unwrap(),
        fs::read(at("parts/config.json")).unwrap()
    );
}

/// Starts a run, and interrupts it in its first step.
fn interrupt(mut command: Command) -> Outcome {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    // Said when all is ready for the first step.
    while !stderr.contains("candidates:") {
        assert_ne!(reader.read_line(&mut stderr).unwrap(), 0, "{stderr}");
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    reader.read_to_string(&mut stderr).unwrap();
    let output = child.wait_with_output().unwrap();
    Outcome { stderr, ..output.into() }
}

#[test]
fn an_interrupted_run_goes_on_as_if_it_had_never_stopped() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for times in 0..3 {
        let mut command = if times == 0 { proden(TINY) } else { proden(["train", "--resume"]) };
        command.args(["--epochs", "10000", "--out", "parts"]).current_dir(folder.path());
        let outcome = interrupt(command);
        assert!(outcome.stderr.contains("proden train --resume --out parts"), "{outcome:?}");
        assert_eq!(outcome.code, Some(130), "{outcome:?}");
        assert!(!at("parts/model.safetensors").exists());
    }
    let epochs = (metrics(&at("parts")).len() + 1).to_string();
    run(folder.path(), &["train", "--resume", "--epochs", &epochs, "--out", "parts"]).ok();
    train(folder.path(), &["--epochs", &epochs, "--out", "whole"]).ok();
    assert_same_run(&at("whole"), &at("parts"));
}

#[test]
fn no_run_is_lost_by_accident() {
    let folder = TempDir::new().unwrap();
    train(folder.path(), &["--epochs", "1", "--out", "run"]).ok();
    let kept = fs::read(folder.path().join("run/checkpoint.safetensors")).unwrap();
    let again = |arguments: &[&str]| {
        train(
            folder.path(),
            &[&["--epochs", "1", "--seed", "2", "--out", "run"], arguments].concat(),
        )
    };
    again(&[]).fails(2, "by --overwrite");
    again(&["--resume"]).fails(2, "seed = 2");
    again(&["--resume", "--overwrite"]).fails(2, "cannot be used with");
    // Data that are not there are no reason to drop the old run.
    again(&["--overwrite", "--dataset", "cifar10", "--data", "nowhere"])
        .fails(1, "nowhere/cifar-10");
    assert_eq!(fs::read(folder.path().join("run/checkpoint.safetensors")).unwrap(), kept);
    again(&["--overwrite"]).ok();
    assert_ne!(fs::read(folder.path().join("run/checkpoint.safetensors")).unwrap(), kept);
}

#[test]
fn a_configuration_file_lies_under_the_flags() {
    let folder = TempDir::new().unwrap();
    let config = r#"{"learning_rate": 0.01, "partial_rate": 0.3, "num_epochs": 1, "train_limit": 64,
        "test_limit": 8, "batch_size": 64.0, "width": 0.0625, "device": "Auto", "network": "ConvNet",
        "save_path": "checkpoints/", "Mode": "train"}"#;
    fs::write(folder.path().join("config.json"), config).unwrap();
    let over_it = ["train", "-c", "config.json", "--out", "."];
    run(folder.path(), &over_it).fails(2, "config.json is there already");
    let train = ["train", "-c", "config.json", "--lr", "0.02", "--out", "run"];
    let outcome = run(folder.path(), &train).ok();
    for name in ["save_path", "Mode"] {
        let note = format!("note: config.json: “{name}” means nothing here");
        assert!(outcome.stderr.contains(&note), "{outcome:?}");
    }
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("run/config.json")).unwrap()).unwrap();
    assert_eq!((&config["lr"], &config["rate"]), (&json!(0.02), &json!(0.3)));
    assert_eq!((&config["epochs"], &config["batch"]), (&json!(1), &json!(64)));
}

#[test]
fn settings_that_are_wrong_are_named() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (name, text) in [
        ("broken.json", "{\"rate\": 0.1,"),
        ("list.json", "[1, 2]"),
        ("empty.json", ""),
        ("binary.json", "\u{0}\u{1}"),
        ("unknown.json", r#"{"colour": "red"}"#),
        ("bounds.json", r#"{"rate": 2}"#),
        ("nested.json", r#"{"rate": {"q": 2}}"#),
        ("null.json", r#"{"rate": null}"#),
        ("true.json", r#"{"epochs": true}"#),
        ("device.json", r#"{"device": "cuda"}"#),
        ("elsewhere.json", r#"{"dataset": "cifar10", "data": "https://host/cifar"}"#),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut cases = vec![
        (vec!["--rate", "2"], "“2” is not a number from 0 to 1"),
        (vec!["--lr", "-1"], "“-1” is not a number from 0 to 10"),
        (vec!["--dataset", "mnist"], "“mnist” is not one of synthetic"),
        (vec!["--device", "tpu"], "“tpu” is not one of"),
        (vec!["--candidates", "superclass"], "superclass needs dataset=cifar100"),
        (vec!["--colour", "red"], "unexpected argument '--colour'"),
        (vec!["-c", "nowhere.json"], "nowhere.json cannot be read"),
        (vec!["-c", "folder"], "folder cannot be read"),
        (vec!["-c", "broken.json"], "broken.json is no JSON: EOF"),
        (vec!["-c", "empty.json"], "empty.json is no JSON"),
        (vec!["-c", "binary.json"], "binary.json is no JSON"),
        (vec!["-c", "list.json"], "list.json holds no JSON object"),
        (vec!["-c", "unknown.json"], "“colour” is not a setting"),
        (vec!["-c", "bounds.json"], "rate: “2” is not a number from 0 to 1"),
        (vec!["-c", "nested.json"], "rate has a value that is neither"),
        (vec!["-c", "null.json"], "rate has a value that is neither"),
        (vec!["-c", "true.json"], "epochs: “true” is not a whole number"),
        (vec!["-c", "elsewhere.json"], "proden data --dataset cifar10"),
        (vec!["--resume"], "there is no run/checkpoint.safetensors to go on from"),
    ];
    if cfg!(not(feature = "cuda")) {
        cases.push((vec!["--device", "cuda"], "--features cuda"));
        cases.push((vec!["-c", "device.json"], "--features cuda"));
    }
    if cfg!(not(any(feature = "wgpu", feature = "cuda"))) {
        cases.push((vec!["--device", "wgpu"], "--features wgpu"));
    }
    for (arguments, part) in cases {
        run(folder.path(), &[&["train", "--out", "run"], &arguments[..]].concat()).fails(2, part);
        assert!(!folder.path().join("run").exists(), "{arguments:?}");
    }
    run(folder.path(), &["train"]).fails(2, "--out");
    run(folder.path(), &[]).fails(2, "Usage");
}

#[test]
fn a_run_that_fails_says_so() {
    let folder = TempDir::new().unwrap();
    let wild = ["--lr", "10", "--momentum", "0.99", "--wd", "1", "--epochs", "200", "--out", "run"];
    train(folder.path(), &wild).fails(1, "diverged");

    // In the way of the file that the checkpoint is written to first.
    fs::create_dir_all(folder.path().join("full/checkpoint.safetensors.partial")).unwrap();
    let outcome = train(folder.path(), &["--epochs", "10000", "--out", "full"]);
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
    outcome.fails(1, "full/checkpoint.safetensors cannot be written");

    fs::create_dir_all(folder.path().join("broken")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    train(folder.path(), &["--out", "file"]).fails(1, "the folder file cannot be made");
    let checkpoint = folder.path().join("broken/checkpoint.safetensors");
    let resume = ["train", "--resume", "--out", "broken"];
    for (bytes, part) in [(&b""[..], "it is no safetensors file"), (b"no file at all", "it is no")]
    {
        fs::write(&checkpoint, bytes).unwrap();
        run(folder.path(), &resume).fails(1, part);
    }
    train(folder.path(), &["--epochs", "1", "--out", "other"]).ok();
    fs::copy(folder.path().join("other/model.safetensors"), &checkpoint).unwrap();
    run(folder.path(), &resume).fails(1, "a network without the state of its run");
    let whole = fs::read(folder.path().join("other/checkpoint.safetensors")).unwrap();
    fs::write(&checkpoint, &whole[..whole.len() - 100]).unwrap();
    run(folder.path(), &resume).fails(1, "it is cut short or was changed");
}

/// A link to the settings of `TINY`, with what a run of them came to.
fn link_to(run: &Path) -> String {
    let history = metrics(run);
    let number = |epoch: &Value, name: &str| epoch[name].as_f64().unwrap();
    let point = |epoch: &Value| Point {
        epoch: epoch["epoch"].as_u64().unwrap() as usize,
        loss: number(epoch, "loss"),
        test_accuracy: number(epoch, "test_accuracy"),
        label_accuracy: number(epoch, "label_accuracy"),
        mean_confidence: number(epoch, "mean_confidence"),
    };
    let result = SharedResult {
        ended: HowEnded::Finished,
        device: None,
        elapsed_secs: 1.0,
        candidates_digest: None,
        points: history.iter().map(point).collect(),
    };
    let config = fs::read_to_string(run.join("config.json")).unwrap();
    let mut experiment = Experiment::default();
    experiment.set_all(&serde_json::from_str(&config).unwrap()).unwrap();
    let query = to_query(&experiment);
    format!("https://host/train?{query}#{}", to_fragment(&experiment, &result))
}

#[test]
fn a_shared_result_is_compared_with() {
    let folder = TempDir::new().unwrap();
    train(folder.path(), &["--epochs", "2", "--seed", "7", "--out", "theirs"]).ok();
    let link = link_to(&folder.path().join("theirs"));

    // Its settings come from the link alone.
    let outcome = run(folder.path(), &["train", "--link", &link, "--out", "same"]).ok();
    assert!(outcome.stderr.contains("are the same over 2 epochs"), "{outcome:?}");
    assert!(outcome.stderr.contains("Label accuracy: the same in every epoch."), "{outcome:?}");
    let [theirs, same] = ["theirs", "same"].map(|name| folder.path().join(name));
    assert_same_run(&theirs, &same);

    let shorter = ["train", "--link", &link, "--epochs", "1", "--out", "shorter"];
    let outcome = run(folder.path(), &shorter).ok();
    assert!(outcome.stderr.contains("its result is not compared"), "{outcome:?}");

    // Another run's result behind these settings.
    train(folder.path(), &["--epochs", "2", "--seed", "8", "--out", "other"]).ok();
    fs::copy(folder.path().join("other/metrics.jsonl"), theirs.join("metrics.jsonl")).unwrap();
    let wrong = ["train", "--link", &link_to(&theirs), "--out", "wrong"];
    let outcome = run(folder.path(), &wrong).ok();
    assert!(outcome.stderr.contains("differ over 2 epochs"), "{outcome:?}");

    let cut = ["train", "--link", &link[..link.len() - 3], "--out", "cut"];
    run(folder.path(), &cut).fails(2, "was cut off on its way");
    assert!(!folder.path().join("cut").exists());
}

#[test]
fn bench_times_steps_of_the_settings() {
    let folder = TempDir::new().unwrap();
    let arguments = ["bench", "--width", "0.0625", "--batch", "4", "--steps", "3", "--json"];
    let told: Value = serde_json::from_str(&run(folder.path(), &arguments).ok().stdout).unwrap();
    assert_eq!((told["batch"].as_u64(), told["n"].as_u64()), (Some(4), Some(3)));
    let [step_secs, images_per_sec] =
        ["step_secs", "images_per_sec"].map(|name| told[name].as_f64().unwrap());
    assert!(step_secs > 0.0 && (images_per_sec * step_secs - 4.0).abs() < 1e-9, "{told}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "it leaves nothing behind");
    run(folder.path(), &["bench", "--batch", "0"]).fails(2, "--batch");
    run(folder.path(), &["bench", "--steps", "0"]).fails(2, "--steps");
}
