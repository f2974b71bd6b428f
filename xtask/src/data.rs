//! `xtask data`: real CIFAR-10 files for `serve --data`, where they can be had.
//!
//! The official archive may not be redistributed with the project, and a machine for tests may not
//! reach its host. Beside a development checkout lies a script that lays out an equivalent; without
//! it, this says where the official files are and what to do with them.

use crate::project;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub struct Options {
    /// The folder to write cifar-10-batches-bin/ into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// At most this many images of each of the six files
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Only the images that are there without loss (needs no Pillow)
    #[arg(long)]
    lossless: bool,
}

pub fn run(options: &Options) -> Result<()> {
    // The script runs in the root; the folder is meant from where the user stands.
    let out = std::path::absolute(&options.out)?;
    let Some(script) = project::shared().map(|shared| shared.join("data/prepare_cifar10.py"))
    else {
        bail!(where_to_get(&out));
    };
    ensure!(script.is_file(), where_to_get(&out));

    let mut python = python()?;
    python.arg(script).arg(&out);
    if let Some(limit) = options.limit {
        python.arg("--limit").arg(limit.to_string());
    }
    if options.lossless {
        python.arg("--lossless");
    } else {
        ensure_pillow()?;
    }
    project::run(python).context("cannot prepare the images")?;
    eprintln!("xtask: now run `cargo xtask serve --data {}`", out.display());
    Ok(())
}

/// Python, with what we installed for it in `target/tools`.
fn python() -> Result<Command> {
    let program = project::on_path("python3").context("python3 is not installed")?;
    let mut python = project::command(program);
    python.env("PYTHONPATH", pillow());
    Ok(python)
}

fn pillow() -> PathBuf {
    project::tools().join("python")
}

fn ensure_pillow() -> Result<()> {
    let mut import = python()?;
    import.args(["-c", "import PIL"]);
    if project::output_of(import).is_some() {
        return Ok(());
    }
    eprintln!("xtask: installing Pillow into target/tools/python, once (a few seconds)");
    let mut pip = python()?;
    pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(pillow()).arg("pillow");
    project::run(pip).context("cannot install Pillow; --lossless needs none")
}

fn where_to_get(out: &Path) -> String {
    let out = out.display();
    format!(
        "there is no copy of CIFAR-10 beside this checkout. The official files:\n\
         \n  curl -O https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz   # 170,052,171 bytes\
         \n  sha256sum cifar-10-binary.tar.gz\
         \n  # c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd\
         \n  mkdir -p {out} && tar -xzf cifar-10-binary.tar.gz -C {out}\
         \n  cargo xtask serve --data {out}\n\
         \nFor CIFAR-100 the same with cifar-100-binary.tar.gz."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_ends_in_the_folder_asked_for() {
        let advice = where_to_get(Path::new("/tmp/images"));
        assert!(advice.contains("tar -xzf cifar-10-binary.tar.gz -C /tmp/images"));
        assert!(advice.contains("serve --data /tmp/images"));
    }
}
