//! The passes of batch norm. An invocation walks over quads of one channel: the workgroup's first
//! position is the channel, its second one the part.

use cubecl::prelude::*;

use crate::ops::gpu::Quad;

/// What does not change within a launch. A tensor is `[batch, channels, plane]`, in quads.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct NormDims {
    pub batch: u32,
    pub channels: u32,
    /// Of an image's channel, in quads.
    pub plane: u32,
    /// Quads of a part, over all images.
    pub part: u32,
    pub parts: u32,
    pub epsilon: f32,
    /// Of the leaky ReLU below zero: 0 is ReLU, 1 is none.
    pub slope: f32,
}

/// Walks an invocation's share of the quads of a part of a channel, without a division a step.
#[derive(CubeType, Clone, Copy)]
struct Walk {
    /// Quads from here to the part's end that are not this invocation's to skip.
    at: u32,
    end: u32,
    image: u32,
    place: u32,
}

#[cube]
fn walk(dims: &NormDims) -> Walk {
    let at = CUBE_POS_Y * dims.part + UNIT_POS_X;
    let end = u32::min((CUBE_POS_Y + 1) * dims.part, dims.batch * dims.plane);
    Walk { at, end, image: at / dims.plane, place: at % dims.plane }
}

#[cube]
fn address(walk: &Walk, dims: &NormDims) -> usize {
    ((walk.image * dims.channels + CUBE_POS_X) * dims.plane + walk.place) as usize
}

#[cube]
fn step(walk: &mut Walk, dims: &NormDims, images: u32, places: u32) {
    walk.at += CUBE_DIM_X;
    walk.image += images;
    walk.place += places;
    if walk.place >= dims.plane {
        walk.place -= dims.plane;
        walk.image += 1;
    }
}

/// Adds up two numbers of all invocations; invocation 0 writes them to `sums[part][channel][2]`.
#[cube]
fn add_up(first: f32, second: f32, sums: &mut [f32], dims: &NormDims, #[comptime] threads: usize) {
    let mut shared = Shared::<[f32]>::new_slice(comptime![2 * threads]);
    let me = UNIT_POS_X as usize;
    shared[me] = first;
    shared[me + threads] = second;
    sync_cube();
    #[unroll]
    for halving in 1..comptime![threads.ilog2() as usize + 1] {
        let half = comptime![threads >> halving];
        if me < half {
            let others = shared[me + half];
            shared[me] += others;
            let others = shared[me + threads + half];
            shared[me + threads] += others;
        }
        sync_cube();
    }
    if me == 0 {
        let to = ((CUBE_POS_Y * dims.channels + CUBE_POS_X) * 2) as usize;
        sums[to] = shared[0];
        sums[to + 1] = shared[threads];
    }
}

/// The sums of a channel over all parts.
#[cube]
fn total(sums: &[f32], dims: &NormDims) -> (f32, f32) {
    let mut first = f32::new(0.0);
    let mut second = f32::new(0.0);
    for part in 0..dims.parts {
        let from = ((part * dims.channels + CUBE_POS_X) * 2) as usize;
        first += sums[from];
        second += sums[from + 1];
    }
    (first, second)
}

#[cube]
fn across(quad: Quad) -> f32 {
    (quad.extract(0usize) + quad.extract(1usize)) + (quad.extract(2usize) + quad.extract(3usize))
}

/// Sums of x - k and its square. k, a channel's first number, keeps a mean that is large against
/// the spread from eating the digits of the variance.
#[cube(launch_unchecked)]
pub fn sum_kernel(x: &[Quad], sums: &mut [f32], dims: NormDims, #[comptime] threads: usize) {
    let origin = Quad::new(x[(CUBE_POS_X * dims.plane) as usize].extract(0usize));
    let mut walk = walk(&dims);
    let images = CUBE_DIM_X / dims.plane;
    let places = CUBE_DIM_X % dims.plane;
    let mut sum = Quad::new(0.0);
    let mut squares = Quad::new(0.0);
    while walk.at < walk.end {
        let value = x[address(&walk, &dims)] - origin;
        sum += value;
        squares += value * value;
        step(&mut walk, &dims, images, places);
    }
    add_up(across(sum), across(squares), sums, &dims, threads);
}

