//! `proden publish`: from the folder of a run to the files that a site offers its visitors
//! (`public/models/`): weights in half precision, a card, and an entry in the index.

mod measure;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use futures_executor::block_on;
use serde::Serialize;
use sha2::{Digest, Sha256};

use self::measure::Measurement;
use super::folder::Folder;
use super::network::Loaded;
use super::settings::{self, Given};
use super::{Usage, complain, failed, print};
use crate::data::cifar::Layout;
use crate::data::synthetic;
use crate::engine::trained::Trained;
use crate::engine::{device, load};
use crate::experiment::hosted::{
    self, Ambiguity, CalibrationFacts, Card, DataFacts, Entry, Index, Measured,
};
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Dataset, DeviceChoice, Experiment, Setting, link, words};
use crate::model::file::{ModelFile, Precision};
use crate::model::weights;
use crate::protocol::FileKind;

const ABOUT: &str = "Make a network of a run one that the page offers: weights in half precision, a card \
(what it learnt from, how good and how honest it is) and an entry in the index";
/// What a visitor waits for, on a slow line.
const MAX_WELCOME_BYTES: u64 = 8_000_000;
/// The arguments.
pub fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let path =
        |name, help| text(name, "DIR", help).value_parser(value_parser!(PathBuf)).required(true);
    let matters =
        ["config", Setting::Data.name(), Setting::TestLimit.name(), Setting::Device.name()];
    Command::new("publish")
        .about(ABOUT)
        .arg(path("run", "The folder that “proden train --out” has filled"))
        .arg(path("out", "Where the site has its networks: public/models"))
        .arg(text("name", "NAME", "Of the files: letters, digits, - and _").required(true))
        .arg(text("title", "TITLE", "What the page calls it"))
        .arg(
            text("machine", "TEXT", "What it was trained on, for the card")
                .default_value("not stated"),
        )
        .arg(
            text("note", "TEXT", "Worth knowing, for the card; may be given several times")
                .action(ArgAction::Append),
        )
        .arg(
            Arg::new("default")
                .long("default")
                .action(ArgAction::SetTrue)
                .help("The page begins with it; else with the first one that was published"),
        )
        .args(
            settings::arguments(|_| false)
                .filter(move |arg| matters.contains(&arg.get_id().as_str())),
        )
}

/// Publishes.
///
/// # Errors
/// When the folder holds no run that has ended, or the test images cannot be loaded.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let path = |name: &str| matches.get_one::<PathBuf>(name).context("a folder is missing");
    let name = matches.get_one::<String>("name").context("--name is missing")?;
    check_name(name)?;
    let folder = Folder::at(path("run")?);
    let Some(last) = folder.history()?.pop() else {
        bail!("{} holds a run without an epoch: let it train first", folder.path().display());
    };
    let loaded = Loaded::read(&folder.file(FileKind::Model)).context(
        "the run has no network yet: it is written when the run ends; go on with --resume",
    )?;
    let own = loaded.experiment().context("the network does not say how it was trained")?;
    if own.epochs < last.epoch {
        bail!(
            "the network in {} is of {} epochs, and the run has trained {}: end it first, by --resume",
            folder.path().display(),
            own.epochs,
            last.epoch
        );
    }
    let own = Experiment { device: DeviceChoice::Auto, ..own.clone() };
    let experiment = Given::of(matches)?.over(own)?;

    let mut file = in_half_precision(&loaded.file, &experiment)?;
    let chosen = block_on(device::choose(experiment.device)).map_err(|failure| failed(&failure))?;
    let trained = Trained::from_file(&file, chosen.device)?;
    let (test, notes) =
        block_on(load::test_set(&experiment, &|_| {})).map_err(|failure| failed(&failure))?;
    notes.iter().for_each(|note| complain(&format!("note: {note}")));
    let measured = Measurement::of(&trained, &test, experiment.dataset)?;
    if let Some(description) = &mut file.description {
        description.calibration = Some(measured.facts.calibration);
    }
    // The sum of the tensors' sizes would count batch norm's statistics.
    let parameters = weights::parameters(&file.network(&trained.device.autodiff())?);
    let card = Card {
        name: name.clone(),
        parameters,
        classes: trained.class_names,
        ..card(matches, &portable(&experiment), &last, measured)
    };
    write(path("out")?, &card, &file, matches.get_flag("default"))
}

