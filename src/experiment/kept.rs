//! The data that the browser keeps, as the page shows them: a pure function of the engine's events.

use crate::protocol::{Event, Failure, KeptData, KeptFile, LoadProgress};

/// All that the page knows of kept data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// What the engine last said; None until it was asked.
    pub data: Option<KeptData>,
    /// How far keeping has come, while files are being kept.
    pub keeping: Option<LoadProgress>,
    /// Why nothing was kept, or was not cleared.
    pub failure: Option<Failure>,
}

/// Where kept files are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// None for the visitor's own.
    pub host: Option<String>,
    pub files: Vec<KeptFile>,
}

impl Kept {
    /// The visitor gave files: the engine was asked to keep them.
    pub fn ask_to_keep(&mut self) {
        let what = t!("Reading the files");
        self.failure = None;
        self.keeping = Some(LoadProgress { what, loaded_bytes: 0, total_bytes: None });
    }

    /// What the visitor gave is not kept.
    pub fn refuse(&mut self, failure: Failure) {
        self.keeping = None;
        self.failure = Some(failure);
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Keeping(progress) => self.keeping = Some(progress.clone()),
            Event::DataKept(data) => self.take(data),
            Event::Failed(_) => self.keeping = None,
            Event::Ready { .. }
            | Event::Loading(_)
            | Event::Device(_)
            | Event::Compiling
            | Event::Started(_)
            | Event::Progress(_)
            | Event::Epoch { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Stopped
            | Event::Finished
            | Event::Dying(_)
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::Checkpoint(_)
            | Event::Microscope(_)
            | Event::Fetching(_)
            | Event::Chosen { .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
    }

    fn take(&mut self, data: &KeptData) {
        self.keeping = None;
        if data.problem.is_some() {
            self.failure.clone_from(&data.problem);
        }
        self.data = Some(data.clone());
    }

    /// The files, by where they are from; in the engine's order.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        let files = self.data.iter().flat_map(|data| &data.files);
        for file in files {
            match sources.iter_mut().find(|source| source.host == file.host) {
                Some(source) => source.files.push(file.clone()),
                None => sources.push(Source { host: file.host.clone(), files: vec![file.clone()] }),
            }
        }
        sources
    }

    /// Bytes in all, once they are known.
    pub fn total_bytes(&self) -> Option<u64> {
        Some(self.data.as_ref()?.files.iter().map(|file| file.size_bytes).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_file() -> KeptData {
        let file =
            KeptFile { host: None, name: "cifar-100-binary/test.bin".into(), size_bytes: 30 };
        KeptData { files: vec![file], ..KeptData::default() }
    }

    #[test]
    fn files_are_kept_and_listed() {
        let mut kept = Kept::default();
        assert_eq!(kept.total_bytes(), None);
        kept.ask_to_keep();
        let progress = LoadProgress { what: "a".into(), loaded_bytes: 1, total_bytes: Some(2) };
        kept.apply(&Event::Keeping(progress.clone()));
        assert_eq!(kept.keeping, Some(progress));
        kept.apply(&Event::DataKept(one_file()));
        assert_eq!((kept.keeping.clone(), kept.total_bytes()), (None, Some(30)));
    }

    #[test]
    fn files_are_listed_by_their_source() {
        let file = |host: Option<&str>, name: &str| KeptFile {
            host: host.map(str::to_owned),
            name: name.into(),
            size_bytes: 1,
        };
        let files = vec![file(None, "a"), file(Some("h"), "b"), file(None, "c")];
        let kept =
            Kept { data: Some(KeptData { files, ..KeptData::default() }), ..Kept::default() };
        let sources = kept.sources();
        assert_eq!(sources.len(), 2);
        assert_eq!((sources[0].files.len(), sources[1].host.as_deref()), (2, Some("h")));
    }

    #[test]
    fn a_problem_is_told_until_the_next_request() {
        let mut kept = Kept::default();
        kept.ask_to_keep();
        let problem = Some(Failure::new("a run is on", "stop it"));
        kept.apply(&Event::DataKept(KeptData { problem: problem.clone(), ..one_file() }));
        kept.apply(&Event::DataKept(one_file()));
        assert_eq!((kept.total_bytes(), kept.failure.clone()), (Some(30), problem));
        kept.ask_to_keep();
        assert_eq!(kept.failure, None);
        kept.apply(&Event::Failed(Failure::new("the engine is gone", "reload")));
        assert_eq!(kept.keeping, None);
    }
}
