//! `proden train`: a run of the engine's session, its numbers a line an epoch and its state a
//! checkpoint an epoch.

mod conversation;
mod shared;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use self::conversation::{Begin, End, converse};
use self::shared::Shared;
use super::folder::Folder;
use super::progress::Display;
use super::settings::{self, Given};
use super::{Interrupted, Usage, complain, failed};
use crate::engine::files::{Opened, refusal};
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::{Experiment, going_on};
use crate::protocol::{self, FileKind};
use crate::train::checkpoint::Checkpoint;

const ABOUT: &str = "Train a network. Writes into DIR config.json, metrics.jsonl (a line an epoch), \
checkpoint.safetensors (after each epoch, and at Ctrl-C) and model.safetensors (at the end)";

/// The arguments: `-c`, `--out`, and each setting by its name.
pub fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("train")
        .about(ABOUT)
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Where the results go; made if it is not there"),
        )
        .arg(flag(
            "resume",
            "Go on from DIR's checkpoint, with its settings; only --epochs, --data and --device may change",
        ))
        .arg(flag("overwrite", "Begin anew, although DIR holds another run").conflicts_with("resume"))
        .arg(
            Arg::new("link")
                .long("link")
                .value_name("LINK")
                .conflicts_with("config")
                .help("A link that the page shared, in quotes: trains its settings, and says how far the result in it agrees"),
        )
        .arg(flag("json", "Print the lines of metrics.jsonl instead of words"))
        .args(settings::arguments(|_| false))
}

/// Trains.
///
/// # Errors
/// When the settings are wrong, the results cannot be written, or the run fails.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let given = Given::of(matches)?;
    let out = matches.get_one::<PathBuf>("out").context("--out is missing")?;
    let folder = Folder::at(out);
    let begin = if matches.get_flag("resume") {
        match resume(matches, &given, &folder)? {
            Some(begin) => begin,
            None => return Ok(()),
        }
    } else {
        let begin = anew(matches, &given)?;
        if !matches.get_flag("overwrite") {
            folder.check_free()?;
        }
        begin
    };
    folder.make()?;
    match converse(begin, folder, Display::new(matches.get_flag("json")))? {
        End::Finished => Ok(()),
        End::Interrupted { saved } => {
            complain(&if saved {
                format!("interrupted; go on with: proden train --resume --out {}", out.display())
            } else {
                "interrupted before the first step".to_owned()
            });
            Err(Interrupted.into())
        }
    }
}

/// What begins a run from its first step.
fn anew(matches: &ArgMatches, given: &Given) -> Result<Begin> {
    let shared = shared(matches)?;
    let base = shared.as_ref().map_or_else(Experiment::default, |it| it.experiment.clone());
    let experiment = given.over(base)?;
    let to_compare = shared.and_then(|shared| shared.result_for(&experiment));
    let command = protocol::Command::Start { experiment };
    Ok(Begin { opened: None, command, to_compare })
}

/// What the link says, if one was given.
fn shared(matches: &ArgMatches) -> Result<Option<Shared>> {
    let link = matches.get_one::<String>("link");
    Ok(link.map(|address| Shared::read(address)).transpose()?)
}

/// What begins the rest of the run in the folder; None when nothing is left to be done.
fn resume(matches: &ArgMatches, given: &Given, folder: &Folder) -> Result<Option<Begin>> {
    let path = folder.file(FileKind::Checkpoint);
    let name = path.display().to_string();
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(Usage(format!(
            "there is no {name} to go on from. Leave out --resume to begin a run there, or give --out its folder."
        ))),
        _ => anyhow!(error).context(format!("{name} cannot be read")),
    })?;
    let checkpoint = match Opened::read(&name, &bytes).map_err(|failure| failed(&failure))? {
        Opened::Checkpoint(checkpoint) => checkpoint,
        Opened::Model(_) => bail!(
            "{name} is a network without the state of its run: training cannot go on from it. Put a checkpoint there, or leave out --resume."
        ),
    };
    let before = checkpoint.experiment().map_err(|error| failed(&refusal(&name, &error)))?;
    let experiment = given.over(before.clone())?;
    let trained = checkpoint.history.len();
    let is_complete = experiment.epochs == trained && checkpoint.position.step == 0;
    let to_check =
        Experiment { epochs: experiment.epochs + usize::from(is_complete), ..experiment.clone() };
    going_on::check(before, &to_check, trained)
        .map_err(|failure| Usage(failed(&failure).to_string()))?;
    if is_complete {
        complete(folder, &checkpoint, &experiment)?;
        return Ok(None);
    }
    let to_compare = shared(matches)?.and_then(|shared| shared.result_for(&experiment));
    let command = protocol::Command::Continue { experiment };
    Ok(Some(Begin { opened: Some((name, bytes)), command, to_compare }))
}

/// Makes sure that the folder of a run that has ended holds all its files.
fn complete(folder: &Folder, checkpoint: &Checkpoint, experiment: &Experiment) -> Result<()> {
    let history: &[EpochMetrics] = &checkpoint.history;
    folder.describe(experiment, history)?;
    // It may be missing, or of fewer epochs, if the program was killed.
    folder.write(FileKind::Model.file_name(), &checkpoint.model.to_bytes()?)?;
    complain(&format!(
        "the run in {} has trained its {} epochs; give --epochs a larger number to go on",
        folder.path().display(),
        history.len()
    ));
    Ok(())
}
