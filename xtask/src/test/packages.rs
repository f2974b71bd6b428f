//! Node packages of the tests, installed beside their package-lock.json.

use crate::{browser, project};
use anyhow::{Context, Result};
use std::path::Path;

/// Installs what the lock file in `folder` names, unless it is there.
pub fn ensure(folder: &Path) -> Result<()> {
    let modified = |name: &str| folder.join(name).metadata().and_then(|meta| meta.modified());
    let lock = modified("package-lock.json")
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    // npm writes this one last.
    if modified("node_modules/.package-lock.json").is_ok_and(|installed| installed >= lock) {
        return Ok(());
    }
    eprintln!("xtask: installing {}/node_modules, once (a few seconds)", folder.display());
    let mut npm = project::command(browser::npm()?);
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    // The system's Chromium is used.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    project::run(npm)
        .with_context(|| format!("cannot install the packages of {}", folder.display()))
}
