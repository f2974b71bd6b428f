//! The networks that a site offers: `models/index.json` names them, and for each there are a file
//! of weights and a card that says what it learnt from and how good it is. `proden publish` writes
//! them, the page reads them; what stands here is from outside for the page.

use serde::{Deserialize, Serialize};

use super::calibration::{Bin, Calibration};
use super::{CandidateRule, Dataset, Method};

/// Their folder, below the page's own.
pub const FOLDER: &str = "models/";
pub const INDEX: &str = "index.json";
/// Of the index and of a card.
pub const VERSION: u32 = 1;
/// More than any network of ours has, in half precision.
const MAX_MODEL_BYTES: u64 = 200_000_000;

/// Why an index or a card is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostedError {
    #[error("{}", t!("it is no JSON of that kind ({reason})", reason = .0))]
    Unreadable(String),
    #[error("{}", t!("it is of version {version}, and this page knows version {known}", version = .0, known = VERSION))]
    Newer(u32),
    #[error("{}", t!("its entry “{name}” has no plain file name, size or SHA-256", name = .0))]
    BadEntry(String),
    #[error("{}", t!("its calibration is none"))]
    BadCalibration,
}

/// The networks that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub version: u32,
    pub models: Vec<Entry>,
}

impl Default for Index {
    /// Of a site that offers none.
    fn default() -> Self {
        Self { version: VERSION, models: Vec::new() }
    }
}

/// A network in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    /// For a person.
    pub title: String,
    /// Of the weights, in the same folder.
    pub file: String,
    #[serde(rename = "bytes")]
    pub size_bytes: u64,
    /// In hexadecimal, of the file.
    pub sha256: String,
    /// The file of its card, in the same folder.
    pub card: String,
    /// Whether the page takes it when the visitor has no network of their own.
    #[serde(rename = "default", default)]
    pub is_default: bool,
}

impl Index {
    /// Parses an index. What a host without one answers with (nothing, or a page) is an empty one.
    ///
    /// # Errors
    /// When it is of a later version, or damaged.
    pub fn parse(text: &str) -> Result<Self, HostedError> {
        if text.trim().is_empty() || text.trim_start().starts_with('<') {
            return Ok(Self::default());
        }
        let index: Self = parse(text)?;
        match index.models.iter().find(|entry| !entry.is_sound()) {
            Some(entry) => Err(HostedError::BadEntry(entry.name.clone())),
            None => Ok(index),
        }
    }

    /// The network to begin with.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.is_default).or(self.models.first())
    }

    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.name == name)
    }

    /// Puts a network in, in the place of one of that name. The first is the default, until
    /// another one is.
    pub fn put(&mut self, entry: Entry) {
        if entry.is_default {
            self.models.iter_mut().for_each(|other| other.is_default = false);
        }
        match self.models.iter_mut().find(|other| other.name == entry.name) {
            Some(other) => {
                let was_default = other.is_default;
                *other = entry;
                other.is_default |= was_default;
            }
            None => self.models.push(entry),
        }
        if !self.models.iter().any(|entry| entry.is_default)
            && let Some(first) = self.models.first_mut()
        {
            first.is_default = true;
        }
    }
}

impl Entry {
    fn is_sound(&self) -> bool {
        let is_hash =
            self.sha256.len() == 64 && self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain(&self.file)
            && is_plain(&self.card)
            && (1..=MAX_MODEL_BYTES).contains(&self.size_bytes)
            && is_hash
    }
}

/// Whether a name leads nowhere but to a file in the same folder.
pub fn is_plain(name: &str) -> bool {
    let is_usual = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_usual)
}

/// What a network learnt from, and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub version: u32,
    pub name: String,
    pub title: String,
    /// For a person: `convnet, width 0.5`.
    pub network: String,
    pub parameters: usize,
    pub classes: Vec<String>,
    pub data: DataFacts,
    pub ambiguity: Ambiguity,
    /// All settings of the run, as a link's query: `?v=1&dataset=cifar10`.
    pub settings: String,
    pub seeds: Vec<u64>,
    pub epochs: usize,
    /// Of the training, without pauses.
    pub elapsed_secs: f64,
    /// What it was trained on.
    pub machine: String,
    /// Share of right answers, of the file as it is hosted, in half precision.
    pub test_accuracy: Measured,
    /// On the training images: whether the largest confidence is on the true label.
    pub label_accuracy: Option<f64>,
    pub calibration: CalibrationFacts,
    /// Where it must not be trusted, for one.
    pub notes: Vec<String>,
}

