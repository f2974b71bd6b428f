//! What comes before the first step: data, device, network.

use super::end::End;
use super::files;
use super::inbox::Inbox;
use super::report::{Reporter, choose_samples};
use super::run::Run;
use super::session::Emit;
use super::{device, host, load};
use crate::data::images::{DataSet, ImageSet};
use crate::experiment::{Experiment, Setting};
use crate::protocol::{Event, Failure};
use crate::train::checkpoint::Checkpoint;
use crate::train::trainer::Trainer;

/// Loads what the experiment asks for; goes on from a checkpoint if there is one.
///
/// # Errors
/// When the run is interrupted, its settings or its data are at fault, or the checkpoint was made
/// with others.
pub async fn prepare(
    experiment: Experiment,
    checkpoint: Option<&Checkpoint>,
    inbox: &mut Inbox,
    emit: &Emit,
) -> Result<Run, End> {
    experiment.check().map_err(|error| {
        Failure::new(error.to_string(), t!("Change one of the two settings.")).about(error.setting)
    })?;
    let progress = |progress| emit(Event::Loading(progress), None);
    let data = inbox.during(&**emit, load::data_set(&experiment, &progress)).await??;
    let choosing = device::choose(experiment.device);
    let chosen = inbox.during_read(&**emit, choosing).await??;
    emit(Event::Device(chosen.report), None);

    let DataSet { train, test, class_names, notes } = data;
    let seed = experiment.seed;
    let (trainer, history, loss_sum) = match checkpoint {
        None => (Trainer::new(experiment, train, &chosen.device), Vec::new(), 0.0),
        Some(checkpoint) => {
            check_data(checkpoint, &train)?;
            let trainer = Trainer::resume(experiment, checkpoint, train, &chosen.device)
                .map_err(|error| files::refusal(&t!("The checkpoint"), &error))?;
            (trainer, checkpoint.history.clone(), checkpoint.loss_sum)
        }
    };
    let samples = choose_samples(trainer.images(), trainer.candidates(), seed);
    Ok(Run {
        reporter: Reporter::new(&samples, loss_sum),
        elapsed_before_secs: history.last().map_or(0.0, |epoch| epoch.elapsed_secs),
        began_secs: host::now_secs(),
        trainer,
        test,
        class_names,
        notes,
        samples,
        history,
        keeper: None,
    })
}

fn check_data(checkpoint: &Checkpoint, train: &ImageSet) -> Result<(), Failure> {
    let position = &checkpoint.position;
    if position.images == train.len() && position.data_digest == train.digest() {
        return Ok(());
    }
    Err(Failure::new(
        t!(
            "The run was trained on {trained} other images than the {loaded} that were loaded.",
            trained = position.images,
            loaded = train.len()
        ),
        t!("Set the data host that holds the images which the run began with."),
    )
    .about(Setting::Data))
}
