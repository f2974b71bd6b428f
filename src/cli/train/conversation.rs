//! A run's conversation with the engine's session: what it tells is shown and written, and it is
//! asked for a checkpoint after every epoch and at Ctrl-C.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow};
use futures_channel::mpsc::{self, UnboundedSender};
use futures_executor::block_on;

use crate::cli::folder::Folder;
use crate::cli::progress::Display;
use crate::cli::{complain, failed};
use crate::engine::session;
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::result::SharedResult;
use crate::experiment::result::agreement::Agreement;
use crate::protocol::{Command, Event, FileKind, Opening, Payload, Saving};

/// What is asked of the session.
pub struct Begin {
    /// The checkpoint to go on from: a name for messages, and its bytes.
    pub opened: Option<(String, Vec<u8>)>,
    pub command: Command,
    /// What somebody else's run of the same settings came to.
    pub to_compare: Option<SharedResult>,
}

/// How a run ended that did not fail.
pub enum End {
    Finished,
    Interrupted {
        /// Whether the folder holds what the run can go on from.
        saved: bool,
    },
}

/// Trains, until all that comes of it is written.
///
/// # Errors
/// When the run fails, or a file cannot be written.
pub fn converse(begin: Begin, folder: Folder, display: Display) -> Result<End> {
    let (sender, receiver) = mpsc::unbounded();
    let line = Line { sender, waiting: Arc::default() };
    let is_resumed = begin.opened.is_some();
    if let Some((name, bytes)) = begin.opened {
        line.sender.unbounded_send((Command::Open { name }, Some(bytes)))?;
    }
    line.send(begin.command);
    stop_at_ctrl_c(line.clone(), &display)?;
    let conversation = Rc::new(RefCell::new(Conversation {
        line,
        folder,
        display,
        history: Vec::new(),
        to_compare: begin.to_compare,
        candidates_digest: String::new(),
        has_started: false,
        saved: is_resumed,
        outcome: None,
    }));
    let emit: session::Emit = {
        let conversation = conversation.clone();
        Rc::new(move |event, payload| conversation.borrow_mut().hear(event, payload))
    };
    block_on(session::serve(receiver, emit));
    let outcome = conversation.borrow_mut().outcome.take();
    outcome.unwrap_or_else(|| Err(anyhow!("the run did not end")))
}

/// The first Ctrl-C ends the run after its step, the second one at once.
fn stop_at_ctrl_c(line: Line, display: &Display) -> Result<()> {
    let (bar, was_pressed) = (display.bar(), AtomicBool::new(false));
    let handler = move || {
        if was_pressed.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(crate::cli::INTERRUPTED));
        }
        line.ask(FileKind::Checkpoint);
        line.send(Command::Stop);
        bar.suspend(|| complain("stopping after this step; Ctrl-C again ends at once"));
    };
    ctrlc::set_handler(handler).context("Ctrl-C cannot be heard")
}

/// Our end of the line to the session.
#[derive(Clone)]
struct Line {
    sender: UnboundedSender<(Command, Payload)>,
    /// Files that were asked for and have not come.
    waiting: Arc<AtomicUsize>,
}

impl Line {
    fn send(&self, command: Command) {
        // A session that has ended needs no commands.
        let _ = self.sender.unbounded_send((command, None));
    }

    fn ask(&self, what: FileKind) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.send(Command::Save { what });
    }

    fn has_come(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

struct Conversation {
    line: Line,
    folder: Folder,
    display: Display,
    history: Vec<EpochMetrics>,
    to_compare: Option<SharedResult>,
    candidates_digest: String,
    has_started: bool,
    /// Whether the folder holds a checkpoint of this run.
    saved: bool,
    /// Once the run has ended; what comes first counts.
    outcome: Option<Result<End>>,
}

impl Conversation {
    fn hear(&mut self, event: Event, payload: Payload) {
        if let Err(error) = self.take(event, payload) {
            self.end(Err(error));
            // On a CPU the session never waits, and would not notice that nobody listens.
            self.line.send(Command::Stop);
        }
        // The session serves until nobody can ask it any more.
        if self.outcome.is_some() && !self.line.is_waiting() {
            self.line.sender.close_channel();
        }
    }

    fn take(&mut self, event: Event, payload: Payload) -> Result<()> {
        match event {
            Event::Loading(progress) => self.display.loading(&progress),
            Event::Device(device) => self.display.device(&device),
            Event::Compiling => self.display.compiling(),
            Event::Progress(report) => self.display.steps(&report),
            Event::Started(info) => {
                self.display.started(&info);
                if !self.saved {
                    self.folder.clear()?;
                }
                self.folder.begin(&info.experiment, &info.history)?;
                self.history = info.history;
                self.candidates_digest = info.candidates_digest;
                self.has_started = true;
            }
            Event::Epoch { metrics, .. } => {
                self.display.epoch(&metrics);
                self.folder.add(&metrics)?;
                self.history.push(metrics);
                self.line.ask(FileKind::Checkpoint);
            }
            Event::Saved(saving) => {
                self.line.has_come();
                self.save(saving, payload)?;
            }
            Event::Opened { outcome: Opening::Refused(failure), .. } => {
                return Err(failed(&failure));
            }
            Event::Failed(failure) | Event::Dying(failure) => return Err(failed(&failure)),
            Event::Finished => {
                self.line.ask(FileKind::Model);
                self.display.summary(&self.history);
                self.compare();
                self.end(Ok(End::Finished));
            }
            Event::Stopped => self.end(Ok(End::Interrupted { saved: self.saved })),
            Event::Opened { outcome: Opening::Model(_) | Opening::Checkpoint(_), .. }
            | Event::Ready { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Classified { .. }
            | Event::Checkpoint(_)
            | Event::Keeping(_)
            | Event::DataKept(_)
            | Event::Microscope(_)
            | Event::Fetching(_)
            | Event::Chosen { .. }
            | Event::NetworksKept(_)
            | Event::Nearest { .. } => {}
        }
        Ok(())
    }

    fn compare(&self) {
        let theirs = self.to_compare.as_ref();
        let agreement =
            theirs.and_then(|it| Agreement::of(it, &self.history, &self.candidates_digest));
        if let Some(agreement) = agreement {
            self.display.tell(&agreement.sentence());
            agreement.differences.iter().for_each(|it| self.display.tell(&it.sentence()));
        }
    }

    fn end(&mut self, outcome: Result<End>) {
        self.outcome.get_or_insert(outcome);
    }

    fn save(&mut self, saving: Saving, payload: Payload) -> Result<()> {
        match (saving, &mut self.outcome) {
            // What a failed run leaves must not replace a good checkpoint.
            (_, Some(Err(_))) => {}
            // Ctrl-C came while the data were loading: there is nothing to lose.
            (Saving::Refused(_), Some(Ok(End::Interrupted { .. }))) if !self.has_started => {}
            (Saving::Refused(failure), outcome) => {
                // Also of a run that has reached its end: its files are not all there.
                *outcome = None;
                return Err(failed(&failure));
            }
            (Saving::File(kind), outcome) => {
                let written = self.folder.write(kind.file_name(), &payload.unwrap_or_default());
                if let Err(error) = written {
                    *outcome = None;
                    return Err(error);
                }
                if kind == FileKind::Checkpoint {
                    self.saved = true;
                    if let Some(Ok(End::Interrupted { saved })) = outcome {
                        *saved = true;
                    }
                }
            }
        }
        Ok(())
    }
}
