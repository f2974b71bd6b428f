//! What the card can do: its rate of single-precision multiply-adds, as a compute shader of the same
//! API gets them.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::ops::numeric::empty_device_dtype;
use cubecl::prelude::*;

use crate::kernels::{median_ms, wait_for};

const THREADS: usize = 256;
/// Sums of an invocation that do not wait for each other.
const SUMS: usize = 32;
/// Multiply-adds of a sum between two turns of the loop.
const UNROLLED: usize = 16;

#[backend_extension(Cube)]
pub trait Probe: Backend {
    /// Each number of `x` is the work of an invocation that goes round `turns` times.
    fn multiply_add(x: FloatTensor<Self>, turns: usize) -> FloatTensor<Self>;
}

#[cube(launch_unchecked)]
fn multiply_add_kernel(x: &[f32], y: &mut [f32], turns: u32) {
    let factor = x[ABSOLUTE_POS];
    let mut sums = Array::<f32>::new(SUMS);
    #[unroll]
    for i in 0..SUMS {
        sums[i] = factor + comptime![i as f32];
    }
    for _ in 0..turns {
        #[unroll]
        for _ in 0..UNROLLED {
            #[unroll]
            for i in 0..SUMS {
                sums[i] = sums[i] * factor + factor;
            }
        }
    }
    let mut sum = f32::new(0.0);
    #[unroll]
    for i in 0..SUMS {
        sum += sums[i];
    }
    y[ABSOLUTE_POS] = sum;
}

impl Probe for CubeBackend {
    fn multiply_add(x: FloatTensor<Self>, turns: usize) -> FloatTensor<Self> {
        let count = x.shape().num_elements();
        assert!(count.is_multiple_of(THREADS), "whole workgroups");
        let y = empty_device_dtype(x.client.clone(), x.device.clone(), x.shape(), x.dtype);
        let client = x.client.clone();
        // SAFETY: there are as many invocations as numbers.
        unsafe {
            multiply_add_kernel::launch_unchecked(
                &client,
                CubeCount::Static((count / THREADS) as u32, 1, 1),
                CubeDim::new_1d(THREADS as u32),
                x.into_buffer_arg(),
                y.clone().into_buffer_arg(),
                turns as u32,
            );
        }
        y
    }
}

/// Operations in a millisecond, a multiply-add counted as two: the best of three sizes.
pub async fn flops_per_ms(device: &Device, invocations: usize, turns: usize) -> f64 {
    let x = Tensor::<1>::full([invocations], 0.5, device);
    wait_for(x.clone()).await;
    let run =
        || Tensor::<1>::from_dispatch(Dispatch::multiply_add(x.clone().into_dispatch(), turns));
    let ms = median_ms(run).await;
    (2 * SUMS * UNROLLED * turns * invocations) as f64 / ms
}
