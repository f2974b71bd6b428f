//! What classifies, and why: networks that are chosen and kept, and the training images near a photo.

use std::rc::Rc;

use super::{Session, network_of, no_run_to_save};
use crate::engine::inbox::{Interrupt, Nearest};
use crate::engine::nearest::Features;
use crate::engine::networks::Fetched;
use crate::engine::{device, files, networks};
use crate::experiment::DeviceChoice;
use crate::experiment::hosted::{self, Entry};
use crate::model::file::ModelFile;
use crate::protocol::{
    Choosing, Event, Evidence, Failure, FileKind, KeptNetworks, LoadProgress, ModelInfo,
    NetworkSource,
};

impl Session {
    /// Looks for the nearest training images, a piece of the work at a time.
    pub(super) async fn find_nearest(&mut self, asked: Nearest) {
        let request = asked.request;
        let (Some(run), None) = (&self.run, &self.network) else {
            return self.refuse_evidence(
                request,
                t!("The training images of this network are not in this tab."),
            );
        };
        let features = self.features.get_or_insert_with(|| Features::begin(run));
        let (outcome, pixels) = match features.advance(run, &asked.crop).await {
            Ok(answer) => answer,
            Err(failure) => (Evidence::Refused(failure), None),
        };
        if let Evidence::Looking { .. } = outcome {
            self.inbox.leave_unfinished(asked);
        }
        (self.emit)(Event::Nearest { request, outcome }, pixels);
    }

    pub(super) fn refuse_evidence(&self, request: u32, fault: String) {
        let remedy = t!("Only the run that was trained in this tab, and is over, has them.");
        let outcome = Evidence::Refused(Failure::new(fault, remedy));
        (self.emit)(Event::Nearest { request, outcome }, None);
    }

    /// Takes a network to classify with; a run that is to begin meanwhile goes first.
    pub(super) async fn choose(&mut self, source: NetworkSource, device: DeviceChoice) {
        let outcome = match &source {
            NetworkSource::Run => self.choose_run(),
            NetworkSource::Kept(run) => match networks::of_run(*run).await {
                Ok(file) => {
                    let name = t!("The network of this run");
                    let taken = self.take(&name, &file, device).await;
                    if taken.is_err() {
                        // It was sound when it was kept, so the storage has damaged it.
                        networks::forget(*run).await;
                    }
                    taken
                }
                Err(failure) => Err(failure),
            },
            NetworkSource::Hosted(entry) => self.choose_hosted(entry, device).await,
        };
        let outcome = outcome.map_or_else(Choosing::Refused, Choosing::Network);
        (self.emit)(Event::Chosen { source, outcome }, None);
    }

    async fn choose_hosted(
        &mut self,
        entry: &Entry,
        device: DeviceChoice,
    ) -> Result<ModelInfo, Failure> {
        let emit = Rc::clone(&self.emit);
        let report = |loaded_bytes, total_bytes| {
            let what = entry.title.clone();
            emit(Event::Fetching(LoadProgress { what, loaded_bytes, total_bytes }), None);
        };
        let fetching = networks::hosted(hosted::FOLDER, entry, &report);
        let fetched = self.inbox.during(&*emit, fetching).await;
        let Fetched { file, note } = fetched.map_err(|interrupt| self.give_way_to(interrupt))??;
        let mut info = self.take(&entry.title, &file, device).await?;
        info.notes.extend(note);
        Ok(info)
    }

    /// Why a network is not fetched any more; what came in between is done next.
    fn give_way_to(&mut self, interrupt: Interrupt) -> Failure {
        if let Interrupt::Restart(begin) = interrupt {
            self.inbox.put_back(*begin);
        }
        Failure::new(
            t!("The network was not loaded: a run came first."),
            t!("Choose it again when the run is over."),
        )
    }

    fn choose_run(&mut self) -> Result<ModelInfo, Failure> {
        let run = self.run.as_ref().ok_or_else(|| {
            Failure::new(
                t!("There is no run in this tab any more."),
                t!("Choose another network, or train one."),
            )
        })?;
        self.network = None;
        Ok(run.model_info())
    }

    /// Classifies with the network of a file from now on.
    async fn take(
        &mut self,
        name: &str,
        file: &[u8],
        device: DeviceChoice,
    ) -> Result<ModelInfo, Failure> {
        let refused = |error| files::refusal(name, &error);
        let model = ModelFile::read(file).map_err(refused)?;
        let (device, note) = device::for_classifying(device).await;
        let (trained, parameters) = network_of(&model, device).map_err(refused)?;
        let mut info = files::model_info(&model, parameters).map_err(refused)?;
        info.notes.extend(note);
        self.network = Some(trained);
        Ok(info)
    }

    pub(super) async fn keep_network(&mut self, run: u64) -> KeptNetworks {
        let file = match &mut self.run {
            Some(held) => held.file(FileKind::Model, &self.emit).await,
            None => Err(no_run_to_save()),
        };
        match file {
            Ok(file) => networks::keep(run, &file).await,
            Err(failure) => networks::refuse(failure).await,
        }
    }
}
