//! Help from threads that share no memory with this one, as a browser's workers: whoever can reach
//! them [`engage`]s a crew, and the kernels ask it first.

use std::cell::RefCell;

use crate::job::Job;

/// Threads that compute parts of a job.
pub trait Crew {
    /// The job's result; None where the crew does not take it.
    fn work(&mut self, job: &Job, left: &[f32], right: &[f32]) -> Option<Vec<f32>>;
}

thread_local! {
    static ENGAGED: RefCell<Option<Box<dyn Crew>>> = const { RefCell::new(None) };
}

/// From now on this thread's jobs are offered to `crew` first.
pub fn engage(crew: impl Crew + 'static) {
    ENGAGED.set(Some(Box::new(crew)));
}

/// The result of the crew, if there is one that takes the job.
pub(crate) fn work(job: &Job, left: &[f32], right: &[f32]) -> Option<Vec<f32>> {
    ENGAGED.with_borrow_mut(|crew| crew.as_mut()?.work(job, left, right))
}
