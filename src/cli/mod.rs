//! The command line: the page's own session, natively.

mod train;

use anyhow::Result;
use clap::Command;

/// Runs what the arguments say.
///
/// # Errors
/// With a message for a person.
pub fn main() -> Result<()> {
    let matches = Command::new("proden")
        .about("Train image classifiers from ambiguous labels (PRODEN)")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(train::command())
        .get_matches();
    match matches.subcommand() {
        Some(("train", matches)) => train::main(matches),
        // clap has refused anything else.
        _ => Ok(()),
    }
}
