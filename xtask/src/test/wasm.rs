//! The Rust tests that need a browser: `tests/browser.rs` and `tests/storage.rs`, in a headless
//! Chromium with WebGPU.
//!
//! wasm-bindgen's test runner starts the browser and serves the tests. Its server falls back to the
//! files below its working folder, which is the repository's root: what lies in
//! `target/browser-test/` is at `/target/browser-test/` for a test to fetch.

use super::{Tally, cargo, counts, packages, tests};
use crate::{browser, project, tools};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// For one test binary. WebGPU in software takes seconds a training step.
const TIMEOUT_SECS: &str = "1200";
/// For the driver to answer at all; its default of 5 is short on a busy machine.
const DRIVER_TIMEOUT_SECS: &str = "60";

pub fn run() -> Result<Tally> {
    tests(in_chromium(&["browser", "storage"], &[])?, counts::in_cargo)
}

/// Crates of operations of Burn's that the site does not call, and so does not optimise; the bench times them.
const BURNS_OWN: [&str; 9] = [
    "burn-flex",
    "cubek-attention",
    "cubek-convolution",
    "cubek-matmul",
    "cubek-pool",
    "cubek-reduce",
    "cubek-tile",
    "gemm-common",
    "gemm-f32",
];

/// Times us against Burn's own operations and TensorFlow.js (`tests/bench`), and prints what it
/// finds.
pub fn bench() -> Result<()> {
    bundle_tensorflow()?;
    project::run(in_chromium(&["bench"], &BURNS_OWN)?)
}

/// Makes target/bench/tfjs.js of `tests/bench/tfjs`, for the bench to import.
fn bundle_tensorflow() -> Result<()> {
    let folder = project::root().join("tests/bench/tfjs");
    packages::ensure(&folder)?;
    let mut npm = project::command(browser::npm()?);
    npm.args(["run", "--silent", "build"]).current_dir(&folder);
    project::run(npm).context("cannot bundle TensorFlow.js")
}

/// A command that runs these of the tests, with some crates optimised for speed.
fn in_chromium(names: &[&str], optimised: &[&str]) -> Result<Command> {
    tools::ensure_wasm_target()?;
    tools::ensure_wasm_bindgen()?;
    let (chromium, chromedriver) = (browser::chromium()?, browser::chromedriver()?);

    let scratch = project::target().join("browser-test");
    fs::create_dir_all(&scratch).context("cannot make target/browser-test")?;
    let webdriver = scratch.join("webdriver.json");
    let capabilities = browser::webdriver_capabilities(&chromium, browser::is_root());
    fs::write(&webdriver, capabilities.to_string()).context("cannot write webdriver.json")?;
    lay_out_golden_files(&scratch.join("golden"))?;

    let mut command = cargo(&["test", "--profile", "web", "--target", "wasm32-unknown-unknown"]);
    command.args(["--no-default-features", "--features", "engine"]);
    for name in names {
        command.args(["--test", name]);
    }
    for krate in optimised {
        command.arg("--config").arg(format!("profile.web.package.{krate}.opt-level=3"));
    }
    // How far off the numbers are, and what was left out, is told by tests that pass.
    command.args(["--", "--nocapture"]);
    command.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
        project::tool("wasm-bindgen-test-runner"),
    );
    command.env("CHROMEDRIVER", chromedriver);
    command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver);
    command.env("WASM_BINDGEN_TEST_TIMEOUT", TIMEOUT_SECS);
    command.env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", DRIVER_TIMEOUT_SECS);
    Ok(command)
}

/// Copies PyTorch's reference numbers to where the runner can serve them; it follows no links. A
/// checkout without them has an empty folder.
fn lay_out_golden_files(golden: &Path) -> Result<()> {
    fs::create_dir_all(golden)?;
    let Some(shared) = project::shared().map(|shared| shared.join("golden")) else {
        return Ok(());
    };
    for entry in fs::read_dir(&shared).with_context(|| format!("no {}", shared.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "safetensors" || it == "json") {
            let name = path.file_name().expect("a file that was listed");
            fs::copy(&path, golden.join(name))?;
        }
    }
    Ok(())
}
