//! What a run shows: a bar for the epoch under way on a terminal, and a line an epoch.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::complain;
use super::folder::line;
use crate::experiment::metrics::{EpochMetrics, Summary};
use crate::experiment::words::{bytes, count, percent, significant, throughput};
use crate::protocol::{CandidateStats, DeviceReport, LoadProgress, RunInfo, StepReport};

const WAITING: &str = "{prefix} {msg}  {elapsed}";
const STEPS: &str = "{prefix} [{bar:30}] {pos}/{len}  {msg}  {elapsed}";

/// A bar on the standard error; it is not drawn where that is no terminal.
pub fn bar(template: &'static str) -> ProgressBar {
    ProgressBar::no_length().with_style(style(template))
}

fn style(template: &'static str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// What is shown of a training run.
pub struct Display {
    /// Epochs as JSON lines.
    json: bool,
    bar: ProgressBar,
    /// The epoch under way, from 1.
    epoch: usize,
    epochs: usize,
    steps_per_epoch: usize,
    /// Of the steps seen in this epoch.
    losses: Vec<f32>,
}

impl Display {
    pub fn new(json: bool) -> Self {
        let bar = bar(WAITING);
        Self { json, bar, epoch: 0, epochs: 0, steps_per_epoch: 0, losses: Vec::new() }
    }

    /// A second hand on the bar, for another thread's words.
    pub fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// A line beside the results.
    pub fn tell(&self, line: &str) {
        self.bar.suspend(|| complain(line));
    }

    pub fn loading(&self, progress: &LoadProgress) {
        let loaded = match progress.loaded_bytes {
            0 => String::new(),
            loaded_bytes => format!("  {}", bytes(loaded_bytes)),
        };
        self.bar.set_prefix("loading");
        self.bar.set_message(format!("{}{loaded}", progress.what));
    }

    pub fn device(&self, device: &DeviceReport) {
        let reason = device.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        self.tell(&format!("device: {}{reason}", device.name));
    }

    pub fn started(&mut self, info: &RunInfo) {
        let experiment = &info.experiment;
        self.epochs = experiment.epochs;
        self.steps_per_epoch = info.steps_per_epoch;
        self.tell(&format!(
            "{}, width {}: {} parameters; {} training and {} test images",
            experiment.model,
            experiment.width,
            count(info.parameters as u64),
            count(info.train_images as u64),
            count(info.test_images as u64),
        ));
        self.tell(&candidates(&info.candidates));
        for note in &info.notes {
            self.tell(&format!("note: {note}"));
        }
        if !info.history.is_empty() || info.step > 0 {
            let (epochs, step) = (info.history.len(), info.step);
            self.tell(&format!("going on after {epochs} epochs and {step} steps"));
        }
    }

    pub fn compiling(&self) {
        self.bar.set_prefix("first step");
        self.bar.set_message("getting ready");
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }

    pub fn steps(&mut self, report: &StepReport) {
        if report.epoch != self.epoch {
            self.epoch = report.epoch;
            self.losses.clear();
            self.bar.set_style(style(STEPS));
            self.bar.reset_elapsed();
        }
        self.losses.extend(&report.losses);
        let sum: f64 = self.losses.iter().map(|&loss| f64::from(loss)).sum();
        let loss = significant(sum / self.losses.len().max(1) as f64);
        let doing = match report.step == self.steps_per_epoch {
            true => "testing".to_owned(),
            false => throughput(report.images_per_sec),
        };
        self.bar.set_prefix(format!("epoch {}/{}", self.epoch, self.epochs));
        self.bar.set_length(self.steps_per_epoch as u64);
        self.bar.set_position(report.step as u64);
        self.bar.set_message(format!("loss {loss}  {doing}"));
    }

    pub fn epoch(&self, epoch: &EpochMetrics) {
        let text = if self.json { line(epoch).unwrap_or_default() } else { words(epoch) };
        // The results are also in metrics.jsonl: a reader who has gone must not end the run.
        self.bar.suspend(|| {
            let mut output = io::stdout();
            let _ = writeln!(output, "{text}").and_then(|()| output.flush());
        });
    }

    pub fn summary(&self, epochs: &[EpochMetrics]) {
        if let Some(Summary { last, best, mean_of_last_ten }) = Summary::of(epochs) {
            self.tell(&format!(
                "test accuracy: last {last:.4}, best {best:.4}, mean of the last ten epochs {mean_of_last_ten:.4}"
            ));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn words(epoch: &EpochMetrics) -> String {
    format!(
        "epoch {:4}  loss {:.4}  test {:.4}  labels {:.4}  confidence {:.4}  {}",
        epoch.epoch,
        epoch.loss,
        epoch.test_accuracy,
        epoch.label_accuracy,
        epoch.mean_confidence,
        throughput(epoch.images_per_sec),
    )
}

/// The candidate sets in a line: their mean size, the two extremes, and the usual sizes.
fn candidates(stats: &CandidateStats) -> String {
    const SHOWN_SIZES: usize = 8;
    let mut sizes: Vec<(usize, usize)> = stats
        .images_of_size
        .iter()
        .copied()
        .enumerate()
        .filter(|&(_, images)| images > 0)
        .collect();
    sizes.sort_by_key(|&(_, images)| std::cmp::Reverse(images));
    let rest: usize = sizes.iter().skip(SHOWN_SIZES).map(|&(_, images)| images).sum();
    sizes.truncate(SHOWN_SIZES);
    sizes.sort_unstable();
    let mut parts: Vec<String> = sizes
        .into_iter()
        .map(|(size, images)| format!("{size}: {}", count(images as u64)))
        .collect();
    if rest > 0 {
        parts.push(format!("other: {}", count(rest as u64)));
    }
    format!(
        "candidates: {:.2} an image; one for {} of the images, all for {}; images by size: {}",
        stats.mean_size,
        percent(stats.singletons()),
        percent(stats.full_sets()),
        parts.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidate_sets_are_summed_up_in_a_line() {
        let stats =
            CandidateStats { mean_size: 1.75, images_of_size: vec![0, 2_000, 1_000, 1_000] };
        assert_eq!(
            candidates(&stats),
            "candidates: 1.75 an image; one for 50.0 % of the images, all for 25.0 %; images by size: 1: 2,000, 2: 1,000, 3: 1,000"
        );
    }

    #[test]
    fn many_sizes_are_cut_short() {
        let images_of_size = (0..=100).map(|size| size % 13).collect();
        let text = candidates(&CandidateStats { mean_size: 50.0, images_of_size });
        assert!(text.contains("12: 12") && text.contains("other: "), "{text}");
    }
}
