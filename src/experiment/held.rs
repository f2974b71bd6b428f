//! What the engine holds beside a run under way: the network that classifies, the run that can go
//! on, and what became of files. As [`super::run`], a pure function of the engine's events.

use super::config::Experiment;
use super::words;
use crate::protocol::{
    CheckpointInfo, Choosing, Event, Failure, FileKind, ModelInfo, NetworkSource, Opening, Saving,
};

/// All that the page knows of what the engine holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Held {
    /// The network that classifies.
    pub network: Option<NetworkInUse>,
    pub run: HeldRun,
    /// The file that was opened last, until a run begins.
    pub opened: Option<OpenedFile>,
    /// What is being done with files.
    pub errand: Option<Errand>,
    /// Why the last errand came to nothing.
    pub failure: Option<Failure>,
}

/// A run that can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeldRun {
    #[default]
    None,
    /// From a file; it has not gone on yet.
    Opened,
    /// Of this tab, under way or over: it can be saved.
    Trained,
    /// Of this tab, and diverged: it is there to be looked at, but goes on from an earlier state.
    Diverged,
}

/// A network that can classify.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkInUse {
    /// For a person: `convnet, width 0.125`.
    pub network: String,
    pub origin: Origin,
    pub class_names: Vec<String>,
    /// None where the file does not say.
    pub experiment: Option<Experiment>,
    pub parameters: Option<usize>,
    /// Whether somebody has measured how far it can be believed.
    pub is_calibrated: bool,
    pub notes: Vec<String>,
}

/// Where a network is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Opened by the visitor, by the file's name.
    File(String),
    Chosen(NetworkSource),
}

/// A file that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    pub name: String,
    pub kind: FileKind,
    /// What is in it and what it is good for.
    pub about: String,
}

/// Something that is done with files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    Saving(FileKind),
    Opening(String),
}

impl Held {
    /// Whether there is a run whose network or state can be saved.
    pub fn can_save(&self) -> bool {
        matches!(self.run, HeldRun::Trained | HeldRun::Diverged)
    }

    /// Whether there is a run that can go on.
    pub fn can_continue(&self) -> bool {
        matches!(self.run, HeldRun::Opened | HeldRun::Trained)
    }

    /// The run of this tab has diverged, and an earlier state of it is there to go on from.
    pub fn diverge(&mut self) {
        if self.run == HeldRun::Trained {
            self.run = HeldRun::Diverged;
        }
    }

    /// A new run was asked for: the engine lets the last one go to make room for it. An opened
    /// checkpoint and a network stay until the new run has its own.
    pub fn make_room(&mut self) {
        self.failure = None;
        if self.can_save() {
            self.run = HeldRun::None;
        }
    }

    /// Whether the network of this tab's run classifies, whose training images are at hand.
    pub fn uses_run(&self) -> bool {
        let is_run = |it: &NetworkInUse| it.origin == Origin::Chosen(NetworkSource::Run);
        self.can_save() && self.network.as_ref().is_some_and(is_run)
    }

    /// The visitor asked for something to be done with files.
    pub fn ask(&mut self, errand: Errand) {
        self.failure = None;
        self.errand = Some(errand);
    }

    pub fn refuse(&mut self, failure: Failure) {
        self.errand = None;
        self.failure = Some(failure);
    }

    /// What to say when the engine was ended by force in the middle of a step.
    pub fn last_words(&self) -> Option<String> {
        let network = self.network.as_ref()?;
        let lost = match &network.origin {
            Origin::File(file) => t!(
                "What was opened from “{file}” is gone from this tab: open the file again to go on or to classify.",
                file
            ),
            Origin::Chosen(_) => {
                t!(
                    "The network of this run is gone, so there is nothing to classify with or to save."
                )
            }
        };
        Some(t!("The engine was in the middle of a long step and was ended by force. {lost}", lost))
    }

