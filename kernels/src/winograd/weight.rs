//! The weight's way to the points and its gradient's way back.

use std::marker::PhantomData;

use super::transform::{Transform, planar};
use crate::parallel;
use crate::product::Panels;
use crate::scratch::Scratch;
use crate::vector::{self, Kernel, Vector};

/// Taps of a 3x3 kernel.
const TAPS: usize = 9;

/// A `[outputs, inputs, 3, 3]` weight as one of two convolutions reads it.
#[derive(Debug, Clone, Copy)]
pub struct Taps<'a> {
    weight: &'a [f32],
    /// Channels that are summed over, and floats from one to the next.
    depth: usize,
    depth_stride: usize,
    /// Channels that come out, and floats from one to the next.
    outputs: usize,
    output_stride: usize,
    /// Whether the taps are taken from last to first.
    turned: bool,
}

impl<'a> Taps<'a> {
    /// For the forward pass.
    pub fn forward(weight: &'a [f32], channels_in: usize, channels_out: usize) -> Self {
        Self {
            weight,
            depth: channels_in,
            depth_stride: TAPS,
            outputs: channels_out,
            output_stride: channels_in * TAPS,
            turned: false,
        }
    }

    /// For the input gradient: channels change places and the taps are turned round.
    pub fn backward(weight: &'a [f32], channels_in: usize, channels_out: usize) -> Self {
        Self {
            weight,
            depth: channels_out,
            depth_stride: channels_in * TAPS,
            outputs: channels_in,
            output_stride: TAPS,
            turned: true,
        }
    }

    /// The taps at every point, packed for [`crate::product::rows`]: `[panel, point, depth,
    /// columns]`.
    pub fn at_points<W: Transform<I, O>, const I: usize, const O: usize>(self) -> Scratch {
        let panels = Panels::new(self.outputs, vector::lanes());
        let mut packed = Scratch::take(I * I * self.depth * panels.width);
        let panel_columns = 2 * panels.lanes;
        parallel::chunks(&mut packed, I * I * self.depth * panel_columns, |panel, packed| {
            let first = panel * panel_columns;
            vector::dispatch(Pack::<W, I, O> { taps: self, first, packed, transform: PhantomData });
        });
        packed
    }

    /// The nine taps from channel `depth` to the outputs from `output` on; zero beyond the last.
    #[inline(always)]
    fn load<V: Vector>(&self, depth: usize, output: usize) -> [V; TAPS] {
        let start = depth * self.depth_stride + output * self.output_stride;
        let mut taps = [V::splat(0.0); TAPS];
        if output + V::LANES <= self.outputs {
            let source = &self.weight[start..];
            assert!(source.len() >= (V::LANES - 1) * self.output_stride + TAPS);
            // SAFETY: the last row ends within the weight.
            unsafe {
                let source = source.as_ptr();
                taps[..4].copy_from_slice(&V::load_columns(source, self.output_stride));
                taps[4..8].copy_from_slice(&V::load_columns(source.add(4), self.output_stride));
                taps[8] = V::load_columns(source.add(5), self.output_stride)[3];
            }
        } else {
            for (tap, taps) in taps.iter_mut().enumerate() {
                let mut values = [0.0; 16];
                for (lane, value) in values.iter_mut().take(self.outputs - output).enumerate() {
                    *value = self.weight[start + lane * self.output_stride + tap];
                }
                // SAFETY: no vector has more than 16 lanes.
                *taps = unsafe { V::load(values.as_ptr()) };
            }
        }
        if self.turned {
            taps.reverse();
        }
        taps
    }
}

/// One panel of the packed points.
struct Pack<'a, W, const I: usize, const O: usize> {
    taps: Taps<'a>,
    /// First output of the panel.
    first: usize,
    packed: &'a mut [f32],
    transform: PhantomData<W>,
}

impl<W: Transform<I, O>, const I: usize, const O: usize> Kernel for Pack<'_, W, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.taps.depth;
        let columns = self.packed.len() / (I * I * depth);
        for vector in (0..columns).step_by(V::LANES) {
            for k in 0..depth {
                let taps = self.taps.load::<V>(k, self.first + vector);
                let target = &mut self.packed[k * columns + vector..];
                assert!(target.len() >= (I * I - 1) * depth * columns + V::LANES);
                planar!(
                    V,
                    3,
                    I,
                    W::taps,
                    |row, column| taps[row * 3 + column],
                    |row, column, value| {
                        let point = row * I + column;
                        // SAFETY: the assertion, which is for the last point.
                        unsafe { value.store(target.as_mut_ptr().add(point * depth * columns)) }
                    }
                );
            }
        }
    }
}

/// Brings gradients at the points, `[point, output, stride]`, back to the taps of one output:
/// `gradient` is `[inputs, 3, 3]`.
pub struct Unpack<'a, W, const I: usize, const O: usize> {
    /// From this output's first value on.
    pub points: &'a [f32],
    pub point_stride: usize,
    pub gradient: &'a mut [f32],
    pub transform: PhantomData<W>,
}

impl<W: Transform<I, O>, const I: usize, const O: usize> Kernel for Unpack<'_, W, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (block, gradient) in self.gradient.chunks_mut(V::LANES * TAPS).enumerate() {
            let source = &self.points[block * V::LANES..];
            assert!(source.len() >= (I * I - 1) * self.point_stride + V::LANES);
            let mut taps = [V::splat(0.0); TAPS];
            planar!(
                V,
                I,
                3,
                W::taps_gradient,
                // SAFETY: the assertion, which is for the last point.
                |row, column| unsafe {
                    V::load(source.as_ptr().add((row * I + column) * self.point_stride))
                },
                |row, column, value| taps[row * 3 + column] = value
            );
            store(taps, gradient);
        }
    }
}

/// Writes the taps of up to one vector of channels, `[channels, 9]`.
#[inline(always)]
fn store<V: Vector>(taps: [V; TAPS], gradient: &mut [f32]) {
    if gradient.len() == V::LANES * TAPS {
        // SAFETY: the slice has that length.
        unsafe { store_whole(taps, gradient.as_mut_ptr()) };
    } else {
        let mut whole = [0.0; 16 * TAPS];
        // SAFETY: no vector has more than 16 lanes.
        unsafe { store_whole(taps, whole.as_mut_ptr()) };
        gradient.copy_from_slice(&whole[..gradient.len()]);
    }
}

/// # Safety
/// `LANES * TAPS` floats can be written.
#[inline(always)]
unsafe fn store_whole<V: Vector>(taps: [V; TAPS], target: *mut f32) {
    let [a, b, c, d, e, f, g, h, i] = taps;
    // SAFETY: the caller's promise; columns 5 to 7 are written twice, with the same values.
    unsafe {
        V::store_columns([a, b, c, d], target, TAPS);
        V::store_columns([e, f, g, h], target.add(4), TAPS);
        V::store_columns([f, g, h, i], target.add(5), TAPS);
    }
}
