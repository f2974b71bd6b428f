//! How far a network's probabilities can be believed: temperature scaling and the expected
//! calibration error (Guo et al. 2017, "On Calibration of Modern Neural Networks"), and a
//! probability below which a picture shows perhaps none of the classes (the baseline of Hendrycks
//! & Gimpel 2017, with the threshold that 95 % of the right answers exceed).

use serde::{Deserialize, Serialize};

/// Bins of equal width between 0 and 1 that the calibration error is a sum over.
pub const BINS: usize = 15;
/// Share of the right answers that the threshold lets pass.
pub const PASSED: f64 = 0.95;
/// For networks whose threshold nobody has measured: all other classes together are likelier
/// than the likeliest.
pub const DEFAULT_THRESHOLD: f64 = 0.5;
/// Temperatures outside of these are no calibration but a fault.
const TEMPERATURES: [f64; 2] = [0.05, 20.0];

/// What makes a network's opinions honest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The scores are divided by it before the softmax.
    pub temperature: f64,
    /// A picture whose likeliest class is less probable shows perhaps none of the classes.
    pub threshold: f64,
}

impl Default for Calibration {
    /// Of networks that nobody has calibrated.
    fn default() -> Self {
        Self { temperature: 1.0, threshold: DEFAULT_THRESHOLD }
    }
}

impl Calibration {
    /// Whether its numbers are such as a calibration has.
    pub fn is_sound(&self) -> bool {
        let [coldest, hottest] = TEMPERATURES;
        (coldest..=hottest).contains(&self.temperature) && (0.0..=1.0).contains(&self.threshold)
    }

    /// Fits both numbers to scores of images that the network has not learnt from.
    pub fn fit(judged: &[Judged]) -> Self {
        let temperature = fit_temperature(judged);
        let threshold = fit_threshold(&Verdict::of_all(judged, temperature));
        Self { temperature, threshold }
    }
}

/// What a network says of an image whose label is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Of each class, before the softmax.
    pub scores: Vec<f32>,
    pub label: usize,
}

/// The answer to an image, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The largest probability.
    pub confidence: f64,
    pub is_right: bool,
}

impl Verdict {
    pub fn of_all(judged: &[Judged], temperature: f64) -> Vec<Self> {
        judged.iter().map(|image| Self::of(image, temperature)).collect()
    }

    fn of(Judged { scores, label }: &Judged, temperature: f64) -> Self {
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let is_right = scores.iter().position(|&score| score == largest) == Some(*label);
        Self { confidence: (-log_sum(scores, largest, temperature)).exp(), is_right }
    }
}

/// log of the sum over the classes of exp((score - largest) / T).
fn log_sum(scores: &[f32], largest: f32, temperature: f64) -> f64 {
    let terms = scores.iter().map(|&score| (f64::from(score - largest) / temperature).exp());
    terms.sum::<f64>().ln()
}

/// Mean negative log-likelihood of the labels.
fn surprise(judged: &[Judged], temperature: f64) -> f64 {
    let of = |Judged { scores, label }: &Judged| {
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let own = scores.get(*label).copied().unwrap_or(f32::NEG_INFINITY);
        log_sum(scores, largest, temperature) - f64::from(own - largest) / temperature
    };
    judged.iter().map(of).sum::<f64>() / judged.len().max(1) as f64
}