/// y = act(gamma (x - mean) / sqrt(var + epsilon) + beta (+ shortcut)). `statistics` becomes
/// `[4, channels]`: mean, (biased) variance, gamma, beta, all that the way back needs.
#[cube(launch_unchecked)]
pub fn apply_kernel(
    x: &[Quad],
    sums: &[f32],
    gamma: &[f32],
    beta: &[f32],
    shortcut: ComptimeOption<&[Quad]>,
    y: &mut [Quad],
    statistics: &mut [f32],
    dims: NormDims,
) {
    let channel = CUBE_POS_X as usize;
    let channels = dims.channels as usize;
    let origin = x[(CUBE_POS_X * dims.plane) as usize].extract(0usize);
    let (sum, squares) = total(sums, &dims);
    let count = f32::cast_from(dims.batch * dims.plane * 4);
    let offset = sum / count;
    let mean = origin + offset;
    let variance = f32::max(squares / count - offset * offset, 0.0);
    if CUBE_POS_Y == 0 && UNIT_POS_X == 0 {
        statistics[channel] = mean;
        statistics[channel + channels] = variance;
        statistics[channel + 2 * channels] = gamma[channel];
        statistics[channel + 3 * channels] = beta[channel];
    }
    let scale = gamma[channel] / f32::sqrt(variance + dims.epsilon);
    write(x, shortcut, y, mean, scale, beta[channel], &dims);
}

/// The same from statistics that are known. `scales` is `[3, channels]`: mean, factor and beta.
#[cube(launch_unchecked)]
pub fn evaluate_kernel(
    x: &[Quad],
    scales: &[f32],
    shortcut: ComptimeOption<&[Quad]>,
    y: &mut [Quad],
    dims: NormDims,
) {
    let channel = CUBE_POS_X as usize;
    let channels = dims.channels as usize;
    let (mean, scale) = (scales[channel], scales[channel + channels]);
    write(x, shortcut, y, mean, scale, scales[channel + 2 * channels], &dims);
}

/// act((x - mean) scale + beta (+ shortcut)) of an invocation's share.
#[cube]
fn write(
    x: &[Quad],
    shortcut: ComptimeOption<&[Quad]>,
    y: &mut [Quad],
    mean: f32,
    scale: f32,
    beta: f32,
    dims: &NormDims,
) {
    let (mean, scale, beta) = (Quad::new(mean), Quad::new(scale), Quad::new(beta));
    let mut walk = walk(dims);
    let images = CUBE_DIM_X / dims.plane;
    let places = CUBE_DIM_X % dims.plane;
    while walk.at < walk.end {
        let at = address(&walk, dims);
        let mut value = (x[at] - mean) * scale + beta;
        #[comptime]
        if let ComptimeOption::Some(shortcut) = &shortcut {
            value += shortcut[at];
        }
        #[unroll]
        for lane in 0..4usize {
            let number = value.extract(lane);
            value.insert(lane, select(number > 0.0, number, number * dims.slope));
        }
        y[at] = value;
        step(&mut walk, dims, images, places);
    }
}

/// A channel's statistics, as numbers for quads.
#[derive(CubeType, Clone, Copy)]
struct Channel {
    mean: Quad,
    /// 1 / sqrt(var + epsilon).
    deviation: Quad,
    gamma: Quad,
    beta: Quad,
}

