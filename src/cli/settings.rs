//! The settings as the command line has them: `-c FILE`, and a flag for each over it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::{Map, Value};

use super::{Usage, complain};
use crate::experiment::{Dataset, Experiment, Kind, Setting};

/// `-c`, and a flag for each setting; those that are `hidden` work, but `--help` is silent of
/// them.
pub fn arguments(hidden: fn(Setting) -> bool) -> impl Iterator<Item = Arg> {
    let config = Arg::new("config")
        .short('c')
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("A JSON object of settings, by the names of the flags; flags go over it");
    std::iter::once(config).chain(Setting::ALL.iter().map(move |&setting| {
        Arg::new(setting.name())
            .long(setting.name())
            .value_name("VALUE")
            .value_parser(move |text: &str| value(setting, text))
            .allow_negative_numbers(true)
            .help(help(setting))
            .help_heading(setting.group().title())
            // A page has something to start by itself.
            .hide(setting == Setting::Autostart || hidden(setting))
    }))
}

fn help(setting: Setting) -> String {
    let text = match setting {
        Setting::Dataset => {
            "The built-in shapes need no data. CIFAR-10 and CIFAR-100 are 32×32 photos, read from the folder below"
        }
        Setting::Data => "The folder that holds cifar-10-batches-bin/; “proden data” fills it",
        Setting::Device => {
            "Where to train. wgpu (or webgpu) and cuda need a build with that feature; auto takes the graphics card of such a build, or else the CPU"
        }
        setting => setting.help().trim_end_matches('.'),
    };
    let default = Experiment::default().get(setting);
    let values = match setting.kind() {
        Kind::Choice(_) if setting == Setting::Device => "auto, cpu, wgpu, cuda".to_owned(),
        Kind::Choice(options) => {
            options.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ")
        }
        Kind::Real { min, max, .. } => format!("{min} to {max}"),
        Kind::Whole { min, max } => format!("{min} to {max}"),
        Kind::Url => return format!("{text} [default: {default}]"),
        Kind::Flag => "0, 1".to_owned(),
    };
    format!("{text} [{values}; default: {default}]")
}

/// The text of a flag, once it is a value of the setting.
fn value(setting: Setting, text: &str) -> Result<String, String> {
    let text = if setting == Setting::Device { device(text)? } else { text };
    match Experiment::default().set(setting, text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(error.problem),
    }
}

/// The device's name among the settings; the page knows but one kind of GPU.
fn device(text: &str) -> Result<&str, String> {
    let (feature, is_built) = match text {
        "wgpu" | "webgpu" => ("wgpu", cfg!(any(feature = "wgpu", feature = "cuda"))),
        "cuda" => ("cuda", cfg!(feature = "cuda")),
        other => return Ok(other),
    };
    if is_built {
        return Ok("webgpu");
    }
    Err(format!(
        "this build has no {feature}: use --device cpu, or build with “cargo install --path . --features {feature}”"
    ))
}

/// What the arguments say of the settings.
pub struct Given {
    /// The configuration file, and its entries.
    config: Option<(PathBuf, Map<String, Value>)>,
    flags: Vec<(Setting, String)>,
}

impl Given {
    /// Reads the configuration file, if there is one.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(matches: &ArgMatches) -> Result<Self> {
        let config = match matches.get_one::<PathBuf>("config") {
            None => None,
            Some(path) => Some((path.clone(), read(path)?)),
        };
        let flag = |&setting: &Setting| {
            // A command need not have all of them.
            let text = matches.try_get_one::<String>(setting.name()).ok()??;
            Some((setting, text.clone()))
        };
        Ok(Self { config, flags: Setting::ALL.iter().filter_map(flag).collect() })
    }

    /// An experiment, with the file's entries and then the flags over it.
    ///
    /// # Errors
    /// When a value is none, or two contradict each other.
    pub fn over(&self, experiment: Experiment) -> Result<Experiment> {
        let experiment = self.settings_over(experiment)?;
        check_folder(&experiment)?;
        Ok(experiment)
    }

    /// The same for what needs no data.
    ///
    /// # Errors
    /// As [`Self::over`].
    pub fn settings_over(&self, mut experiment: Experiment) -> Result<Experiment> {
        if let Some((path, entries)) = &self.config {
            let ignored = experiment.set_all(entries).map_err(|error| {
                Usage(format!("{} has a bad entry: {error}. Change it there.", path.display()))
            })?;
            for name in ignored {
                complain(&format!("note: {}: “{name}” means nothing here", path.display()));
            }
        }
        for (setting, text) in &self.flags {
            experiment.set(*setting, text).map_err(|error| Usage(format!("--{error}")))?;
        }
        experiment.check().map_err(|error| Usage(format!("--{error}")))?;
        device(experiment.device.name()).map_err(|problem| Usage(format!("device: {problem}")))?;
        Ok(experiment)
    }
}

