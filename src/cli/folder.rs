//! The folder of a run: config.json, metrics.jsonl, checkpoint.safetensors, model.safetensors.
//!
//! A file is written beside its place and then renamed into it: whoever pulls the plug finds the
//! old one or the new one, never a half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Usage;
use crate::experiment::Experiment;
use crate::experiment::metrics::EpochMetrics;
use crate::protocol::FileKind;

const CONFIG: &str = "config.json";
const METRICS: &str = "metrics.jsonl";

/// Where a run's files go.
pub struct Folder {
    path: PathBuf,
    /// Open once the run has begun.
    metrics: Option<File>,
}

impl Folder {
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), metrics: None }
    }

    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self) -> Result<()> {
        fs::create_dir_all(&self.path).with_context(|| {
            format!("the folder {} cannot be made; give --out another one", self.path.display())
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self, kind: FileKind) -> PathBuf {
        self.path.join(kind.file_name())
    }

    /// Whether nothing of an earlier run would be lost.
    ///
    /// # Errors
    /// When there is something.
    pub fn check_free(&self) -> Result<()> {
        let holds = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 0);
        let results = [FileKind::Checkpoint, FileKind::Model].map(|kind| self.file(kind));
        let metrics = self.path.join(METRICS);
        let config = self.path.join(CONFIG);
        // A run of ours has both: one that stands alone is somebody's own.
        if holds(&config) && !metrics.exists() {
            return Err(Usage(format!(
                "{} is there already, and a run writes its own. Give --out another folder, or replace it by --overwrite.",
                config.display()
            ))
            .into());
        }
        let found = results.into_iter().chain([metrics]).find(holds);
        found.map_or(Ok(()), |file| {
            Err(Usage(format!(
                "{} is there already, from another run. Go on with that run by --resume, drop it by --overwrite, or give --out another folder.",
                file.display()
            ))
            .into())
        })
    }

    /// Makes room for a run that begins: nothing is left of another one.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> Result<()> {
        [FileKind::Checkpoint, FileKind::Model]
            .iter()
            .try_for_each(|&kind| remove(&self.file(kind)))
    }

    /// Begins or goes on: config.json is complete, metrics.jsonl holds the epochs so far.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn begin(&mut self, experiment: &Experiment, history: &[EpochMetrics]) -> Result<()> {
        self.describe(experiment, history)?;
        let path = self.path.join(METRICS);
        let opened = OpenOptions::new().append(true).open(&path);
        self.metrics = Some(opened.with_context(|| cannot_write(&path))?);
        Ok(())
    }

    /// Writes config.json and the epochs so far.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn describe(&self, experiment: &Experiment, history: &[EpochMetrics]) -> Result<()> {
        let config = serde_json::to_string_pretty(experiment)? + "\n";
        self.write(CONFIG, config.as_bytes())?;
        let mut lines = String::new();
        for epoch in history {
            lines += &line(epoch)?;
            lines.push('\n');
        }
        self.write(METRICS, lines.as_bytes())
    }

    /// The epochs in metrics.jsonl.
    ///
    /// # Errors
    /// When it is not there, or a line of it is none.
    pub fn history(&self) -> Result<Vec<EpochMetrics>> {
        let path = self.path.join(METRICS);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{} cannot be read; give the folder of a run", path.display())
        })?;
        let read = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        read.with_context(|| format!("{} is damaged", path.display()))
    }

    /// Adds an epoch to metrics.jsonl.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, epoch: &EpochMetrics) -> Result<()> {
        let line = line(epoch)?;
        let written = self.metrics.as_mut().map_or(Ok(()), |file| writeln!(file, "{line}"));
        written.with_context(|| cannot_write(&self.path.join(METRICS)))
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        replace(&path, bytes).with_context(|| cannot_write(&path))
    }
}

/// An epoch as metrics.jsonl has it.
///
/// # Errors
/// Never: these are plain numbers.
pub fn line(epoch: &EpochMetrics) -> Result<String> {
    Ok(serde_json::to_string(epoch)?)
}

fn cannot_write(path: &Path) -> String {
    format!("{} cannot be written; make room or give --out another folder", path.display())
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_added_extension("partial");
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    // Else the name could reach the disk before the contents do.
    file.sync_all()?;
    fs::rename(&partial, path)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}
