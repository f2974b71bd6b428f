//! A step of gradient descent, one number an invocation: one pass over a parameter, where Burn's
//! operations take six.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{THREADS, cubes_for, empty};
use crate::ops::DescentRates;

/// What does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct DescentDims {
    count: u32,
    lr: f32,
    momentum: f32,
    decay: f32,
}

#[cube(launch_unchecked)]
fn descent_kernel(
    value: &[f32],
    gradient: ComptimeOption<&[f32]>,
    velocity: ComptimeOption<&[f32]>,
    new_value: &mut [f32],
    new_velocity: &mut [f32],
    dims: DescentDims,
) {
    let at = ABSOLUTE_POS;
    if at < dims.count as usize {
        let mut moved = value[at] * dims.decay;
        #[comptime]
        if let ComptimeOption::Some(gradient) = &gradient {
            moved += gradient[at];
        }
        #[comptime]
        if let ComptimeOption::Some(velocity) = &velocity {
            moved += velocity[at] * dims.momentum;
        }
        new_velocity[at] = moved;
        new_value[at] = value[at] - moved * dims.lr;
    }
}

/// See [`crate::ops::NetworkOps::descend`]; all tensors are contiguous.
pub fn step(
    value: CubeTensor,
    gradient: Option<CubeTensor>,
    velocity: Option<CubeTensor>,
    rates: DescentRates,
) -> (CubeTensor, CubeTensor) {
    let client = value.client.clone();
    let shape = value.meta.shape().clone();
    let count = shape.num_elements();
    let new_value = empty(&value, shape);
    let new_velocity = empty(&value, [count]);
    let DescentRates { lr, momentum, decay } = rates;
    let dims = DescentDimsLaunch::new(count as u32, lr as f32, momentum as f32, decay as f32);
    // SAFETY: the kernel stays below the count, which is that of all tensors.
    unsafe {
        descent_kernel::launch_unchecked(
            &client,
            cubes_for(count),
            CubeDim::new_1d(THREADS as u32),
            value.into_buffer_arg(),
            gradient.map(CubeTensor::into_buffer_arg).into(),
            velocity.map(CubeTensor::into_buffer_arg).into(),
            new_value.clone().into_buffer_arg(),
            new_velocity.clone().into_buffer_arg(),
            dims,
        );
    }
    (new_value, new_velocity)
}
