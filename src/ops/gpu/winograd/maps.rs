//! The maps of Winograd's minimal filtering between inputs, points, outputs and taps (Lavin and Gray
//! 2016), at the same points as on the CPU (`kernels/src/winograd/transform.rs`).

use cubecl::prelude::*;
use proden_kernels::{WINOGRAD_POINTS, WINOGRAD_SCALES};

const A: f32 = WINOGRAD_POINTS[0];
const B: f32 = WINOGRAD_POINTS[1];
const A2: f32 = A * A;
const B2: f32 = B * B;
const SCALE_0: f32 = WINOGRAD_SCALES[0];
const SCALE_A: f32 = WINOGRAD_SCALES[1];
const SCALE_B: f32 = WINOGRAD_SCALES[2];

/// How many outputs a tile has, in each dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// F(2, 3): 2.25 times fewer products in two dimensions.
    F2,
    /// F(4, 3): 4 times fewer.
    F4,
}

impl Filter {
    /// Outputs of a tile in one dimension.
    pub const fn outputs(self) -> usize {
        match self {
            Self::F2 => 2,
            Self::F4 => 4,
        }
    }

    /// Inputs of a tile in one dimension, and points.
    pub const fn inputs(self) -> usize {
        self.outputs() + 2
    }

    /// Points of a tile.
    pub const fn points(self) -> usize {
        self.inputs() * self.inputs()
    }
}

/// One of the maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Map {
    /// Bᵀ: input to points.
    Input,
    /// Aᵀ: points to outputs.
    Output,
    /// A: output gradients to points.
    OutputGradient,
    /// G: taps to points.
    Taps,
    /// Gᵀ: points to tap gradients.
    TapsGradient,
}

impl Map {
    /// Numbers that it takes, in one dimension.
    pub const fn takes(self, filter: Filter) -> usize {
        match self {
            Self::Input | Self::Output | Self::TapsGradient => filter.inputs(),
            Self::OutputGradient => filter.outputs(),
            Self::Taps => 3,
        }
    }

    /// Numbers that it makes, in one dimension.
    pub const fn makes(self, filter: Filter) -> usize {
        match self {
            Self::Input | Self::OutputGradient | Self::Taps => filter.inputs(),
            Self::Output => filter.outputs(),
            Self::TapsGradient => 3,
        }
    }
}

/// Maps a square, row by row, in both dimensions.
#[cube]
pub fn planar(
    x: &Sequence<f32>,
    #[comptime] map: Map,
    #[comptime] filter: Filter,
) -> Sequence<f32> {
    let takes = comptime![map.takes(filter)];
    let makes = comptime![map.makes(filter)];
    // Column by column.
    let mut half = Sequence::<f32>::new();
    #[unroll]
    for column in 0..takes {
        line(x, column, takes, &mut half, map, filter);
    }
    let mut made = Sequence::<f32>::new();
    #[unroll]
    for row in 0..makes {
        line(&half, row, makes, &mut made, map, filter);
    }
    made
}

/// Maps the numbers of `x` from `first` on that are `step` apart.
#[cube]
fn line(
    x: &Sequence<f32>,
    #[comptime] first: usize,
    #[comptime] step: usize,
    made: &mut Sequence<f32>,
    #[comptime] map: Map,
    #[comptime] filter: Filter,
) {
    let mut taken = Sequence::<f32>::new();
    #[unroll]
    for i in 0..comptime![map.takes(filter)] {
        taken.push(x[comptime![first + i * step]]);
    }
    if comptime![map == Map::Input && filter == Filter::F2] {
        input_2(&taken, made);
    } else if comptime![map == Map::Input] {
        input_4(&taken, made);
    } else if comptime![map == Map::Output && filter == Filter::F2] {
        output_2(&taken, made);
    } else if comptime![map == Map::Output] {
        output_4(&taken, made);
    } else if comptime![map == Map::OutputGradient && filter == Filter::F2] {
        output_gradient_2(&taken, made);
    } else if comptime![map == Map::OutputGradient] {
        output_gradient_4(&taken, made);
    } else if comptime![map == Map::Taps && filter == Filter::F2] {
        taps_2(&taken, made);
    } else if comptime![map == Map::Taps] {
        taps_4(&taken, made);
    } else if comptime![filter == Filter::F2] {
        taps_gradient_2(&taken, made);
    } else {
        taps_gradient_4(&taken, made);
    }
}

