//! Experiments that are one click away.

use super::choices::Dataset;
use super::config::Experiment;

/// A named experiment.
pub struct Preset {
    pub name: &'static str,
    /// What it does and how long it takes, in a sentence.
    pub about: &'static str,
    pub experiment: fn() -> Experiment,
}

/// The presets of the Train page.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "Quick start",
        about: "Built-in pictures and a slim network: done in a few minutes on any laptop, with a GPU or without.",
        experiment: Experiment::default,
    },
    Preset {
        name: "CIFAR-10 taster",
        about: "2,000 real photos and a slim network: a few minutes, even without a GPU.",
        experiment: || Experiment {
            dataset: Dataset::Cifar10,
            train_limit: 2_000,
            test_limit: 500,
            ..Experiment::default()
        },
    },
    Preset {
        name: "Seed’s reproduction",
        about: "All of CIFAR-10 and the full ConvNet, as in the Python program that reached 89.8 %. Needs a strong GPU and hours.",
        experiment: || Experiment {
            dataset: Dataset::Cifar10,
            width: 1.0,
            epochs: 200,
            ..Experiment::default()
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_differ() {
        for (index, preset) in PRESETS.iter().enumerate() {
            let experiment = (preset.experiment)();
            assert_eq!(experiment.check(), Ok(()), "{}", preset.name);
            assert!(PRESETS[..index].iter().all(|other| (other.experiment)() != experiment));
        }
    }
}
