//! How well the labels have been found (DESIGN.md, part 5).

/// Numbers over the stored confidences of a training set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelReport {
    /// Share of images whose largest confidence is on the true label.
    pub accuracy: f64,
    /// Mean largest confidence.
    pub mean_confidence: f64,
    /// Share of images that hold a wrong label with a confidence over 0.9.
    pub confident_wrong: f64,
}

impl LabelReport {
    /// `confidences` is `[images, classes]`, row by row; of equal confidences the first counts.
    pub fn of(confidences: &[f32], labels: &[u8], classes: usize) -> Self {
        let (mut right, mut confident_wrong, mut sum) = (0_usize, 0_usize, 0.0);
        for (row, &label) in confidences.chunks_exact(classes).zip(labels) {
            let (best, confidence) = argmax(row);
            sum += f64::from(confidence);
            if best == usize::from(label) {
                right += 1;
            } else if confidence > 0.9 {
                confident_wrong += 1;
            }
        }
        let images = labels.len().max(1) as f64;
        Self {
            accuracy: right as f64 / images,
            mean_confidence: sum / images,
            confident_wrong: confident_wrong as f64 / images,
        }
    }
}

/// Position and value of the largest entry, the first of equals.
fn argmax(row: &[f32]) -> (usize, f32) {
    row.iter()
        .copied()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, entry| if entry.1 > best.1 { entry } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_over_three_images() {
        let confidences = [0.2, 0.8, 0.0, /**/ 0.95, 0.05, 0.0, /**/ 0.5, 0.5, 0.0];
        let report = LabelReport::of(&confidences, &[1, 1, 1], 3);
        assert_eq!(report.accuracy, 1.0 / 3.0);
        assert_eq!(report.confident_wrong, 1.0 / 3.0);
        assert!((report.mean_confidence - 0.75).abs() < 1e-6);
    }
}
