//! `proden test` and `proden classify`, with networks of our own and of PyTorch's.

mod pickle;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use proden::experiment::calibration::DEFAULT_THRESHOLD;
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{metrics, run};

/// A folder with a trained network in `run/`, and two photos.
fn trained() -> TempDir {
    let folder = TempDir::new().unwrap();
    let arguments = [
        "train",
        "--train-limit",
        "64",
        "--test-limit",
        "40",
        "--epochs",
        "1",
        "--width",
        "0.0625",
        "--out",
        "run",
    ];
    run(folder.path(), &arguments).ok();
    for (name, blue) in [("a.png", 10), ("b.png", 200)] {
        let photo =
            image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, blue]));
        photo.save(folder.path().join(name)).unwrap();
    }
    folder
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_network_is_tested_on_its_own_data_or_on_others() {
    let folder = trained();
    let test = |arguments: &[&str]| run(folder.path(), &[&["test", "--model"], arguments].concat());
    let (model, checkpoint) = ("run/model.safetensors", "run/checkpoint.safetensors");
    let own = json(&test(&[model, "--json"]).ok().stdout);
    let epochs = metrics(&folder.path().join("run"));
    assert_eq!(own, serde_json::json!({"test_accuracy": epochs[0]["test_accuracy"], "n": 40}));
    assert_eq!(json(&test(&[checkpoint, "--json"]).ok().stdout), own);

    let outcome = test(&[model, "--test-limit", "25"]).ok();
    assert!(outcome.stdout.starts_with("test accuracy 0."), "{outcome:?}");
    assert!(outcome.stdout.ends_with(" on 25 images\n") && outcome.stderr.is_empty());
    fs::write(folder.path().join("few.json"), r#"{"test_limit": 5, "lr": 0.3}"#).unwrap();
    assert_eq!(json(&test(&[model, "-c", "few.json", "--json"]).ok().stdout)["n"], 5);

    test(&[model, "--dataset", "cifar100"]).fails(2, "give --dataset another value");
    test(&[model, "--dataset", "cifar10", "--data", "nowhere"]).fails(1, "nowhere/cifar-10");
    test(&["run/config.json"]).fails(1, "it is no safetensors file");
    test(&["nowhere"]).fails(1, "nowhere cannot be read");
}

#[test]
fn photos_are_classified_and_what_is_none_is_told_of() {
    let folder = trained();
    fs::write(folder.path().join("text.png"), "no photo").unwrap();
    let classify = |arguments: &[&str]| {
        let command = ["classify", "--model", "run/model.safetensors"];
        run(folder.path(), &[&command, arguments].concat())
    };
    let outcome = classify(&["a.png", "b.png", "--json"]).ok();
    let answers = json(&outcome.stdout);
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 2);
    for (answer, image) in answers.iter().zip(["a.png", "b.png"]) {
        assert_eq!(answer["image"], image);
        let probabilities = answer["probabilities"].as_object().unwrap();
        assert_eq!(probabilities.len(), 10);
        let values: Vec<f64> = probabilities.values().map(|it| it.as_f64().unwrap()).collect();
        assert!((values.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        let label = answer["label"].as_str().unwrap();
        assert_eq!(probabilities[label], answer["probability"]);
        let probability = answer["probability"].as_f64().unwrap();
        assert_eq!(probability, values.iter().copied().fold(0.0, f64::max));
        assert_eq!(answer["none_of_them"], probability < DEFAULT_THRESHOLD);
    }

    let words = classify(&["a.png"]).ok().stdout;
    let label = answers[0]["label"].as_str().unwrap();
    assert!(words.starts_with(&format!("a.png: {label} (0.")), "{words}");
    assert_eq!(words.lines().count(), 11);

    // The device is the one setting that matters; a configuration may say it, among others.
    let config = r#"{"device": "cpu", "dataset": "cifar10", "data": "https://host/", "lr": 0.3}"#;
    fs::write(folder.path().join("config.json"), config).unwrap();
    for more in [&["--device", "cpu"][..], &["-c", "config.json"], &["--device", "auto"]] {
        assert_eq!(classify(&[&["a.png"], more].concat()).ok().stdout, words, "{more:?}");
    }
    classify(&["a.png", "--device", "tpu"]).fails(2, "“tpu” is not one of");
    classify(&["a.png", "-c", "nowhere.json"]).fails(2, "nowhere.json cannot be read");
    if cfg!(not(feature = "cuda")) {
        classify(&["a.png", "--device", "cuda"]).fails(2, "--features cuda");
    }

    let outcome = classify(&["a.png", "text.png", "nowhere.png", "b.png", "--json"]);
    assert_eq!(json(&outcome.stdout).as_array().unwrap().len(), 2);
    assert!(outcome.stderr.contains("text.png: This photo cannot be classified"), "{outcome:?}");
    assert!(outcome.stderr.contains("nowhere.png: cannot be read"), "{outcome:?}");
    outcome.fails(1, "2 of 4 images could not be classified");
    classify(&[]).fails(2, "<IMAGE>");
}

/// The network of a file as PyTorch's tools would write it: tensors, and no description.
fn weights(path: &Path) -> pickle::Tensors {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.iter().map(|(name, view)| {
        let kind = if view.dtype() == Dtype::F32 { "FloatStorage" } else { "LongStorage" };
        (name.to_owned(), kind, view.shape().to_vec(), view.data().to_vec())
    });
    tensors.collect()
}

#[test]
fn networks_of_pytorch_are_read_however_they_are_wrapped() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    let bytes = fs::read(at("run/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let bare = safetensors::serialize(file.iter(), None::<HashMap<String, String>>).unwrap();
    fs::write(at("bare.safetensors"), bare).unwrap();
    let classify = |model: &str| {
        run(folder.path(), &["classify", "--model", model, "a.png", "--json"]).ok().stdout
    };
    let expected = classify("bare.safetensors");
    assert!(expected.contains("airplane"), "ten classes without names are CIFAR-10's");

    let tensors = weights(&at("run/model.safetensors"));
    for (wrapper, prefix) in [(None, ""), (Some("net"), "module."), (Some("state_dict"), "")] {
        fs::write(at("network.pth"), pickle::file(&tensors, wrapper, prefix)).unwrap();
        assert_eq!(classify("network.pth"), expected, "{wrapper:?} {prefix}");
    }
    let test = ["test", "--model", "network.pth", "--dataset", "synthetic", "--test-limit", "9"];
    assert!(run(folder.path(), &test).ok().stdout.contains("on 9 images"));
    // Its data are CIFAR-10's.
    run(folder.path(), &test[..3]).fails(1, "data/cifar-10-batches-bin");

    // A zip under any name is PyTorch's; doubles and halves are as good as floats.
    let halves: pickle::Tensors = tensors.iter().map(pickle::as_bfloat16).collect();
    fs::write(at("halves"), pickle::file(&halves, None, "")).unwrap();
    assert_eq!(json(&classify("halves"))[0]["probabilities"].as_object().unwrap().len(), 10);
}

#[test]
fn files_that_hold_no_network_are_refused() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    let tensors = weights(&at("run/model.safetensors"));
    let other = vec![("fc.weight".to_owned(), "FloatStorage", vec![2], vec![0; 8])];
    let flags = vec![("c1.weight".to_owned(), "BoolStorage", vec![2], vec![0; 2])];
    let short = tensors.iter().filter(|(name, ..)| name != "c2.weight").cloned().collect();
    for (name, bytes, part) in [
        ("other.pt", pickle::file(&other, None, ""), "those of none of our networks"),
        ("empty.pt", pickle::file(&Vec::new(), None, ""), "it holds no weights"),
        ("flags.pt", pickle::file(&flags, None, ""), "“c1.weight” is of type Bool"),
        ("short.pt", pickle::file(&short, None, ""), "the tensor “c2.weight” is missing"),
        ("text.pt", b"no pickle".to_vec(), "it is no PyTorch file"),
        ("nothing.pt", Vec::new(), "it is no PyTorch file"),
        ("nothing.safetensors", Vec::new(), "it is no safetensors file"),
        ("html.safetensors", b"<!DOCTYPE html>".to_vec(), "it is no safetensors file"),
    ] {
        fs::write(at(name), bytes).unwrap();
        for command in [&["classify", "--model", name, "a.png"][..], &["test", "--model", name]] {
            run(folder.path(), command).fails(1, part);
        }
    }
}

#[test]
fn damage_never_panics() {
    let folder = trained();
    let tensors = weights(&folder.path().join("run/model.safetensors"));
    let files = [
        ("damaged.pt", pickle::file(&tensors, Some("net"), "")),
        ("damaged.safetensors", fs::read(folder.path().join("run/model.safetensors")).unwrap()),
    ];
    // A program is started for each case: few, and near the head, where the structure is.
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let case = (0..2_usize, 0..4000_usize, any::<u8>(), any::<bool>());
    proptest!(config, |((file, at, byte, cut) in case)| {
        let (name, mut bytes) = files[file].clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        fs::write(folder.path().join(name), bytes).unwrap();
        let outcome = run(folder.path(), &["classify", "--model", name, "a.png"]);
        prop_assert!(matches!(outcome.code, Some(0 | 1)), "{:?}", outcome);
        prop_assert!(!outcome.stderr.contains("panicked"), "{:?}", outcome);
    });
}
