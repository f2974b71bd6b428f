//! Commands as a run meets them: between steps, while it waits, and while it is held.

use std::collections::VecDeque;
use std::pin::pin;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};

use super::host;
use crate::experiment::language::Language;
use crate::experiment::{DeviceChoice, Experiment};
use crate::protocol::{
    BUILD_ID, CheckpointWish, Command, Event, FileKind, ImageSource, NetworkSource, Payload,
};

/// A command with the bytes beside it.
pub type Message = (Command, Payload);

/// What is to be run.
#[derive(Debug, Clone)]
pub enum Begin {
    New(Experiment),
    /// Go on from the opened checkpoint or the last run.
    Continue(Experiment),
}

/// Why a run ends before its end.
#[derive(Debug)]
pub enum Interrupt {
    Stop,
    /// The same, and the page has been told that the run is over.
    Stopped,
    /// Another run was asked for.
    Restart(Box<Begin>),
    /// Nobody is there any more to talk to.
    Closed,
}

/// A photo to classify.
#[derive(Debug)]
pub struct Photo {
    pub request: u32,
    pub file: Vec<u8>,
}

/// What can be asked whether a run is on or not.
#[derive(Debug)]
pub enum Request {
    Classify(Photo),
    Save(FileKind),
    Images { source: ImageSource, indices: Vec<u32> },
    Open { name: String, file: Vec<u8> },
    Data(DataRequest),
    OpenKept { run: u64 },
    DropKept { run: u64 },
    Network(NetworkRequest),
    Nearest(Nearest),
}

/// What can be asked about networks to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkRequest {
    Choose { source: NetworkSource, device: DeviceChoice },
    Keep { run: u64 },
    Retain { runs: Vec<u64> },
}

/// A crop whose neighbours are wanted.
#[derive(Debug)]
pub struct Nearest {
    pub request: u32,
    pub crop: Vec<u8>,
}

/// What can be asked about kept data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataRequest {
    Keep,
    List,
    Clear,
}

/// A command, sorted by who has to do with it.
#[derive(Debug)]
pub enum Incoming {
    Hello,
    Speak(Language),
    Begin(Begin),
    Pause,
    Resume,
    Stop,
    /// The checkpoints of what begins next are to be kept.
    Keep {
        run: u64,
    },
    Request(Request),
}

