//! Where things are in the checkout, and how child processes are started.
//!
//! Every child runs in the repository's root with `target/tools/bin` first on its PATH and without
//! a standard input, so that nothing can wait for an answer in CI.

use anyhow::{Context, Result, ensure};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root: the folder above this crate.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the repository")
}

pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The project's own scratch folder; everything that xtask installs or prepares goes below it.
pub fn target() -> PathBuf {
    root().join("target")
}

pub fn tools() -> PathBuf {
    target().join("tools")
}

pub fn tool(name: &str) -> PathBuf {
    tools().join("bin").join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// Reference data beside the checkout. It is not part of the repository: callers must do without.
pub fn shared() -> Option<PathBuf> {
    let shared = root().parent()?.join("shared");
    shared.is_dir().then_some(shared)
}

/// A child process in the root, with our tools first on its PATH.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let own = tools().join("bin");
    let inherited = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(own).chain(env::split_paths(&inherited)));
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    if let Ok(path) = path {
        command.env("PATH", path);
    }
    command
}

pub fn cargo() -> Command {
    // cargo sets CARGO for what it runs: the very cargo of this toolchain.
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs `command` to its end. Its standard output goes to our standard error, because that of
/// `serve` carries one line that a test harness reads.
pub fn run(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdout(Stdio::from(io::stderr()))
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    ensure!(status.success(), "{program} failed ({status})");
    Ok(())
}

/// The standard output of `command`; None when it cannot be started or fails.
pub fn output_of(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program `name`, looked for as a shell would.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name).with_extension(env::consts::EXE_EXTENSION))
        .find(|path| path.is_file())
}
