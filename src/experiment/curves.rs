//! The arithmetic of the charts: smoothing, logarithmic axes, and reading all curves at one epoch.

use super::metrics::EpochMetrics;
use super::words;

/// Losses below this are drawn as this on a logarithmic axis.
const LEAST_LOSS: f64 = 1e-6;

/// Powers of ten are not exact.
const ROUNDING: f64 = 1e-9;

/// The weight of the past in smoothed curves that is offered at most.
pub const MAX_SMOOTHING: f64 = 0.95;

/// The exponential moving average with the given weight of the past, from 0 to below 1, corrected
/// for the past that the first values lack.
pub fn smooth(values: &[f64], weight: f64) -> Vec<f64> {
    let weight = weight.clamp(0.0, MAX_SMOOTHING);
    let (mut sum, mut weights) = (0.0, 0.0);
    let average = values.iter().map(|value| {
        sum = weight * sum + value;
        weights = weight * weights + 1.0;
        sum / weights
    });
    average.collect()
}

/// A loss as it stands on a logarithmic axis: its decimal logarithm.
pub fn log_loss(loss: f64) -> f64 {
    loss.max(LEAST_LOSS).log10()
}

/// Where a logarithmic axis begins and ends, as decimal logarithms: round numbers around all of
/// the losses.
pub fn log_axis(losses: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut least, mut largest) = (f64::INFINITY, 0.0_f64);
    for loss in losses.filter(|loss| loss.is_finite()) {
        least = least.min(loss.max(LEAST_LOSS));
        largest = largest.max(loss);
    }
    if !least.is_finite() || largest < LEAST_LOSS {
        return (-1.0, 0.0);
    }
    let (bottom, top) = (below(least).log10(), above(largest).log10());
    // One value alone that is round would leave no axis.
    if bottom < top { (bottom, top) } else { (top - 1.0, top) }
}

/// The largest of 1, 2, 5 times a power of ten that is not above the value.
fn below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let fits = |mantissa: &f64| mantissa * power <= value * (1.0 + ROUNDING);
    [5.0, 2.0].into_iter().find(fits).unwrap_or(1.0) * power
}

/// The smallest of 1, 2, 5 times a power of ten that is not below the value.
fn above(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let fits = |mantissa: &f64| mantissa * power >= value * (1.0 - ROUNDING);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

/// A label of an axis, in at most six characters.
pub fn axis_label(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (0.001..100_000.0).contains(&size) {
        let decimals = match size {
            _ if size >= 100.0 || size == 0.0 => 0,
            _ if size >= 10.0 => 1,
            _ if size >= 1.0 => 2,
            _ if size >= 0.1 => 2,
            _ => 4,
        };
        let text = format!("{value:.decimals$}");
        let trimmed = text.trim_end_matches('0').trim_end_matches('.');
        return if text.contains('.') { trimmed.to_owned() } else { text };
    }
    format!("{value:.0e}")
}

/// Where the plot of a chart stands in its frame, and how far its axis of epochs goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub left_px: f64,
    pub right_px: f64,
    pub end_epoch: f64,
}

impl Span {
    /// Where an epoch stands in the frame.
    pub fn x_px(&self, epoch: usize) -> f64 {
        let width = self.right_px - self.left_px;
        self.left_px + width * epoch as f64 / self.end_epoch.max(1.0)
    }

    /// The epoch next to a point of the frame, of those that are over.
    pub fn epoch_at(&self, x_px: f64, epochs: usize) -> Option<usize> {
        let width = (self.right_px - self.left_px).max(1.0);
        let epoch = (x_px - self.left_px) / width * self.end_epoch;
        // The cast takes what is left of the plot for 0.
        (epochs > 0).then(|| (epoch.round() as usize).clamp(1, epochs))
    }
}

/// A curve's name and what it is at an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadValue {
    /// Also names the element on the page.
    pub id: &'static str,
    pub name: String,
    pub value: f64,
    pub text: String,
}

/// All curves at one epoch, in the order of the charts.
pub fn read(metrics: &EpochMetrics) -> [ReadValue; 5] {
    let percent = words::percent as fn(f64) -> String;
    let read =
        |id, name, value, text: fn(f64) -> String| ReadValue { id, name, value, text: text(value) };
    [
        read("read-loss", t!("Loss"), metrics.loss, words::significant),
        read("read-test-accuracy", t!("Test accuracy"), metrics.test_accuracy, percent),
        read("read-label-accuracy", t!("Label accuracy"), metrics.label_accuracy, percent),
        read("read-mean-confidence", t!("Mean confidence"), metrics.mean_confidence, percent),
        read("read-lr", t!("Learning rate"), metrics.lr, words::significant),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::*;

    #[test]
    fn smoothing_averages_the_past() {
        assert_eq!(smooth(&[1.0, 3.0, 2.0], 0.0), [1.0, 3.0, 2.0]);
        let smoothed = smooth(&[1.0, 3.0, 3.0], 0.5);
        assert_eq!(smoothed[0], 1.0);
        assert!((smoothed[1] - 3.5 / 1.5).abs() < 1e-12);
        assert!(smooth(&[2.0; 50], 9.0).iter().all(|value| (value - 2.0).abs() < 1e-9));
        assert!(smooth(&[], 0.5).is_empty());
    }

    #[test]
    fn logarithmic_axes_end_on_round_numbers() {
        let axis = |losses: &[f64]| {
            let (bottom, top) = log_axis(losses.iter().copied());
            (10_f64.powf(bottom), 10_f64.powf(top))
        };
        let close = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            assert!((a / c - 1.0).abs() < 1e-6 && (b / d - 1.0).abs() < 1e-6, "{a} {b}");
        };
        close(axis(&[2.3, 0.03, 0.4]), (0.02, 5.0));
        close(axis(&[1.0, 0.1]), (0.1, 1.0));
        close(axis(&[0.2]), (0.02, 0.2));
        close(axis(&[f64::NAN, 2.0, 0.5, f64::INFINITY]), (0.5, 2.0));
        close(axis(&[]), (0.1, 1.0));
        close(axis(&[0.0]), (0.1, 1.0));
        let (bottom, top) = log_axis([0.0, 1.0].into_iter());
        assert!(bottom <= log_loss(0.0) && top >= log_loss(1.0));
    }

    #[test]
    fn axis_labels_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.05, "0.05"),
            (0.0125, "0.0125"),
            (0.5, "0.5"),
            (2.5, "2.5"),
            (31.62, "31.6"),
            (0.000_2, "2e-4"),
            (250.0, "250"),
            (1e6, "1e6"),
        ] {
            assert_eq!(axis_label(value), text);
            assert!(axis_label(value).len() <= 6);
        }
    }

    #[test]
    fn a_point_of_the_plot_is_an_epoch() {
        let span = Span { left_px: 50.0, right_px: 250.0, end_epoch: 10.0 };
        assert_eq!((span.x_px(0), span.x_px(5), span.x_px(10)), (50.0, 150.0, 250.0));
        assert_eq!(span.epoch_at(152.0, 10), Some(5));
        assert_eq!((span.epoch_at(-9.0, 10), span.epoch_at(999.0, 4)), (Some(1), Some(4)));
        assert_eq!(span.epoch_at(100.0, 0), None);
    }

    #[test]
    fn all_curves_are_read_at_once() {
        let values = read(&EpochMetrics { lr: 0.045, ..epoch_for_tests(3, 0.25) });
        let texts = values.map(|value| value.text);
        assert_eq!(texts, ["1", "25.0 %", "50.0 %", "50.0 %", "0.045"]);
    }
}
