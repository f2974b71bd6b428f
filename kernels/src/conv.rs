//! Two-dimensional convolutions and their gradients: each call takes the algorithm that should
//! be the fastest for its shape.

use crate::crew;
use crate::job::{Job, Pass};
use crate::parallel;
pub use crate::shape::ConvShape;

/// `[batch, channels_out, output_height, output_width]` from `x` (`[batch, channels_in, height,
/// width]`) and `weight` (`[channels_out, channels_in, kernel, kernel]`).
pub fn forward(shape: ConvShape, x: &[f32], weight: &[f32]) -> Vec<f32> {
    compute(Job::new(Pass::Forward, shape), x, weight)
}

/// The gradient of the input, in its shape.
pub fn input_gradient(shape: ConvShape, output_gradient: &[f32], weight: &[f32]) -> Vec<f32> {
    compute(Job::new(Pass::InputGradient, shape), output_gradient, weight)
}

/// The gradient of the weight, in its shape.
pub fn weight_gradient(shape: ConvShape, x: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    compute(Job::new(Pass::WeightGradient, shape), x, output_gradient)
}

/// With the crew if there is one that takes it, else alone.
fn compute(job: Job, left: &[f32], right: &[f32]) -> Vec<f32> {
    assert_eq!((left.len(), right.len()), (job.left_len(), job.right_len()));
    crew::work(&job, left, right).unwrap_or_else(|| alone(&job, left, right))
}

/// On this thread and those that share its memory.
fn alone(job: &Job, left: &[f32], right: &[f32]) -> Vec<f32> {
    // A crew sums the parts, and whether there is one must make no difference.
    if job.sums_parts() {
        let parts = parallel::map(job.parts(), |part| job.part(part).run(left, right));
        return job.sum(parts.into_iter());
    }
    job.run(left, right)
}
