//! An experiment as a flat JSON object: our own names, and those of the Python program's
//! configuration as aliases, so that its files work here.

use serde_json::{Map, Value};

use super::config::Experiment;
use super::setting::{Kind, Setting, SettingError};

/// Why an object is no experiment.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("“{0}” is not a setting; the settings are {known}", known = known_names())]
    UnknownName(String),
    #[error("{0} has a value that is neither text, number nor true/false")]
    WrongType(String),
    #[error(transparent)]
    BadValue(#[from] SettingError),
}

/// The Python program's configuration names, lower case with dashes.
const ALIASES: &[(&str, Setting)] = &[
    ("dataset-path", Setting::Data),
    ("data-path", Setting::Data),
    ("data-dir", Setting::Data),
    ("partial-rate", Setting::Rate),
    ("ambiguity", Setting::Rate),
    ("learning-rate", Setting::Lr),
    ("weight-decay", Setting::Wd),
    ("batch-size", Setting::Batch),
    ("num-epochs", Setting::Epochs),
    ("network", Setting::Model),
    ("decay-epochs", Setting::DecayStep),
    ("step-size", Setting::DecayStep),
    ("gamma", Setting::DecayRate),
];

/// Names in the Python program's configurations that decide no number: what it does, where it
/// saves and loads, how it reads data, how much it prints.
const IGNORED: &[&str] = &[
    "mode",
    "save-path",
    "save-dir",
    "save-interval",
    "load-path",
    "model-path",
    "checkpoint-path",
    "checkpoint-dir",
    "output-path",
    "output-dir",
    "result-dir",
    "log-path",
    "log-dir",
    "log-interval",
    "print-freq",
    "verbose",
    "workers",
    "num-workers",
    "pin-memory",
    "gpu",
];

/// A name in a configuration file; underscores, spaces and capitals are the same as dashes and
/// small letters.
fn plain_name(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', ' '], "-")
}

/// The setting that a plain name means.
fn setting_named(name: &str) -> Option<Setting> {
    Setting::from_name(name)
        .or_else(|| ALIASES.iter().find(|(alias, _)| *alias == name).map(|&(_, setting)| setting))
}

/// A choice's own name, however another program spells it: `CIFAR-10` is `cifar10`.
fn respelled(setting: Setting, text: &str) -> &str {
    let plain = |text: &str| text.trim().to_lowercase().replace(['-', '_', ' '], "");
    let Kind::Choice(options) = setting.kind() else { return text };
    let option = options.iter().find(|(name, _)| plain(name) == plain(text));
    option.map_or(text, |(name, _)| name)
}

fn known_names() -> String {
    Setting::ALL.iter().map(|setting| setting.name()).collect::<Vec<_>>().join(", ")
}

/// All settings, numbers as numbers.
pub(super) fn to_map(experiment: &Experiment) -> Map<String, Value> {
    Setting::ALL
        .iter()
        .map(|&setting| {
            let text = experiment.get(setting);
            let value = match setting.kind() {
                Kind::Choice(_) | Kind::Url => Value::String(text),
                Kind::Real { .. } | Kind::Whole { .. } | Kind::Flag => {
                    // The text of a number in range is JSON already.
                    serde_json::from_str(&text).unwrap_or(Value::String(text))
                }
            };
            (setting.name().to_owned(), value)
        })
        .collect()
}

/// The defaults, changed by each entry; all are settings.
pub(super) fn from_map(map: &Map<String, Value>) -> Result<Experiment, ConfigError> {
    let mut experiment = Experiment::default();
    if let Some(ignored) = set_all(&mut experiment, map)?.pop() {
        return Err(ConfigError::UnknownName(ignored));
    }
    experiment.check()?;
    Ok(experiment)
}

/// Changes an experiment by each entry; those before a fault are set. Gives the names of the
/// entries that mean nothing here.
pub(super) fn set_all(
    experiment: &mut Experiment,
    map: &Map<String, Value>,
) -> Result<Vec<String>, ConfigError> {
    let mut ignored = Vec::new();
    for (name, value) in map {
        let plain = plain_name(name);
        let Some(setting) = setting_named(&plain) else {
            if !IGNORED.contains(&plain.as_str()) {
                return Err(ConfigError::UnknownName(name.clone()));
            }
            ignored.push(name.clone());
            continue;
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => whole_or_real(number, setting),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(ConfigError::WrongType(name.clone()));
            }
        };
        experiment.set(setting, respelled(setting, &text))?;
    }
    Ok(ignored)
}

