//! `y = act(gamma · (x - mean) / sqrt(var + ε) + beta [+ residual])` with the batch's statistics.

use super::{NormShape, inverse_deviation};
use crate::parallel;
use crate::vector::{self, Kernel, PARTIAL_SUMS, Partial, Vector, total};

/// What a batch norm gives.
#[derive(Debug, Clone, PartialEq)]
pub struct NormOutput {
    /// `[batch, channels, plane]`
    pub output: Vec<f32>,
    /// Of each channel over the batch.
    pub mean: Vec<f32>,
    /// Biased, of each channel over the batch.
    pub var: Vec<f32>,
}

/// Normalises `x` (`[batch, channels, plane]`) by the batch's statistics, adds `residual` and
/// applies a leaky ReLU with the given slope (0 for ReLU, 1 for none).
pub fn forward(
    shape: NormShape,
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    residual: Option<&[f32]>,
    slope: f32,
) -> NormOutput {
    assert_eq!(x.len(), shape.len());
    let statistics = parallel::map(shape.channels, |channel| statistics(shape, x, channel));
    let (mean, var): (Vec<f32>, Vec<f32>) = statistics.into_iter().unzip();
    let parameters = Parameters { gamma, beta, mean: &mean, var: &var };
    let output = evaluate(shape, x, parameters, residual, slope);
    NormOutput { output, mean, var }
}

/// What normalises each channel.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    pub gamma: &'a [f32],
    pub beta: &'a [f32],
    pub mean: &'a [f32],
    pub var: &'a [f32],
}

/// [`forward`]'s output by statistics that are known.
pub fn evaluate(
    shape: NormShape,
    x: &[f32],
    Parameters { gamma, beta, mean, var }: Parameters,
    residual: Option<&[f32]>,
    slope: f32,
) -> Vec<f32> {
    assert_eq!(x.len(), shape.len());
    assert!([gamma, beta, mean, var].iter().all(|vector| vector.len() == shape.channels));
    assert!(residual.is_none_or(|residual| residual.len() == x.len()));
    let mut output = vec![0.0; x.len()];
    let image = shape.channels * shape.plane;
    parallel::chunks(&mut output, image, |index, output| {
        let x = &x[index * image..][..image];
        let residual = residual.map(|residual| &residual[index * image..][..image]);
        for channel in 0..shape.channels {
            let plane = channel * shape.plane..(channel + 1) * shape.plane;
            let scale = gamma[channel] * inverse_deviation(var[channel]);
            vector::dispatch(Normalise {
                x: &x[plane.clone()],
                residual: residual.map(|residual| &residual[plane.clone()]),
                output: &mut output[plane],
                mean: mean[channel],
                scale,
                beta: beta[channel],
                slope,
            });
        }
    });
    output
}

/// Mean and biased variance of a channel: of every plane in two passes while it is in the cache,
/// put together as in Chan, Golub and LeVeque (1983), so that a large mean costs no digits.
fn statistics(shape: NormShape, x: &[f32], channel: usize) -> (f32, f32) {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for image in 0..shape.batch {
        let plane = &x[(image * shape.channels + channel) * shape.plane..][..shape.plane];
        let (sum, _) = vector::dispatch(Sums { plane, centre: 0.0 });
        let plane_mean = f64::from(sum) / shape.plane as f64;
        let centre = plane_mean as f32;
        let (rest, plane_squares) = vector::dispatch(Sums { plane, centre });
        let size = shape.plane as f64;
        let plane_mean = f64::from(centre) + f64::from(rest) / size;
        let plane_squares = f64::from(plane_squares) - f64::from(rest) * f64::from(rest) / size;
        let (total, distance) = (count + size, plane_mean - mean);
        mean += distance * size / total;
        squares += plane_squares + distance * distance * count * size / total;
        count = total;
    }
    (mean as f32, (squares / count) as f32)
}

/// The sum and the sum of squares of a plane's distances from a centre.
struct Sums<'a> {
    plane: &'a [f32],
    centre: f32,
}

impl Kernel for Sums<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<V: Vector>(self) -> (f32, f32) {
        let centre = V::splat(self.centre);
        let mut sums: Partial<V> = [V::splat(0.0); _];
        let mut squares = sums;
        let (blocks, rest) = self.plane.as_chunks::<PARTIAL_SUMS>();
        for block in blocks {
            let partial = sums.iter_mut().zip(&mut squares).take(PARTIAL_SUMS / V::LANES);
            for (index, (sum, square)) in partial.enumerate() {
                // SAFETY: so many vectors are in a block.
                let x = unsafe { V::load(block.as_ptr().add(index * V::LANES)) } - centre;
                *sum = *sum + x;
                *square = square.add_product(x, x);
            }
        }
        let (mut sum, mut square) = (total(sums), total(squares));
        for x in rest {
            let x = x - self.centre;
            sum += x;
            square += x * x;
        }
        (sum, square)
    }
}

/// Normalises one plane.
struct Normalise<'a> {
    x: &'a [f32],
    residual: Option<&'a [f32]>,
    output: &'a mut [f32],
    mean: f32,
    scale: f32,
    beta: f32,
    slope: f32,
}

impl Kernel for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let whole = self.output.len() - self.output.len() % V::LANES;
        let (mean, scale, beta) = (V::splat(self.mean), V::splat(self.scale), V::splat(self.beta));
        let (zero, slope) = (V::splat(0.0), V::splat(self.slope));
        for index in (0..whole).step_by(V::LANES) {
            // SAFETY: all three have the output's length, and a vector from `index` on is in it.
            unsafe {
                let x = V::load(self.x[index..].as_ptr());
                let mut z = beta.add_product(x - mean, scale);
                if let Some(residual) = self.residual {
                    z = z + V::load(residual[index..].as_ptr());
                }
                // Infinity times a slope of 0 would be NaN.
                let negative = if self.slope == 0.0 { zero } else { z * slope };
                z.where_not_positive(negative, z).store(self.output[index..].as_mut_ptr());
            }
        }
        for index in whole..self.output.len() {
            let z = (self.x[index] - self.mean) * self.scale + self.beta;
            let z = z + self.residual.map_or(0.0, |residual| residual[index]);
            let negative = if self.slope == 0.0 { 0.0 } else { z * self.slope };
            self.output[index] = if z <= 0.0 { negative } else { z };
        }
    }
}
