//! How ambiguous candidate sets will be, before they are drawn: expectations of the rules that
//! `data::candidates` draws by.

use super::choices::{CandidateRule, Method};
use super::config::Experiment;
use super::words;

/// Other classes of a class's superclass in CIFAR-100.
const SIBLINGS: usize = 4;

/// What the candidate sets of a training set will be like, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Candidates an image.
    pub mean_size: f64,
    /// Share of the images whose only candidate is the true label.
    pub singletons: f64,
    /// Share of the images with every class as a candidate.
    pub full_sets: f64,
}

impl Expected {
    /// None where the settings contradict each other.
    pub fn of(experiment: &Experiment) -> Option<Self> {
        experiment.check().ok()?;
        if experiment.method == Method::Supervised {
            return Some(Self { mean_size: 1.0, singletons: 1.0, full_sets: 0.0 });
        }
        let others = experiment.dataset.classes() - 1;
        let drawn = match experiment.candidates {
            CandidateRule::Uniform | CandidateRule::Uniform1 => others,
            CandidateRule::Pair => 1,
            CandidateRule::Superclass => SIBLINGS,
        };
        let rate = experiment.rate;
        let none = (1.0 - rate).powi(drawn as i32);
        let all = if drawn == others { rate.powi(drawn as i32) } else { 0.0 };
        let mean_size = 1.0 + drawn as f64 * rate;
        Some(match experiment.candidates {
            // Where none came, one is taken.
            CandidateRule::Uniform1 => {
                Self { mean_size: mean_size + none, singletons: 0.0, full_sets: all }
            }
            CandidateRule::Uniform | CandidateRule::Pair | CandidateRule::Superclass => {
                Self { mean_size, singletons: none, full_sets: all }
            }
        })
    }

    /// For a person.
    pub fn words(&self) -> String {
        t!(
            "Expected set size: {size}. The label is certain for {certain} of the images; {full} have every class as a candidate.",
            size = words::significant(self.mean_size),
            certain = words::percent(self.singletons),
            full = words::percent(self.full_sets)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::choices::Dataset;
    use super::*;

    fn expected(dataset: Dataset, candidates: CandidateRule, rate: f64) -> Expected {
        let experiment = Experiment { dataset, candidates, rate, ..Experiment::default() };
        Expected::of(&experiment).unwrap()
    }

    #[test]
    fn mean_sizes_are_those_of_the_rules() {
        use CandidateRule::{Pair, Superclass, Uniform, Uniform1};
        for (dataset, rule, rate, mean_size) in [
            (Dataset::Cifar10, Uniform, 0.1, 1.9),
            (Dataset::Cifar10, Uniform, 0.5, 5.5),
            (Dataset::Synthetic, Uniform1, 0.1, 2.29),
            (Dataset::Cifar10, Uniform1, 0.7, 7.3),
            (Dataset::Cifar100, Uniform, 0.05, 5.95),
            (Dataset::Cifar10, Pair, 0.3, 1.3),
            (Dataset::Cifar100, Superclass, 0.5, 3.0),
        ] {
            let found = expected(dataset, rule, rate).mean_size;
            assert!((found - mean_size).abs() < 3e-3, "{rule} {rate}: {found}");
        }
    }

    #[test]
    fn shares_of_certain_and_of_useless_sets() {
        let all = expected(Dataset::Cifar10, CandidateRule::Uniform, 1.0);
        assert_eq!((all.mean_size, all.singletons, all.full_sets), (10.0, 0.0, 1.0));
        let pair = expected(Dataset::Cifar10, CandidateRule::Pair, 1.0);
        assert_eq!((pair.mean_size, pair.singletons, pair.full_sets), (2.0, 0.0, 0.0));
        let one = expected(Dataset::Cifar10, CandidateRule::Uniform1, 0.0);
        assert_eq!((one.mean_size, one.singletons), (2.0, 0.0));
        let half = expected(Dataset::Cifar100, CandidateRule::Superclass, 0.5);
        assert_eq!((half.singletons, half.full_sets), (0.0625, 0.0));
    }

    #[test]
    fn the_truth_alone_is_certain_and_a_contradiction_is_nothing() {
        let experiment = Experiment { method: Method::Supervised, ..Experiment::default() };
        let text = Expected::of(&experiment).unwrap().words();
        assert!(text.starts_with("Expected set size: 1.") && text.contains("100"), "{text}");
        let experiment =
            Experiment { candidates: CandidateRule::Superclass, ..Experiment::default() };
        assert_eq!(Expected::of(&experiment), None);
    }
}