/// The page fetches its data from a host, we read ours from a folder.
fn check_folder(experiment: &Experiment) -> Result<()> {
    let Experiment { dataset, data, .. } = experiment;
    if *dataset == Dataset::Synthetic || !data.contains("://") {
        return Ok(());
    }
    Err(Usage(format!(
        "data: {data} is no folder, and only the page trains on data from elsewhere. Fetch the official files with “proden data --dataset {dataset} --out data”, then give --data data."
    )))
    .context("the images are not here")
}

fn read(path: &Path) -> Result<Map<String, Value>> {
    let name = path.display();
    let fault = |fault: String| {
        Usage(format!(
            "{name} {fault}. Give a JSON object of settings, such as {{\"dataset\": \"cifar10\", \"rate\": 0.3}}."
        ))
    };
    let text = fs::read(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let value: Value =
        serde_json::from_slice(&text).map_err(|error| fault(format!("is no JSON: {error}")))?;
    let Value::Object(mut entries) = value else {
        return Err(fault("holds no JSON object".to_owned()).into());
    };
    if let Some(Value::String(text)) = entries.get_mut("device") {
        let problem = |problem| Usage(format!("{name} has a bad entry: device: {problem}"));
        *text = device(&text.to_lowercase()).map_err(problem)?.to_owned();
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(json: &str, flags: &[(Setting, &str)]) -> Given {
        let config = serde_json::from_str(json).expect("an object");
        Given {
            config: Some((PathBuf::from("config.json"), config)),
            flags: flags.iter().map(|&(setting, text)| (setting, text.to_owned())).collect(),
        }
    }

    #[test]
    fn flags_go_over_the_file_and_the_file_over_what_was() {
        let base = Experiment { rate: 0.7, seed: 9, lr: 0.2, ..Experiment::default() };
        let given = given(r#"{"partial_rate": 0.3, "seed": 4}"#, &[(Setting::Seed, "5")]);
        let experiment = given.over(base).unwrap();
        assert_eq!((experiment.rate, experiment.seed, experiment.lr), (0.3, 5, 0.2));
    }

    #[test]
    fn faults_name_the_file_or_the_flag() {
        let cases = [
            (r#"{"colour": 1}"#, &[][..], "config.json has a bad entry: “colour” is not a setting"),
            ("{}", &[(Setting::Candidates, "superclass")], "--candidates: superclass needs"),
            (
                r#"{"dataset": "cifar10", "data": "https://host/cifar"}"#,
                &[],
                "https://host/cifar/ is no folder",
            ),
        ];
        for (json, flags, part) in cases {
            let error = given(json, flags).over(Experiment::default()).unwrap_err();
            assert!(error.is::<Usage>(), "{error:?}");
            let message = format!("{error:#}");
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_device_that_was_not_built_in_is_told_of() {
        let problem = device("cuda");
        assert_eq!(problem.is_err(), cfg!(not(feature = "cuda")));
        if let Err(problem) = problem {
            assert!(problem.contains("--features cuda"), "{problem}");
        }
        assert_eq!(value(Setting::Device, "cpu").as_deref(), Ok("cpu"));
        assert!(value(Setting::Device, "tpu").is_err());
    }
}
