//! The learning rate over the epochs.

use crate::experiment::Experiment;

/// PyTorch's StepLR: lr · rate^(epoch / step), whole division; `epoch` from 0.
pub fn step_lr(experiment: &Experiment, epoch: usize) -> f64 {
    let decays = (epoch / experiment.decay_step.max(1)) as i32;
    experiment.lr * experiment.decay_rate.powi(decays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_in_steps() {
        let experiment =
            Experiment { lr: 0.1, decay_step: 2, decay_rate: 0.5, ..Experiment::default() };
        let rates: Vec<_> = (0..5).map(|epoch| step_lr(&experiment, epoch)).collect();
        assert_eq!(rates, [0.1, 0.1, 0.05, 0.05, 0.025]);
    }
}