#[cube]
fn channel_of(statistics: &[f32], dims: &NormDims) -> Channel {
    let channel = CUBE_POS_X as usize;
    let channels = dims.channels as usize;
    let variance = statistics[channel + channels];
    Channel {
        mean: Quad::new(statistics[channel]),
        deviation: Quad::new(1.0 / f32::sqrt(variance + dims.epsilon)),
        gamma: Quad::new(statistics[channel + 2 * channels]),
        beta: Quad::new(statistics[channel + 3 * channels]),
    }
}

/// What of a gradient passes the leaky ReLU whose output (or input: it has the same sign) is given.
#[cube]
fn through(gradient: Quad, output: Quad, slope: f32) -> Quad {
    let mut passed = gradient;
    #[unroll]
    for lane in 0..4usize {
        let number = passed.extract(lane);
        passed.insert(lane, select(output.extract(lane) > 0.0, number, number * slope));
    }
    passed
}

/// Sums of the gradients that reach beta and gamma. With a shortcut, only the output `y` tells on
/// which side of zero the leaky ReLU was; the gradient that passed it is also the shortcut's.
#[cube(launch_unchecked)]
pub fn gradient_sum_kernel(
    x: &[Quad],
    y: ComptimeOption<&[Quad]>,
    gradient: &[Quad],
    statistics: &[f32],
    sums: &mut [f32],
    mut shortcut_gradient: ComptimeOption<&mut [Quad]>,
    dims: NormDims,
    #[comptime] threads: usize,
) {
    let channel = channel_of(statistics, &dims);
    let mut walk = walk(&dims);
    let images = CUBE_DIM_X / dims.plane;
    let places = CUBE_DIM_X % dims.plane;
    let mut sum = Quad::new(0.0);
    let mut products = Quad::new(0.0);
    while walk.at < walk.end {
        let at = address(&walk, &dims);
        let normal = (x[at] - channel.mean) * channel.deviation;
        #[comptime]
        let output = match &y {
            ComptimeOption::Some(y) => y[at],
            ComptimeOption::None => normal * channel.gamma + channel.beta,
        };
        let passed = through(gradient[at], output, dims.slope);
        sum += passed;
        products += passed * normal;
        #[comptime]
        if let ComptimeOption::Some(shortcut_gradient) = &mut shortcut_gradient {
            shortcut_gradient[at] = passed;
        }
        step(&mut walk, &dims, images, places);
    }
    add_up(across(sum), across(products), sums, &dims, threads);
}

/// The gradients of x, gamma and beta. `gradient` `has_passed` the leaky ReLU where there is a
/// shortcut.
#[cube(launch_unchecked)]
pub fn gradient_apply_kernel(
    x: &[Quad],
    gradient: &[Quad],
    statistics: &[f32],
    sums: &[f32],
    x_gradient: &mut [Quad],
    gamma_gradient: &mut [f32],
    beta_gradient: &mut [f32],
    dims: NormDims,
    #[comptime] has_passed: bool,
) {
    let channel = channel_of(statistics, &dims);
    let (sum, products) = total(sums, &dims);
    if CUBE_POS_Y == 0 && UNIT_POS_X == 0 {
        gamma_gradient[CUBE_POS_X as usize] = products;
        beta_gradient[CUBE_POS_X as usize] = sum;
    }
    let count = f32::cast_from(dims.batch * dims.plane * 4);
    let mean_gradient = Quad::new(sum / count);
    let mean_product = Quad::new(products / count);
    let scale = channel.gamma * channel.deviation;
    let mut walk = walk(&dims);
    let images = CUBE_DIM_X / dims.plane;
    let places = CUBE_DIM_X % dims.plane;
    while walk.at < walk.end {
        let at = address(&walk, &dims);
        let normal = (x[at] - channel.mean) * channel.deviation;
        let mut passed = gradient[at];
        if comptime![!has_passed] {
            passed = through(passed, normal * channel.gamma + channel.beta, dims.slope);
        }
        x_gradient[at] = (passed - mean_gradient - normal * mean_product) * scale;
        step(&mut walk, &dims, images, places);
    }
}
