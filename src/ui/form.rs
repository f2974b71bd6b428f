//! The form's state: a valid experiment, and beside it the texts that were refused.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::place;
use super::speech::Speech;
use crate::experiment::language::translated;
use crate::experiment::link::{self, LinkProblem};
use crate::experiment::{Experiment, Setting};
use crate::protocol::Failure;

/// A handle on the form.
#[derive(Clone, Copy)]
pub struct Form {
    pub experiment: RwSignal<Experiment>,
    /// What was typed but is no value of its setting.
    rejected: RwSignal<BTreeMap<Setting, Rejected>>,
    /// What was wrong with the link that the page was opened with.
    link_problems: RwSignal<Vec<LinkProblem>>,
    speech: Speech,
    /// Whether the link asks to begin at once, and this has not been done.
    autostart: StoredValue<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rejected {
    text: String,
    problem: String,
}

impl Form {
    /// The form as the page's address sets it.
    pub fn from_address(speech: Speech) -> Self {
        let link = link::from_query(&place::query());
        Self {
            autostart: StoredValue::new(link.experiment.autostart),
            experiment: RwSignal::new(link.experiment),
            rejected: RwSignal::default(),
            link_problems: RwSignal::new(link.problems),
            speech,
        }
    }

    /// True once if the link asks to begin at once.
    pub fn take_autostart(self) -> bool {
        let asked = self.autostart.get_value();
        self.autostart.set_value(false);
        asked
    }

    /// Takes what the visitor entered.
    pub fn enter(self, setting: Setting, text: String) {
        let mut experiment = self.experiment.get_untracked();
        match experiment.set(setting, &text) {
            Ok(()) => {
                self.rejected.update(|rejected| {
                    rejected.remove(&setting);
                });
                self.experiment.set(experiment);
                self.write_address();
            }
            Err(error) => self.rejected.update(|rejected| {
                rejected.insert(setting, Rejected { text, problem: error.problem });
            }),
        }
    }

    /// Sets all settings.
    pub fn replace(self, experiment: Experiment) {
        self.rejected.set(BTreeMap::new());
        self.link_problems.set(Vec::new());
        self.experiment.set(experiment);
        self.write_address();
    }

    /// The form as the query of a link.
    pub fn query(self) -> String {
        self.experiment.with(|experiment| self.speech.query_of(experiment))
    }

    /// The address of the Train page with this form, so that a reload there opens the same one. Relative: the
    /// browser resolves it against the site's folder.
    pub fn train_link(self) -> String {
        format!("train?{}", self.query())
    }

    /// Keeps the page's address in step, so that a reload opens the same form.
    fn write_address(self) {
        place::replace_query(&untrack(|| self.query()));
    }

    /// What the field shows: the last text that was entered, accepted or not.
    pub fn text(self, setting: Setting) -> String {
        let rejected = self.rejected.with(|rejected| Some(rejected.get(&setting)?.text.clone()));
        rejected.unwrap_or_else(|| self.experiment.with(|experiment| experiment.get(setting)))
    }

    /// What is wrong with a setting.
    pub fn problem(self, setting: Setting) -> Option<String> {
        let rejected = self.rejected.with(|rejected| Some(rejected.get(&setting)?.problem.clone()));
        rejected.or_else(|| {
            let contradiction = self.experiment.with(|experiment| experiment.check().err())?;
            (contradiction.setting == setting).then_some(contradiction.problem)
        })
    }

    /// The first setting that must be put right before a run.
    pub fn first_wrong(self) -> Option<Setting> {
        Setting::ALL.iter().copied().find(|&setting| self.problem(setting).is_some())
    }

    /// All that is wrong, for the error box.
    pub fn problems(self) -> Vec<Failure> {
        let of_link = self.link_problems.get().into_iter().map(|problem| {
            Failure::new(problem.to_string(), t!("Check the settings before you start."))
        });
        let of_fields = Setting::ALL.iter().filter_map(|&setting| {
            let problem = self.problem(setting)?;
            let label = translated(setting.label());
            let fault = t!("{label} ({setting}): {problem}.", label, setting, problem);
            Some(Failure::new(fault, t!("Correct the field.")).about(setting))
        });
        of_link.chain(of_fields).collect()
    }
}
