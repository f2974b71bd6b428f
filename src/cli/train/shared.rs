//! A link that the page shared: its settings to train, and its result to compare with.

use crate::cli::{Usage, complain};
use crate::experiment::Experiment;
use crate::experiment::link::{self, LinkProblem};
use crate::experiment::result::SharedResult;
use crate::experiment::result::fragment::{FragmentError, from_fragment};
use crate::experiment::runs::table::same_experiment;

const NO_LINK: &str = "it has no “?” with settings behind it. Give the whole link, in quotes: a shell takes “&” and “#” for its own.";
const NO_RESULT: &str =
    "note: this link holds no result to compare with; if it should, give it in quotes, whole";
const NEWER: &str = "it is of a later version than this program knows. Build a newer one.";
const WITHOUT: &str = "Ask for the whole link once more, or leave out what follows its “#”: its settings alone are trained then.";

/// What a link says to us.
#[derive(Debug)]
pub struct Shared {
    /// With the data's place and the device of this machine: neither decides a result.
    pub experiment: Experiment,
    result: Option<SharedResult>,
}

impl Shared {
    /// Reads a link. What in its settings cannot be taken is said and left out, as the page does.
    ///
    /// # Errors
    /// When it is none, of a later version, or its result is damaged.
    pub fn read(address: &str) -> Result<Self, Usage> {
        let fault = |what: &str| Usage(format!("--link: {what}"));
        let (address, fragment) = address.split_once('#').unwrap_or((address, ""));
        let (_, query) = address.split_once('?').ok_or_else(|| fault(NO_LINK))?;
        let theirs = link::from_query(query);
        for problem in &theirs.problems {
            match problem {
                LinkProblem::NewerVersion(_) => return Err(fault(NEWER)),
                LinkProblem::TooLong(_) => return Err(fault(&problem.to_string())),
                // Words are not trained.
                LinkProblem::NoLanguage(_) => {}
                problem => complain(&format!("note: {problem}")),
            }
        }
        let result = from_fragment(fragment, &theirs.experiment).map_err(|error| match error {
            FragmentError::Newer(_) => fault(NEWER),
            error => fault(&format!("{error} {WITHOUT}")),
        })?;
        if result.is_none() {
            complain(NO_RESULT);
        }
        let Experiment { data, device, autostart, .. } = Experiment::default();
        let experiment = Experiment { data, device, autostart, ..theirs.experiment };
        Ok(Self { experiment, result })
    }

    /// The result to compare with, where it is one of the experiment that is trained.
    pub fn result_for(self, trained: &Experiment) -> Option<SharedResult> {
        let result = self.result?;
        if same_experiment(&self.experiment, trained) {
            return Some(result);
        }
        complain("note: flags change the link’s settings, so its result is not compared");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::DeviceChoice;
    use crate::experiment::result::fragment::to_fragment;
    use crate::experiment::result::shared_for_tests;

    fn theirs() -> Experiment {
        Experiment {
            rate: 0.3,
            device: DeviceChoice::WebGpu,
            data: "https://host/cifar/".into(),
            autostart: true,
            ..Experiment::default()
        }
    }

    fn link() -> String {
        let (theirs, result) = (theirs(), shared_for_tests(3));
        let (query, fragment) = (link::to_query(&theirs), to_fragment(&theirs, &result));
        format!("https://host/train?{query}&lang=xx#{fragment}")
    }

    #[test]
    fn a_link_gives_what_decides_a_result() {
        let shared = Shared::read(&link()).unwrap();
        assert_eq!(shared.experiment, Experiment { rate: 0.3, ..Experiment::default() });
        let here = Experiment { data: "data/".into(), ..shared.experiment.clone() };
        assert_eq!(shared.result_for(&here).map(|result| result.points.len()), Some(3));
    }

    #[test]
    fn a_result_of_other_settings_is_not_compared() {
        let shared = Shared::read(&link()).unwrap();
        let longer = Experiment { epochs: 99, ..shared.experiment.clone() };
        assert_eq!(shared.result_for(&longer), None);
        let settings_alone = Shared::read("?v=1&rate=0.3").unwrap();
        assert_eq!(settings_alone.result_for(&theirs()), None);
    }

    #[test]
    fn faults_are_named() {
        let cut = link()[..link().len() - 4].to_owned();
        let changed = link().replace("rate=0.3", "rate=0.4");
        let long = format!("?v=1&data={}", "x".repeat(10_000));
        for (address, part) in [
            ("https://host/train", "no “?”"),
            (cut.as_str(), "was cut off"),
            (changed.as_str(), "were changed after"),
            ("?v=99", "later version"),
            (long.as_str(), "too long"),
            ("?v=1#r=_w", "later version"),
        ] {
            let message = Shared::read(address).unwrap_err().to_string();
            assert!(message.starts_with("--link: ") && message.contains(part), "{message}");
        }
    }
}
