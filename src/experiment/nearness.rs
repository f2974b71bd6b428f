//! Which vectors point the same way: how a network's features of a photo are compared with those
//! of its training images.

use std::cmp::Ordering;

/// Scales a vector to length 1; one without a length stays as it is.
pub fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

/// Rows of `rows` (each as long as `vector`, and as it of length 1) that are nearest to `vector`:
/// `(row, cosine)`, at most `count`, the nearest first. What is no number is never near.
pub fn nearest(rows: &[f32], vector: &[f32], count: usize) -> Vec<(usize, f32)> {
    let cosine = |row: &[f32]| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
    let mut cosines: Vec<(usize, f32)> =
        rows.chunks_exact(vector.len().max(1)).map(cosine).enumerate().collect();
    cosines.retain(|(_, cosine)| cosine.is_finite());
    cosines.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    cosines.truncate(count);
    cosines
}

/// At most `max` numbers below `count`, evenly spaced from 0 on.
pub fn evenly(count: usize, max: usize) -> Vec<usize> {
    if count <= max {
        return (0..count).collect();
    }
    (0..max).map(|at| at * count / max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rows_point_the_same_way() {
        let mut rows = vec![1.0, 0.0, 5.0, 5.0, -3.0, 0.0, f32::NAN, 1.0];
        rows.chunks_exact_mut(2).for_each(normalise);
        let mut vector = [2.0, 1.0];
        normalise(&mut vector);
        let near = nearest(&rows, &vector, 3);
        let order: Vec<usize> = near.iter().map(|&(row, _)| row).collect();
        assert_eq!(order, [1, 0, 2]);
        assert!((near[0].1 - 3.0 / 10.0_f32.sqrt()).abs() < 1e-6, "{near:?}");
        assert!(near[2].1 < 0.0);
        assert_eq!(nearest(&rows, &vector, 1).len(), 1);
        assert!(nearest(&[], &vector, 3).is_empty() && nearest(&[], &[], 3).is_empty());
        let mut nothing = [0.0, 0.0];
        normalise(&mut nothing);
        assert_eq!(nothing, [0.0, 0.0]);
    }

    #[test]
    fn a_part_is_evenly_spread() {
        assert_eq!(evenly(3, 5), [0, 1, 2]);
        assert_eq!(evenly(10, 4), [0, 2, 5, 7]);
        assert_eq!(evenly(0, 4), [0; 0]);
    }
}
