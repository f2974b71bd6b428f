//! `proden bench`: how fast a training step is on this machine. The other column of the table is
//! `tests/bench/pytorch.py`.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use futures_executor::block_on;

use super::failed;
use super::progress::bar;
use super::settings::{self, Given};
use crate::data::synthetic;
use crate::engine::device;
use crate::experiment::{Dataset, Experiment, Setting};
use crate::train::trainer::Trainer;

/// Steps before the clock runs: the first ones compile kernels and allocate.
const WARM_UP: usize = 2;

/// The arguments.
pub fn command() -> Command {
    let is_beside_the_point = |setting: Setting| {
        !matches!(
            setting,
            Setting::Model | Setting::Width | Setting::Batch | Setting::Device | Setting::Augment
        )
    };
    Command::new("bench")
        .about("Time training steps on the built-in pictures, each until its loss is read")
        .arg(
            Arg::new("steps")
                .long("steps")
                .value_name("N")
                .value_parser(value_parser!(u16).range(1..))
                .default_value("10")
                .help("Steps to time, after two that are not timed"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print a JSON object"))
        .args(settings::arguments(is_beside_the_point))
}

/// Times steps.
///
/// # Errors
/// When the settings are wrong or the device fails.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let steps = usize::from(*matches.get_one::<u16>("steps").context("it has a default")?);
    let experiment = Given::of(matches)?.settings_over(Experiment::default())?;
    let experiment = Experiment { dataset: Dataset::Synthetic, ..experiment };
    let chosen = block_on(device::choose(experiment.device)).map_err(|failure| failed(&failure))?;
    let mut times = step_secs(&experiment, &chosen.device, steps)?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let images_per_sec = experiment.batch as f64 / median;
    if matches.get_flag("json") {
        let Experiment { model, width, batch, .. } = experiment;
        return super::print(
            &serde_json::json!({
                "model": model.name(), "width": width, "batch": batch, "device": chosen.report.name,
                "n": steps, "step_secs": median, "images_per_sec": images_per_sec,
            })
            .to_string(),
        );
    }
    super::print(&format!(
        "{} of width {}, batch {}, on {}: {:.1} ms a step, {images_per_sec:.1} images/s (median of {steps} steps)",
        experiment.model,
        experiment.width,
        experiment.batch,
        chosen.report.name,
        median * 1e3
    ))
}

/// Seconds of each of `steps` steps.
fn step_secs(
    experiment: &Experiment,
    device: &burn::tensor::Device,
    steps: usize,
) -> Result<Vec<f64>> {
    let images = synthetic::draw(experiment.batch * (WARM_UP + steps), 1).train;
    let mut trainer = Trainer::new(experiment.clone(), images, device);
    let bar = bar("step {pos} of {len}  {elapsed}");
    bar.set_length((WARM_UP + steps) as u64);
    let mut times = Vec::with_capacity(WARM_UP + steps);
    while !trainer.at_epoch_end() {
        let began = Instant::now();
        let loss = block_on(trainer.step().loss.into_data_async())
            .context("the device failed; give --device cpu")?;
        // The bytes come only when they are looked at.
        black_box(loss.iter::<f32>().sum::<f32>());
        times.push(began.elapsed().as_secs_f64());
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(times.split_off(WARM_UP))
}
