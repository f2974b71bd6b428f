//! The arithmetic of what the page draws: curves thinned to what a screen can show, axes with
//! round ends, bars. Pure, so that the components hold none of it.

use super::run::LossPoint;

/// Points of a curve that a chart gets: more cannot be told apart, and cost time to draw.
pub const MAX_POINTS: usize = 300;
/// The divisions of a vertical axis. [`loss_axis`] ends where ten of them are round.
pub const DIVISIONS: usize = 10;

/// The curve with at most `max` points, each the mean of its neighbours.
pub fn thin_losses(points: &[LossPoint], max: usize) -> Vec<LossPoint> {
    let bucket = points.len().div_ceil(max.max(1)).max(1);
    points
        .chunks(bucket)
        .map(|chunk| {
            let n = chunk.len() as f64;
            LossPoint {
                at_epoch: chunk.iter().map(|point| point.at_epoch).sum::<f64>() / n,
                loss: chunk.iter().map(|point| point.loss).sum::<f64>() / n,
            }
        })
        .collect()
}

/// At most about `max` of the items, evenly spaced, the last one among them.
pub fn thin<T: Copy>(items: &[T], max: usize) -> Vec<T> {
    let step = items.len().div_ceil(max.max(1)).max(1);
    let mut kept: Vec<T> = items.iter().rev().step_by(step).copied().collect();
    kept.reverse();
    kept
}

/// Where the axis of a loss that goes up to `largest` ends.
pub fn loss_axis(largest: f64) -> f64 {
    round_up(largest, &[1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
}

/// Where the axis of epochs ends: short runs show all of it from the start, so that the axis
/// stands still; long ones grow.
pub fn epoch_axis(done: f64, total: usize) -> f64 {
    const SHORT_RUN_EPOCHS: usize = 20;
    let total = total.max(1);
    if total <= SHORT_RUN_EPOCHS {
        return total as f64;
    }
    round_up(done.max(SHORT_RUN_EPOCHS as f64), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
        .min(total as f64)
}

fn round_up(value: f64, mantissas: &[f64]) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let mantissa = mantissas.iter().find(|&&mantissa| mantissa * power >= value);
    mantissa.copied().unwrap_or(10.0) * power
}

/// The characters that a label on the axis of epochs must be given for the chart to place its
/// labels on whole epochs. The chart divides the width by a label's width and rounds down; this
/// looks for a label width with which that gives one label more than a divisor of `end`.
pub fn epoch_label_chars(end: f64, width_px: f64, char_px: f64, padding_px: f64) -> usize {
    const MIN_LABEL_CHARS: usize = 4;
    const MAX_LABELS: usize = 11;
    let labels = |chars: usize| (width_px / (chars as f64 * char_px + padding_px)) as usize;
    let widest = (width_px / char_px) as usize;
    (MIN_LABEL_CHARS..widest.max(MIN_LABEL_CHARS))
        .find(|&chars| {
            let count = labels(chars);
            (2..=MAX_LABELS).contains(&count) && (end as usize).is_multiple_of(count - 1)
        })
        .unwrap_or(MIN_LABEL_CHARS)
}

/// The position of the largest of the confidences, the first of them if several.
pub fn leader(confidences: &[f32]) -> Option<usize> {
    let largest = confidences.iter().copied().reduce(f32::max)?;
    confidences.iter().position(|&confidence| confidence == largest)
}

/// Which candidates of a sample are drawn, and which are summed up in one bar: the true label
/// always is drawn, the others in their order.
pub fn split_candidates(
    candidates: &[usize],
    label: usize,
    max: usize,
) -> (Vec<usize>, Vec<usize>) {
    if candidates.len() <= max {
        return (candidates.to_vec(), Vec::new());
    }
    // One row is for the sum.
    let mut room = max.saturating_sub(2);
    candidates.iter().partition(|&&candidate| {
        let drawn = candidate == label || room > 0;
        if drawn && candidate != label {
            room -= 1;
        }
        drawn
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_thinned_to_the_mean_of_neighbours() {
        let points: Vec<_> =
            (0..1_000).map(|n| LossPoint { at_epoch: n as f64, loss: 2.0 }).collect();
        let thinned = thin_losses(&points, 300);
        assert_eq!(thinned.len(), 250);
        assert_eq!(thinned[0], LossPoint { at_epoch: 1.5, loss: 2.0 });
        assert_eq!(thin_losses(&points[..10], 300), &points[..10]);
        assert_eq!(thin_losses(&[], 300), []);
    }

    #[test]
    fn thinning_keeps_the_last() {
        let items: Vec<usize> = (1..=1_000).collect();
        let thinned = thin(&items, 300);
        assert_eq!((thinned.len(), thinned.last()), (250, Some(&1_000)));
        assert_eq!(thin(&[1, 2, 3], 300), [1, 2, 3]);
    }

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!(loss_axis(2.3), 2.5);
        assert_eq!(loss_axis(2.5), 2.5);
        assert!((loss_axis(0.011) - 0.015).abs() < 1e-12);
        assert_eq!(loss_axis(f64::NAN), 1.0);
        assert_eq!(epoch_axis(0.0, 10), 10.0);
        assert_eq!(epoch_axis(3.0, 200), 20.0);
        assert_eq!(epoch_axis(41.0, 200), 50.0);
        assert_eq!(epoch_axis(190.0, 195), 195.0);
    }

    #[test]
    fn epoch_labels_fall_on_whole_epochs() {
        for end in [5.0, 10.0, 20.0, 50.0] {
            for width in [240.0, 350.0, 480.0, 900.0] {
                let chars = epoch_label_chars(end, width, 7.2, 16.0);
                let count = (width / (chars as f64 * 7.2 + 16.0)) as usize;
                assert!(
                    count >= 2 && (end as usize).is_multiple_of(count - 1),
                    "{end} in {width}: {count}"
                );
            }
        }
    }

    #[test]
    fn the_leader_is_the_largest() {
        assert_eq!(leader(&[0.1, 0.6, 0.3]), Some(1));
        assert_eq!(leader(&[]), None);
    }

    #[test]
    fn long_candidate_sets_keep_the_true_label() {
        let candidates: Vec<usize> = (0..20).collect();
        let (drawn, rest) = split_candidates(&candidates, 15, 6);
        assert_eq!(drawn, [0, 1, 2, 3, 15]);
        assert_eq!(rest.len(), 15);
        assert_eq!(split_candidates(&[3, 4], 4, 6), (vec![3, 4], vec![]));
    }
}