impl From<Message> for Incoming {
    fn from((command, payload): Message) -> Self {
        let file = payload.unwrap_or_default();
        match command {
            Command::Hello { .. } => Self::Hello,
            Command::Speak { language } => Self::Speak(language),
            Command::Start { experiment } => Self::Begin(Begin::New(experiment)),
            Command::Continue { experiment } => Self::Begin(Begin::Continue(experiment)),
            Command::Pause => Self::Pause,
            Command::Resume => Self::Resume,
            Command::Stop => Self::Stop,
            Command::Classify { request } => {
                Self::Request(Request::Classify(Photo { request, file }))
            }
            Command::Save { what } => Self::Request(Request::Save(what)),
            Command::Images { source, indices } => {
                Self::Request(Request::Images { source, indices })
            }
            Command::Open { name } => Self::Request(Request::Open { name, file }),
            Command::Checkpoint(CheckpointWish::Keep { run }) => Self::Keep { run },
            Command::Checkpoint(CheckpointWish::Open { run }) => {
                Self::Request(Request::OpenKept { run })
            }
            Command::Checkpoint(CheckpointWish::Drop { run }) => {
                Self::Request(Request::DropKept { run })
            }
            Command::Nearest { request } => {
                Self::Request(Request::Nearest(Nearest { request, crop: file }))
            }
            Command::Choose { source, device } => {
                Self::Request(Request::Network(NetworkRequest::Choose { source, device }))
            }
            Command::KeepNetwork { run } => {
                Self::Request(Request::Network(NetworkRequest::Keep { run }))
            }
            Command::RetainNetworks { runs } => {
                Self::Request(Request::Network(NetworkRequest::Retain { runs }))
            }
            Command::KeepData => Self::Request(Request::Data(DataRequest::Keep)),
            Command::ListData => Self::Request(Request::Data(DataRequest::List)),
            Command::ClearData => Self::Request(Request::Data(DataRequest::Clear)),
        }
    }
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
    /// What was asked while something else was going on.
    requests: VecDeque<Request>,
    /// Under which name the run that begins next is to be kept.
    keep_next: Option<u64>,
    /// What was to be run meanwhile.
    begin: Option<Begin>,
    /// Requests that take long, and are answered piece by piece when nothing else is asked.
    unfinished: VecDeque<Nearest>,
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
            requests: VecDeque::new(),
            keep_next: None,
            begin: None,
            unfinished: VecDeque::new(),
            last_yield_secs: now,
            held_secs: 0.0,
        }
    }

    /// The next command while no run is on; None when the page has gone.
    pub async fn next(&mut self) -> Option<Incoming> {
        if let Some(request) = self.requests.pop_front() {
            return Some(Incoming::Request(request));
        }
        if let Some(begin) = self.begin.take() {
            return Some(Incoming::Begin(begin));
        }
        if !self.unfinished.is_empty() {
            // So that what was sent meanwhile arrives, and goes first.
            host::yield_now().await;
            // Err is an empty queue, and a closed one: that shows when all is answered.
            if let Ok(message) = self.commands.try_recv() {
                return Some(message.into());
            }
            let rest = self.unfinished.pop_front();
            return rest.map(|rest| Incoming::Request(Request::Nearest(rest)));
        }
        self.commands.next().await.map(Incoming::from)
    }

    /// Puts back what is to be run, for [`Self::next`].
    pub fn put_back(&mut self, begin: Begin) {
        self.begin = Some(begin);
    }

    /// Puts back what is not answered yet: whatever else is asked goes first.
    pub fn leave_unfinished(&mut self, rest: Nearest) {
        self.unfinished.push_back(rest);
    }

    /// What will never be answered, since a run begins.
    pub fn give_up_unfinished(&mut self) -> VecDeque<Nearest> {
        std::mem::take(&mut self.unfinished)
    }

    /// Forgets what was said about an earlier run.
    pub fn begin_run(&mut self) {
        self.paused = false;
        self.holds = false;
        self.held_secs = 0.0;
    }

    /// The name under which the run that begins is to be kept, if it is.
    pub fn keep_next(&mut self, run: u64) {
        self.keep_next = Some(run);
    }

    pub fn take_keep(&mut self) -> Option<u64> {
        self.keep_next.take()
    }

    pub fn held_secs(&self) -> f64 {
        self.held_secs
    }

    pub fn next_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
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

    /// Waits for what reads from the device, and still hears Stop meanwhile. A read that is dropped
    /// half-way would leave its buffer mapped, and whatever used that next would fail: so the page is told
    /// at once that the run has stopped, and the read goes on to its end.
    pub async fn until_done<F: Future>(
        &mut self,
        emit: &dyn Fn(Event, Payload),
        future: F,
    ) -> (F::Output, Option<Interrupt>) {
        let mut future = pin!(future);
        match self.during(emit, future.as_mut()).await {
            Ok(output) => (output, None),
            Err(Interrupt::Stop) => {
                emit(Event::Stopped, None);
                (future.await, Some(Interrupt::Stopped))
            }
            Err(interrupt) => (future.await, Some(interrupt)),
        }
    }

    /// The same for what counts for nothing once the run is interrupted.
    ///
    /// # Errors
    /// When it is.
    pub async fn during_read<F: Future>(
        &mut self,
        emit: &dyn Fn(Event, Payload),
        future: F,
    ) -> Result<F::Output, Interrupt> {
        let (output, interrupt) = self.until_done(emit, future).await;
        interrupt.map_or(Ok(output), Err)
    }

    /// Called between steps: gives way when it is time, takes what has come, and holds while
    /// paused. Returns early, with [`Self::next_request`] filled, when something was asked.
    pub async fn give_way(&mut self, emit: &dyn Fn(Event, Payload)) -> Result<(), Interrupt> {
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
        if self.paused {
            let since = host::now_secs();
            while self.paused && self.requests.is_empty() {
                let message = self.commands.next().await.ok_or(Interrupt::Closed)?;
                self.take(emit, message)?;
            }
            self.held_secs += host::now_secs() - since;
        }
        if self.holds && !self.paused {
            self.holds = false;
            emit(Event::Resumed, None);
        }
        Ok(())
    }

    fn take(&mut self, emit: &dyn Fn(Event, Payload), message: Message) -> Result<(), Interrupt> {
        match message.into() {
            Incoming::Hello => emit(Event::Ready { build: BUILD_ID.to_owned() }, None),
            Incoming::Speak(language) => language.speak(),
            Incoming::Begin(begin) => return Err(Interrupt::Restart(Box::new(begin))),
            // Told when the run next gives way: what is loading or compiling does not hold yet.
            Incoming::Pause => self.paused = true,
            Incoming::Resume => self.paused = false,
            Incoming::Stop => return Err(Interrupt::Stop),
            Incoming::Keep { run } => self.keep_next = Some(run),
            Incoming::Request(request) => self.requests.push_back(request),
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use futures_executor::block_on;

    #[test]
    fn only_a_pause_counts_as_held() {
        let (_sender, receiver) = futures_channel::mpsc::unbounded();
        let mut inbox = Inbox::new(receiver);
        for _ in 0..1_000 {
            block_on(inbox.give_way(&|_, _| {})).unwrap();
        }
        assert_eq!(inbox.held_secs(), 0.0, "reading the clock takes time, but holds nothing");
    }
}
