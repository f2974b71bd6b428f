//! When and how a run under way is kept.

use super::Keeper;
use crate::engine::end::End;
use crate::engine::inbox::Inbox;
use crate::engine::run::Run;
use crate::engine::session::Emit;
use crate::engine::{files, host};
use crate::protocol::{CheckpointNews, Event, KeptCheckpoint};

impl Run {
    /// Keeps a checkpoint if it is time for one, and the run has not come to its end. A storage
    /// that refuses is told, and stops nothing.
    ///
    /// # Errors
    /// When the run is interrupted, or fails while its state is read.
    pub async fn keep(&mut self, inbox: &mut Inbox, emit: &Emit) -> Result<(), End> {
        let (epochs, step) = (self.trainer.epoch(), self.trainer.step_in_epoch());
        let is_over = epochs == self.trainer.experiment().epochs;
        let at_epoch_end = step == 0 && epochs > 0;
        let is_due = |keeper: &Keeper| !is_over && keeper.is_due(at_epoch_end);
        if !self.keeper.as_ref().is_some_and(is_due) {
            return Ok(());
        }
        let began_secs = host::now_secs();
        let checkpoint = inbox.during_read(&**emit, self.checkpoint(emit)).await??;
        // The loss of a step is of the weights before it: these may be numbers no more, and then
        // the checkpoint before is the last good one.
        if !checkpoint.is_finite() {
            return Ok(());
        }
        let file =
            checkpoint.to_bytes().map_err(|error| files::refusal(&t!("The checkpoint"), &error))?;
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let (run, size_bytes) = (keeper.run(), file.len());
        let written = inbox.during(&**emit, keeper.write(&file, began_secs)).await?;
        let news = match written {
            Ok(secs) => {
                CheckpointNews::Kept(KeptCheckpoint { run, epochs, step, size_bytes, secs })
            }
            Err(failure) => CheckpointNews::NotKept { run, failure },
        };
        emit(Event::Checkpoint(news), None);
        self.reporter.restart_clock();
        Ok(())
    }
}
