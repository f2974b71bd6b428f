//! Checkpoints that are kept by themselves while a run goes on: `checkpoints/<run>/` in the
//! browser's Origin Private File System, in two [`slots`]. Natively they are in memory, so that
//! the same session can be broken and go on in a test.
//!
//! Nothing here fails a run: a storage that refuses is said, and the run trains on.

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod browser;
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
pub mod memory;
mod of_run;
mod pace;
mod slots;

use pace::Pace;
use slots::{Act, Header, SLOTS, acts, newest_first, next_slot};

use super::host;
use super::store::StoreError;
use crate::protocol::Failure;

#[cfg(all(feature = "engine", target_family = "wasm"))]
use browser::{Claim, Files, free_bytes, remove, sweep};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
use memory::{Claim, Files, free_bytes, remove, sweep};

/// Runs whose checkpoints may lie in the storage at a time; what is older is swept away.
const MAX_RUNS: usize = 3;
/// Written at once, so that the thread is given back in between.
const SLICE_BYTES: usize = 1 << 20;

/// The keeper of a run's checkpoints.
pub struct Keeper {
    run: u64,
    /// Held, not looked at. None in a browser that has no locks.
    _claim: Option<Claim>,
    /// None while the storage refuses.
    files: Option<Files>,
    /// The slot with the newest whole checkpoint.
    whole: Option<usize>,
    /// Of that one.
    sequence: u64,
    pace: Pace,
    /// Why the last checkpoint was not kept.
    refused: Option<StoreError>,
}

/// Why a run's checkpoints cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}", t!("none of its checkpoints is whole"))]
    Broken,
}

impl Keeper {
    /// A keeper for a run that begins.
    pub async fn begin(run: u64) -> Self {
        sweep(run, MAX_RUNS).await;
        let mut keeper = Self::with(run, None);
        keeper.refused = keeper.claim().await.err();
        keeper
    }

    /// The keeper of a run that was kept before, and its newest whole checkpoint.
    ///
    /// # Errors
    /// When there is none, or another tab has it.
    pub async fn reopen(run: u64) -> Result<(Self, Vec<u8>), OpenError> {
        let mut keeper = Self::with(run, Claim::take(run).await?);
        let files = Files::open(run, false).await?.ok_or(OpenError::Broken)?;
        let (slot, sequence, content) = newest(&files)?.ok_or(OpenError::Broken)?;
        (keeper.whole, keeper.sequence, keeper.files) = (Some(slot), sequence, Some(files));
        Ok((keeper, content))
    }

    fn with(run: u64, claim: Option<Claim>) -> Self {
        Self {
            run,
            _claim: claim,
            files: None,
            whole: None,
            sequence: 0,
            pace: Pace::begin(host::now_secs()),
            refused: None,
        }
    }

    async fn claim(&mut self) -> Result<(), StoreError> {
        self._claim = Claim::take(self.run).await?;
        self.open_files().await
    }

    pub const fn run(&self) -> u64 {
        self.run
    }

    /// Why the run is not kept, if it is not.
    pub fn complaint(&self) -> Option<Failure> {
        self.refused.as_ref().map(refusal)
    }

    /// Whether it is time for a checkpoint.
    pub fn is_due(&self, at_epoch_end: bool) -> bool {
        self.pace.is_due(host::now_secs(), at_epoch_end)
    }

    /// Writes a checkpoint; says what it took, or why it is not kept. `began_secs` is when it
    /// began to be made.
    ///
    /// # Errors
    /// When the storage refuses; the checkpoint before stays.
    pub async fn write(&mut self, content: &[u8], began_secs: f64) -> Result<f64, Failure> {
        self.refused = self.try_write(content).await.err();
        let now_secs = host::now_secs();
        self.pace.tried(began_secs, now_secs, self.refused.is_none());
        match &self.refused {
            Some(error) => Err(refusal(error)),
            None => Ok(now_secs - began_secs),
        }
    }

    async fn try_write(&mut self, content: &[u8]) -> Result<(), StoreError> {
        let written = self.write_next(content).await;
        if let Err(StoreError::Other(_)) = written {
            // The files may be gone, for all that is known: they are opened anew the next time.
            self.files = None;
        }
        written
    }

