//! The networks that a visitor may choose from: those of the site, those kept of runs. As
//! [`super::run`], a pure function of what the engine and the host tell.

use std::collections::BTreeMap;

use super::hosted::{Card, Entry, Index};
use crate::protocol::{Choosing, Event, Failure, KeptNetwork, LoadProgress, NetworkSource};

/// All that the page knows of networks to choose from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// None until the host was asked.
    pub index: Option<Index>,
    /// Why the site's networks cannot be offered.
    pub index_problem: Option<Failure>,
    /// By the network's name, as far as they were asked for; or why there is none.
    pub cards: BTreeMap<String, Result<Card, Failure>>,
    /// Of earlier runs, the newest first.
    pub kept: Vec<KeptNetwork>,
    /// Why the network of a run is not kept; no fault of the run.
    pub kept_problem: Option<Failure>,
    /// What was asked for, until the engine has answered.
    pub asked: Option<NetworkSource>,
    /// How far it has come.
    pub progress: Option<LoadProgress>,
    /// Why the last choice came to nothing.
    pub failure: Option<Failure>,
}

impl Choice {
    /// The host has told of its networks.
    pub fn take_index(&mut self, index: Result<Index, Failure>) {
        match index {
            Ok(index) => {
                self.index_problem = None;
                self.index = Some(index);
            }
            Err(failure) => {
                self.index_problem = Some(failure);
                self.index = Some(Index::default());
            }
        }
    }

    /// The visitor (or the page, for a visitor who has no network) chose a network.
    pub fn ask(&mut self, source: NetworkSource) {
        self.failure = None;
        self.progress = None;
        self.asked = Some(source);
    }

    /// The network that the page takes by itself when there is none.
    pub fn default_source(&self) -> Option<NetworkSource> {
        // What failed is tried again only when the visitor wants it.
        if self.asked.is_some() || self.failure.is_some() {
            return None;
        }
        self.index.as_ref()?.default_entry().cloned().map(NetworkSource::Hosted)
    }

    /// Whether a network may still come without the visitor's doing.
    pub fn is_coming(&self) -> bool {
        self.index.is_none() || self.asked.is_some()
    }

    /// The networks of the site.
    pub fn hosted(&self) -> Vec<Entry> {
        self.index.as_ref().map(|index| index.models.clone()).unwrap_or_default()
    }

    /// The engine is gone, and what was asked of it with it.
    pub fn give_up(&mut self) {
        self.asked = None;
        self.progress = None;
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Fetching(progress) => self.progress = Some(progress.clone()),
            Event::Chosen { source, outcome } => self.settle(source, outcome),
            Event::NetworksKept(kept) => {
                self.kept.clone_from(&kept.networks);
                self.kept_problem.clone_from(&kept.problem);
            }
            Event::Failed(failure) if self.asked.is_some() => {
                self.give_up();
                self.failure = Some(failure.clone());
            }
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
            | Event::Failed(_)
            | Event::Classified { .. }
            | Event::Saved(_)
            | Event::Opened { .. }
            | Event::Checkpoint(_)
            | Event::Keeping(_)
            | Event::DataKept(_)
            | Event::Microscope(_)
            | Event::Nearest { .. } => {}
        }
    }

    fn settle(&mut self, source: &NetworkSource, outcome: &Choosing) {
        if let (Choosing::Refused(_), NetworkSource::Kept(run)) = (outcome, source) {
            // It is not there any more, or was damaged and removed.
            self.kept.retain(|kept| kept.run != *run);
        }
        // Of what was chosen since, the answer is still to come.
        if self.asked.as_ref() != Some(source) {
            return;
        }
        self.give_up();
        if let Choosing::Refused(failure) = outcome {
            self.failure = Some(failure.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{KeptNetworks, ModelInfo};

    fn index() -> Index {
        let entry = |name: &str, is_default| Entry {
            name: name.into(),
            title: name.into(),
            file: "a.safetensors".into(),
            size_bytes: 1,
            sha256: "0".repeat(64),
            card: "a.json".into(),
            is_default,
        };
        Index { models: vec![entry("a", false), entry("b", true)], ..Index::default() }
    }

    fn network() -> Choosing {
        Choosing::Network(ModelInfo {
            network: "convnet, width 1".into(),
            experiment: None,
            class_names: vec!["a".into()],
            parameters: 1,
            calibration: None,
            notes: Vec::new(),
        })
    }

    fn refused() -> Choosing {
        Choosing::Refused(Failure::new("damaged", "again"))
    }

    #[test]
    fn the_default_is_taken_once() {
        let mut choice = Choice::default();
        assert!(choice.is_coming() && choice.default_source().is_none(), "nobody was asked yet");
        choice.take_index(Ok(index()));
        let source = choice.default_source().unwrap();
        assert!(matches!(&source, NetworkSource::Hosted(entry) if entry.name == "b"));
        choice.ask(source.clone());
        assert!(choice.is_coming() && choice.default_source().is_none());
        let progress = LoadProgress { what: "b".into(), loaded_bytes: 1, total_bytes: Some(2) };
        choice.apply(&Event::Fetching(progress.clone()));
        assert_eq!(choice.progress, Some(progress));
        choice.apply(&Event::Chosen { source, outcome: refused() });
        assert!(choice.failure.is_some() && choice.progress.is_none());
        assert!(
            !choice.is_coming() && choice.default_source().is_none(),
            "it is not tried for ever"
        );
    }

    #[test]
    fn a_site_without_networks_has_no_default() {
        let mut choice = Choice::default();
        choice.take_index(Ok(Index::default()));
        assert!(!choice.is_coming() && choice.default_source().is_none());
        choice.take_index(Err(Failure::new("no connection", "check it")));
        assert!(!choice.is_coming() && choice.index_problem.is_some());
    }

    #[test]
    fn the_last_choice_counts() {
        let mut choice = Choice::default();
        choice.ask(NetworkSource::Kept(1));
        choice.ask(NetworkSource::Run);
        choice.apply(&Event::Chosen { source: NetworkSource::Kept(1), outcome: refused() });
        assert_eq!(
            (choice.asked.clone(), choice.failure.clone()),
            (Some(NetworkSource::Run), None)
        );
        choice.apply(&Event::Chosen { source: NetworkSource::Run, outcome: network() });
        assert_eq!((choice.asked, choice.failure), (None, None));
    }

    #[test]
    fn a_kept_network_that_is_gone_is_not_offered() {
        let kept = |runs: &[u64]| -> Vec<KeptNetwork> {
            runs.iter().map(|&run| KeptNetwork { run, size_bytes: 1 }).collect()
        };
        let mut choice = Choice::default();
        let networks = KeptNetworks { networks: kept(&[3, 1]), problem: None };
        choice.apply(&Event::NetworksKept(networks));
        choice.ask(NetworkSource::Kept(3));
        choice.apply(&Event::Chosen { source: NetworkSource::Kept(3), outcome: refused() });
        assert_eq!(choice.kept, kept(&[1]));
        assert!(choice.failure.is_some());
    }
}
