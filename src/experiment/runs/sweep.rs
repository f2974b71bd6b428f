//! Several experiments from a few words: rates, seeds and methods, each combination once.

use super::{default_name, short_method};
use crate::experiment::choices::Method;
use crate::experiment::config::Experiment;
use crate::experiment::setting::{Setting, SettingError};

/// More would run for days, and their table would say no more.
pub const MAX_RUNS: usize = 100;

/// Why a sweep cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    #[error("{}", t!("Give at least one {what}.", what = .0))]
    Empty(String),
    #[error("{}", t!("{problem}.", problem = .0))]
    Value(#[from] SettingError),
    #[error("{}", t!("“{text}” is no range of seeds; write it like 1-5, the smaller one first.", text = .0))]
    Range(String),
    #[error("{}", t!("These would be {runs} runs; a queue holds {most} at most.", runs = .0, most = MAX_RUNS))]
    TooMany(usize),
}

/// All combinations, such that each is there once before any is there with a second seed.
///
/// # Errors
/// When a list is empty or holds what is no value, or there are too many.
pub fn experiments(
    base: &Experiment,
    rates: &str,
    seeds: &str,
    methods: &[Method],
) -> Result<Vec<Experiment>, SweepError> {
    let rates = distinct(values(base, Setting::Rate, rates)?, t!("rate"), |it| it.rate.to_bits())?;
    let seeds = distinct(seeds_of(base, seeds)?, t!("seed"), |it| it.seed)?;
    if methods.is_empty() {
        return Err(SweepError::Empty(t!("method")));
    }
    let runs = rates.len().saturating_mul(seeds.len()).saturating_mul(methods.len());
    if runs > MAX_RUNS {
        return Err(SweepError::TooMany(runs));
    }
    let mut all = Vec::with_capacity(runs);
    for seed in &seeds {
        for rate in &rates {
            all.extend(methods.iter().map(|&method| Experiment {
                method,
                rate: rate.rate,
                seed: seed.seed,
                autostart: false,
                ..base.clone()
            }));
        }
    }
    Ok(all)
}

/// The three methods on the same candidate sets, weights and batches.
pub fn twins(base: &Experiment) -> Vec<Experiment> {
    let twin = |&method: &Method| Experiment { method, autostart: false, ..base.clone() };
    Method::ALL.iter().map(twin).collect()
}

pub fn title_of_twins(base: &Experiment) -> String {
    t!("Three methods, q {rate}, seed {seed}", rate = base.rate, seed = base.seed)
}

/// What a sweep is called: how many runs, and what they begin and end with.
pub fn title(experiments: &[Experiment]) -> String {
    let name = |it: &Experiment| {
        t!(
            "{method} q {rate} seed {seed}",
            method = short_method(it),
            rate = it.rate,
            seed = it.seed
        )
    };
    match experiments {
        [] => String::new(),
        [single] => default_name(single),
        [first, .., last] => {
            t!(
                "{count} runs, from {first} to {last}",
                count = experiments.len(),
                first = name(first),
                last = name(last)
            )
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\n', '\t', '，', '、']).filter(|item| !item.is_empty())
}

fn values(base: &Experiment, setting: Setting, text: &str) -> Result<Vec<Experiment>, SweepError> {
    let value = |item: &str| {
        let mut experiment = base.clone();
        experiment.set(setting, item)?;
        Ok(experiment)
    };
    items(text).map(value).collect()
}

/// Seeds, and ranges of seeds.
fn seeds_of(base: &Experiment, text: &str) -> Result<Vec<Experiment>, SweepError> {
    let mut all = Vec::new();
    for item in items(text) {
        let Some((first, last)) = item.split_once(['-', '–']) else {
            all.extend(values(base, Setting::Seed, item)?);
            continue;
        };
        let bound = |text| {
            Ok::<u64, SweepError>(values(base, Setting::Seed, text)?.pop().map_or(0, |it| it.seed))
        };
        let range = || SweepError::Range(item.chars().take(40).collect());
        if first.is_empty() || last.is_empty() {
            return Err(range());
        }
        let (first, last) = (bound(first)?, bound(last)?);
        if first > last {
            return Err(range());
        }
        let count = last - first + 1;
        if count > MAX_RUNS as u64 {
            return Err(SweepError::TooMany(usize::try_from(count).unwrap_or(usize::MAX)));
        }
        all.extend((first..=last).map(|seed| Experiment { seed, ..base.clone() }));
    }
    Ok(all)
}

/// Without those that were there before.
fn distinct(
    all: Vec<Experiment>,
    what: String,
    value: impl Fn(&Experiment) -> u64,
) -> Result<Vec<Experiment>, SweepError> {
    let mut seen = Vec::new();
    let mut kept = all;
    kept.retain(|experiment| {
        let is_new = !seen.contains(&value(experiment));
        seen.push(value(experiment));
        is_new
    });
    if kept.is_empty() { Err(SweepError::Empty(what)) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sweep(rates: &str, seeds: &str) -> Result<Vec<(f64, u64)>, String> {
        experiments(&Experiment::default(), rates, seeds, &[Method::Proden])
            .map(|all| all.iter().map(|it| (it.rate, it.seed)).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_combination_is_there_once() {
        let expected = [(0.1, 1), (0.3, 1), (0.1, 2), (0.3, 2), (0.1, 7), (0.3, 7)];
        assert_eq!(sweep("0.1, 0.3", "1-2 7 2").unwrap(), expected);
        let methods = [Method::Proden, Method::Average];
        let all = experiments(&Experiment::default(), "0.1", "1", &methods).unwrap();
        assert_eq!(all.iter().map(|it| it.method).collect::<Vec<_>>(), methods);
    }

    #[test]
    fn twins_differ_in_their_method_alone() {
        let all = twins(&Experiment { seed: 9, autostart: true, ..Experiment::default() });
        assert_eq!(all.iter().map(|it| it.method).collect::<Vec<_>>(), Method::ALL);
        assert!(all.iter().all(|it| it.seed == 9 && !it.autostart));
    }

    #[test]
    fn a_sweep_has_a_title() {
        let all =
            experiments(&Experiment::default(), "0.1 0.3", "1-2", &[Method::Average]).unwrap();
        assert_eq!(title(&all), "4 runs, from Average q 0.1 seed 1 to Average q 0.3 seed 2");
        assert_eq!(title(&all[..1]), "Average, q 0.1, seed 1");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (rates, seeds, part) in [
            ("", "1", "at least one rate"),
            ("0.1", " , ", "at least one seed"),
            ("1.5", "1", "rate: “1.5” is not a number from 0 to 1"),
            ("0.1", "x", "seed: “x” is not a whole number"),
            ("0.1", "5-1", "no range"),
            ("0.1", "-1", "no range"),
            ("0.1", "1-9007199254740991", "9007199254740991 runs"),
            ("0 0.1 0.2", "1-50", "150 runs"),
        ] {
            let error = sweep(rates, seeds).unwrap_err();
            assert!(error.contains(part), "{rates} {seeds}: {error}");
        }
        let none = experiments(&Experiment::default(), "0.1", "1", &[]);
        assert_eq!(none, Err(SweepError::Empty("method".to_owned())));
    }

    proptest! {
        #[test]
        fn no_text_panics(rates in ".{0,30}", seeds in "[-0-9, ]{0,30}|.{0,20}") {
            if let Ok(all) = sweep(&rates, &seeds) {
                prop_assert!(all.len() <= MAX_RUNS);
            }
        }
    }
}