#[cube]
fn input_2(x: &Sequence<f32>, made: &mut Sequence<f32>) {
    made.push(x[0] - x[2]);
    made.push(x[1] + x[2]);
    made.push(x[2] - x[1]);
    made.push(x[3] - x[1]);
}

#[cube]
fn input_4(x: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even_a, odd_a) = (x[4] - x[2] * B2, (x[3] - x[1] * B2) * A);
    let (even_b, odd_b) = (x[4] - x[2] * A2, (x[3] - x[1] * A2) * B);
    made.push(x[4] - x[2] * (A2 + B2) + x[0] * (A2 * B2));
    made.push(even_a + odd_a);
    made.push(even_a - odd_a);
    made.push(even_b + odd_b);
    made.push(even_b - odd_b);
    made.push(x[5] - x[3] * (A2 + B2) + x[1] * (A2 * B2));
}

#[cube]
fn output_2(m: &Sequence<f32>, made: &mut Sequence<f32>) {
    made.push(m[0] + m[1] + m[2]);
    made.push(m[1] - m[2] + m[3]);
}

#[cube]
fn output_4(m: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even_a, odd_a) = (m[1] + m[2], (m[1] - m[2]) * A);
    let (even_b, odd_b) = (m[3] + m[4], (m[3] - m[4]) * B);
    made.push(m[0] + even_a + even_b);
    made.push(odd_a + odd_b);
    made.push(even_a * A2 + even_b * B2);
    made.push(odd_a * A2 + odd_b * B2 + m[5]);
}

#[cube]
fn output_gradient_2(y: &Sequence<f32>, made: &mut Sequence<f32>) {
    made.push(y[0]);
    made.push(y[0] + y[1]);
    made.push(y[0] - y[1]);
    made.push(y[1]);
}

#[cube]
fn output_gradient_4(y: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even_a, odd_a) = (y[0] + y[2] * A2, (y[1] + y[3] * A2) * A);
    let (even_b, odd_b) = (y[0] + y[2] * B2, (y[1] + y[3] * B2) * B);
    made.push(y[0]);
    made.push(even_a + odd_a);
    made.push(even_a - odd_a);
    made.push(even_b + odd_b);
    made.push(even_b - odd_b);
    made.push(y[3]);
}

#[cube]
fn taps_2(g: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even, odd) = ((g[0] + g[2]) * 0.5, g[1] * 0.5);
    made.push(g[0]);
    made.push(even + odd);
    made.push(even - odd);
    made.push(g[2]);
}

#[cube]
fn taps_4(g: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even_a, odd_a) = (g[0] + g[2] * A2, g[1] * A);
    let (even_b, odd_b) = (g[0] + g[2] * B2, g[1] * B);
    made.push(g[0] * SCALE_0);
    made.push((even_a + odd_a) * SCALE_A);
    made.push((even_a - odd_a) * SCALE_A);
    made.push((even_b + odd_b) * SCALE_B);
    made.push((even_b - odd_b) * SCALE_B);
    made.push(g[2]);
}

#[cube]
fn taps_gradient_2(u: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even, odd) = ((u[1] + u[2]) * 0.5, (u[1] - u[2]) * 0.5);
    made.push(u[0] + even);
    made.push(odd);
    made.push(even + u[3]);
}

#[cube]
fn taps_gradient_4(u: &Sequence<f32>, made: &mut Sequence<f32>) {
    let (even_a, odd_a) = ((u[1] + u[2]) * SCALE_A, (u[1] - u[2]) * SCALE_A);
    let (even_b, odd_b) = ((u[3] + u[4]) * SCALE_B, (u[3] - u[4]) * SCALE_B);
    made.push(even_a + even_b + u[0] * SCALE_0);
    made.push(odd_a * A + odd_b * B);
    made.push(even_a * A2 + even_b * B2 + u[5]);
}
