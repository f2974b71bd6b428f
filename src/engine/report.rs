//! What a run tells while it goes: the samples it shows, its losses, its speed.

use std::collections::{HashMap, VecDeque};

use burn::tensor::{ExecutionError, Transaction};
use rand::seq::SliceRandom;

use super::host;
use crate::data::random::{Stream, stream};
use crate::data::{candidates::CandidateSets, images::ImageSet};
use crate::protocol::{Sample, StepReport};
use crate::train::trainer::{StepOutput, Trainer};

/// Training images whose confidences are shown.
const SAMPLES: usize = 24;
/// Candidate sets of these sizes are shown rather than others: with one candidate there is
/// nothing to find, with many the bars are unreadable.
const SHOWN_SET_SIZES: std::ops::RangeInclusive<usize> = 2..=6;
/// Seconds over which the speed is averaged.
const SPEED_WINDOW_SECS: f64 = 5.0;

/// Picks the images to show, by the experiment's seed.
pub fn choose_samples(images: &ImageSet, sets: &CandidateSets, seed: u64) -> Vec<Sample> {
    let mut order: Vec<usize> = (0..images.len()).collect();
    order.shuffle(&mut stream(seed, Stream::Samples, 0));
    let size = |image: usize| sets.of(image).iter().filter(|&&member| member == 1).count();
    // A stable sort: those worth showing first, each part in its random order.
    order.sort_by_key(|&image| !SHOWN_SET_SIZES.contains(&size(image)));
    order
        .into_iter()
        .take(SAMPLES)
        .map(|index| {
            let members = sets.of(index).iter().enumerate();
            Sample {
                index,
                label: usize::from(images.labels[index]),
                candidates: members.filter(|&(_, &m)| m == 1).map(|(class, _)| class).collect(),
            }
        })
        .collect()
}

/// Steps that were taken and not yet read back.
pub struct Reporter {
    /// Position among the samples of an image.
    sample_of: HashMap<usize, usize>,
    pending: Vec<StepOutput>,
    /// How many of the pending steps were taken before the clock was started anew.
    pending_before_clock: usize,
    /// (seconds, images since the step before) of recent reports.
    recent: VecDeque<(f64, usize)>,
    last_report_secs: f64,
    /// Sum over the images of this epoch of their batch's loss.
    loss_sum: f64,
}

impl Reporter {
    /// `loss_sum` is that of an epoch that was begun before, or 0.
    pub fn new(samples: &[Sample], loss_sum: f64) -> Self {
        let now = host::now_secs();
        Self {
            sample_of: samples.iter().enumerate().map(|(at, sample)| (sample.index, at)).collect(),
            pending: Vec::new(),
            pending_before_clock: 0,
            recent: VecDeque::from([(now, 0)]),
            last_report_secs: now,
            loss_sum,
        }
    }

    pub fn push(&mut self, output: StepOutput) {
        self.pending.push(output);
    }

    /// Whether it is time to read back: a few times a second, and before too much waits.
    pub fn is_due(&self) -> bool {
        const REPORT_SECS: f64 = 0.25;
        const MAX_PENDING: usize = 8;
        self.pending.len() >= MAX_PENDING || host::now_secs() - self.last_report_secs >= REPORT_SECS
    }

    /// Starts the clock anew, after a pause or an evaluation.
    pub fn restart_clock(&mut self) {
        let now = host::now_secs();
        self.recent = VecDeque::from([(now, 0)]);
        self.last_report_secs = now;
        self.pending_before_clock = self.pending.len();
    }

    /// Reads back what the pending steps left on the device.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn read(&mut self, trainer: &Trainer) -> Result<StepReport, ExecutionError> {
        // Kept until they are read: whoever waits for this may be interrupted.
        let outputs = self.pending.clone();
        let shown =
            |output: &StepOutput| output.ids.iter().any(|id| self.sample_of.contains_key(id));
        let mut transaction = Transaction::default();
        for output in &outputs {
            transaction = transaction.register(output.loss.clone());
            if shown(output) {
                transaction = transaction.register(output.confidences.clone());
            }
        }
        let mut data = transaction.execute_async().await?.into_iter();
        let classes = trainer.candidates().classes();
        let (mut losses, mut sample_confidences) = (Vec::new(), Vec::new());
        for output in &outputs {
            // One entry was registered for each, in this order.
            losses.extend(data.next().iter().flat_map(|loss| loss.iter::<f32>()));
            if shown(output) {
                let rows: Vec<f32> =
                    data.next().iter().flat_map(|rows| rows.iter::<f32>()).collect();
                for (id, row) in output.ids.iter().zip(rows.chunks_exact(classes)) {
                    if let Some(&sample) = self.sample_of.get(id) {
                        sample_confidences.push((sample, row.to_vec()));
                    }
                }
            }
        }
        self.pending.clear();
        let timed = outputs.iter().skip(std::mem::take(&mut self.pending_before_clock));
        let images: usize = timed.map(|output| output.ids.len()).sum();
        for (output, &loss) in outputs.iter().zip(&losses) {
            self.loss_sum += f64::from(loss) * output.ids.len() as f64;
        }
        Ok(StepReport {
            epoch: trainer.epoch() + 1,
            step: trainer.step_in_epoch(),
            losses,
            images_per_sec: self.speed(images),
            sample_confidences,
        })
    }

    fn speed(&mut self, images: usize) -> f64 {
        let now = host::now_secs();
        self.last_report_secs = now;
        self.recent.push_back((now, images));
        while self.recent.len() > 2 && now - self.recent[1].0 > SPEED_WINDOW_SECS {
            self.recent.pop_front();
        }
        let since = self.recent[0].0;
        let images: usize = self.recent.iter().skip(1).map(|&(_, images)| images).sum();
        images as f64 / (now - since).max(1e-6)
    }

    /// The mean loss of the epoch over its `images`, all of whose steps were read.
    pub fn mean_loss(&self, images: usize) -> f64 {
        self.loss_sum / images.max(1) as f64
    }

    /// Sum over the images of this epoch, so far, of their batch's loss.
    pub fn loss_sum(&self) -> f64 {
        self.loss_sum
    }

    pub fn end_epoch(&mut self) {
        self.loss_sum = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_something_to_find() {
        let images = ImageSet { labels: vec![0; 100], ..ImageSet::default() };
        let mut members = vec![0; 300];
        for image in 0..100 {
            members[image * 3] = 1;
            members[image * 3 + 1] = u8::from(image % 3 == 0);
        }
        let sets = CandidateSets::from_members(members, 3);
        let samples = choose_samples(&images, &sets, 1);
        assert_eq!(samples.len(), SAMPLES);
        assert!(samples.iter().all(|sample| sample.candidates == [0, 1]));
        assert_eq!(choose_samples(&images, &sets, 1), samples);
    }
}
