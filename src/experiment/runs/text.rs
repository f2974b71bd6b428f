//! Kept runs and queues as JSON with a version, for the browser's storage. What a later version
//! of this page wrote is told apart from what is damaged: it is left where it lies.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{COLOURS, DeviceUsed, Ended, Outcome, RunId, RunRecord};
use crate::experiment::config::Experiment;
use crate::experiment::metrics::EpochMetrics;

/// The version that this page writes, and the newest that it reads.
const VERSION: u64 = 1;

/// Why a kept text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("{}", t!("it is of version {version}, newer than this page knows ({known})", version = .0, known = VERSION))]
    Newer(u64),
    #[error("{}", t!("it cannot be read: {reason}", reason = .0))]
    Damaged(String),
}

/// A kept run, flat.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: RunId,
    name: String,
    colour: usize,
    note: String,
    pinned: bool,
    shown: bool,
    experiment: Experiment,
    device: Option<DeviceUsed>,
    #[serde(serialize_with = "to_rows", deserialize_with = "from_rows")]
    history: Vec<EpochMetrics>,
    ended: Ended,
    ended_at_ms: f64,
    candidates_digest: String,
}

/// The text of a run.
pub fn of_record(record: &RunRecord) -> String {
    let outcome = record.outcome.clone();
    versioned(&Kept {
        id: record.id,
        name: record.name.clone(),
        colour: record.colour,
        note: record.note.clone(),
        pinned: record.pinned,
        shown: record.shown,
        experiment: outcome.experiment,
        device: outcome.device,
        history: outcome.history,
        ended: outcome.ended,
        ended_at_ms: outcome.ended_at_ms,
        candidates_digest: outcome.candidates_digest,
    })
}

/// Reads the text of a run.
///
/// # Errors
/// When it is damaged, or of a later version.
pub fn to_record(text: &str) -> Result<RunRecord, TextError> {
    let kept: Kept = from_versioned(text)?;
    Ok(RunRecord {
        id: kept.id,
        name: super::tidy(&kept.name, super::MAX_NAME_CHARS),
        colour: kept.colour % COLOURS,
        note: super::tidy(&kept.note, super::MAX_NOTE_CHARS),
        pinned: kept.pinned,
        shown: kept.shown,
        outcome: Outcome {
            experiment: kept.experiment,
            device: kept.device,
            history: kept.history,
            ended: kept.ended,
            ended_at_ms: kept.ended_at_ms,
            candidates_digest: kept.candidates_digest,
        },
    })
}

/// What is read first.
#[derive(Deserialize)]
struct Version {
    version: Option<u64>,
}

/// The text of a value whose JSON is an object with at least one entry.
pub(super) fn versioned<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let entries = text.strip_prefix('{').unwrap_or("}");
    format!("{{\"version\":{VERSION},{entries}")
}

pub(super) fn from_versioned<T: DeserializeOwned>(text: &str) -> Result<T, TextError> {
    let damaged = |error: serde_json::Error| TextError::Damaged(error.to_string());
    let Version { version } = serde_json::from_str(text).map_err(damaged)?;
    match version {
        Some(version) if version > VERSION => Err(TextError::Newer(version)),
        Some(_) => serde_json::from_str(text).map_err(damaged),
        None => Err(TextError::Damaged(t!("it has no version"))),
    }
}

/// Rows of numbers: with the names beside each number a long run would be three times as large.
fn to_rows<S: Serializer>(history: &[EpochMetrics], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(history.iter().map(|epoch| {
        (
            epoch.epoch,
            epoch.loss,
            epoch.test_accuracy,
            epoch.label_accuracy,
            epoch.mean_confidence,
            epoch.confident_wrong,
            epoch.lr,
            epoch.images_per_sec,
            epoch.elapsed_secs,
        )
    }))
}

fn from_rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EpochMetrics>, D::Error> {
    type Row = (usize, f64, f64, f64, f64, f64, f64, f64, f64);
    let rows = Vec::<Row>::deserialize(deserializer)?;
    let epochs: Vec<EpochMetrics> = rows
        .into_iter()
        .map(|row| EpochMetrics {
            epoch: row.0,
            loss: row.1,
            test_accuracy: row.2,
            label_accuracy: row.3,
            mean_confidence: row.4,
            confident_wrong: row.5,
            lr: row.6,
            images_per_sec: row.7,
            elapsed_secs: row.8,
        })
        .collect();
    let in_order = epochs.iter().enumerate().all(|(at, epoch)| epoch.epoch == at + 1);
    if in_order { Ok(epochs) } else { Err(D::Error::custom("its epochs are not in order")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record_for_tests;
    use super::*;
    use crate::protocol::Failure;

    fn record() -> RunRecord {
        let mut record = record_for_tests(7, Experiment::default(), &[0.5, 1.0 / 3.0]);
        record.outcome.ended = Ended::Failed(Failure::new("diverged", "a lower rate"));
        record.note = "a note".into();
        record
    }

    #[test]
    fn a_run_survives_its_text() {
        assert_eq!(to_record(&of_record(&record())), Ok(record()));
    }

    #[test]
    fn a_later_version_is_told_from_damage() {
        let text = of_record(&record());
        let newer = text.replace(r#""version":1"#, r#""version":2"#);
        assert_eq!(to_record(&newer), Err(TextError::Newer(2)));
        for damaged in ["", "[]", "{}", r#"{"version":1}"#, &text[..text.len() / 2]] {
            assert!(matches!(to_record(damaged), Err(TextError::Damaged(_))), "{damaged}");
        }
        let swapped = text.replace("[[1,", "[[2,");
        assert!(to_record(&swapped).unwrap_err().to_string().contains("not in order"));
        let wild = text.replace(r#""colour":0"#, r#""colour":99"#);
        assert!(to_record(&wild).unwrap().colour < COLOURS);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}", cut in 0..900_usize, byte in any::<u8>()) {
            let _ = to_record(&text);
            let mut bytes = of_record(&record()).into_bytes();
            let at = cut % bytes.len();
            bytes[at] = byte;
            let _ = to_record(&String::from_utf8_lossy(&bytes));
        }
    }
}
