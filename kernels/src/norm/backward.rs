//! Gradients of a batch norm with activation and residual, the statistics being functions of
//! the input.

use super::{NormShape, inverse_deviation};
use crate::parallel;
use crate::vector::{self, Kernel, PARTIAL_SUMS, Partial, Vector, total};

/// Gradients of [`super::forward`]'s arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// `[batch, channels, plane]`
    pub input: Vec<f32>,
    /// `[channels]`
    pub gamma: Vec<f32>,
    /// `[channels]`
    pub beta: Vec<f32>,
    /// `[batch, channels, plane]`, if it was asked for.
    pub residual: Option<Vec<f32>>,
}

/// The gradients, from `x`, the forward pass's output and statistics, and the output's gradient.
/// Whether the activation passed a value is read off the sign of `output`: `slope` must not be
/// negative.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    shape: NormShape,
    x: &[f32],
    output: &[f32],
    mean: &[f32],
    var: &[f32],
    gamma: &[f32],
    slope: f32,
    output_gradient: &[f32],
    residual: bool,
) -> NormGradients {
    assert!([x, output, output_gradient].iter().all(|tensor| tensor.len() == shape.len()));
    assert!([mean, var, gamma].iter().all(|vector| vector.len() == shape.channels));
    let plane = |index: usize, mean, tensor_slope| Plane {
        x: &x[index * shape.plane..][..shape.plane],
        output: &output[index * shape.plane..][..shape.plane],
        gradient: &output_gradient[index * shape.plane..][..shape.plane],
        mean,
        slope: tensor_slope,
    };
    let sums = parallel::map(shape.channels, |channel| {
        (0..shape.batch).fold((0.0, 0.0), |(sum, product), image| {
            let plane = plane(image * shape.channels + channel, mean[channel], slope);
            let (plane_sum, plane_product) = vector::dispatch(Sums(plane));
            (sum + f64::from(plane_sum), product + f64::from(plane_product))
        })
    });
    let inverse = |channel: usize| inverse_deviation(var[channel]);
    let beta_gradient = sums.iter().map(|&(sum, _)| sum as f32).collect();
    let gamma_gradient =
        sums.iter().enumerate().map(|(channel, &(_, p))| p as f32 * inverse(channel)).collect();

    let count = (shape.batch * shape.plane) as f64;
    let image = shape.channels * shape.plane;
    let mut input = vec![0.0; x.len()];
    let mut carried = vec![0.0; if residual { x.len() } else { 0 }];
    let write = |index: usize, input: &mut [f32], mut carried: Option<&mut [f32]>| {
        for channel in 0..shape.channels {
            let range = channel * shape.plane..(channel + 1) * shape.plane;
            let (sum, product) = sums[channel];
            let inverse = inverse(channel);
            vector::dispatch(Write {
                plane: plane(index * shape.channels + channel, mean[channel], slope),
                input: &mut input[range.clone()],
                carried: carried.as_deref_mut().map(|carried| &mut carried[range]),
                scale: gamma[channel] * inverse,
                sum: (sum / count) as f32,
                product: (product / count) as f32 * inverse * inverse,
            });
        }
    };
    if residual {
        parallel::chunk_pairs(
            (&mut input, image),
            (&mut carried, image),
            |index, input, carried| {
                write(index, input, Some(carried));
            },
        );
    } else {
        parallel::chunks(&mut input, image, |index, input| write(index, input, None));
    }
    NormGradients {
        input,
        gamma: gamma_gradient,
        beta: beta_gradient,
        residual: residual.then_some(carried),
    }
}

/// One plane of the arguments.
#[derive(Clone, Copy)]
struct Plane<'a> {
    x: &'a [f32],
    output: &'a [f32],
    gradient: &'a [f32],
    mean: f32,
    slope: f32,
}

impl Plane<'_> {
    /// A vector from `index` on: the gradient before the activation, and `x - mean`.
    ///
    /// # Safety
    /// The plane has a vector's length from `index` on.
    #[inline(always)]
    unsafe fn load<V: Vector>(&self, index: usize) -> (V, V) {
        // SAFETY: the caller's promise.
        unsafe {
            let gradient = V::load(self.gradient.as_ptr().add(index));
            let output = V::load(self.output.as_ptr().add(index));
            let x = V::load(self.x.as_ptr().add(index)) - V::splat(self.mean);
            let negative =
                if self.slope == 0.0 { V::splat(0.0) } else { gradient * V::splat(self.slope) };
            (output.where_not_positive(negative, gradient), x)
        }
    }

    /// One value of [`Plane::load`].
    #[inline(always)]
    fn get(&self, index: usize) -> (f32, f32) {
        let gradient = self.gradient[index];
        let negative = if self.slope == 0.0 { 0.0 } else { gradient * self.slope };
        let gradient = if self.output[index] <= 0.0 { negative } else { gradient };
        (gradient, self.x[index] - self.mean)
    }
}

/// The sum of the gradients before the activation, and of their products with `x - mean`.
struct Sums<'a>(Plane<'a>);

impl Kernel for Sums<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<V: Vector>(self) -> (f32, f32) {
        let plane = self.0;
        let len = plane.x.len();
        let whole = len - len % PARTIAL_SUMS;
        let mut sums: Partial<V> = [V::splat(0.0); _];
        let mut products = sums;
        for block in (0..whole).step_by(PARTIAL_SUMS) {
            let partial = sums.iter_mut().zip(&mut products).take(PARTIAL_SUMS / V::LANES);
            for (index, (sum, product)) in partial.enumerate() {
                // SAFETY: so many vectors are in the block.
                let (gradient, x) = unsafe { plane.load::<V>(block + index * V::LANES) };
                *sum = *sum + gradient;
                *product = product.add_product(gradient, x);
            }
        }
        let (mut sum, mut product) = (total(sums), total(products));
        for index in whole..len {
            let (gradient, x) = plane.get(index);
            sum += gradient;
            product += gradient * x;
        }
        (sum, product)
    }
}

/// Writes one plane of the input's and the residual's gradient.
struct Write<'a> {
    plane: Plane<'a>,
    input: &'a mut [f32],
    carried: Option<&'a mut [f32]>,
    /// gamma over the standard deviation
    scale: f32,
    /// Mean gradient before the activation.
    sum: f32,
    /// Mean product of that gradient with `x - mean`, over the variance.
    product: f32,
}

impl Kernel for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { plane, input, mut carried, .. } = self;
        let whole = input.len() - input.len() % V::LANES;
        let (scale, sum, product) =
            (V::splat(self.scale), V::splat(self.sum), V::splat(-self.product));
        for index in (0..whole).step_by(V::LANES) {
            // SAFETY: all planes have the same length, and a vector from `index` on is in it.
            unsafe {
                let (gradient, x) = plane.load::<V>(index);
                let value = (gradient - sum).add_product(product, x) * scale;
                value.store(input[index..].as_mut_ptr());
                if let Some(carried) = carried.as_deref_mut() {
                    gradient.store(carried[index..].as_mut_ptr());
                }
            }
        }
        for index in whole..input.len() {
            let (gradient, x) = plane.get(index);
            input[index] = (gradient - self.sum - self.product * x) * self.scale;
            if let Some(carried) = carried.as_deref_mut() {
                carried[index] = gradient;
            }
        }
    }
}
