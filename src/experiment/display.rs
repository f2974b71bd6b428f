//! The arithmetic of what the page draws: curves thinned to what a screen can show, axes with
//! round ends, bars. Pure, so that the components hold none of it.

use super::run::LossPoint;
use crate::protocol::LoadProgress;

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

/// The `max` candidates that are trusted most, apart from the true label; the first in order if
/// they are trusted equally.
pub fn rivals(candidates: &[usize], label: usize, confidences: &[f32], max: usize) -> Vec<usize> {
    let confidence = |class: usize| confidences.get(class).copied().unwrap_or_default();
    let mut rivals: Vec<usize> =
        candidates.iter().copied().filter(|&candidate| candidate != label).collect();
    rivals.sort_by(|&a, &b| confidence(b).total_cmp(&confidence(a)));
    rivals.truncate(max);
    rivals
}

/// What is trusted in all candidates but these and the true label.
pub fn rest(confidences: &[f32], label: usize, rivals: &[usize]) -> f32 {
    let is_rest = |class: usize| class != label && !rivals.contains(&class);
    let rest = confidences.iter().enumerate().filter(|&(class, _)| is_rest(class));
    rest.map(|(_, confidence)| confidence).sum()
}

/// The share of something that is loaded, from 0 to 1, where its size is known.
pub fn share_loaded(progress: &LoadProgress) -> Option<f64> {
    let total = progress.total_bytes?.max(1);
    Some((progress.loaded_bytes as f64 / total as f64).min(1.0))
}

/// A column of a histogram: images whose candidate sets have `from` to `to` labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeColumn {
    pub from: usize,
    pub to: usize,
    pub images: usize,
    /// Of all images.
    pub share: f64,
    /// Of the highest column.
    pub height: f64,
}

/// The histogram of `images_of_size` in at most `max` columns of equal width, without the empty
/// ends.
pub fn size_columns(images_of_size: &[usize], max: usize) -> Vec<SizeColumn> {
    let holds_some = |images: &usize| *images > 0;
    let Some(first) = images_of_size.iter().position(holds_some) else {
        return Vec::new();
    };
    let last = images_of_size.iter().rposition(holds_some).unwrap_or(first);
    let width = (last - first + 1).div_ceil(max.max(1));
    let bins = images_of_size[first..=last].chunks(width);
    let sums: Vec<usize> = bins.map(|bin| bin.iter().sum()).collect();
    let (total, highest) = (sums.iter().sum::<usize>(), sums.iter().copied().max().unwrap_or(1));
    let column = |(bin, images): (usize, usize)| {
        let from = first + bin * width;
        SizeColumn {
            from,
            to: (from + width - 1).min(last),
            images,
            share: images as f64 / total as f64,
            height: images as f64 / highest as f64,
        }
    };
    sums.into_iter().enumerate().map(column).collect()
}

/// The positions of the values, the largest first; in the given order while they are few enough
/// to be seen at a glance.
pub fn ranking(values: &[f32], few: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..values.len()).collect();
    if values.len() > few {
        positions.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    }
    positions
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
    fn long_candidate_sets_show_the_true_label_and_its_rivals() {
        let candidates = [0, 1, 3, 4];
        let confidences = [0.1, 0.2, 0.0, 0.3, 0.4];
        assert_eq!(rivals(&candidates, 3, &confidences, 2), [4, 1]);
        assert!((rest(&confidences, 3, &[4, 1]) - 0.1).abs() < 1e-6);
        assert_eq!(rivals(&candidates, 3, &[0.25; 5], 2), [0, 1]);
        assert!(rivals(&[3], 3, &[], 2).is_empty());
    }

    #[test]
    fn a_histogram_leaves_out_its_empty_ends() {
        let column = |from, images, height| SizeColumn {
            from,
            to: from,
            images,
            share: images as f64 / 8.0,
            height,
        };
        let sizes = [0, 0, 2, 0, 4, 2, 0, 0];
        let expected = [column(2, 2, 0.5), column(3, 0, 0.0), column(4, 4, 1.0), column(5, 2, 0.5)];
        assert_eq!(size_columns(&sizes, 20), expected);
        assert_eq!(size_columns(&[0, 0], 20), []);
    }

    #[test]
    fn a_long_histogram_is_put_into_bins() {
        let columns = size_columns(&[1; 101], 20);
        assert_eq!(columns.len(), 17);
        assert_eq!((columns[0].from, columns[0].to, columns[0].images), (0, 5, 6));
        assert_eq!((columns[16].from, columns[16].to, columns[16].images), (96, 100, 5));
        let total: usize = columns.iter().map(|column| column.images).sum();
        assert_eq!(total, 101);
    }

    #[test]
    fn many_values_are_ranked() {
        assert_eq!(ranking(&[0.1, 0.6, 0.3], 10), [0, 1, 2]);
        assert_eq!(ranking(&[0.1, 0.6, 0.3], 2), [1, 2, 0]);
    }
}
