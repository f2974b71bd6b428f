//! Commands as a run meets them: between steps, while it waits, and while it is held.

use std::collections::VecDeque;
use std::pin::pin;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};

use super::host;
use crate::experiment::Experiment;
use crate::protocol::{BUILD_ID, Command, Event, Payload};

/// A command with the bytes beside it.
pub type Message = (Command, Payload);

/// Why a run ends before its end.
#[derive(Debug)]
pub enum Interrupt {
    Stop,
    /// Another run was asked for.
    Restart(Box<Experiment>),
    /// Nobody is there any more to talk to.
    Closed,
}

/// A photo to classify.
#[derive(Debug)]
pub struct Photo {
    pub request: u32,
    pub file: Vec<u8>,
}

/// Seconds of work after which the thread is given back for a moment.
const SLICE_SECS: f64 = 0.05;

/// The receiving end of a session.
pub struct Inbox {
    commands: UnboundedReceiver<Message>,
    /// Whether a pause was asked for.
    paused: bool,
    /// Whether the run holds, and the page knows.
    holds: bool,
    /// Photos that came while something else was going on.
    photos: VecDeque<Photo>,
    last_yield_secs: f64,
    /// Time spent held, since the run began.
    held_secs: f64,
}

impl Inbox {
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        let now = host::now_secs();
        Self {
            commands,
            paused: false,
            holds: false,
            photos: VecDeque::new(),
            last_yield_secs: now,
            held_secs: 0.0,
        }
    }

    /// The next command while no run is on; None when the page has gone.
    pub async fn next(&mut self) -> Option<Message> {
        self.commands.next().await
    }

    /// Forgets what was said about an earlier run.
    pub fn begin_run(&mut self) {
        self.paused = false;
        self.holds = false;
        self.held_secs = 0.0;
    }

    pub fn held_secs(&self) -> f64 {
        self.held_secs
    }

    pub fn next_photo(&mut self) -> Option<Photo> {
        self.photos.pop_front()
    }

    /// Waits for something, and still hears Stop meanwhile: what was waited for is dropped then.
    pub async fn during<F: Future>(
        &mut self,
        emit: &dyn Fn(Event, Payload),
        future: F,
    ) -> Result<F::Output, Interrupt> {
        let mut future = pin!(future);
        loop {
            let message = match select(future, self.commands.next()).await {
                Either::Left((output, _)) => return Ok(output),
                Either::Right((message, rest)) => {
                    future = rest;
                    message
                }
            };
            self.take(emit, message.ok_or(Interrupt::Closed)?)?;
        }
    }

    /// Called between steps: gives way when it is time, takes what has come, and holds while
    /// paused. Returns early, with [`Self::next_photo`] filled, when there is a photo to classify.
    pub async fn checkpoint(&mut self, emit: &dyn Fn(Event, Payload)) -> Result<(), Interrupt> {
        if host::now_secs() - self.last_yield_secs >= SLICE_SECS {
            host::yield_now().await;
            self.last_yield_secs = host::now_secs();
        }
        // Err is an empty queue, and a closed one: that shows at the next wait.
        while let Ok(message) = self.commands.try_recv() {
            self.take(emit, message)?;
        }
        if self.paused && !self.holds {
            self.holds = true;
            emit(Event::Paused, None);
        }
        let since = host::now_secs();
        while self.paused && self.photos.is_empty() {
            let message = self.commands.next().await.ok_or(Interrupt::Closed)?;
            self.take(emit, message)?;
        }
        if self.holds && !self.paused {
            self.holds = false;
            emit(Event::Resumed, None);
        }
        self.held_secs += host::now_secs() - since;
        Ok(())
    }

    fn take(
        &mut self,
        emit: &dyn Fn(Event, Payload),
        (command, payload): Message,
    ) -> Result<(), Interrupt> {
        match command {
            Command::Hello { .. } => emit(Event::Ready { build: BUILD_ID.to_owned() }, None),
            Command::Start { experiment } => return Err(Interrupt::Restart(Box::new(experiment))),
            // Told at the next checkpoint: what is loading or compiling does not hold yet.
            Command::Pause => self.paused = true,
            Command::Resume => self.paused = false,
            Command::Stop => return Err(Interrupt::Stop),
            Command::Classify { request } => {
                self.photos.push_back(Photo { request, file: payload.unwrap_or_default() });
            }
        }
        Ok(())
    }
}
