//! PRODEN's loss with its gradient and the new confidences (Lv et al. 2020, eq. 8).
//!
//! Exponentials and logarithms are libm's: those of the system differ in the last bit from one to the next.

/// What a batch gives.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialLoss {
    /// -Σ w log p of each image, `[batch]`.
    pub per_image: Vec<f32>,
    /// Its gradient, `[batch, classes]`.
    pub of_logits: Vec<f32>,
    /// The softmax over the candidates alone, `[batch, classes]`.
    pub renewed: Vec<f32>,
}

/// Of `logits`, the confidences w and the candidates (1 in a set, 0 elsewhere), all `[batch, classes]`.
pub fn partial_loss(
    logits: &[f32],
    confidences: &[f32],
    candidates: &[f32],
    classes: usize,
) -> PartialLoss {
    assert!(classes > 0);
    assert_eq!((confidences.len(), candidates.len()), (logits.len(), logits.len()));
    let mut per_image = Vec::with_capacity(logits.len() / classes);
    let mut of_logits = Vec::with_capacity(logits.len());
    let mut renewed = Vec::with_capacity(logits.len());
    let rows = logits.chunks_exact(classes).zip(confidences.chunks_exact(classes));
    for ((logits, confidences), candidates) in rows.zip(candidates.chunks_exact(classes)) {
        let Softmax { powers, sum, logarithms } = Softmax::of(logits);
        let costs = logarithms.iter().zip(confidences).map(|(log, confidence)| log * confidence);
        per_image.push(-costs.sum::<f32>());
        let share = confidences.iter().sum::<f32>() / sum;
        let slopes = powers.iter().zip(confidences);
        of_logits.extend(slopes.map(|(power, confidence)| power * share - confidence));

        let of_candidates = logarithms.iter().zip(candidates);
        let masked = of_candidates.map(|(log, candidate)| log + (candidate - 1.0) * NEVER);
        let Softmax { powers, sum, .. } = Softmax::of(&masked.collect::<Vec<f32>>());
        renewed.extend(powers.iter().map(|power| power / sum));
    }
    PartialLoss { per_image, of_logits, renewed }
}

/// Far above any logarithm of a probability, yet finite.
const NEVER: f32 = 1e30;

/// A row's softmax is `powers / sum`.
struct Softmax {
    powers: Vec<f32>,
    sum: f32,
    /// Of the softmax.
    logarithms: Vec<f32>,
}

impl Softmax {
    fn of(logits: &[f32]) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted = logits.iter().map(|logit| logit - largest);
        let powers: Vec<f32> = shifted.clone().map(libm::expf).collect();
        let sum = powers.iter().sum::<f32>();
        let log_sum = libm::logf(sum);
        let logarithms = shifted.map(|shifted| shifted - log_sum).collect();
        Self { powers, sum, logarithms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_by_hand() {
        // Probabilities 1/4, 1/4, 1/2.
        let logits = [0.0, 0.0, 2_f32.ln()];
        let loss = partial_loss(&logits, &[0.5, 0.0, 0.5], &[1.0, 0.0, 1.0], 3);
        assert!((loss.per_image[0] - 1.5 * 2_f32.ln()).abs() < 1e-6, "{loss:?}");
        for (got, want) in loss.of_logits.iter().zip([-0.25, 0.25, 0.0]) {
            assert!((got - want).abs() < 1e-6, "{loss:?}");
        }
        for (got, want) in loss.renewed.iter().zip([1.0 / 3.0, 0.0, 2.0 / 3.0]) {
            assert!((got - want).abs() < 1e-6, "{loss:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_swallowed() {
        for bad in [f32::NAN, f32::INFINITY] {
            let loss = partial_loss(&[0.0, bad, 0.0], &[1.0, 0.0, 0.0], &[1.0, 1.0, 0.0], 3);
            assert!(loss.per_image[0].is_nan());
            assert!(loss.of_logits.iter().all(|slope| slope.is_nan()));
        }
    }
}
