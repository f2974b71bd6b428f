//! The running statistics of batch norm, which evaluation uses.

/// How a batch's statistics go into the running ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Running {
    /// The batch's weight.
    pub momentum: f64,
    /// What makes the batch's biased variance an unbiased one.
    pub unbias: f64,
}

impl Running {
    /// Running values and a batch's, blended.
    fn blend(&self, old: &[f32], batch: impl Iterator<Item = f32>) -> Vec<f32> {
        let (keep, take) = ((1.0 - self.momentum) as f32, self.momentum as f32);
        old.iter().zip(batch).map(|(old, batch)| old * keep + batch * take).collect()
    }

    /// The new running mean and variance. `bias` was left out before the batch's mean was taken.
    pub fn follow(
        &self,
        [mean, variance]: [&[f32]; 2],
        [batch_mean, batch_variance]: [&[f32]; 2],
        bias: Option<&[f32]>,
    ) -> [Vec<f32>; 2] {
        let bias = |at: usize| bias.map_or(0.0, |bias| bias[at]);
        let unbias = self.unbias as f32;
        let means = batch_mean.iter().enumerate().map(|(at, mean)| mean + bias(at));
        let variances = batch_variance.iter().map(|variance| variance * unbias);
        [self.blend(mean, means), self.blend(variance, variances)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blend_by_hand() {
        let running = Running { momentum: 0.25, unbias: 2.0 };
        let new = running.follow([&[4.0], &[8.0]], [&[2.0], &[1.0]], Some(&[2.0]));
        assert_eq!(new, [vec![4.0], vec![6.5]]);
        let new = running.follow([&[4.0], &[8.0]], [&[0.0], &[1.0]], None);
        assert_eq!(new, [vec![3.0], vec![6.5]]);
    }
}