/// `10.0` is a whole number too: other programs write their JSON so.
fn whole_or_real(number: &serde_json::Number, setting: Setting) -> String {
    match (setting.kind(), number.as_f64()) {
        (Kind::Whole { .. }, Some(value)) if number.is_f64() && value.fract() == 0.0 => {
            format!("{value:.0}")
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::choices::{Augmentation, Dataset, DeviceChoice, NetworkKind};
    use super::*;

    fn parse(text: &str) -> Result<Experiment, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_experiment_survives_json() {
        let experiment =
            Experiment { rate: 0.3, seed: 7, autostart: true, ..Experiment::default() };
        let text = serde_json::to_string(&experiment).unwrap();
        assert!(text.contains(r#""rate":0.3"#), "{text}");
        assert_eq!(parse(&text).unwrap(), experiment);
    }

    #[test]
    fn the_python_programs_names_are_understood() {
        let experiment = parse(
            r#"{"Dataset Path": "cifar", "partial_rate": 0.5, "learning_rate": "0.01",
                "batch_size": 128.0, "weight-decay": 1e-4}"#,
        )
        .unwrap();
        assert_eq!(experiment.data, "cifar/");
        assert_eq!(experiment.rate, 0.5);
        assert_eq!(experiment.lr, 0.01);
        assert_eq!(experiment.batch, 128);
        assert_eq!(experiment.weight_decay, 1e-4);
    }

    #[test]
    fn the_python_programs_values_are_understood() {
        let experiment = parse(
            r#"{"dataset": "CIFAR-100", "network": "ResNet18", "method": "PRODEN", "augment": "Flip_Crop",
                "device": "CPU"}"#,
        )
        .unwrap();
        let expected = Experiment {
            dataset: Dataset::Cifar100,
            model: NetworkKind::ResNet18,
            augment: Augmentation::FlipCrop,
            device: DeviceChoice::Cpu,
            ..Experiment::default()
        };
        assert_eq!(experiment, expected);
        assert_eq!(parse(r#"{"model": "ConvNet"}"#).unwrap(), Experiment::default());
    }

    #[test]
    fn what_means_nothing_here_is_left_out_and_told() {
        let mut experiment = Experiment::default();
        let set = |experiment: &mut Experiment, text: &str| {
            experiment.set_all(&serde_json::from_str(text).unwrap())
        };
        let python = r#"{"Mode": "train", "save_path": "runs/", "lr": 0.01, "num_workers": 4, "verbose": null}"#;
        let mut ignored = set(&mut experiment, python).unwrap();
        ignored.sort();
        assert_eq!(ignored, ["Mode", "num_workers", "save_path", "verbose"]);
        assert_eq!(experiment.lr, 0.01);
        // What would decide a number is not left out.
        for text in [r#"{"optimizer": "Adam"}"#, r#"{"dropout": 0.5}"#] {
            assert!(matches!(set(&mut experiment, text), Err(ConfigError::UnknownName(_))));
        }
        // Between page and engine there is nothing to be left out.
        assert!(parse(python).unwrap_err().contains("is not a setting"));
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            (r#"{"colour": 1}"#, "“colour” is not a setting"),
            (r#"{"rate": [0.1]}"#, "rate has a value that is neither"),
            (r#"{"rate": null}"#, "rate has a value that is neither"),
            (r#"{"rate": true}"#, "rate: “true” is not a number"),
            (r#"{"dataset": "CIFAR-11"}"#, "“CIFAR-11” is not one of"),
            (r#"{"rate": 2}"#, "rate: “2” is not a number from 0 to 1"),
            (r#"{"epochs": 1.5}"#, "epochs: “1.5” is not a whole number"),
            (r#"{"candidates": "superclass"}"#, "needs dataset=cifar100"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
