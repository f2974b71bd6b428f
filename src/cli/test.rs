//! `proden test`: how often a network is right on test images.

use anyhow::{Context, Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Command};
use futures_executor::block_on;

use super::network::{self, Loaded};
use super::progress::bar;
use super::settings::{self, Given};
use super::{Usage, complain, failed};
use crate::data::images::ImageSet;
use crate::engine::trained::Trained;
use crate::engine::{device, load};
use crate::experiment::{Dataset, DeviceChoice, Experiment, Setting};
use crate::train::evaluate;

/// The arguments.
pub fn command() -> Command {
    let is_beside_the_point = |setting: Setting| {
        !matches!(setting, Setting::Dataset | Setting::Data | Setting::TestLimit | Setting::Device)
    };
    Command::new("test")
        .about("Tell how often a network is right on the test images: by default those that it was tested on while it trained")
        .arg(network::argument())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print {\"test_accuracy\": ..., \"n\": ...}"),
        )
        // `--model` is the file here; the network is what the file says.
        .args(settings::arguments(is_beside_the_point).filter(|arg| arg.get_id() != "model"))
}

/// Tests.
///
/// # Errors
/// When the network or the data cannot be loaded.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let given = Given::of(matches)?;
    let loaded = Loaded::of(matches)?;
    let experiment = experiment(&loaded, &given)?;
    let chosen = block_on(device::choose(experiment.device)).map_err(|failure| failed(&failure))?;
    let trained = loaded.trained(chosen.device)?;
    let (test, notes) =
        block_on(load::test_set(&experiment, &|_| {})).map_err(|failure| failed(&failure))?;
    for note in notes {
        complain(&format!("note: {note}"));
    }
    let right = right(&trained, &test)?;
    let (n, accuracy) = (test.len(), right as f64 / test.len().max(1) as f64);
    if matches.get_flag("json") {
        super::print(&serde_json::json!({ "test_accuracy": accuracy, "n": n }).to_string())
    } else {
        super::print(&format!("test accuracy {accuracy:.4} on {n} images"))
    }
}

/// What the test images are: those of the network's own experiment, but where the arguments say
/// otherwise.
fn experiment(loaded: &Loaded, given: &Given) -> Result<Experiment> {
    let classes = loaded.classes()?;
    let dataset = if classes == 100 { Dataset::Cifar100 } else { Dataset::Cifar10 };
    let own = loaded.experiment().cloned();
    let own = own.unwrap_or_else(|| Experiment { dataset, ..Experiment::default() });
    // It may have been trained on another machine.
    let own = Experiment { device: DeviceChoice::Auto, ..own };
    let experiment = given.over(own)?;
    if experiment.dataset.classes() != classes {
        return Err(anyhow!(Usage(format!(
            "{} knows {classes} classes, and {} has {}: give --dataset another value.",
            loaded.name,
            experiment.dataset,
            experiment.dataset.classes()
        ))));
    }
    Ok(experiment)
}

fn right(trained: &Trained, test: &ImageSet) -> Result<usize> {
    let bar = bar("testing [{bar:30}] {pos}/{len}  {per_sec}");
    bar.set_length(test.len() as u64);
    let ids: Vec<usize> = (0..test.len()).collect();
    let mut right = 0;
    for ids in ids.chunks(evaluate::BATCH) {
        let Trained { network, device, normaliser, .. } = trained;
        right += block_on(evaluate::count_right(network, device, normaliser, test, ids))
            .context("the device failed; give --device cpu")?;
        bar.inc(ids.len() as u64);
    }
    bar.finish_and_clear();
    Ok(right)
}