/// What it was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFacts {
    pub dataset: Dataset,
    pub training_images: usize,
}

/// How ambiguous the labels were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ambiguity {
    pub method: Method,
    pub candidates: CandidateRule,
    pub rate: f64,
}

/// A share of `n` images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub share: f64,
    pub n: usize,
}

/// How honest the probabilities are, and how that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFacts {
    #[serde(flatten)]
    pub calibration: Calibration,
    /// Which images are for what.
    pub split: String,
    /// Images that temperature and threshold were fitted to.
    pub fitted_on: usize,
    /// Others, that the rest was measured on.
    pub measured_on: usize,
    /// Expected calibration error.
    pub ece: f64,
    /// The same without the temperature.
    pub ece_before: f64,
    pub bins: Vec<Bin>,
    /// Share of the right answers that the threshold lets pass.
    pub right_passed: Option<f64>,
    /// Share of the wrong answers that it holds back.
    pub wrong_held_back: Option<f64>,
    /// Share of the built-in shapes, which show none of the classes, that it holds back.
    pub shapes_held_back: Option<Measured>,
}

impl Card {
    /// Parses a card.
    ///
    /// # Errors
    /// When it is of a later version, or damaged.
    pub fn parse(text: &str) -> Result<Self, HostedError> {
        let card: Self = parse(text)?;
        let is_sound = card.calibration.calibration.is_sound();
        if is_sound { Ok(card) } else { Err(HostedError::BadCalibration) }
    }
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, HostedError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let unreadable = |error: serde_json::Error| HostedError::Unreadable(error.to_string());
    let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
    if version > VERSION {
        return Err(HostedError::Newer(version));
    }
    serde_json::from_str(text).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            title: name.to_owned(),
            file: format!("{name}.safetensors"),
            size_bytes: 10,
            sha256: "0f".repeat(32),
            card: format!("{name}.json"),
            is_default: false,
        }
    }

    #[test]
    fn a_site_without_networks_is_no_fault() {
        for text in ["", "  \n", "<!doctype html><p>Train", r#"{"version": 1, "models": []}"#] {
            assert_eq!(Index::parse(text), Ok(Index::default()), "{text}");
        }
        assert_eq!(Index::default().default_entry(), None);
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let mut index = Index::default();
        index.put(entry("a"));
        index.put(entry("b"));
        assert_eq!(index.default_entry().unwrap().name, "a", "the first, for want of another");
        index.put(Entry { is_default: true, ..entry("b") });
        index.put(Entry { title: "again".into(), ..entry("b") });
        let defaults: Vec<_> = index.models.iter().map(|it| it.is_default).collect();
        assert_eq!((defaults, index.models[1].title.as_str()), (vec![false, true], "again"));
        let text = serde_json::to_string(&index).unwrap();
        assert_eq!(Index::parse(&text), Ok(index.clone()));
        assert!(text.contains(r#""bytes":10"#) && text.contains(r#""default":true"#), "{text}");
        assert_eq!(index.get("b").map(|it| &it.title), Some(&"again".to_owned()));
    }

    #[test]
    fn an_index_leads_to_no_other_place() {
        for name in ["https://host/x", "../x", "a/b", "", ".x", "a b", "a?b", "a%2Fb"] {
            assert!(!is_plain(name), "{name}");
            let index = Index {
                models: vec![Entry { file: name.to_owned(), ..entry("a") }],
                ..Index::default()
            };
            let text = serde_json::to_string(&index).unwrap();
            assert_eq!(Index::parse(&text), Err(HostedError::BadEntry("a".into())), "{name}");
        }
        for text in ["[]", "{}", r#"{"version": 1, "models": 3}"#, "nonsense"] {
            assert!(matches!(Index::parse(text), Err(HostedError::Unreadable(_))), "{text}");
        }
        let newer = r#"{"version": 2, "nets": []}"#;
        assert_eq!(Index::parse(newer), Err(HostedError::Newer(2)));
    }
}
