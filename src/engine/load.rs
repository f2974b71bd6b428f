//! An experiment's data set: drawn, or read file by file and parsed.

use super::source::{self, SourceError, Want};
use super::store::{self, Origin};
use crate::data::archive::Member;
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
        progress(LoadProgress { what: t!("built-in shapes"), loaded_bytes: 0, total_bytes: None });
        return Ok(synthetic::draw(experiment.train_limit, experiment.test_limit));
    };
    let mut loader = Loader { experiment, layout, progress, notes: Vec::new() };
    let train = loader.train().await?;
    let test = loader.file(layout.test, experiment.test_limit).await?;
    Ok(DataSet { train, test, class_names: class_names(experiment.dataset), notes: loader.notes })
}

/// Only the test images of an experiment's data set, and what is worth knowing of them.
///
/// # Errors
/// As [`data_set`].
pub async fn test_set(
    experiment: &Experiment,
    progress: &dyn Fn(LoadProgress),
) -> Result<(ImageSet, Vec<String>), Failure> {
    let Some(layout) = Layout::of(experiment.dataset) else {
        return Ok((synthetic::draw(1, experiment.test_limit).test, Vec::new()));
    };
    let mut loader = Loader { experiment, layout, progress, notes: Vec::new() };
    let test = loader.file(layout.test, experiment.test_limit).await?;
    Ok((test, loader.notes))
}

struct Loader<'a> {
    experiment: &'a Experiment,
    layout: Layout,
    progress: &'a dyn Fn(LoadProgress),
    /// Worth knowing, but no fault.
    notes: Vec<String>,
}

impl Loader<'_> {
    /// As many of the training files as the limit needs.
    async fn train(&mut self) -> Result<ImageSet, Failure> {
        let limit = self.experiment.train_limit;
        let mut train = ImageSet::default();
        for name in self.layout.train {
            // A limit of 0 stays 0: all.
            let missing = limit.saturating_sub(train.len());
            if limit > 0 && missing == 0 {
                break;
            }
            train.extend(self.file(name, missing).await?);
        }
        Ok(train)
    }

    /// The first records of a file; a limit of 0 reads all. What the visitor gave goes first,
    /// then what an earlier visit left, then the host.
    async fn file(&mut self, name: &'static str, limit: usize) -> Result<ImageSet, Failure> {
        let record_bytes = self.layout.record_bytes();
        let enough_bytes = if limit == 0 { usize::MAX } else { limit * record_bytes };
        let images = match self.kept(name, limit, enough_bytes).await {
            Some(images) => images,
            None => self.fetched(name, limit, enough_bytes).await?,
        };
        if limit == 0 {
            let size_bytes = (images.len() * record_bytes) as u64;
            self.notes.extend(Member::at(name).and_then(|member| member.note_on(size_bytes)));
        }
        Ok(images)
    }

    async fn kept(&mut self, name: &str, limit: usize, enough_bytes: usize) -> Option<ImageSet> {
        let host = source::absolute(&self.experiment.data).ok().map(Origin::Host);
        for origin in [Some(Origin::Given), host].into_iter().flatten() {
            let read = store::read(&origin, name, enough_bytes, &self.report_on(name)).await;
            let Some(bytes) = read else { continue };
            match self.layout.parse(&bytes, limit) {
                Ok(images) => {
                    if origin == Origin::Given {
                        self.note(t!("The data files that were given to this page are used, not those of the data host."));
                    }
                    return Some(images);
                }
                // It was sound when it was kept, so the storage has damaged it.
                Err(_) => store::forget(&origin, name).await,
            }
        }
        None
    }

    /// From the host; what is sound is kept for the next time.
    async fn fetched(
        &mut self,
        name: &str,
        limit: usize,
        enough_bytes: usize,
    ) -> Result<ImageSet, Failure> {
        let base = &self.experiment.data;
        let max_bytes = Member::at(name).map_or(0, |member| member.max_bytes() as usize);
        let want = Want { enough_bytes, max_bytes };
        let bytes = source::read(base, name, want, &self.report_on(name))
            .await
            .map_err(SourceError::into_failure)?;
        let images = self.layout.parse(&bytes, limit).map_err(|error| not_cifar(name, &error))?;
        let origin = Origin::Host(source::absolute(base).map_err(SourceError::into_failure)?);
        let is_whole = bytes.len() < enough_bytes || bytes.len() == max_bytes;
        if let Err(error) = store::keep(&origin, name, &bytes, is_whole).await {
            self.note(t!(
                "The browser did not keep the data: {error}. They will be fetched again next time. {remedy}",
                error,
                remedy = error.remedy()
            ));
        }
        Ok(images)
    }

    fn report_on(&self, name: &str) -> impl Fn(u64, Option<u64>) {
        move |loaded_bytes, total_bytes| {
            (self.progress)(LoadProgress { what: name.to_owned(), loaded_bytes, total_bytes });
        }
    }

    /// Notes it, once for all files.
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn not_cifar(name: &str, error: &CifarError) -> Failure {
    let remedy = match error {
        CifarError::Html => {
            t!(
                "The host seems to answer every address with a page: check the static host in the settings."
            )
        }
        CifarError::Empty | CifarError::NotWhole { .. } => {
            t!(
                "Unpack the binary version of the archive again (not the Python one), and check the copy on the static host."
            )
        }
        CifarError::BadLabel { .. } => {
            t!(
                "Check that the dataset setting and the files agree (CIFAR-10 or CIFAR-100, binary version)."
            )
        }
    };
    Failure::new(t!("{name} cannot be used: {error}.", name, error), remedy).about(Setting::Data)
}
