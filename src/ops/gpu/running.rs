//! The running statistics of batch norm: one pass, where Burn's operations take nine; and what evaluation
//! makes of them.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{THREADS, cubes_for, empty};
use crate::ops::{EPSILON, Running};

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct RunningDims {
    channels: u32,
    keep: f32,
    take: f32,
    unbias: f32,
}

/// One channel an invocation. `statistics` is `[4, channels]`, mean and biased variance first.
#[cube(launch_unchecked)]
fn running_kernel(
    statistics: &[f32],
    mean: &[f32],
    variance: &[f32],
    bias: ComptimeOption<&[f32]>,
    new_mean: &mut [f32],
    new_variance: &mut [f32],
    dims: RunningDims,
) {
    let channel = ABSOLUTE_POS;
    let channels = dims.channels as usize;
    if channel < channels {
        let mut of_batch = statistics[channel];
        #[comptime]
        if let ComptimeOption::Some(bias) = &bias {
            of_batch += bias[channel];
        }
        new_mean[channel] = mean[channel] * dims.keep + of_batch * dims.take;
        let of_batch = statistics[channel + channels] * dims.unbias;
        new_variance[channel] = variance[channel] * dims.keep + of_batch * dims.take;
    }
}

/// See [`crate::ops::NetworkOps::follow`]; all tensors are contiguous.
pub fn follow(
    statistics: CubeTensor,
    mean: CubeTensor,
    variance: CubeTensor,
    bias: Option<CubeTensor>,
    running: Running,
) -> (CubeTensor, CubeTensor) {
    let client = mean.client.clone();
    let channels = mean.meta.shape().num_elements();
    let (new_mean, new_variance) = (empty(&mean, [channels]), empty(&mean, [channels]));
    let Running { momentum, unbias } = running;
    let dims = RunningDimsLaunch::new(
        channels as u32,
        (1.0 - momentum) as f32,
        momentum as f32,
        unbias as f32,
    );
    // SAFETY: the kernel stays below the number of channels.
    unsafe {
        running_kernel::launch_unchecked(
            &client,
            cubes_for(channels),
            CubeDim::new_1d(THREADS as u32),
            statistics.into_buffer_arg(),
            mean.into_buffer_arg(),
            variance.into_buffer_arg(),
            bias.map(CubeTensor::into_buffer_arg).into(),
            new_mean.clone().into_buffer_arg(),
            new_variance.clone().into_buffer_arg(),
            dims,
        );
    }
    (new_mean, new_variance)
}

/// One channel an invocation. `scales` is `[3, channels]`: y = (x - mean) factor + beta.
#[cube(launch_unchecked)]
fn scales_kernel(
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    bias: ComptimeOption<&[f32]>,
    scales: &mut [f32],
    channels: u32,
    epsilon: f32,
) {
    let channel = ABSOLUTE_POS;
    let channels = channels as usize;
    if channel < channels {
        let mut centre = mean[channel];
        #[comptime]
        if let ComptimeOption::Some(bias) = &bias {
            centre -= bias[channel];
        }
        scales[channel] = centre;
        scales[channel + channels] = gamma[channel] / f32::sqrt(variance[channel] + epsilon);
        scales[channel + 2 * channels] = beta[channel];
    }
}

/// What an evaluation does to each channel, `[3, channels]`: mean, factor and beta. All tensors are
/// `[channels]` and contiguous; `bias` was left out of what the mean is taken from.
pub fn scales(
    [gamma, beta, mean, variance]: [CubeTensor; 4],
    bias: Option<CubeTensor>,
) -> CubeTensor {
    let client = mean.client.clone();
    let channels = mean.meta.shape().num_elements();
    let scales = empty(&mean, [3, channels]);
    // SAFETY: the kernel stays below the number of channels.
    unsafe {
        scales_kernel::launch_unchecked(
            &client,
            cubes_for(channels),
            CubeDim::new_1d(THREADS as u32),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            mean.into_buffer_arg(),
            variance.into_buffer_arg(),
            bias.map(CubeTensor::into_buffer_arg).into(),
            scales.clone().into_buffer_arg(),
            channels as u32,
            EPSILON,
        );
    }
    scales
}
