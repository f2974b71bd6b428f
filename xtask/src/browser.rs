//! What the tests in a browser need from the system: Chromium, its driver, Node.
//!
//! They are the system's, not ours: taken where they are found, installed with apt where that is
//! possible (Debian or Ubuntu, as root), and otherwise asked for by name.

use crate::project;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const CHROMIUM: Program = Program {
    what: "Chromium",
    variable: "CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    elsewhere: &["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
    packages: &["chromium", "chromium-driver"],
};
const CHROMEDRIVER: Program = Program {
    what: "Chromium's WebDriver",
    variable: "CHROMEDRIVER",
    names: &["chromedriver"],
    elsewhere: &["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"],
    packages: &["chromium", "chromium-driver"],
};
const NODE: Program = Program {
    what: "Node",
    variable: "NODE",
    names: &["node"],
    elsewhere: &[],
    packages: &["nodejs", "npm"],
};
const NPM: Program =
    Program { what: "npm", variable: "NPM", names: &["npm"], elsewhere: &[], packages: &["npm"] };

/// A program of the system, and where to get it.
struct Program {
    what: &'static str,
    /// The environment variable that names it, above all others.
    variable: &'static str,
    names: &'static [&'static str],
    /// Where it may lie off the PATH.
    elsewhere: &'static [&'static str],
    /// Debian's packages that have it.
    packages: &'static [&'static str],
}

pub fn chromium() -> Result<PathBuf> {
    CHROMIUM.ensure()
}

pub fn chromedriver() -> Result<PathBuf> {
    CHROMEDRIVER.ensure()
}

pub fn node() -> Result<PathBuf> {
    NODE.ensure()
}

pub fn npm() -> Result<PathBuf> {
    NPM.ensure()
}

/// What wasm-bindgen's test runner passes on to the driver: a headless Chromium with WebGPU in
/// software, since a machine for tests has no GPU.
pub fn webdriver_capabilities(chromium: &Path, root: bool) -> Value {
    let mut args = vec![
        "--headless=new",
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-dev-shm-usage",
    ];
    if root {
        // Chromium refuses to sandbox itself as root.
        args.push("--no-sandbox");
    }
    json!({ "goog:chromeOptions": { "binary": chromium, "args": args } })
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

impl Program {
    fn ensure(&self) -> Result<PathBuf> {
        if let Some(named) = env::var_os(self.variable).map(PathBuf::from) {
            ensure!(
                named.is_file(),
                "{} names {}, which is no file",
                self.variable,
                named.display()
            );
            return Ok(named);
        }
        if let Some(found) = self.find() {
            return Ok(found);
        }
        self.install()?;
        self.find().with_context(|| format!("apt-get installed no {}", self.names[0]))
    }

    fn find(&self) -> Option<PathBuf> {
        let on_path = self.names.iter().find_map(|name| project::on_path(name));
        on_path.or_else(|| self.elsewhere.iter().map(PathBuf::from).find(|path| path.is_file()))
    }

    fn install(&self) -> Result<()> {
        let packages = self.packages.join(" ");
        if !is_root() || project::on_path("apt-get").is_none() {
            bail!(
                "{} is not installed (looked for {} on the PATH).\n\
                 On Debian or Ubuntu: sudo apt-get install {packages}\n\
                 Elsewhere install it and set {}=/path/to/it",
                self.what,
                self.names.join(", "),
                self.variable
            );
        }
        eprintln!(
            "xtask: installing {packages} with apt-get, once, into the system (1 to 3 minutes)"
        );
        apt_get(&["update", "-qq"])?;
        apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], self.packages].concat())
    }
}

fn apt_get(args: &[&str]) -> Result<()> {
    let mut apt = project::command("apt-get");
    apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    project::run(apt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_is_given_up_only_as_root() {
        let args = |root| webdriver_capabilities(Path::new("/usr/bin/chromium"), root).to_string();
        assert!(args(true).contains("--no-sandbox"));
        assert!(!args(false).contains("--no-sandbox"));
        assert!(args(false).contains(r#""binary":"/usr/bin/chromium""#));
    }

    #[test]
    fn a_missing_program_is_asked_for_by_name() {
        let absent = Program {
            what: "Nothing",
            variable: "XTASK_TEST_NO_SUCH_VARIABLE",
            names: &["no-such-program-4711"],
            elsewhere: &[],
            packages: &["nothing"],
        };
        assert!(absent.find().is_none());
    }
}
