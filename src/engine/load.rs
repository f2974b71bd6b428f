//! An experiment's data set: drawn, or read file by file and parsed.

use super::source::{self, Want};
use crate::data::cifar::{CifarError, Layout, class_names};
use crate::data::images::{DataSet, ImageSet};
use crate::data::synthetic;
use crate::experiment::{Experiment, Setting};
use crate::protocol::{Failure, LoadProgress};

/// Fetches or draws what the experiment asks for.
///
/// # Errors
/// When a file is missing, broken or of another kind; the failure says which and what to do.
pub async fn data_set(
    experiment: &Experiment,
    progress: &dyn Fn(LoadProgress),
) -> Result<DataSet, Failure> {
    let Some(layout) = Layout::of(experiment.dataset) else {
        progress(LoadProgress {
            what: "built-in shapes".to_owned(),
            loaded_bytes: 0,
            total_bytes: None,
        });
        return Ok(synthetic::draw(experiment.train_limit, experiment.test_limit));
    };
    let loader = Loader { experiment, layout, progress };
    let mut notes = Vec::new();
    let train = loader.train(&mut notes).await?;
    let test =
        loader.file(layout.test, experiment.test_limit, layout.test_records, &mut notes).await?;
    Ok(DataSet { train, test, class_names: class_names(experiment.dataset), notes })
}

struct Loader<'a> {
    experiment: &'a Experiment,
    layout: Layout,
    progress: &'a dyn Fn(LoadProgress),
}

impl Loader<'_> {
    /// As many of the training files as the limit needs.
    async fn train(&self, notes: &mut Vec<String>) -> Result<ImageSet, Failure> {
        let limit = self.experiment.train_limit;
        let mut train = ImageSet::default();
        for name in self.layout.train {
            // A limit of 0 stays 0: all.
            let missing = limit.saturating_sub(train.len());
            if limit > 0 && missing == 0 {
                break;
            }
            train
                .extend(self.file(name, missing, self.layout.train_records_per_file, notes).await?);
        }
        Ok(train)
    }

    /// The first records of a file; a limit of 0 reads all.
    async fn file(
        &self,
        name: &str,
        limit: usize,
        official_records: usize,
        notes: &mut Vec<String>,
    ) -> Result<ImageSet, Failure> {
        let record_bytes = self.layout.record_bytes();
        let max_bytes = official_records * record_bytes;
        let enough_bytes = if limit == 0 { usize::MAX } else { limit * record_bytes };
        let report = |loaded_bytes, total_bytes| {
            (self.progress)(LoadProgress { what: name.to_owned(), loaded_bytes, total_bytes });
        };
        let want = Want { enough_bytes, max_bytes };
        let bytes = source::read(&self.experiment.data, name, want, &report)
            .await
            .map_err(source::SourceError::into_failure)?;
        let images = self.layout.parse(&bytes, limit).map_err(|error| not_cifar(name, &error))?;
        if limit == 0 && images.len() < official_records {
            notes.push(format!(
                "{name} holds {} images, the official file {official_records}: these are not the official files.",
                images.len(),
            ));
        }
        Ok(images)
    }
}

fn not_cifar(name: &str, error: &CifarError) -> Failure {
    let remedy = match error {
        CifarError::Html => {
            "The host seems to answer every address with a page: check the static host in the settings."
        }
        CifarError::Empty | CifarError::NotWhole { .. } => {
            "Unpack the binary version of the archive again (not the Python one), and check the copy on the static host."
        }
        CifarError::BadLabel { .. } => {
            "Check that the dataset setting and the files agree (CIFAR-10 or CIFAR-100, binary version)."
        }
    };
    Failure::new(format!("{name} cannot be used: {error}."), remedy).about(Setting::Data)
}