    /// The engine is gone, and all that it held with it.
    pub fn lose_all(&mut self) {
        *self = Self::default();
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                self.run = HeldRun::Trained;
                self.opened = None;
                self.network = Some(NetworkInUse {
                    network: network_of(&info.experiment),
                    origin: Origin::Chosen(NetworkSource::Run),
                    class_names: info.class_names.clone(),
                    experiment: Some(info.experiment.clone()),
                    parameters: Some(info.parameters),
                    is_calibrated: false,
                    notes: Vec::new(),
                });
            }
            Event::Chosen { source, outcome: Choosing::Network(info) } => {
                self.opened = None;
                self.use_network(Origin::Chosen(source.clone()), info);
            }
            Event::Saved(Saving::File(_)) => self.errand = None,
            Event::Saved(Saving::Refused(failure)) => self.refuse(failure.clone()),
            Event::Opened { name, outcome } => match outcome {
                Opening::Model(info) => self.open_model(name, info),
                Opening::Checkpoint(info) => self.open_checkpoint(name, info),
                Opening::Refused(failure) => self.refuse(failure.clone()),
            },
            Event::Failed(_) => self.errand = None,
            Event::Ready { .. }
            | Event::Loading(_)
            | Event::Device(_)
            | Event::Compiling
            | Event::Progress(_)
            | Event::Epoch { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Stopped
            | Event::Finished
            | Event::Dying(_)
            | Event::Classified { .. }
            | Event::Checkpoint(_)
            | Event::Keeping(_)
            | Event::DataKept(_)
            | Event::Microscope(_)
            | Event::Fetching(_)
            | Event::Chosen { outcome: Choosing::Refused(_), .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
    }

    fn use_network(&mut self, origin: Origin, info: &ModelInfo) {
        self.network = Some(NetworkInUse {
            network: info.network.clone(),
            origin,
            class_names: info.class_names.clone(),
            experiment: info.experiment.clone(),
            parameters: Some(info.parameters),
            is_calibrated: info.calibration.is_some(),
            notes: info.notes.clone(),
        });
    }

    fn open_model(&mut self, name: &str, info: &ModelInfo) {
        self.errand = None;
        // A run, of this tab or of a checkpoint, is still there to go on.
        self.use_network(Origin::File(name.to_owned()), info);
        let about = t!(
            "A network ({network}, {parameters} parameters, {classes} classes). It classifies from now on.",
            network = info.network,
            parameters = words::count(info.parameters as u64),
            classes = info.class_names.len()
        );
        self.opened = Some(OpenedFile { name: name.to_owned(), kind: FileKind::Model, about });
    }

    fn open_checkpoint(&mut self, name: &str, info: &CheckpointInfo) {
        self.errand = None;
        self.run = HeldRun::Opened;
        self.network = Some(NetworkInUse {
            network: network_of(&info.experiment),
            origin: Origin::File(name.to_owned()),
            class_names: info.class_names.clone(),
            experiment: Some(info.experiment.clone()),
            parameters: Some(info.parameters),
            is_calibrated: false,
            notes: Vec::new(),
        });
        let about = t!(
            "A run that stands {standing}. Its network classifies from now on.",
            standing = words::standing(info.history.len(), info.step, info.experiment.epochs)
        );
        self.opened = Some(OpenedFile { name: name.to_owned(), kind: FileKind::Checkpoint, about });
    }
}

/// As the engine names the network of a file.
fn network_of(experiment: &Experiment) -> String {
    t!("{model}, width {width}", model = experiment.model, width = experiment.width)
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::super::run::info_for_tests;
    use super::*;

    fn opened(outcome: Opening) -> Event {
        Event::Opened { name: "a.safetensors".into(), outcome }
    }

    fn model() -> Opening {
        Opening::Model(ModelInfo {
            network: "resnet18, width 1".into(),
            experiment: None,
            class_names: vec!["a".into()],
            parameters: 11_173_962,
            calibration: None,
            notes: vec!["no names".into()],
        })
    }

    fn checkpoint() -> Opening {
        let experiment = Experiment { epochs: 4, ..Experiment::default() };
        Opening::Checkpoint(CheckpointInfo {
            experiment,
            class_names: vec!["a".into(), "b".into()],
            parameters: 10,
            history: vec![epoch_for_tests(1, 0.5), epoch_for_tests(2, 0.6)],
            step: 3,
        })
    }

    #[test]
    fn a_run_can_be_saved_and_go_on() {
        let mut held = Held::default();
        assert!(!held.can_save() && !held.can_continue());
        held.apply(&Event::Started(info_for_tests()));
        assert!(held.can_save() && held.can_continue());
        held.ask(Errand::Saving(FileKind::Model));
        held.apply(&Event::Saved(Saving::File(FileKind::Model)));
        assert_eq!(held.errand, None);

        // A new run lets it go, but its network still classifies.
        held.make_room();
        assert!(!held.can_save() && !held.can_continue() && held.network.is_some());
    }

    #[test]
    fn an_opened_checkpoint_goes_on_and_cannot_be_saved() {
        let mut held = Held::default();
        held.ask(Errand::Opening("a.safetensors".into()));
        held.apply(&opened(checkpoint()));
        assert!(held.can_continue() && !held.can_save() && held.errand.is_none());
        let file = held.opened.clone().unwrap();
        assert_eq!(file.kind, FileKind::Checkpoint);
        assert!(file.about.contains("in epoch 3 of 4, after step 3"), "{}", file.about);

        // Neither a new run that comes to nothing nor a network takes it away.
        held.make_room();
        held.apply(&Event::Failed(Failure::new("a", "b")));
        held.apply(&opened(model()));
        assert!(held.can_continue());
        assert_eq!(held.network.clone().unwrap().network, "resnet18, width 1");

        held.apply(&Event::Started(info_for_tests()));
        assert!(held.can_save() && held.opened.is_none());
    }

    #[test]
    fn a_refused_file_changes_nothing_else() {
        let mut held = Held::default();
        held.apply(&Event::Started(info_for_tests()));
        let before = held.clone();
        held.ask(Errand::Opening("a.safetensors".into()));
        let failure = Failure::new("damaged", "save it again");
        held.apply(&opened(Opening::Refused(failure.clone())));
        assert_eq!(held, Held { failure: Some(failure), ..before });

        held.apply(&opened(model()));
        assert!(held.can_save() && held.can_continue(), "the run is still there");
        assert!(held.last_words().unwrap().contains("a.safetensors"));
        held.lose_all();
        assert_eq!(held, Held::default());
    }

    #[test]
    fn a_diverged_run_is_kept_to_look_at() {
        let mut held = Held { run: HeldRun::Trained, ..Held::default() };
        held.diverge();
        assert!(held.can_save() && !held.can_continue());
        held.make_room();
        assert_eq!(held.run, HeldRun::None);
    }
}
