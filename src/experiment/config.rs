//! One experiment: everything that decides how a run goes.
//!
//! Text from outside (a link, a form field, a file, a flag) enters through [`Experiment::set`]
//! alone, and [`Experiment::check`] finds what does not go together; whoever holds an
//! experiment that passed both need not ask again.

use serde::{Deserialize, Serialize};

use super::choices::{Augmentation, CandidateRule, Dataset, DeviceChoice, Method, NetworkKind};
use super::json::ConfigError;
use super::setting::{Kind, Setting, SettingError};

/// The settings of a run (DESIGN.md, part 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    into = "serde_json::Map<String, serde_json::Value>",
    try_from = "serde_json::Map<String, serde_json::Value>"
)]
pub struct Experiment {
    pub dataset: Dataset,
    /// Base URL of the static host (or a folder, natively).
    pub data: String,
    pub train_limit: usize,
    pub test_limit: usize,
    pub augment: Augmentation,
    pub candidates: CandidateRule,
    pub rate: f64,
    pub method: Method,
    pub model: NetworkKind,
    pub width: f64,
    pub epochs: usize,
    pub batch: usize,
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    /// In epochs.
    pub decay_step: usize,
    pub decay_rate: f64,
    pub seed: u64,
    pub device: DeviceChoice,
    pub autostart: bool,
}

impl Default for Experiment {
    fn default() -> Self {
        Self {
            dataset: Dataset::Synthetic,
            data: "data/".to_owned(),
            train_limit: 0,
            test_limit: 0,
            augment: Augmentation::None,
            candidates: CandidateRule::Uniform,
            rate: 0.1,
            method: Method::Proden,
            model: NetworkKind::ConvNet,
            width: 0.125,
            epochs: 10,
            batch: 64,
            lr: 0.05,
            momentum: 0.9,
            weight_decay: 0.001,
            decay_step: 10,
            decay_rate: 0.9,
            seed: 1,
            device: DeviceChoice::Auto,
            autostart: false,
        }
    }
}

impl Experiment {
    /// The value of a setting as text, in the form that [`Self::set`] reads.
    pub fn get(&self, setting: Setting) -> String {
        match setting {
            Setting::Dataset => self.dataset.to_string(),
            Setting::Data => self.data.clone(),
            Setting::TrainLimit => self.train_limit.to_string(),
            Setting::TestLimit => self.test_limit.to_string(),
            Setting::Augment => self.augment.to_string(),
            Setting::Candidates => self.candidates.to_string(),
            Setting::Rate => self.rate.to_string(),
            Setting::Method => self.method.to_string(),
            Setting::Model => self.model.to_string(),
            Setting::Width => self.width.to_string(),
            Setting::Epochs => self.epochs.to_string(),
            Setting::Batch => self.batch.to_string(),
            Setting::Lr => self.lr.to_string(),
            Setting::Momentum => self.momentum.to_string(),
            Setting::Wd => self.weight_decay.to_string(),
            Setting::DecayStep => self.decay_step.to_string(),
            Setting::DecayRate => self.decay_rate.to_string(),
            Setting::Seed => self.seed.to_string(),
            Setting::Device => self.device.to_string(),
            Setting::Autostart => u8::from(self.autostart).to_string(),
        }
    }

    /// Sets one setting from text.
    ///
    /// # Errors
    /// When the setting does not take the value; the experiment is unchanged then.
    pub fn set(&mut self, setting: Setting, text: &str) -> Result<(), SettingError> {
        let text = text.trim();
        match setting {
            Setting::Dataset => self.dataset = choice(setting, text)?,
            Setting::Data => self.data = base_url(text)?,
            Setting::TrainLimit => self.train_limit = whole(setting, text)? as usize,
            Setting::TestLimit => self.test_limit = whole(setting, text)? as usize,
            Setting::Augment => self.augment = choice(setting, text)?,
            Setting::Candidates => self.candidates = choice(setting, text)?,
            Setting::Rate => self.rate = real(setting, text)?,
            Setting::Method => self.method = choice(setting, text)?,
            Setting::Model => self.model = choice(setting, text)?,
            Setting::Width => self.width = real(setting, text)?,
            Setting::Epochs => self.epochs = whole(setting, text)? as usize,
            Setting::Batch => self.batch = whole(setting, text)? as usize,
            Setting::Lr => self.lr = real(setting, text)?,
            Setting::Momentum => self.momentum = real(setting, text)?,
            Setting::Wd => self.weight_decay = real(setting, text)?,
            Setting::DecayStep => self.decay_step = whole(setting, text)? as usize,
            Setting::DecayRate => self.decay_rate = real(setting, text)?,
            Setting::Seed => self.seed = whole(setting, text)?,
            Setting::Device => self.device = choice(setting, text)?,
            Setting::Autostart => self.autostart = flag(setting, text)?,
        }
        Ok(())
    }

