//! CIFAR-100 on the command line: fetched, trained on by its fine labels, with candidates by its
//! coarse ones, and tested.

use std::fs;

use proden::data::cifar::CIFAR100_SUPERCLASSES;
use serde_json::Value;
use tempfile::TempDir;

use crate::data::{cifar10, fetch, packed};
use crate::server::{Manner, Server};
use crate::support::{metrics, run};

/// Images in the training file, and in the test file.
const IMAGES: (u8, u8) = (120, 60);

/// A coarse byte, a fine byte and the pixels of each image; three of four classes have none.
fn records(images: u8) -> Vec<u8> {
    let record = |image: u8| {
        let fine = image % 25 * 4;
        let pixels = (0..3072_u32).map(move |at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
        let pixels = pixels.map(move |pixel| pixel.wrapping_mul(fine | 1).wrapping_add(image));
        [CIFAR100_SUPERCLASSES[usize::from(fine)], fine].into_iter().chain(pixels)
    };
    (0..images).flat_map(record).collect()
}

fn cifar100() -> Vec<u8> {
    packed([
        ("cifar-100-binary/coarse_label_names.txt".to_owned(), b"aquatic_mammals\n".to_vec()),
        ("cifar-100-binary/train.bin".to_owned(), records(IMAGES.0)),
        ("cifar-100-binary/test.bin".to_owned(), records(IMAGES.1)),
    ])
}

fn train(folder: &TempDir, name: &str, candidates: &str, rate: &str) -> String {
    let out = format!("run-{name}");
    let arguments = [
        "train",
        "--dataset",
        "cifar100",
        "--epochs",
        "1",
        "--width",
        "0.0625",
        "--candidates",
        candidates,
        "--rate",
        rate,
        "--out",
        &out,
    ];
    run(folder.path(), &arguments).ok().stderr
}

#[test]
fn cifar100_is_fetched_trained_on_and_tested() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(cifar100(), &[Manner::Well]);
    let outcome = fetch(folder.path(), &server, &["--dataset", "cifar100"]).ok();
    assert_eq!(outcome.stdout, "cifar100 is in data\n");
    assert!(outcome.stderr.contains("not the official files"), "{outcome:?}");
    assert_eq!(server.requests(), [("/folder/cifar-100-binary.tar.gz".to_owned(), None)]);
    let file = |name: &str| fs::read(folder.path().join("data/cifar-100-binary").join(name));
    assert_eq!(file("train.bin").unwrap(), records(IMAGES.0));
    assert_eq!(file("test.bin").unwrap(), records(IMAGES.1));

    // All five classes of a superclass are candidates, also those that no image has.
    let told = train(&folder, "superclass", "superclass", "1");
    assert!(told.contains("candidates: 5"), "{told}");
    let told = train(&folder, "uniform", "uniform", "0.05");
    let mean = told.split_once("candidates: ").unwrap().1.split_whitespace().next().unwrap();
    let mean: f64 = mean.parse().unwrap();
    assert!((mean - 5.95).abs() < 4.0 * (99.0_f64 * 0.05 * 0.95 / 120.0).sqrt(), "{told}");

    let test = ["test", "--model", "run-uniform/model.safetensors", "--json"];
    let said: Value = serde_json::from_str(&run(folder.path(), &test).ok().stdout).unwrap();
    assert_eq!(said["n"], IMAGES.1);
    let epochs = metrics(&folder.path().join("run-uniform"));
    assert_eq!(said["test_accuracy"], epochs[0]["test_accuracy"]);

    let photo = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 9]));
    photo.save(folder.path().join("a.png")).unwrap();
    let classify = ["classify", "--model", "run-uniform/model.safetensors", "a.png", "--json"];
    let said: Value = serde_json::from_str(&run(folder.path(), &classify).ok().stdout).unwrap();
    let probabilities = said[0]["probabilities"].as_object().unwrap();
    assert_eq!(probabilities.len(), 100);
    assert!(probabilities.contains_key("pickup truck"), "{probabilities:?}");

    // Ten classes are not a hundred.
    let other = [&test[..], &["--dataset", "cifar10"]].concat();
    run(folder.path(), &other).fails(2, "give --dataset another value");
}

#[test]
fn both_data_sets_are_fetched_at_once() {
    let folder = TempDir::new().unwrap();
    let files =
        vec![("/cifar-10-binary.tar.gz", cifar10()), ("/cifar-100-binary.tar.gz", cifar100())];
    let server = Server::of(files, &[Manner::Well]);
    let outcome = fetch(folder.path(), &server, &["--dataset", "all"]).ok();
    assert_eq!(outcome.stdout, "cifar10 is in data\ncifar100 is in data\n");
    for name in ["cifar-10-batches-bin/test_batch.bin", "cifar-100-binary/train.bin"] {
        assert!(folder.path().join("data").join(name).exists(), "{name}");
    }
    // What is there is not fetched again.
    let outcome = fetch(folder.path(), &server, &["--dataset", "all"]).ok();
    assert_eq!(outcome.stdout, "cifar10 is in data already\ncifar100 is in data already\n");
    assert_eq!(server.requests().len(), 2);
}
