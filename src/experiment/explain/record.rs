//! What a real run recorded of a few images: the default experiment, each pass of each of them.
//! `tests/explain.rs` makes the file with the trainer, and compares it with the trainer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::experiment::Experiment;

/// Some images of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub experiment: Experiment,
    pub class_names: Vec<String>,
    pub images: Vec<RecordedImage>,
}

/// A training image, and what the network said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedImage {
    /// Its position in the training set.
    pub index: usize,
    /// The true label, which the network never saw.
    pub label: usize,
    /// Ascending.
    pub candidates: Vec<usize>,
    /// u8 `[3, 32, 32]`
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub pixels: Vec<u8>,
    /// One an epoch, in order.
    pub passes: Vec<Pass>,
}

/// The one time in an epoch that an image is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// The step of the epoch, from 1.
    pub step: usize,
    /// f(x), with the dropout of that step: `[classes]`.
    pub logits: Vec<f32>,
}

impl Record {
    /// The record that comes with the program.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("batch.json")).expect("the record is the program's own")
    }

    /// The passes that all images have.
    pub fn passes(&self) -> usize {
        self.images.iter().map(|image| image.passes.len()).min().unwrap_or(0)
    }
}

impl RecordedImage {
    /// The run's own candidate set, as one truth value a class.
    pub fn set(&self, classes: usize) -> Vec<bool> {
        (0..classes).map(|class| self.candidates.contains(&class)).collect()
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_record_is_whole() {
        let record = Record::built_in();
        let classes = record.class_names.len();
        assert_eq!(record.experiment.differing().count(), 0, "of the default experiment");
        assert_eq!((record.images.len(), record.passes()), (4, record.experiment.epochs));
        for image in &record.images {
            assert_eq!(image.pixels.len(), 3 * 32 * 32);
            assert!(image.candidates.len() > 1 && image.candidates.contains(&image.label));
            assert_eq!(image.passes[0].step, 1, "they are of the run's first batch");
            for pass in &image.passes {
                assert_eq!(pass.logits.len(), classes);
                assert!(pass.logits.iter().all(|logit| logit.is_finite()));
            }
            let set = image.set(classes);
            assert_eq!(set.iter().filter(|&&member| member).count(), image.candidates.len());
        }
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
