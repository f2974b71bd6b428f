//! Weights at the points, and their gradient back from there: an invocation maps the taps of a pair of
//! channels.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::maps::{Filter, Map, planar};
use crate::ops::gpu::{THREADS, cubes_for};

/// Weights `[channels_out, channels_in, 3, 3]` and their place at the points. Does not change within a launch.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct Pairs {
    channels_out: u32,
    channels_in: u32,
    /// At the points, where zeros fill the product's tiles up: `[depth, rows]` for a convolution,
    /// `[rows, columns]` for the gradient of weights.
    slow: u32,
    fast: u32,
}

/// Weights for the product: `[points, depth, rows]`. Forward the depth is the input channel; for the
/// gradient of the input it is the output channel, and the taps are turned round.
#[cube(launch_unchecked)]
fn taps_kernel(
    weight: &[f32],
    points: &mut [f32],
    pairs: Pairs,
    #[comptime] filter: Filter,
    #[comptime] turned: bool,
) {
    let at = ABSOLUTE_POS as u32;
    let all = pairs.slow * pairs.fast;
    if at < all {
        let mut channel_in = at / pairs.fast;
        let mut channel_out = at % pairs.fast;
        if comptime![turned] {
            channel_out = at / pairs.fast;
            channel_in = at % pairs.fast;
        }
        let is_there = channel_out < pairs.channels_out && channel_in < pairs.channels_in;
        let from = select(is_there, (channel_out * pairs.channels_in + channel_in) * 9, 0);
        let mut taken = Sequence::<f32>::new();
        #[unroll]
        for i in 0..9usize {
            let tap = comptime![(if turned { 8 - i } else { i }) as u32];
            taken.push(select(is_there, weight[(from + tap) as usize], 0.0));
        }
        let made = planar(&taken, Map::Taps, filter);
        #[unroll]
        for point in 0..comptime![filter.points()] {
            points[(at + all * point as u32) as usize] = made[point];
        }
    }
}

/// Adds the parts of the product `[parts, points, channels_out, channels_in]`, always in the same order,
/// and maps them back to taps.
#[cube(launch_unchecked)]
fn taps_gradient_kernel(
    points: &[f32],
    gradient: &mut [f32],
    parts: u32,
    pairs: Pairs,
    #[comptime] filter: Filter,
) {
    let at = ABSOLUTE_POS as u32;
    if at < pairs.channels_out * pairs.channels_in {
        let channel_in = at % pairs.channels_in;
        let channel_out = at / pairs.channels_in;
        let all = pairs.slow * pairs.fast;
        let first = channel_out * pairs.fast + channel_in;
        let mut taken = Sequence::<f32>::new();
        #[unroll]
        for point in 0..comptime![filter.points()] {
            let mut sum = f32::new(0.0);
            let count = comptime![filter.points() as u32];
            for part in 0..parts {
                sum += points[((part * count + point as u32) * all + first) as usize];
            }
            taken.push(sum);
        }
        let made = planar(&taken, Map::TapsGradient, filter);
        #[unroll]
        for tap in 0..9usize {
            gradient[(at * 9 + tap as u32) as usize] = made[tap];
        }
    }
}

impl Pairs {
    fn launch_arg(weight: &CubeTensor, [slow, fast]: [usize; 2]) -> PairsLaunch {
        let [channels_out, channels_in, ..] = weight.meta.shape().dims::<4>();
        PairsLaunch::new(channels_out as u32, channels_in as u32, slow as u32, fast as u32)
    }

    /// Brings weights to the points, whose depth and rows are given; see [`taps_kernel`].
    pub fn to_points(
        weight: CubeTensor,
        points: &CubeTensor,
        padded: [usize; 2],
        filter: Filter,
        turned: bool,
    ) {
        let pairs = Self::launch_arg(&weight, padded);
        // SAFETY: the kernel reads within the weights and writes within the padded sizes.
        unsafe {
            taps_kernel::launch_unchecked(
                &points.client,
                cubes_for(padded[0] * padded[1]),
                CubeDim::new_1d(THREADS as u32),
                weight.into_buffer_arg(),
                points.clone().into_buffer_arg(),
                pairs,
                filter,
                turned,
            );
        }
    }

    /// Brings the gradient of weights back from the points, whose rows and columns are given.
    pub fn gradient_from_points(
        points: CubeTensor,
        gradient: &CubeTensor,
        parts: usize,
        padded: [usize; 2],
        filter: Filter,
    ) {
        let [channels_out, channels_in, ..] = gradient.meta.shape().dims::<4>();
        // SAFETY: the kernel reads within the padded sizes and writes within the weights.
        unsafe {
            taps_gradient_kernel::launch_unchecked(
                &gradient.client,
                cubes_for(channels_out * channels_in),
                CubeDim::new_1d(THREADS as u32),
                points.into_buffer_arg(),
                gradient.clone().into_buffer_arg(),
                parts as u32,
                Self::launch_arg(gradient, padded),
                filter,
            );
        }
    }
}
