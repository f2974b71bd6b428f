//! PRODEN's loss, its gradient and the new confidences: one pass over a batch, an image an invocation,
//! where Burn's operations take twenty-five.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{THREADS, cubes_for, empty};

/// All but `loss` are `[images, classes]`. The largest logit is taken off before anything is
/// exponentiated, over all classes for the loss and over the candidates for the confidences.
#[cube(launch_unchecked)]
fn partial_loss_kernel(
    logits: &[f32],
    confidences: &[f32],
    candidates: &[f32],
    loss: &mut [f32],
    of_logits: &mut [f32],
    renewed: &mut [f32],
    images: u32,
    classes: u32,
) {
    let image = ABSOLUTE_POS;
    if image < images as usize {
        let from = image * classes as usize;
        let to = from + classes as usize;
        let mut largest = logits[from];
        // Of no logit: finite, because WGSL does not promise infinities.
        let mut largest_candidate = f32::new(-1e30);
        let mut share = f32::new(0.0);
        for at in from..to {
            largest = f32::max(largest, logits[at]);
            let candidate = f32::max(largest_candidate, logits[at]);
            largest_candidate = select(candidates[at] > 0.5, candidate, largest_candidate);
            share += confidences[at];
        }
        let mut sum = f32::new(0.0);
        let mut sum_of_candidates = f32::new(0.0);
        for at in from..to {
            sum += f32::exp(logits[at] - largest);
            let candidate = f32::exp(logits[at] - largest_candidate);
            sum_of_candidates += select(candidates[at] > 0.5, candidate, 0.0);
        }
        let log_sum = f32::ln(sum);
        let mut cost = f32::new(0.0);
        for at in from..to {
            let log_probability = logits[at] - largest - log_sum;
            cost -= log_probability * confidences[at];
            of_logits[at] = f32::exp(logits[at] - largest) * (share / sum) - confidences[at];
            let candidate = f32::exp(logits[at] - largest_candidate) / sum_of_candidates;
            renewed[at] = select(candidates[at] > 0.5, candidate, 0.0);
        }
        loss[image] = cost;
    }
}

/// See [`crate::ops::NetworkOps::partial_loss`]; all tensors are contiguous.
pub fn launch(
    logits: CubeTensor,
    confidences: CubeTensor,
    candidates: CubeTensor,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let client = logits.client.clone();
    let [images, classes] = logits.meta.shape().dims();
    let loss = empty(&logits, [images]);
    let [of_logits, renewed] = [(); 2].map(|()| empty(&logits, [images, classes]));
    // SAFETY: an invocation stays within its image's row, and all rows within the tensors.
    unsafe {
        partial_loss_kernel::launch_unchecked(
            &client,
            cubes_for(images),
            CubeDim::new_1d(THREADS as u32),
            logits.into_buffer_arg(),
            confidences.into_buffer_arg(),
            candidates.into_buffer_arg(),
            loss.clone().into_buffer_arg(),
            of_logits.clone().into_buffer_arg(),
            renewed.clone().into_buffer_arg(),
            images as u32,
            classes as u32,
        );
    }
    (loss, of_logits, renewed)
}
