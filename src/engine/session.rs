//! A session with a page (or a command line): one run at a time, requests whenever they come.

mod choosing;

use std::borrow::Cow;
use std::rc::Rc;

use burn::tensor::Device;
use futures_channel::mpsc::UnboundedReceiver;

use super::checkpoints::{self, Keeper};
use super::end::End;
use super::files::{self, Opened};
use super::inbox::{Begin, Inbox, Incoming, Interrupt, Message, Nearest, NetworkRequest, Request};
use super::nearest::Features;
use super::prepare::prepare;
use super::run::Run;
use super::trained::Trained;
use super::{device, keep, networks, sight};
use crate::experiment::going_on;
use crate::model::file::{FileError, ModelFile};
use crate::model::weights;
use crate::protocol::{
    BUILD_ID, CheckpointNews, Classification, Event, Failure, FileKind, Opening, Payload, Saving,
};
use crate::train::checkpoint::Checkpoint;

/// Where events go.
pub type Emit = Rc<dyn Fn(Event, Payload)>;

/// Serves commands until there will be no more.
pub async fn serve(commands: UnboundedReceiver<Message>, emit: Emit) {
    let mut session = Session::new(commands, emit);
    while let Some(incoming) = session.inbox.next().await {
        match incoming {
            Incoming::Hello => (session.emit)(Event::Ready { build: BUILD_ID.to_owned() }, None),
            Incoming::Speak(language) => language.speak(),
            Incoming::Begin(begin) => session.begin(begin).await,
            // Said when the run had just ended: the page already knows, or learns it here.
            Incoming::Stop => (session.emit)(Event::Stopped, None),
            Incoming::Pause | Incoming::Resume => {}
            Incoming::Keep { run } => session.inbox.keep_next(run),
            Incoming::Request(request) => session.answer(request).await,
        }
    }
}

struct Session {
    inbox: Inbox,
    emit: Emit,
    /// The last run, which can go on.
    run: Option<Run>,
    /// What classifies in the place of the run's network: one that was chosen or opened, or that of
    /// a run whose data were let go.
    network: Option<Trained>,
    /// The checkpoint that was opened last, until a run begins.
    opened: Option<Box<Checkpoint>>,
    /// The keeper of the opened checkpoint, where the browser had kept that by itself.
    keeper: Option<Keeper>,
    /// What the run's network sees in its training images, as far as that was asked for.
    features: Option<Features>,
}

impl Session {
    fn new(commands: UnboundedReceiver<Message>, emit: Emit) -> Self {
        let inbox = Inbox::new(commands);
        Self { inbox, emit, run: None, network: None, opened: None, keeper: None, features: None }
    }

    /// Runs what is to be run, and what interrupts it.
    async fn begin(&mut self, begin: Begin) {
        self.features = None;
        for Nearest { request, .. } in self.inbox.give_up_unfinished() {
            self.refuse_evidence(request, t!("Another run has begun."));
        }
        let mut next = Some(begin);
        while let Some(begin) = next.take() {
            self.inbox.begin_run();
            match self.run(begin).await {
                Ok(()) => (self.emit)(Event::Finished, None),
                Err(End::Failed(failure)) => (self.emit)(Event::Failed(failure), None),
                Err(End::Device(error)) => {
                    let failure = device::failed(&error).await;
                    (self.emit)(Event::Failed(failure), None);
                }
                Err(End::Interrupted(Interrupt::Stop)) => (self.emit)(Event::Stopped, None),
                Err(End::Interrupted(Interrupt::Restart(begin))) => next = Some(*begin),
                // The page knows; or else the next wait in `serve` ends the session.
                Err(End::Interrupted(Interrupt::Stopped | Interrupt::Closed)) => {}
            }
        }
    }

    async fn run(&mut self, begin: Begin) -> Result<(), End> {
        let mut run = match begin {
            Begin::New(experiment) => {
                self.let_data_go();
                prepare(experiment, None, &mut self.inbox, &self.emit).await?
            }
            Begin::Continue(experiment) => match (&self.opened, &mut self.run) {
                (Some(checkpoint), _) => {
                    let before = checkpoint
                        .experiment()
                        .map_err(|error| files::refusal(&t!("The checkpoint"), &error))?;
                    going_on::check(before, &experiment, checkpoint.history.len())?;
                    prepare(experiment, Some(checkpoint), &mut self.inbox, &self.emit).await?
                }
                (None, Some(run)) if run.device() != experiment.device => {
                    run.can_go_on(&experiment)?;
                    // What was trained is on the device that it leaves.
                    let checkpoint = run.checkpoint(&self.emit).await?;
                    let there = Some(&checkpoint);
                    let moved = prepare(experiment, there, &mut self.inbox, &self.emit).await?;
                    self.keeper = run.keeper.take();
                    moved
                }
                (None, Some(run)) => {
                    run.go_on(experiment)?;
                    self.network = None;
                    let keeper = run.keeper.take();
                    run.keeper = keeper_for(keeper, &mut self.inbox, &self.emit).await;
                    return run.train(&mut self.inbox, &self.emit).await;
                }
                (None, None) => {
                    return Err(Failure::new(
                        t!("There is no run to go on with."),
                        t!("Open a checkpoint, or start a run."),
                    )
                    .into());
                }
            },
        };
        self.opened = None;
        self.network = None;
        self.run = None;
        run.keeper = keeper_for(self.keeper.take(), &mut self.inbox, &self.emit).await;
        let outcome = run.train(&mut self.inbox, &self.emit).await;
        self.run = Some(run);
        outcome
    }

