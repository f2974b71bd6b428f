//! `xtask fuzz`: whatever comes from outside, made up by libFuzzer, against every parser.

use crate::{project, tools};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::fs;

#[derive(Args)]
pub struct Options {
    /// How long each parser is fuzzed
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    seconds: u32,
    /// Only these (the names of the files in fuzz/fuzz_targets)
    targets: Vec<String>,
}

/// Fuzzes one parser after another, from the seeds in the project and what earlier runs found.
pub fn run(options: &Options) -> Result<()> {
    tools::ensure_cargo_fuzz()?;
    let asked = |name: &String| options.targets.is_empty() || options.targets.contains(name);
    let targets: Vec<String> = all()?.into_iter().filter(asked).collect();
    ensure!(!targets.is_empty(), "there is no such fuzzer: see fuzz/fuzz_targets");
    for target in &targets {
        println!("\n=== fuzzing {target} for {} s ===", options.seconds);
        let corpus = project::root().join("fuzz/corpus").join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
        let mut cargo = project::cargo();
        // What finds the way through the code is nightly's, and in the stable compiler behind this.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        // Our code is safe Rust: a panic is what there is to find.
        cargo.args(["fuzz", "run", "--sanitizer", "none", target]).arg(corpus);
        let seeds = project::root().join("fuzz/seeds").join(target);
        if seeds.is_dir() {
            cargo.arg(seeds);
        }
        cargo.args(["--", "-timeout=10", &format!("-max_total_time={}", options.seconds)]);
        project::run(cargo).with_context(|| format!("{target} has found something"))?;
    }
    Ok(())
}

fn all() -> Result<Vec<String>> {
    let folder = project::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).context("cannot list fuzz/fuzz_targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
