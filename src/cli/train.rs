//! `proden train`: a run on this machine's CPU, its numbers a line an epoch.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use futures_channel::mpsc;
use futures_executor::block_on;

use crate::engine::session;
use crate::experiment::{Experiment, Setting};
use crate::protocol::{self, Event, Failure};

/// The arguments: `-c`, `--out`, and each setting by its name.
pub fn command() -> Command {
    let settings = Setting::ALL.iter().map(|setting| {
        Arg::new(setting.name()).long(setting.name()).value_name("VALUE").help(setting.help())
    });
    Command::new("train")
        .about("Train a network; writes config.json and metrics.jsonl into DIR")
        .arg(
            Arg::new("config")
                .short('c')
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("A configuration file (JSON); flags go over it"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Where the results go; made if it is not there"),
        )
        .args(settings)
}

/// Trains.
///
/// # Errors
/// When the settings are wrong, the results cannot be written, or the run fails.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let experiment = experiment(matches)?;
    let out = matches.get_one::<PathBuf>("out").context("--out is missing")?;
    fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let config = serde_json::to_string_pretty(&experiment)?;
    write(&out.join("config.json"), &(config + "\n"))?;
    let metrics = out.join("metrics.jsonl");
    let metrics =
        File::create(&metrics).with_context(|| format!("{} cannot be made", metrics.display()))?;
    run(experiment, metrics)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// The configuration file, with the flags over it.
fn experiment(matches: &ArgMatches) -> Result<Experiment> {
    let mut experiment = match matches.get_one::<PathBuf>("config") {
        None => Experiment::default(),
        Some(path) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is no configuration", path.display()))?
        }
    };
    for &setting in Setting::ALL {
        if let Some(text) = matches.get_one::<String>(setting.name()) {
            experiment.set(setting, text)?;
        }
    }
    experiment.check()?;
    Ok(experiment)
}

/// Runs the page's session until the run ends.
fn run(experiment: Experiment, metrics: File) -> Result<()> {
    let (sender, receiver) = mpsc::unbounded();
    sender.unbounded_send((protocol::Command::Start { experiment }, None))?;
    let outcome: Rc<RefCell<Result<()>>> =
        Rc::new(RefCell::new(Err(anyhow!("the run did not end"))));
    // The session ends when nobody can send any more.
    let sender = RefCell::new(Some(sender));
    let emit: session::Emit = {
        let outcome = outcome.clone();
        Rc::new(move |event, _| {
            if let Some(end) = tell(&event, &metrics) {
                *outcome.borrow_mut() = end;
                sender.take();
            }
        })
    };
    block_on(session::serve(receiver, emit));
    outcome.replace(Ok(()))
}

/// Tells of an event; the outcome, if it ends the run.
fn tell(event: &Event, mut metrics: &File) -> Option<Result<()>> {
    match event {
        Event::Started(info) => {
            println!(
                "{} images, {:.2} candidates each; {} parameters",
                info.train_images, info.candidates.mean_size, info.parameters
            );
            for note in &info.notes {
                println!("note: {note}");
            }
        }
        Event::Epoch { metrics: epoch, .. } => {
            println!(
                "epoch {:4}  loss {:.4}  test {:.4}  labels {:.4}  confidence {:.4}  {:.1} images/s",
                epoch.epoch,
                epoch.loss,
                epoch.test_accuracy,
                epoch.label_accuracy,
                epoch.mean_confidence,
                epoch.images_per_sec
            );
            let line = serde_json::to_string(epoch).map_err(anyhow::Error::from);
            if let Err(error) = line.and_then(|line| Ok(writeln!(metrics, "{line}")?)) {
                return Some(Err(error.context("metrics.jsonl cannot be written")));
            }
        }
        Event::Finished => return Some(Ok(())),
        Event::Failed(Failure { fault, remedy, .. }) => return Some(failed(fault, remedy)),
        Event::Device(device) => println!("device: {}", device.name),
        Event::Stopped => return Some(Err(anyhow!("the run was stopped"))),
        Event::Ready { .. }
        | Event::Loading(_)
        | Event::Compiling
        | Event::Progress(_)
        | Event::Paused
        | Event::Resumed
        | Event::Classified { .. }
        | Event::Saved(_)
        | Event::Opened { .. }
        | Event::Keeping(_)
        | Event::DataKept(_) => {}
    }
    None
}

fn failed(fault: &str, remedy: &str) -> Result<()> {
    bail!("{fault} {remedy}")
}