/// The temperature under which the labels surprise least. The likelihood has one maximum (it is
/// concave in 1 / T), so a golden-section search finds it.
fn fit_temperature(judged: &[Judged]) -> f64 {
    const STEPS: usize = 60;
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let [mut low, mut high] = TEMPERATURES.map(f64::ln);
    for _ in 0..STEPS {
        let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
        if surprise(judged, left.exp()) < surprise(judged, right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    (low.midpoint(high)).exp()
}

fn fit_threshold(verdicts: &[Verdict]) -> f64 {
    let right = verdicts.iter().filter(|verdict| verdict.is_right);
    let mut confidences: Vec<f64> = right.map(|verdict| verdict.confidence).collect();
    confidences.sort_by(f64::total_cmp);
    let held_back = ((1.0 - PASSED) * confidences.len() as f64) as usize;
    confidences.get(held_back).copied().unwrap_or(DEFAULT_THRESHOLD)
}

/// The answers whose confidence is in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub n: usize,
    /// Mean confidence; 0 of an empty bin.
    pub confidence: f64,
    /// Share of right answers; 0 of an empty bin.
    pub accuracy: f64,
}

/// The answers by their confidence: [`BINS`] bins of equal width, from 0 to 1.
pub fn bins(verdicts: &[Verdict]) -> Vec<Bin> {
    let mut sums = vec![(0, 0.0, 0); BINS];
    for verdict in verdicts {
        let at = ((verdict.confidence * BINS as f64) as usize).min(BINS - 1);
        let (n, confidence, right) = &mut sums[at];
        *n += 1;
        *confidence += verdict.confidence;
        *right += usize::from(verdict.is_right);
    }
    let mean = |(n, confidence, right): (usize, f64, usize)| {
        let count = n.max(1) as f64;
        Bin { n, confidence: confidence / count, accuracy: right as f64 / count }
    };
    sums.into_iter().map(mean).collect()
}

/// Expected calibration error: how far confidence and accuracy are apart, over the bins.
pub fn expected_error(bins: &[Bin]) -> f64 {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let gaps = bins.iter().map(|bin| bin.n as f64 * (bin.confidence - bin.accuracy).abs());
    gaps.sum::<f64>() / n.max(1) as f64
}

/// Whether an answer of this confidence is to be believed; else the image looks like none of the
/// classes.
pub fn is_believed(confidence: f64, threshold: f64) -> bool {
    confidence >= threshold
}

/// Share of the answers that a threshold lets pass; None of no answers.
pub fn share_passed<'a>(
    verdicts: impl IntoIterator<Item = &'a Verdict>,
    threshold: f64,
) -> Option<f64> {
    let (mut n, mut passed) = (0_usize, 0_usize);
    for verdict in verdicts {
        n += 1;
        passed += usize::from(is_believed(verdict.confidence, threshold));
    }
    (n > 0).then(|| passed as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that gives one of two classes `score` more than the other, and is right in
    /// `right` of `n` cases.
    fn judged(score: f32, right: usize, n: usize) -> Vec<Judged> {
        (0..n)
            .map(|case| Judged { scores: vec![score, 0.0], label: usize::from(case >= right) })
            .collect()
    }

    #[test]
    fn a_temperature_makes_the_confidence_the_accuracy() {
        // 88 % sure (score 2), and right in 75 %: ln 3 would be honest.
        let calibration = Calibration::fit(&judged(2.0, 75, 100));
        assert!((calibration.temperature - 2.0 / 3.0_f64.ln()).abs() < 1e-6, "{calibration:?}");
        let honest = Verdict::of_all(&judged(2.0, 75, 100), calibration.temperature);
        assert!((honest[0].confidence - 0.75).abs() < 1e-6);
        assert!(expected_error(&bins(&honest)) < 1e-6);
        let bold = Verdict::of_all(&judged(2.0, 75, 100), 1.0);
        assert!((expected_error(&bins(&bold)) - (bold[0].confidence - 0.75)).abs() < 1e-9);
    }

    #[test]
    fn one_right_answer_in_twenty_is_held_back() {
        let verdicts: Vec<Verdict> = (0..200)
            .map(|it| Verdict { confidence: f64::from(it) / 200.0, is_right: true })
            .collect();
        let threshold = fit_threshold(&verdicts);
        assert_eq!(share_passed(&verdicts, threshold), Some(0.95));
        // Wrong answers do not count.
        let wrong = Verdict { confidence: 0.0, is_right: false };
        let with_wrong: Vec<Verdict> =
            verdicts.iter().copied().chain(std::iter::repeat_n(wrong, 500)).collect();
        assert_eq!(fit_threshold(&with_wrong), threshold);
        assert_eq!(share_passed(&[], threshold), None);
    }

    #[test]
    fn bins_count_every_answer_once() {
        let verdicts: Vec<Verdict> = [0.0, 0.07, 0.5, 1.0]
            .map(|confidence| Verdict { confidence, is_right: confidence > 0.4 })
            .to_vec();
        let bins = bins(&verdicts);
        assert_eq!((bins.len(), bins.iter().map(|bin| bin.n).sum::<usize>()), (BINS, 4));
        assert_eq!(bins[BINS - 1], Bin { n: 1, confidence: 1.0, accuracy: 1.0 });
        assert_eq!(bins[0], Bin { n: 1, confidence: 0.0, accuracy: 0.0 });
        assert_eq!(bins[1].n, 1);
    }

    #[test]
    fn nothing_to_fit_to_is_no_fault() {
        let calibration = Calibration::fit(&[]);
        assert!(calibration.is_sound(), "{calibration:?}");
        assert_eq!(calibration.threshold, DEFAULT_THRESHOLD);
        assert_eq!(expected_error(&bins(&[])), 0.0);
        assert!(Calibration::fit(&judged(2.0, 100, 100)).is_sound(), "always right");
        for temperature in [0.0, f64::NAN, -1.0, 1e9] {
            assert!(!Calibration { temperature, ..Calibration::default() }.is_sound());
        }
    }
}
