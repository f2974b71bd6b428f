//! The tests of the whole site in a browser, the screenshots and the timed visits: Node programs in
//! `tests/e2e`.
//!
//! They drive the system's Chromium over playwright-core and start `xtask serve` themselves, on the
//! dist/ that is built before. All that they need to know comes in environment variables.

use super::{Tally, counts, packages, tests};
use crate::{browser, project, site};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ends the names of files whose tests look at a clock: another test beside them would be measured, too.
const ALONE: &str = ".alone.test.mjs";
/// How many of the other files run at once. A training takes one core, and much of a test is waiting.
const AT_ONCE: usize = 2;

pub fn run(xtask: &Path) -> Result<Tally> {
    // Nothing to do after the step `site`; alone, this tests what is in src/.
    site::build()?;
    let command_line = command_line()?;
    let (alone, side_by_side): (Vec<_>, Vec<_>) =
        test_files()?.into_iter().partition(|file| file.to_string_lossy().ends_with(ALONE));
    let run = |files: Vec<PathBuf>, at_once: usize| -> Result<Tally> {
        let mut node = node(xtask)?;
        node.env("PRODEN_CLI", &command_line);
        node.arg("--test").arg(format!("--test-concurrency={at_once}"));
        node.arg("--test-reporter=spec");
        if knows_force_exit()? {
            // A failing test may leave a server open, and Node would wait for it for ever.
            node.arg("--test-force-exit");
        }
        node.args(files);
        tests(node, counts::in_node)
    };
    Ok(run(alone, 1)?.and(run(side_by_side, AT_ONCE)?))
}

/// The command line, for what page and command line do alike.
fn command_line() -> Result<PathBuf> {
    let mut cargo = project::cargo();
    cargo.args(["build", "--no-default-features", "--features", "cli", "--bin", "proden"]);
    project::run(cargo).context("cannot build the command line")?;
    Ok(project::target().join("debug").join(format!("proden{}", std::env::consts::EXE_SUFFIX)))
}

pub fn screenshots() -> Result<()> {
    program("screenshots.mjs")
}

/// Times what a visitor waits for and counts what it costs.
pub fn visits() -> Result<()> {
    program("visits.mjs")
}

/// Times the CPU in the page on one thread and on all.
pub fn threads() -> Result<()> {
    program("threads.mjs")
}

/// Runs one that drives the built site.
fn program(name: &str) -> Result<()> {
    let xtask = std::env::current_exe()?;
    site::build()?;
    let mut node = node(&xtask)?;
    node.arg(folder().join(name));
    project::run(node)
}

fn folder() -> PathBuf {
    project::root().join("tests/e2e")
}

/// Listed here, because Node takes patterns only from version 21 on.
fn test_files() -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder()).context("cannot list tests/e2e")?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    ensure!(!files.is_empty(), "tests/e2e has no *.test.mjs");
    files.sort();
    Ok(files)
}

/// Node has it from 20.14 on; Debian 12's is older.
fn knows_force_exit() -> Result<bool> {
    let mut asked = project::command(browser::node()?);
    asked.args(["--test-force-exit", "--version"]);
    Ok(project::output_of(asked).is_some())
}

/// Node with its packages installed and the environment of the tests.
fn node(xtask: &Path) -> Result<Command> {
    let (program, chromium) = (browser::node()?, browser::chromium()?);
    packages::ensure(&folder())?;
    let mut node = project::command(program);
    node.env("PRODEN_DIST", project::dist());
    node.env("PRODEN_XTASK", xtask);
    node.env("CHROMIUM", chromium);
    if let Some(shared) = project::shared() {
        node.env("PRODEN_SHARED", shared);
    }
    Ok(node)
}
