//! PRODEN's loss with its gradient and the new confidences (Lv et al. 2020, eq. 8).
//!
//! In double precision, which costs nothing here. Exponentials and logarithms are libm's: those of the system
//! differ in the last bit from one to the next.

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
        let Softmax { logarithms, probabilities } = Softmax::of(logits, |_| true);
        let confidences = confidences.iter().map(|&confidence| f64::from(confidence));
        let costs = logarithms.iter().zip(confidences.clone()).map(|(log, w)| log * w);
        per_image.push(-costs.sum::<f64>() as f32);
        let share: f64 = confidences.clone().sum();
        let slopes = probabilities.iter().zip(confidences);
        of_logits.extend(slopes.map(|(probability, w)| (probability * share - w) as f32));

        let among_candidates = Softmax::of(logits, |class| candidates[class] > 0.5);
        renewed
            .extend(among_candidates.probabilities.iter().map(|&probability| probability as f32));
    }
    PartialLoss { per_image, of_logits, renewed }
}

/// A row's softmax over some of its classes; the others have the probability 0.
struct Softmax {
    logarithms: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Softmax {
    fn of(logits: &[f32], is_in: impl Fn(usize) -> bool) -> Self {
        let shown = |(class, &logit): (usize, &f32)| {
            if is_in(class) { f64::from(logit) } else { f64::NEG_INFINITY }
        };
        let logits = logits.iter().enumerate().map(shown);
        let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.clone().map(|logit| libm::exp(logit - largest)).sum();
        let log_sum = libm::log(sum);
        let logarithms: Vec<f64> = logits.map(|logit| logit - largest - log_sum).collect();
        let probabilities = logarithms.iter().map(|&log| libm::exp(log)).collect();
        Self { logarithms, probabilities }
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
