//! The command line: the page's own session, natively.

mod bench;
mod classify;
mod data;
mod download;
mod folder;
mod network;
mod progress;
mod publish;
mod settings;
mod test;
mod train;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Command;

use crate::protocol::Failure;

/// A fault in what was asked for; nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// The run was ended by Ctrl-C, and can go on.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

const FAILED: u8 = 1;
/// As clap has it for flags.
const USAGE: u8 = 2;
/// As a shell has it for a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

const EXIT_CODES: &str = "Exit codes:
  0    all went well
  1    it did not: bad data or files, a run that diverged, no space or no network
  2    the flags or settings are wrong; nothing was done
  130  ended by Ctrl-C; a run can go on with --resume

Results go to the standard output, everything else to the standard error; progress bars are drawn
only on a terminal.";

/// Runs what the arguments say.
pub fn main() -> ExitCode {
    let commands = [
        train::command(),
        test::command(),
        classify::command(),
        data::command(),
        publish::command(),
        bench::command(),
    ];
    let matches = Command::new("proden")
        .about("Train image classifiers from ambiguous labels (PRODEN), and use them")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(EXIT_CODES)
        .subcommands(commands.map(|command| command.after_help(EXIT_CODES)))
        .get_matches();
    let outcome = match matches.subcommand() {
        Some(("train", matches)) => train::main(matches),
        Some(("test", matches)) => test::main(matches),
        Some(("classify", matches)) => classify::main(matches),
        Some(("data", matches)) => data::main(matches),
        Some(("bench", matches)) => bench::main(matches),
        Some(("publish", matches)) => publish::main(matches),
        // clap has refused anything else.
        _ => Ok(()),
    };
    outcome.map_or_else(|error| exit_code(&error), |()| ExitCode::SUCCESS)
}

/// Says what went wrong.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Interrupted>() {
        return ExitCode::from(INTERRUPTED);
    }
    complain(&format!("error: {error:#}"));
    ExitCode::from(if error.is::<Usage>() { USAGE } else { FAILED })
}

/// A line on the standard error, which may have been closed.
fn complain(line: &str) {
    // Nobody is there to be told.
    let _ = writeln!(io::stderr(), "{line}");
}

/// A result.
///
/// # Errors
/// When nobody reads it.
fn print(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("the results cannot be written")
}

/// The engine's failure as an error: what is wrong, and what to do.
fn failed(failure: &Failure) -> anyhow::Error {
    anyhow::anyhow!("{} {}", failure.fault, failure.remedy)
}