    /// Sets what the entries of a configuration name, by our names or the Python program's. Gives
    /// the names of the entries that mean nothing here.
    ///
    /// # Errors
    /// With the first entry that is no setting or has a bad value; those before it are set.
    pub fn set_all(
        &mut self,
        entries: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Vec<String>, ConfigError> {
        super::json::set_all(self, entries)
    }

    /// What does not go together.
    ///
    /// # Errors
    /// The first setting that contradicts another one.
    pub fn check(&self) -> Result<(), SettingError> {
        if self.candidates == CandidateRule::Superclass && self.dataset != Dataset::Cifar100 {
            return Err(SettingError {
                setting: Setting::Candidates,
                problem: t!(
                    "superclass needs dataset=cifar100; {dataset} has no superclasses",
                    dataset = self.dataset
                ),
            });
        }
        Ok(())
    }

    /// The settings that differ from the defaults.
    pub fn differing(&self) -> impl Iterator<Item = Setting> + '_ {
        let default = Self::default();
        Setting::ALL
            .iter()
            .copied()
            .filter(move |&setting| self.get(setting) != default.get(setting))
    }
}

impl From<Experiment> for serde_json::Map<String, serde_json::Value> {
    fn from(experiment: Experiment) -> Self {
        super::json::to_map(&experiment)
    }
}

impl TryFrom<serde_json::Map<String, serde_json::Value>> for Experiment {
    type Error = ConfigError;

    fn try_from(map: serde_json::Map<String, serde_json::Value>) -> Result<Self, ConfigError> {
        super::json::from_map(&map)
    }
}

fn choice<T>(setting: Setting, text: &str) -> Result<T, SettingError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| SettingError { setting, problem: error.to_string() })
}

fn real(setting: Setting, text: &str) -> Result<f64, SettingError> {
    let Kind::Real { min, max, .. } = setting.kind() else {
        unreachable!("{setting} is not a real number")
    };
    match text.parse::<f64>() {
        Ok(value) if value >= min && value <= max => Ok(value),
        _ => Err(SettingError {
            setting,
            problem: t!("“{text}” is not a number from {min} to {max}", text, min, max),
        }),
    }
}

fn whole(setting: Setting, text: &str) -> Result<u64, SettingError> {
    let Kind::Whole { min, max } = setting.kind() else {
        unreachable!("{setting} is not a whole number")
    };
    match text.parse::<u64>() {
        Ok(value) if value >= min && value <= max => Ok(value),
        _ => Err(SettingError {
            setting,
            problem: t!("“{text}” is not a whole number from {min} to {max}", text, min, max),
        }),
    }
}

fn flag(setting: Setting, text: &str) -> Result<bool, SettingError> {
    match text {
        "0" | "false" => Ok(false),
        "1" | "true" => Ok(true),
        _ => Err(SettingError { setting, problem: t!("“{text}” is neither 0 nor 1", text) }),
    }
}

/// A base URL ends in a slash, so that names can be appended to it.
fn base_url(text: &str) -> Result<String, SettingError> {
    const MAX_CHARS: usize = 2_000;
    let slash = if text.ends_with('/') { "" } else { "/" };
    let url = format!("{text}{slash}");
    let problem = if text.is_empty() {
        t!("is empty; give the URL of the folder that holds the data")
    } else if url.chars().count() > MAX_CHARS {
        t!("is longer than 2,000 characters")
    } else if url.chars().any(char::is_control) {
        t!("holds control characters")
    } else {
        return Ok(url);
    };
    Err(SettingError { setting: Setting::Data, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_back_its_own_text() {
        let experiment = Experiment::default();
        for &setting in Setting::ALL {
            let mut copy = experiment.clone();
            copy.set(setting, &experiment.get(setting)).unwrap();
            assert_eq!(copy, experiment, "{setting}");
        }
        assert_eq!(experiment.differing().count(), 0);
    }

    /// Found by the fuzzer `config`.
    #[test]
    fn a_url_as_long_as_may_be_reads_back() {
        let mut experiment = Experiment::default();
        assert!(experiment.set(Setting::Data, &"a".repeat(2_000)).is_err());
        experiment.set(Setting::Data, &"a".repeat(1_999)).unwrap();
        let text = experiment.get(Setting::Data);
        assert!(text.ends_with("a/"));
        experiment.set(Setting::Data, &text).unwrap();
    }

    #[test]
    fn values_out_of_bounds_are_refused_and_change_nothing() {
        let cases = [
            (Setting::Rate, "1.1"),
            (Setting::Rate, "NaN"),
            (Setting::Width, "0.01"),
            (Setting::Epochs, "0"),
            (Setting::Epochs, "-1"),
            (Setting::Batch, "64.5"),
            (Setting::Lr, "inf"),
            (Setting::Seed, "9007199254740992"),
            (Setting::Dataset, "mnist"),
            (Setting::Autostart, "yes"),
            (Setting::Data, ""),
            (Setting::Data, "a\nb"),
        ];
        for (setting, text) in cases {
            let mut experiment = Experiment::default();
            let error = experiment.set(setting, text).unwrap_err();
            assert_eq!(error.setting, setting);
            assert_eq!(experiment, Experiment::default(), "{setting}={text}");
        }
    }

    #[test]
    fn a_base_url_gets_its_slash() {
        let mut experiment = Experiment::default();
        experiment.set(Setting::Data, "https://host/cifar").unwrap();
        assert_eq!(experiment.data, "https://host/cifar/");
    }

    #[test]
    fn superclasses_need_cifar100() {
        let mut experiment =
            Experiment { candidates: CandidateRule::Superclass, ..Experiment::default() };
        assert_eq!(experiment.check().unwrap_err().setting, Setting::Candidates);
        experiment.dataset = Dataset::Cifar100;
        assert_eq!(experiment.check(), Ok(()));
    }
}
