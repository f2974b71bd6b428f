//! `proden classify`: what a network says of photos.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use futures_executor::block_on;
use serde::{Serialize, Serializer};

use super::network::{self, Loaded};
use super::settings::{self, Given};
use super::{complain, failed, print};
use crate::engine::device;
use crate::engine::trained::Trained;
use crate::experiment::calibration::is_believed;
use crate::experiment::{DeviceChoice, Experiment, Setting};

/// Classes that are shown of each image, the likeliest first.
const SHOWN_CLASSES: usize = 10;

/// The arguments.
pub fn command() -> Command {
    Command::new("classify")
        .about("Say what is on images, with a trained network")
        .arg(network::argument())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print a list of {\"image\", \"label\", \"probability\", \"probabilities\"}"),
        )
        // No other setting matters to a photo.
        .args(
            settings::arguments(|_| false)
                .filter(|arg| ["config", Setting::Device.name()].contains(&arg.get_id().as_str())),
        )
        .arg(
            Arg::new("images")
                .value_name("IMAGE")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("JPEG, PNG or WebP files"),
        )
}

/// An image and what it was taken for.
#[derive(Serialize)]
struct Answer {
    image: String,
    label: String,
    probability: f32,
    /// Whether the probability is below the network's threshold: none of the classes, then.
    none_of_them: bool,
    #[serde(serialize_with = "as_object")]
    probabilities: Vec<(String, f32)>,
}

/// In the order of the classes.
fn as_object<S: Serializer>(pairs: &[(String, f32)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(class, probability)| (class, probability)))
}

/// Classifies.
///
/// # Errors
/// When the network cannot be loaded, or an image cannot be read; the others are told all the
/// same.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let experiment = Given::of(matches)?.settings_over(Experiment {
        // One photo at a time is no work for a graphics card.
        device: DeviceChoice::Cpu,
        ..Experiment::default()
    })?;
    let chosen = block_on(device::choose(experiment.device)).map_err(|failure| failed(&failure))?;
    let trained = Loaded::of(matches)?.trained(chosen.device)?;
    let is_json = matches.get_flag("json");
    let images: Vec<&PathBuf> = matches.get_many("images").into_iter().flatten().collect();
    let mut answers = Vec::new();
    for image in &images {
        match answer(&trained, image) {
            Ok(answer) if is_json => answers.push(answer),
            Ok(answer) => {
                print(&words(&answer))?;
                answers.push(answer);
            }
            Err(error) => complain(&format!("{}: {error:#}", image.display())),
        }
    }
    if is_json {
        print(&serde_json::to_string(&answers)?)?;
    }
    match images.len() - answers.len() {
        0 => Ok(()),
        missing => bail!("{missing} of {} images could not be classified", images.len()),
    }
}

fn answer(trained: &Trained, path: &Path) -> Result<Answer> {
    let file = fs::read(path).context("cannot be read")?;
    let (_, probabilities) =
        block_on(trained.probabilities(&file)).map_err(|failure| failed(&failure))?;
    let probabilities: Vec<_> = trained.class_names.iter().cloned().zip(probabilities).collect();
    let best = probabilities.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
    let (label, probability) = best.context("the network has no classes")?.clone();
    let none_of_them = !is_believed(f64::from(probability), trained.calibration.threshold);
    Ok(Answer {
        image: path.display().to_string(),
        label,
        probability,
        none_of_them,
        probabilities,
    })
}

fn words(answer: &Answer) -> String {
    let Answer { image, label, probability, .. } = answer;
    let doubt = if answer.none_of_them { ", but it looks like none of the classes" } else { "" };
    let mut sorted = answer.probabilities.clone();
    sorted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let lines = sorted
        .iter()
        .take(SHOWN_CLASSES)
        .map(|(class, probability)| format!("\n  {probability:.4}  {class}"));
    format!("{image}: {label} ({probability:.2}){doubt}{}", lines.collect::<String>())
}
