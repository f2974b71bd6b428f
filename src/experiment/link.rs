//! An experiment as the query of a URL: `?v=1&dataset=cifar10&rate=0.3`.
//!
//! Defaults are left out. Reading is lenient: whatever is wrong is reported, the rest holds,
//! so that a mistyped link still opens the page.

use super::config::Experiment;
use super::language::{Language, UnknownLanguage};
use super::setting::{Setting, SettingError};

/// The version that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// The name of the language, which is no setting of an experiment: no result hangs on it.
const LANGUAGE: &str = "lang";
/// The longest query that is read; links of our own stay far below it.
const MAX_BYTES: usize = 8_192;
/// How much of a foreign text is repeated in a message.
const MAX_QUOTED_CHARS: usize = 40;

/// Something in a link that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    #[error("{}", t!("This link is of version {version}, newer than this page knows (1). Reload the page to get a newer one; the settings that it knows are set.", version = .0))]
    NewerVersion(String),
    #[error("{}", t!("This link’s v is “{text}”, which is no version; it was read as one of version 1.", text = .0))]
    NoVersion(String),
    #[error("{}", t!("“{name}” in this link is not a setting; it was left out.", name = .0))]
    UnknownName(String),
    #[error("{}", t!("This link’s {problem}; the default is set instead.", problem = .0))]
    BadValue(SettingError),
    #[error("{}", t!("This link is too long ({length} bytes); nothing of it was set.", length = .0))]
    TooLong(usize),
    #[error("{}", t!("This link’s lang: {problem}. Your browser’s language was taken.", problem = .0))]
    NoLanguage(UnknownLanguage),
}

/// What a link says, and what in it could not be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub experiment: Experiment,
    /// The language to show it in, if the link says one.
    pub language: Option<Language>,
    pub problems: Vec<LinkProblem>,
}

/// The query for an experiment, without the question mark.
pub fn to_query(experiment: &Experiment) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("v", &VERSION.to_string());
    for setting in experiment.differing() {
        query.append_pair(setting.name(), &experiment.get(setting));
    }
    query.finish()
}

/// A query with this language in place of its own, or without one.
pub fn in_language(query: &str, language: Option<Language>) -> String {
    let query = query.strip_prefix('?').unwrap_or(query);
    let others = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != LANGUAGE);
    let mut spoken = form_urlencoded::Serializer::new(String::new());
    spoken.extend_pairs(others);
    if let Some(language) = language {
        spoken.append_pair(LANGUAGE, language.name());
    }
    spoken.finish()
}

/// Reads a query, with or without the question mark.
pub fn from_query(query: &str) -> Link {
    let query = query.strip_prefix('?').unwrap_or(query);
    let mut experiment = Experiment::default();
    let (mut language, mut problems) = (None, Vec::new());
    if query.len() > MAX_BYTES {
        problems.push(LinkProblem::TooLong(query.len()));
        return Link { experiment, language, problems };
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == "v" {
            problems.extend(version_problem(&value));
            continue;
        }
        if name == LANGUAGE {
            match quoted(&value).parse() {
                Ok(known) => language = Some(known),
                Err(unknown) => problems.push(LinkProblem::NoLanguage(unknown)),
            }
            continue;
        }
        match Setting::from_name(&name) {
            None => problems.push(LinkProblem::UnknownName(quoted(&name))),
            Some(setting) => {
                if let Err(error) = experiment.set(setting, &value) {
                    problems.push(LinkProblem::BadValue(shortened(error)));
                }
            }
        }
    }
    if let Err(error) = experiment.check() {
        problems.push(LinkProblem::BadValue(error.clone()));
        let default = Experiment::default().get(error.setting);
        // The default of any setting is a value of it.
        let _ = experiment.set(error.setting, &default);
    }
    Link { experiment, language, problems }
}

fn version_problem(text: &str) -> Option<LinkProblem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(LinkProblem::NoVersion(quoted(text)));
    }
    match text.parse::<u32>() {
        Ok(0) => Some(LinkProblem::NoVersion(quoted(text))),
        Ok(version) if version <= VERSION => None,
        // More digits than a number has: newer still.
        Ok(_) | Err(_) => Some(LinkProblem::NewerVersion(quoted(text))),
    }
}

fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn shortened(mut error: SettingError) -> SettingError {
    const MAX_PROBLEM_CHARS: usize = 160;
    if error.problem.chars().count() > MAX_PROBLEM_CHARS {
        error.problem = error.problem.chars().take(MAX_PROBLEM_CHARS).chain(['…']).collect();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Dataset;

    #[test]
    fn the_default_experiment_is_the_bare_link() {
        assert_eq!(to_query(&Experiment::default()), "v=1");
        assert_eq!(from_query("").experiment, Experiment::default());
    }

    #[test]
    fn a_link_round_trips() {
        let experiment = Experiment {
            dataset: Dataset::Cifar10,
            data: "https://host/a b&c/".to_owned(),
            rate: 0.3,
            seed: super::super::setting::MAX_WHOLE,
            ..Experiment::default()
        };
        let link = from_query(&format!("?{}", to_query(&experiment)));
        assert_eq!(link, Link { experiment, language: None, problems: vec![] });
    }

    #[test]
    fn a_link_may_name_its_language() {
        let query = in_language("?v=1&lang=en&epochs=3", Some(Language::Chinese));
        assert_eq!(query, "v=1&epochs=3&lang=zh");
        let link = from_query(&query);
        assert_eq!((link.language, link.experiment.epochs), (Some(Language::Chinese), 3));
        assert_eq!(link.problems, []);
        assert_eq!(in_language(&query, None), "v=1&epochs=3");

        let link = from_query("lang=klingon");
        assert_eq!(link.language, None);
        assert!(link.problems[0].to_string().contains("“klingon”"), "{:?}", link.problems);
    }

    #[test]
    fn problems_are_told_and_the_rest_holds() {
        let link = from_query("v=2&epochs=3&rate=lots&colour=red");
        assert_eq!(link.experiment.epochs, 3);
        assert_eq!(link.experiment.rate, 0.1);
        let text: Vec<_> = link.problems.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 3, "{text:?}");
        assert!(text[0].contains("version 2"));
        assert!(text[1].contains("rate: “lots” is not a number"));
        assert!(text[2].contains("“colour”"));
    }

    #[test]
    fn a_version_is_a_number() {
        let problem = |version: &str| from_query(&format!("v={version}&epochs=3")).problems.pop();
        assert_eq!(problem("1"), None);
        for text in ["abc", "", "-1", "1.5", "0"] {
            assert_eq!(problem(text), Some(LinkProblem::NoVersion(text.to_owned())));
        }
        for text in ["2", "99999999999999999999"] {
            assert_eq!(problem(text), Some(LinkProblem::NewerVersion(text.to_owned())));
        }
    }

    #[test]
    fn contradictions_fall_back_to_the_default() {
        let link = from_query("candidates=superclass");
        assert_eq!(link.problems.len(), 1);
        assert_eq!(link.experiment.check(), Ok(()));
    }

    #[test]
    fn endless_links_are_cut_short() {
        let link = from_query(&format!("data={}", "x".repeat(10_000)));
        assert!(matches!(link.problems[..], [LinkProblem::TooLong(_)]));
        let link = from_query(&format!("dataset={}", "x".repeat(5_000)));
        assert!(link.problems[0].to_string().len() < 400);
    }
}
