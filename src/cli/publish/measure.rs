//! How good and how honest a network is, on the test images.

use anyhow::{Context, Result, bail};
use futures_executor::block_on;

use crate::cli::progress::bar;
use crate::data::images::ImageSet;
use crate::data::synthetic;
use crate::engine::trained::Trained;
use crate::experiment::Dataset;
use crate::experiment::calibration::{
    Calibration, Judged, Verdict, bins, expected_error, share_passed,
};
use crate::experiment::hosted::{CalibrationFacts, Measured};
use crate::train::evaluate;

/// Built-in shapes that show none of a network's classes.
const STRANGERS: usize = 1_000;
const SPLIT: &str = "temperature and threshold: fitted to the test images with even numbers, from 0; all other \
figures of the calibration: measured on those with odd numbers. The test accuracy is of all test images: \
temperature and threshold change no answer.";

/// What was measured of a network.
pub struct Measurement {
    pub accuracy: Measured,
    pub facts: CalibrationFacts,
}

impl Measurement {
    /// Judges the test images, one half to calibrate by, the other to say how well that went.
    ///
    /// # Errors
    /// When the device fails, or the network computes no numbers.
    pub fn of(trained: &Trained, test: &ImageSet, dataset: Dataset) -> Result<Self> {
        let judged = judge(trained, test)?;
        let right = Verdict::of_all(&judged, 1.0).iter().filter(|it| it.is_right).count();
        let accuracy =
            Measured { share: right as f64 / judged.len().max(1) as f64, n: judged.len() };
        let part = |first| judged.iter().skip(first).step_by(2).cloned().collect::<Vec<_>>();
        let (fitted_to, measured_on) = (part(0), part(1));
        let calibration = Calibration::fit(&fitted_to);
        let verdicts = Verdict::of_all(&measured_on, calibration.temperature);
        let passed = |is_right: bool| {
            let those = verdicts.iter().filter(move |verdict| verdict.is_right == is_right);
            share_passed(those, calibration.threshold)
        };
        let by_confidence = bins(&verdicts);
        let facts = CalibrationFacts {
            calibration,
            split: SPLIT.to_owned(),
            fitted_on: fitted_to.len(),
            measured_on: measured_on.len(),
            ece: expected_error(&by_confidence),
            ece_before: expected_error(&bins(&Verdict::of_all(&measured_on, 1.0))),
            bins: by_confidence,
            right_passed: passed(true),
            wrong_held_back: passed(false).map(|share| 1.0 - share),
            shapes_held_back: strangers_held_back(trained, dataset, calibration)?,
        };
        Ok(Self { accuracy, facts })
    }
}

/// How often the network is not taken in by pictures of nothing that it knows.
fn strangers_held_back(
    trained: &Trained,
    dataset: Dataset,
    calibration: Calibration,
) -> Result<Option<Measured>> {
    if dataset == Dataset::Synthetic {
        return Ok(None);
    }
    let judged = judge(trained, &synthetic::draw(1, STRANGERS).test)?;
    let verdicts = Verdict::of_all(&judged, calibration.temperature);
    let passed = share_passed(&verdicts, calibration.threshold);
    Ok(passed.map(|share| Measured { share: 1.0 - share, n: judged.len() }))
}

fn judge(trained: &Trained, images: &ImageSet) -> Result<Vec<Judged>> {
    let bar = bar("testing [{bar:30}] {pos}/{len}  {per_sec}");
    bar.set_length(images.len() as u64);
    let ids: Vec<usize> = (0..images.len()).collect();
    let classes = trained.class_names.len();
    let mut judged = Vec::with_capacity(ids.len());
    for ids in ids.chunks(evaluate::BATCH) {
        let Trained { network, device, normaliser, .. } = trained;
        let scores = block_on(evaluate::scores(network, device, normaliser, images, ids))
            .context("the device failed; give --device cpu")?;
        let labels = ids.iter().map(|&id| usize::from(images.labels[id]));
        let rows = scores.chunks_exact(classes).zip(labels);
        judged.extend(rows.map(|(scores, label)| Judged { scores: scores.to_vec(), label }));
        bar.inc(ids.len() as u64);
    }
    bar.finish_and_clear();
    if judged.iter().any(|image| image.scores.iter().any(|score| !score.is_finite())) {
        bail!(
            "what the network computes is not a number: it has diverged, or half precision is too little for it"
        );
    }
    Ok(judged)
}
