//! `xtask test`: every check and test of the project, and one summary.
//!
//! A step that fails does not stop the others: one run tells all that is wrong. The site comes
//! early because it takes longest and the browser needs it.

mod counts;
pub mod e2e;
mod packages;
mod summary;
mod tee;
pub mod wasm;

use crate::{project, site, tools};
use anyhow::Result;
use clap::{Args, ValueEnum};
use counts::Counts;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, ExitCode};
use std::time::Instant;
use summary::{Line, Tally};

#[derive(Args)]
pub struct Options {
    /// Run only these steps
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
}

/// In the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Step {
    Fmt,
    Site,
    ClippyUi,
    ClippyEngine,
    ClippyCli,
    ClippyXtask,
    Native,
    Browser,
    Deny,
    E2e,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    // Asked now: a step may replace the file, and then the system says that it is deleted.
    let xtask = std::env::current_exe()?;
    let mut lines: Vec<Line> = Vec::new();
    for step in Step::value_variants() {
        if !options.only.is_empty() && !options.only.contains(step) {
            continue;
        }
        let name = step.name();
        println!("\n=== {name} ===");
        io::stdout().flush()?;
        let started = Instant::now();
        let site_failed =
            lines.iter().any(|line| line.name == Step::Site.name() && !line.tally.ok());
        let tally = match step {
            Step::E2e if site_failed => {
                eprintln!("xtask: there is no site to test");
                Tally::check(false)
            }
            Step::E2e => settle(e2e::run(&xtask)),
            _ => settle(step.run()),
        };
        lines.push(Line { name, tally, elapsed_secs: started.elapsed().as_secs_f64() });
    }
    print!("{}", summary::table(&lines));
    io::stdout().flush()?;
    // Not an error to print: the summary's last line stays the last.
    let all_ok = lines.iter().all(|line| line.tally.ok());
    Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A step that could not even begin has failed like any other.
fn settle(result: Result<Tally>) -> Tally {
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        Tally::check(false)
    })
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self) -> Result<Tally> {
        match self {
            Step::Fmt => check(cargo(&["fmt", "--all", "--check"])),
            Step::Site => site::build().map(|()| Tally::check(true)),
            Step::ClippyUi => check_wasm("page", &["--features", "ui", "--lib", "--bin", "ui"]),
            Step::ClippyEngine => {
                let targets = [
                    "--lib", "--bin", "worker", "--test", "bench", "--test", "browser", "--test",
                    "storage",
                ];
                check_wasm("web", &[&["--features", "engine"], &targets[..]].concat())
            }
            Step::ClippyCli => {
                check(clippy(&["--no-default-features", "--features", "cli", "--all-targets"]))
            }
            Step::ClippyXtask => check(clippy(&[
                "--package",
                "xtask",
                "--package",
                "proden-kernels",
                "--all-targets",
            ])),
            Step::Native => {
                let args = ["test", "--no-fail-fast", "--no-default-features", "--features", "cli"];
                let product = tests(cargo(&args), counts::in_cargo)?;
                let args = ["test", "--package", "xtask", "--package", "proden-kernels"];
                let xtask = tests(cargo(&args), counts::in_cargo)?;
                Ok(product.and(xtask))
            }
            Step::Browser => wasm::run(),
            Step::Deny => {
                tools::ensure_cargo_deny()?;
                let mut deny = project::command(project::tool("cargo-deny"));
                // Not --offline: a bare machine lacks the crates that no step builds, wgpu's for one.
                deny.args(["check", "bans", "licenses", "sources"]);
                check(deny)
            }
            Step::E2e => unreachable!("needs to know the running xtask"),
        }
    }
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = project::cargo();
    cargo.args(args);
    if io::stdout().is_terminal() {
        // cargo sees our pipe and would leave the colours out.
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    cargo
}

fn clippy(args: &[&str]) -> Command {
    let mut clippy = cargo(&["clippy"]);
    clippy.args(args).args(["--", "-D", "warnings"]);
    clippy
}

/// Clippy over wasm, in the site's profile for that part: the macros and build scripts of its dependencies have
/// been compiled in it by then, and `dev` would compile them again, optimised.
fn check_wasm(profile: &str, args: &[&str]) -> Result<Tally> {
    tools::ensure_wasm_target()?;
    let target =
        ["--profile", profile, "--target", "wasm32-unknown-unknown", "--no-default-features"];
    check(clippy(&[&target, args].concat()))
}

fn check(command: Command) -> Result<Tally> {
    Ok(Tally::check(tee::run(command)?.ok))
}

/// Runs tests and reads from what they print how many there were.
fn tests(command: Command, count: fn(&str) -> Counts) -> Result<Tally> {
    let ended = tee::run(command)?;
    Ok(Tally::tests(ended.ok, count(&ended.output)))
}
