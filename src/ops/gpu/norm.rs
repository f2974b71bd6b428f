//! Batch normalisation over channels with what follows it (a shortcut's sum, leaky ReLU), two
//! passes forward and two backward.
//!
//! Each channel is cut into parts; the first pass sums each part, the second one adds the sums,
//! always in the same order, and maps every number.

mod kernels;

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{LANES, empty};
use crate::ops::shape::NormShape;
use crate::ops::{EPSILON, NormGradients};
use kernels::{
    NormDimsLaunch, apply_kernel, evaluate_kernel, gradient_apply_kernel, gradient_sum_kernel,
    sum_kernel,
};

/// How the numbers of a channel are shared out.
struct Plan {
    shape: NormShape,
    part: usize,
    parts: usize,
    threads: usize,
}

impl Plan {
    /// Invocations of a workgroup.
    const THREADS: usize = 64;
    /// Quads that an invocation goes over, where there are enough.
    const STEPS: usize = 16;
    /// The second pass adds as many sums.
    const MOST_PARTS: usize = 32;

    fn of(x: &CubeTensor) -> Self {
        let shape = NormShape::of(x.meta.shape().dims());
        let quads = shape.batch * shape.plane / LANES;
        let parts = quads.div_ceil(Self::THREADS * Self::STEPS).clamp(1, Self::MOST_PARTS);
        let part = quads.div_ceil(parts);
        Self { shape, part, parts: quads.div_ceil(part), threads: Self::THREADS }
    }

    fn dims(&self, slope: f32) -> NormDimsLaunch {
        NormDimsLaunch::new(
            self.shape.batch as u32,
            self.shape.channels as u32,
            (self.shape.plane / LANES) as u32,
            self.part as u32,
            self.parts as u32,
            EPSILON,
            slope,
        )
    }

    fn sums(&self, like: &CubeTensor) -> CubeTensor {
        empty(like, [self.parts, self.shape.channels, 2])
    }

    fn cubes(&self) -> CubeCount {
        CubeCount::Static(self.shape.channels as u32, self.parts as u32, 1)
    }

    fn cube_dim(&self) -> CubeDim {
        CubeDim::new_1d(self.threads as u32)
    }
}

/// The output, and the statistics `[4, channels]`.
pub fn forward(
    x: CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    shortcut: Option<CubeTensor>,
    slope: f32,
) -> (CubeTensor, CubeTensor) {
    let plan = Plan::of(&x);
    let client = x.client.clone();
    let sums = plan.sums(&x);
    let output = empty(&x, x.meta.shape().clone());
    let statistics = empty(&x, [4, plan.shape.channels]);
    // SAFETY: a walk stays within its part, and all parts within the tensor.
    unsafe {
        sum_kernel::launch_unchecked(
            &client,
            plan.cubes(),
            plan.cube_dim(),
            x.clone().into_buffer_arg(),
            sums.clone().into_buffer_arg(),
            plan.dims(slope),
            plan.threads,
        );
        apply_kernel::launch_unchecked(
            &client,
            plan.cubes(),
            plan.cube_dim(),
            x.into_buffer_arg(),
            sums.into_buffer_arg(),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            shortcut.map(CubeTensor::into_buffer_arg).into(),
            output.clone().into_buffer_arg(),
            statistics.clone().into_buffer_arg(),
            plan.dims(slope),
        );
    }
    (output, statistics)
}

/// The output by statistics that are known, those of [`super::running::scales`].
pub fn evaluate(
    x: CubeTensor,
    scales: CubeTensor,
    shortcut: Option<CubeTensor>,
    slope: f32,
) -> CubeTensor {
    let plan = Plan::of(&x);
    let client = x.client.clone();
    let output = empty(&x, x.meta.shape().clone());
    // SAFETY: a walk stays within its part, and all parts within the tensor.
    unsafe {
        evaluate_kernel::launch_unchecked(
            &client,
            plan.cubes(),
            plan.cube_dim(),
            x.into_buffer_arg(),
            scales.into_buffer_arg(),
            shortcut.map(CubeTensor::into_buffer_arg).into(),
            output.clone().into_buffer_arg(),
            plan.dims(slope),
        );
    }
    output
}

/// The gradients of what went into [`forward`]. `output` is given if there was a shortcut.
pub fn backward(
    x: CubeTensor,
    output: Option<CubeTensor>,
    gradient: CubeTensor,
    statistics: CubeTensor,
    slope: f32,
) -> NormGradients<CubeTensor> {
    let plan = Plan::of(&x);
    let client = x.client.clone();
    let sums = plan.sums(&x);
    let of_shortcut = output.as_ref().map(|output| empty(output, output.meta.shape().clone()));
    let of_x = empty(&x, x.meta.shape().clone());
    let [of_gamma, of_beta] = [(); 2].map(|()| empty(&x, [plan.shape.channels]));
    // SAFETY: a walk stays within its part, and all parts within the tensor.
    unsafe {
        gradient_sum_kernel::launch_unchecked(
            &client,
            plan.cubes(),
            plan.cube_dim(),
            x.clone().into_buffer_arg(),
            output.map(CubeTensor::into_buffer_arg).into(),
            gradient.clone().into_buffer_arg(),
            statistics.clone().into_buffer_arg(),
            sums.clone().into_buffer_arg(),
            of_shortcut.clone().map(CubeTensor::into_buffer_arg).into(),
            plan.dims(slope),
            plan.threads,
        );
        gradient_apply_kernel::launch_unchecked(
            &client,
            plan.cubes(),
            plan.cube_dim(),
            x.into_buffer_arg(),
            of_shortcut.clone().unwrap_or(gradient).into_buffer_arg(),
            statistics.into_buffer_arg(),
            sums.into_buffer_arg(),
            of_x.clone().into_buffer_arg(),
            of_gamma.clone().into_buffer_arg(),
            of_beta.clone().into_buffer_arg(),
            plan.dims(slope),
            of_shortcut.is_some(),
        );
    }
    NormGradients { x: of_x, gamma: of_gamma, beta: of_beta, shortcut: of_shortcut }
}
