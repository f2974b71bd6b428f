//! A session with a page (or a command line): one run at a time, photos whenever they come.

use std::rc::Rc;

use burn::tensor::Device;
use futures_channel::mpsc::UnboundedReceiver;

use super::inbox::{Inbox, Interrupt, Message, Photo};
use super::run::{self, End};
use crate::data::batches::Normaliser;
use crate::data::photo;
use crate::experiment::Experiment;
use crate::model::Network;
use crate::protocol::{BUILD_ID, Classification, Command, Event, Failure, Payload};
use crate::train::evaluate;

/// Where events go.
pub type Emit = Rc<dyn Fn(Event, Payload)>;

/// A network that can classify, and what its input was normalised by.
pub struct Trained {
    pub network: Network,
    pub device: Device,
    pub normaliser: Normaliser,
    pub class_names: Vec<String>,
}

/// Serves commands until there will be no more.
pub async fn serve(commands: UnboundedReceiver<Message>, emit: Emit) {
    let mut session = Session { inbox: Inbox::new(commands), emit, trained: None };
    while let Some((command, payload)) = session.inbox.next().await {
        match command {
            Command::Hello { .. } => {
                (session.emit)(Event::Ready { build: BUILD_ID.to_owned() }, None)
            }
            Command::Start { experiment } => session.start(experiment).await,
            // Said when the run had just ended: the page already knows, or learns it here.
            Command::Stop => (session.emit)(Event::Stopped, None),
            Command::Pause | Command::Resume => {}
            Command::Classify { request } => {
                session.classify(Photo { request, file: payload.unwrap_or_default() }).await;
            }
        }
    }
}

struct Session {
    inbox: Inbox,
    emit: Emit,
    trained: Option<Trained>,
}

impl Session {
    /// Runs an experiment, and those that interrupt it.
    async fn start(&mut self, experiment: Experiment) {
        let mut next = Some(experiment);
        while let Some(experiment) = next.take() {
            let outcome =
                run::run(experiment, &mut self.inbox, &self.emit, &mut self.trained).await;
            match outcome {
                Ok(()) => (self.emit)(Event::Finished, None),
                Err(End::Failed(failure)) => (self.emit)(Event::Failed(failure), None),
                Err(End::Interrupted(Interrupt::Stop)) => (self.emit)(Event::Stopped, None),
                Err(End::Interrupted(Interrupt::Restart(experiment))) => next = Some(*experiment),
                // The next wait in `serve` ends the session.
                Err(End::Interrupted(Interrupt::Closed)) => {}
            }
        }
        while let Some(photo) = self.inbox.next_photo() {
            self.classify(photo).await;
        }
    }

    async fn classify(&self, photo: Photo) {
        match &self.trained {
            Some(trained) => trained.classify(photo, &self.emit).await,
            None => {
                let failure = Failure::new(
                    "There is no trained network yet.",
                    "Train one on the Train page first; a minute is enough.",
                );
                let outcome = Classification::Refused(failure);
                (self.emit)(Event::Classified { request: photo.request, outcome }, None);
            }
        }
    }
}

impl Trained {
    /// Classifies a photo and answers its request.
    pub async fn classify(&self, Photo { request, file }: Photo, emit: &Emit) {
        let (outcome, crop) = match self.probabilities(&file).await {
            Ok((crop, probabilities)) => {
                let class_names = self.class_names.clone();
                (Classification::Probabilities { class_names, probabilities }, Some(crop))
            }
            Err(failure) => (Classification::Refused(failure), None),
        };
        emit(Event::Classified { request, outcome }, crop);
    }

    /// The 32x32 crop that the network saw, and its opinion.
    async fn probabilities(&self, file: &[u8]) -> Result<(Vec<u8>, Vec<f32>), Failure> {
        let crop = photo::to_cifar(file).map_err(|error| {
            Failure::new(
                format!("This photo cannot be classified: {error}."),
                "Choose a JPEG, PNG or WebP image of at most 50 megapixels.",
            )
        })?;
        let probabilities =
            evaluate::classify(&self.network, &self.device, &self.normaliser, &crop)
                .await
                .map_err(|error| {
                    Failure::new(
                        format!("The device failed while classifying: {error}"),
                        "Train again, on the device “CPU” if need be.",
                    )
                })?;
        Ok((crop, probabilities))
    }
}
