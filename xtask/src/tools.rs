//! The build tools: Trunk, wasm-bindgen and the wasm target of the toolchain.
//!
//! They are installed on first need, in `target/tools`, in exactly one version each: Trunk takes
//! the wasm-bindgen on its PATH only if it is the version in Cargo.lock, and otherwise tries a
//! download.

use crate::project;
use anyhow::{Context, Result, ensure};
use std::fs;

/// 0.22 needs a newer rustc than the one in rust-toolchain.toml.
const TRUNK_VERSION: &str = "0.21.14";
const CARGO_DENY_VERSION: &str = "0.20.2";
const CARGO_FUZZ_VERSION: &str = "0.13.2";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What a release build of a tool should cost: these run for seconds, so an optimised build is
/// never earned back.
struct Install {
    krate: &'static str,
    /// The program of the crate that tells its version.
    program: &'static str,
    version: String,
    locked: bool,
    opt_level: &'static str,
    duration: &'static str,
}

/// Trunk and everything that it calls.
pub fn ensure_site_tools() -> Result<()> {
    ensure_wasm_target()?;
    ensure_wasm_bindgen()?;
    ensure_installed(&Install {
        krate: "trunk",
        program: "trunk",
        version: TRUNK_VERSION.to_owned(),
        locked: true,
        opt_level: "0",
        duration: "about 4 minutes",
    })
}

/// The wasm-bindgen of Cargo.lock, with its runner for tests in a browser.
pub fn ensure_wasm_bindgen() -> Result<()> {
    let lock =
        fs::read_to_string(project::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked_version(&lock, "wasm-bindgen")
        .context("Cargo.lock names no wasm-bindgen: is it a dependency of the site?")?;
    ensure_installed(&Install {
        krate: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: version.to_owned(),
        // Its lock file names yanked crates.
        locked: false,
        // At level 1 it takes longer over the 36 MB of the worker than it saves here.
        opt_level: "2",
        duration: "about 2 minutes",
    })
}

pub fn ensure_cargo_deny() -> Result<()> {
    ensure_installed(&Install {
        krate: "cargo-deny",
        program: "cargo-deny",
        version: CARGO_DENY_VERSION.to_owned(),
        locked: true,
        // It runs for two seconds.
        opt_level: "0",
        duration: "about a minute",
    })
}

pub fn ensure_cargo_fuzz() -> Result<()> {
    ensure_installed(&Install {
        krate: "cargo-fuzz",
        program: "cargo-fuzz",
        version: CARGO_FUZZ_VERSION.to_owned(),
        locked: true,
        opt_level: "0",
        duration: "about a minute",
    })
}

pub fn ensure_wasm_target() -> Result<()> {
    let mut sysroot = project::command("rustc");
    sysroot.args(["--print", "sysroot"]);
    let sysroot = project::output_of(sysroot).context("cannot ask rustc for its sysroot")?;
    let installed = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET);
    if installed.is_dir() {
        return Ok(());
    }
    ensure!(
        project::on_path("rustup").is_some(),
        "this Rust has no {WASM_TARGET}, and there is no rustup to add it: install it as you installed Rust"
    );
    eprintln!("xtask: adding the Rust target {WASM_TARGET} (a few seconds)");
    let mut rustup = project::command("rustup");
    rustup.args(["target", "add", WASM_TARGET]);
    project::run(rustup)
}

fn ensure_installed(install: &Install) -> Result<()> {
    let Install { krate, program, version, locked, opt_level, duration } = install;
    let mut asked = project::command(project::tool(program));
    asked.arg("--version");
    if project::output_of(asked).is_some_and(|said| said.split_whitespace().any(|w| w == version)) {
        return Ok(());
    }

    eprintln!("xtask: installing {krate} {version} into target/tools, once ({duration})");
    let build = project::tools().join("build");
    let mut cargo = project::cargo();
    cargo.args(["install", krate, "--version", version, "--force", "--root"]);
    cargo.arg(project::tools()).arg("--target-dir").arg(&build);
    if *locked {
        cargo.arg("--locked");
    }
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level);
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    project::run(cargo).with_context(|| format!("cannot install {krate} {version}"))?;
    // A gigabyte that is never read again.
    fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
}

/// The version of `package` in a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_exact_package_in_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