/// Whether files can be called so, beside the index.
fn check_name(name: &str) -> Result<(), Usage> {
    if !hosted::is_plain(name) {
        return Err(Usage(format!(
            "--name: “{name}” is no plain file name. Use letters, digits, - and _."
        )));
    }
    if format!("{name}.json").eq_ignore_ascii_case(hosted::INDEX) {
        return Err(Usage(format!("--name: “{name}” is the index's own. Choose another one.")));
    }
    Ok(())
}

/// What the run and the arguments tell of the network.
fn card(
    matches: &ArgMatches,
    experiment: &Experiment,
    last: &EpochMetrics,
    measured: Measurement,
) -> Card {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let Experiment { model, width, dataset, method, candidates, rate, .. } = *experiment;
    Card {
        version: hosted::VERSION,
        name: String::new(),
        title: text("title").unwrap_or_else(|| format!("{}, {}", model.title(), dataset.title())),
        network: format!("{model}, width {width}"),
        parameters: 0,
        classes: Vec::new(),
        data: DataFacts { dataset, training_images: training_images(experiment) },
        ambiguity: Ambiguity { method, candidates, rate },
        settings: format!("?{}", link::to_query(experiment)),
        seeds: vec![experiment.seed],
        epochs: last.epoch,
        elapsed_secs: last.elapsed_secs,
        machine: text("machine").unwrap_or_default(),
        test_accuracy: measured.accuracy,
        label_accuracy: Some(last.label_accuracy),
        calibration: measured.facts,
        notes: matches.get_many("note").into_iter().flatten().cloned().collect(),
    }
}

/// The experiment without what is true on one machine only.
fn portable(experiment: &Experiment) -> Experiment {
    let Experiment { data, device, .. } = Experiment::default();
    Experiment { data, device, autostart: false, ..experiment.clone() }
}

/// The network as the file will hold it: what is measured is what is hosted.
fn in_half_precision(model: &ModelFile, experiment: &Experiment) -> Result<ModelFile> {
    let mut model = model.clone();
    if let Some(description) = &mut model.description {
        description.experiment = portable(experiment);
    }
    Ok(ModelFile::read(&model.to_bytes_with(Precision::Half)?)?)
}

/// Images that it was trained on.
fn training_images(experiment: &Experiment) -> usize {
    let of_all = match Layout::of(experiment.dataset) {
        None => synthetic::TRAIN_IMAGES,
        Some(layout) => layout.train.len() * layout.train_records_per_file,
    };
    match (experiment.train_limit, experiment.dataset) {
        (0, _) => of_all,
        (limit, Dataset::Synthetic) => limit.min(synthetic::MAX_IMAGES),
        (limit, _) => limit.min(of_all),
    }
}

/// Writes the three files; the index last, since it makes the others count.
fn write(out: &Path, card: &Card, file: &ModelFile, is_default: bool) -> Result<()> {
    let folder = Folder::at(out);
    let path = out.join(hosted::INDEX);
    let mut index = match fs::read_to_string(&path) {
        Ok(text) => {
            Index::parse(&text).with_context(|| format!("{} cannot be used", path.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Index::default(),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    let bytes = file.to_bytes_with(Precision::Half)?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = &card.name;
    let entry = Entry {
        name: name.clone(),
        title: card.title.clone(),
        file: format!("{name}.safetensors"),
        size_bytes: bytes.len() as u64,
        sha256,
        card: format!("{name}.json"),
        is_default,
    };
    folder.make()?;
    folder.write(&entry.file, &bytes)?;
    folder.write(&entry.card, &json(card)?)?;
    if entry.size_bytes > MAX_WELCOME_BYTES {
        complain(&format!(
            "note: {} has {}; visitors wait for it, so a narrower network would be kinder",
            entry.file,
            words::bytes(entry.size_bytes)
        ));
    }
    let Measured { share, n } = card.test_accuracy;
    let CalibrationFacts { calibration, ece, ece_before, .. } = &card.calibration;
    print(&format!(
        "{}: {}, test accuracy {share:.4} on {n} images, calibration error {ece:.4} (before: {ece_before:.4}) at temperature {:.3}, none of the classes below {:.3}",
        entry.file,
        words::bytes(entry.size_bytes),
        calibration.temperature,
        calibration.threshold,
    ))?;
    index.put(entry);
    folder.write(hosted::INDEX, &json(&index)?)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    Ok((serde_json::to_string_pretty(value)? + "\n").into_bytes())
}
