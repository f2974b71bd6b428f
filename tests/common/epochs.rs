//! The epochs of a run, as its events tell of them.

use proden::experiment::metrics::EpochMetrics;
use proden::protocol::Event;

/// The epochs that were told of, without times: those differ from run to run.
pub fn epochs<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<EpochMetrics> {
    let metrics = events.into_iter().filter_map(|event| match event {
        Event::Epoch { metrics, .. } => Some(*metrics),
        _ => None,
    });
    metrics
        .map(|metrics| EpochMetrics { images_per_sec: 0.0, elapsed_secs: 0.0, ..metrics })
        .collect()
}