    async fn write_next(&mut self, content: &[u8]) -> Result<(), StoreError> {
        if self.files.is_none() {
            self.open_files().await?;
        }
        let files = self.files.as_mut().ok_or(StoreError::Unsupported)?;
        let slot = next_slot(self.whole);
        // The other slot's checkpoint stays, and this one may grow.
        let more_bytes = (content.len() + Header::BYTES) as u64;
        let more_bytes = more_bytes.saturating_sub(files.size(slot)?);
        if free_bytes().await.is_some_and(|free| free < more_bytes) {
            return Err(StoreError::Full);
        }
        let header = Header::of(self.sequence + 1, content);
        let bytes = header.to_bytes();
        for act in acts(&bytes, content) {
            match act {
                Act::Truncate(len) => files.truncate(slot, len)?,
                Act::Flush => files.flush(slot)?,
                Act::Write { mut at, bytes } => {
                    for slice in bytes.chunks(SLICE_BYTES) {
                        files.write(slot, at, slice)?;
                        at += slice.len() as u64;
                        if bytes.len() > SLICE_BYTES {
                            host::yield_now().await;
                        }
                    }
                }
            }
        }
        files.flush(slot)?;
        self.sequence += 1;
        self.whole = Some(slot);
        Ok(())
    }

    /// Opens the files, for the first time or again; what is whole in them stays.
    async fn open_files(&mut self) -> Result<(), StoreError> {
        let files = Files::open(self.run, true).await?.ok_or(StoreError::Unsupported)?;
        let found = newest(&files)?;
        self.whole = found.as_ref().map(|(slot, ..)| *slot);
        self.sequence = found.map_or(self.sequence, |(_, sequence, _)| sequence.max(self.sequence));
        self.files = Some(files);
        Ok(())
    }
}

/// Drops the checkpoints of a run that no keeper has here; what another tab writes stays, since an
/// open file cannot be removed.
pub async fn drop_run(run: u64) {
    remove(run).await;
}

/// The newest whole checkpoint: its slot, its number and its content.
fn newest(files: &Files) -> Result<Option<(usize, u64, Vec<u8>)>, StoreError> {
    let mut headers = [None; SLOTS];
    for (slot, header) in headers.iter_mut().enumerate() {
        let size = files.size(slot)?;
        let mut head = [0; Header::BYTES];
        if size >= head.len() as u64 {
            files.read(slot, 0, &mut head)?;
            *header = Header::read(&head, size);
        }
    }
    for (slot, header) in newest_first(headers) {
        let mut content = vec![0; header.content_bytes as usize];
        files.read(slot, Header::BYTES as u64, &mut content)?;
        if header.fits(&content) {
            return Ok(Some((slot, header.sequence, content)));
        }
    }
    Ok(None)
}

/// What to say of a run that is not kept.
pub fn refusal(error: &StoreError) -> Failure {
    let fault =
        t!("This run is not kept while it trains, so it ends with this tab: {error}.", error);
    let remedy = match error {
        StoreError::Unsupported => t!(
            "A private window keeps nothing, nor does a page that is not served over https. Save a checkpoint now and then."
        ),
        StoreError::Full => t!(
            "Free space on the disk, or clear the data that are kept here; it is tried again every minute."
        ),
        StoreError::Locked => t!("Another tab has this run: go on there, or close it."),
        StoreError::Other(_) => {
            t!("Save a checkpoint now and then; keeping is tried again every minute.")
        }
    };
    Failure::new(fault, remedy)
}

/// What to say of a run that cannot be opened.
pub fn closed(error: &OpenError) -> Failure {
    let remedy = match error {
        OpenError::Store(StoreError::Locked) => {
            t!("It is under way in another tab: go on there, or close that tab and try again.")
        }
        OpenError::Store(StoreError::Unsupported) => {
            t!("Allow storage for this site, then reload the page.")
        }
        OpenError::Store(StoreError::Full | StoreError::Other(_)) => {
            t!("Reload the page and try again.")
        }
        OpenError::Broken => {
            t!("Start it again: with the same settings it comes to the same numbers.")
        }
    };
    Failure::new(t!("The interrupted run cannot go on: {error}.", error), remedy)
}