    /// Makes room for the next run's data; a network stays, to classify until that has one.
    fn let_data_go(&mut self) {
        if let Some(run) = self.run.take() {
            self.network.get_or_insert_with(|| run.trained());
        }
    }

    /// What classifies.
    fn trained(&self) -> Option<Cow<'_, Trained>> {
        let chosen = self.network.as_ref().map(Cow::Borrowed);
        chosen.or_else(|| self.run.as_ref().map(|run| Cow::Owned(run.trained())))
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::Classify(photo) => match self.trained() {
                Some(trained) => trained.classify(photo, &self.emit).await,
                None => {
                    let outcome = Classification::Refused(Failure::new(
                        t!("There is no trained network yet."),
                        t!("Train one on the Train page first; a minute is enough."),
                    ));
                    (self.emit)(Event::Classified { request: photo.request, outcome }, None);
                }
            },
            Request::Nearest(asked) => self.find_nearest(asked).await,
            Request::Save(what) => self.save(what).await,
            Request::Images { source, indices } => match &self.run {
                Some(run) => sight::images(run, source, &indices, &self.emit),
                None => sight::no_images(source, &self.emit),
            },
            Request::Open { name, file } => {
                let outcome = self.open(&name, &file).await.unwrap_or_else(Opening::Refused);
                (self.emit)(Event::Opened { name, outcome }, None);
            }
            Request::Data(request) => keep::serve(request, &self.emit).await,
            Request::OpenKept { run } => {
                let outcome = self.open_kept(run).await.unwrap_or_else(Opening::Refused);
                let name = t!("The interrupted run");
                (self.emit)(Event::Opened { name, outcome }, None);
            }
            Request::DropKept { run } => self.drop_kept(run).await,
            Request::Network(NetworkRequest::Choose { source, device }) => {
                self.choose(source, device).await;
            }
            Request::Network(NetworkRequest::Keep { run }) => {
                let kept = self.keep_network(run).await;
                (self.emit)(Event::NetworksKept(kept), None);
            }
            Request::Network(NetworkRequest::Retain { runs }) => {
                (self.emit)(Event::NetworksKept(networks::retain(&runs).await), None);
            }
        }
    }

    /// Opens the newest checkpoint of a run that the browser has kept.
    async fn open_kept(&mut self, run: u64) -> Result<Opening, Failure> {
        self.forget_keepers(run);
        let (keeper, file) =
            Keeper::reopen(run).await.map_err(|error| checkpoints::closed(&error))?;
        let outcome = self.open(&t!("The interrupted run"), &file).await?;
        self.keeper = Some(keeper);
        Ok(outcome)
    }

    /// Drops what is kept of a run.
    async fn drop_kept(&mut self, run: u64) {
        self.forget_keepers(run);
        checkpoints::drop_run(run).await;
    }

    /// Closes the files of a run, so that they can be opened or removed.
    fn forget_keepers(&mut self, run: u64) {
        self.keeper.take_if(|keeper| keeper.run() == run);
        if let Some(held) = &mut self.run {
            held.keeper.take_if(|keeper| keeper.run() == run);
        }
    }

    async fn save(&mut self, what: FileKind) {
        match &mut self.run {
            Some(run) => run.save(what, &self.emit).await,
            None => (self.emit)(Event::Saved(Saving::Refused(no_run_to_save())), None),
        }
    }

    /// Opens a file; its network classifies from now on.
    async fn open(&mut self, name: &str, file: &[u8]) -> Result<Opening, Failure> {
        let opened = Opened::read(name, file)?;
        let refused = |error| files::refusal(name, &error);
        let (trained, parameters) = network_of(opened.model(), Device::flex()).map_err(refused)?;
        let outcome = match opened {
            Opened::Model(model) => {
                Opening::Model(files::model_info(&model, parameters).map_err(refused)?)
            }
            Opened::Checkpoint(checkpoint) => {
                let info = files::checkpoint_info(&checkpoint, parameters).map_err(refused)?;
                self.opened = Some(checkpoint);
                // It takes the place of the run in this tab.
                self.run = None;
                self.features = None;
                Opening::Checkpoint(info)
            }
        };
        self.network = Some(trained);
        Ok(outcome)
    }
}

/// The keeper of a run that begins: the one that is there if it is this run's, else a new one, or
/// none if nobody wants the run to be kept.
async fn keeper_for(there: Option<Keeper>, inbox: &mut Inbox, emit: &Emit) -> Option<Keeper> {
    let run = inbox.take_keep()?;
    let keeper = match there.filter(|keeper| keeper.run() == run) {
        Some(keeper) => keeper,
        None => Keeper::begin(run).await,
    };
    let news = match keeper.complaint() {
        Some(failure) => CheckpointNews::NotKept { run, failure },
        None => CheckpointNews::Held { run },
    };
    emit(Event::Checkpoint(news), None);
    Some(keeper)
}

/// The network of a file, and its learnable numbers.
fn network_of(model: &ModelFile, device: Device) -> Result<(Trained, usize), FileError> {
    let parameters = weights::parameters(&model.network(&device.clone().autodiff())?);
    Ok((Trained::from_file(model, device)?, parameters))
}

fn no_run_to_save() -> Failure {
    Failure::new(
        t!("There is no run to save."),
        t!("Train first; a network that was opened from a file is in that file."),
    )
}
