//! `proden publish`: the files that a site offers, from the folder of a run.

use std::fs;
use std::path::Path;

use proden::experiment::hosted::{Card, Index};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{Outcome, run};

const TRAIN: [&str; 11] = [
    "train",
    "--train-limit",
    "96",
    "--test-limit",
    "41",
    "--epochs",
    "2",
    "--width",
    "0.0625",
    "--out",
    "run",
];

fn trained() -> TempDir {
    let folder = TempDir::new().unwrap();
    run(folder.path(), &TRAIN).ok();
    folder
}

fn publish(folder: &Path, name: &str, more: &[&str]) -> Outcome {
    let command = ["publish", "--run", "run", "--out", "models", "--name", name];
    run(folder, &[&command, more].concat())
}

fn index(folder: &Path) -> Index {
    Index::parse(&fs::read_to_string(folder.join("models/index.json")).unwrap()).unwrap()
}

fn card(folder: &Path, name: &str) -> Card {
    Card::parse(&fs::read_to_string(folder.join("models").join(name)).unwrap()).unwrap()
}

#[test]
fn what_is_published_is_what_its_card_says() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    let more = ["--machine", "a laptop", "--note", "made for a test", "--title", "Small"];
    let said = publish(folder.path(), "small", &more).ok().stdout;
    assert!(said.contains("test accuracy") && said.contains("on 41 images"), "{said}");

    let index = index(folder.path());
    let entry = index.default_entry().unwrap();
    assert_eq!((entry.name.as_str(), entry.title.as_str()), ("small", "Small"));
    let bytes = fs::read(at("models").join(&entry.file)).unwrap();
    let sha256: String = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!((entry.size_bytes, &entry.sha256), (bytes.len() as u64, &sha256));
    let whole = fs::metadata(at("run/model.safetensors")).unwrap().len();
    assert!(entry.size_bytes * 10 < whole * 7, "{} of {whole}", entry.size_bytes);

    let card = card(folder.path(), &entry.card);
    let test = run(folder.path(), &["test", "--model", "models/small.safetensors", "--json"]).ok();
    let test: Value = serde_json::from_str(&test.stdout).unwrap();
    let measured = card.test_accuracy;
    assert_eq!(test, serde_json::json!({"test_accuracy": measured.share, "n": measured.n}));
    assert_eq!((measured.n, card.epochs, card.data.training_images), (41, 2, 96));
    assert_eq!((card.machine.as_str(), card.notes.len()), ("a laptop", 1));
    assert_eq!(
        card.settings, "?v=1&train-limit=96&test-limit=41&width=0.0625&epochs=2",
        "the folder and the device are this machine's"
    );
    let facts = &card.calibration;
    assert_eq!((facts.fitted_on, facts.measured_on), (21, 20));
    assert_eq!(facts.bins.iter().map(|bin| bin.n).sum::<usize>(), 20);
    assert!((0.0..=1.0).contains(&facts.ece) && facts.calibration.is_sound());
}

#[test]
fn a_published_file_carries_its_calibration_and_halves() {
    let folder = trained();
    publish(folder.path(), "small", &[]).ok();
    let bytes = fs::read(folder.path().join("models/small.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for (name, view) in file.iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")) {
        let wanted = if view.shape().len() > 1 { Dtype::F16 } else { Dtype::F32 };
        assert_eq!(view.dtype(), wanted, "{name}");
    }
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = &header.metadata().as_ref().unwrap()["proden"];
    let description: Value = serde_json::from_str(text).unwrap();
    let calibration = card(folder.path(), "small.json").calibration.calibration;
    assert_eq!(description["calibration"], serde_json::to_value(calibration).unwrap());

    // What it says of a photo is cooled or heated by it.
    let photo = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb([x as u8 * 6, y as u8, 90]));
    photo.save(folder.path().join("a.png")).unwrap();
    let opinion = |model: &str| -> Value {
        let command = ["classify", "--model", model, "a.png", "--json"];
        let answers: Value =
            serde_json::from_str(&run(folder.path(), &command).ok().stdout).unwrap();
        answers[0].clone()
    };
    let (plain, calibrated) =
        (opinion("run/model.safetensors"), opinion("models/small.safetensors"));
    assert_eq!(plain["label"], calibrated["label"]);
    let odds = |answer: &Value| {
        let of = |class: &str| answer["probabilities"][class].as_f64().unwrap().ln();
        of("disc") - of("waves")
    };
    let ratio = odds(&plain) / odds(&calibrated);
    // Half precision moves the scores a little.
    assert!((ratio / calibration.temperature - 1.0).abs() < 0.05, "{ratio} at {calibration:?}");
}

#[test]
fn an_index_grows_and_one_network_is_its_default() {
    let folder = trained();
    for (name, more) in [("a", &[][..]), ("b", &["--default"]), ("a", &[]), ("c", &[])] {
        publish(folder.path(), name, more).ok();
    }
    let index = index(folder.path());
    let names: Vec<_> = index.models.iter().map(|it| (it.name.as_str(), it.is_default)).collect();
    assert_eq!(names, [("a", false), ("b", true), ("c", false)]);
}

#[test]
fn what_cannot_be_published_is_told_of() {
    let folder = trained();
    publish(folder.path(), "../a", &[]).fails(2, "is no plain file name");
    publish(folder.path(), "Index", &[]).fails(2, "is the index's own");
    let elsewhere = ["publish", "--run", "nowhere", "--out", "models", "--name", "a"];
    run(folder.path(), &elsewhere).fails(1, "give the folder of a run");
    fs::create_dir(folder.path().join("models")).unwrap();
    fs::write(folder.path().join("models/index.json"), r#"{"version": 7}"#).unwrap();
    publish(folder.path(), "a", &[]).fails(1, "it is of version 7");
    let metrics = folder.path().join("run/metrics.jsonl");
    let text = fs::read_to_string(&metrics).unwrap();
    let mut later: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    later["epoch"] = 99.into();
    fs::write(&metrics, format!("{text}{later}\n")).unwrap();
    publish(folder.path(), "a", &[]).fails(1, "the run has trained 99: end it first");
    fs::write(&metrics, text).unwrap();
    fs::remove_file(folder.path().join("run/model.safetensors")).unwrap();
    publish(folder.path(), "a", &[]).fails(1, "go on with --resume");
    fs::write(folder.path().join("run/metrics.jsonl"), "").unwrap();
    publish(folder.path(), "a", &[]).fails(1, "without an epoch");
}
