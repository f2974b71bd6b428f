//! Batch norm against its definition, its gradients against finite differences of that.

use crate::common::{Random, relative_error};
use proden_kernels::norm::{self, NormShape};

/// Slopes of no activation, a leaky ReLU and a ReLU.
const SLOPES: [f32; 3] = [1.0, 0.01, 0.0];

struct Case {
    shape: NormShape,
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    residual: Option<Vec<f32>>,
    slope: f32,
}

impl Case {
    fn random(random: &mut Random, index: usize) -> Self {
        let shape = NormShape {
            batch: random.between(1, 5),
            channels: random.between(1, 5),
            plane: random.pick(&[1, 4, 7, 16, 36, 49, 64, 100]).max(if index == 0 { 1 } else { 4 }),
        };
        let residual = index.is_multiple_of(2).then(|| random.tensor(shape.len()));
        Self {
            shape,
            x: random.tensor(shape.len()),
            gamma: random.tensor(shape.channels),
            beta: random.tensor(shape.channels),
            residual,
            slope: SLOPES[index % 3],
        }
    }

    fn forward(&self) -> norm::NormOutput {
        let Self { shape, x, gamma, beta, residual, slope } = self;
        norm::forward(*shape, x, gamma, beta, residual.as_deref(), *slope)
    }

    fn values(&self) -> [Vec<f64>; 4] {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        let residual = self.residual.as_deref().map_or(vec![0.0; self.x.len()], wide);
        [wide(&self.x), wide(&self.gamma), wide(&self.beta), residual]
    }

    /// The definition: output, mean and variance.
    fn definition(&self, [x, gamma, beta, residual]: &[Vec<f64>; 4]) -> [Vec<f64>; 3] {
        let NormShape { batch, channels, plane } = self.shape;
        let count = (batch * plane) as f64;
        let channel = |index: usize| index / plane % channels;
        let mean_of = |values: &dyn Fn(usize) -> f64| {
            let mut means = vec![0.0; channels];
            (0..x.len()).for_each(|index| means[channel(index)] += values(index) / count);
            means
        };
        let mean = mean_of(&|index| x[index]);
        let var = mean_of(&|index| (x[index] - mean[channel(index)]).powi(2));
        let output = (0..x.len()).map(|index| {
            let c = channel(index);
            let z = gamma[c] * (x[index] - mean[c]) / (var[c] + 1e-5).sqrt();
            let z = z + beta[c] + residual[index];
            if z > 0.0 { z } else { z * f64::from(self.slope) }
        });
        [output.collect(), mean, var]
    }
}

#[test]
fn outputs_agree_with_the_definition() {
    let mut random = Random(1);
    for index in 0..200 {
        let case = Case::random(&mut random, index);
        let actual = case.forward();
        let [output, mean, var] = case.definition(&case.values());
        assert!(relative_error(&actual.output, &output) < 3e-5, "{:?}", case.shape);
        assert!(actual.mean.iter().zip(&mean).all(|(&a, e)| (f64::from(a) - e).abs() < 1e-6));
        assert!(relative_error(&actual.var, &var) < 1e-5, "{:?}", case.shape);
    }
}

#[test]
fn a_large_mean_costs_no_digits_of_the_variance() {
    let mut random = Random(2);
    let shape = NormShape { batch: 8, channels: 3, plane: 1024 };
    let x = random.tensor(shape.len()).iter().map(|x| x + 1000.0).collect();
    let case =
        Case { shape, x, gamma: vec![1.0; 3], beta: vec![0.0; 3], residual: None, slope: 1.0 };
    let [_, _, var] = case.definition(&case.values());
    assert!(relative_error(&case.forward().var, &var) < 1e-5);
}

#[test]
fn gradients_agree_with_finite_differences() {
    let mut random = Random(3);
    for index in 0..60 {
        let case = Case::random(&mut random, index);
        let weights = random.tensor(case.x.len());
        let forward = case.forward();
        let gradients = norm::backward(
            case.shape,
            &case.x,
            &forward.output,
            &forward.mean,
            &forward.var,
            &case.gamma,
            case.slope,
            &weights,
            case.residual.is_some(),
        );
        let loss = |values: &[Vec<f64>; 4]| -> f64 {
            let [output, ..] = case.definition(values);
            output.iter().zip(&weights).map(|(y, &w)| y * f64::from(w)).sum()
        };
        let values = case.values();
        let numeric = |argument: usize| -> Vec<f64> {
            let difference = |index: usize| {
                let moved = |step: f64| {
                    let mut values = values.clone();
                    values[argument][index] += step;
                    loss(&values)
                };
                (moved(1e-6) - moved(-1e-6)) / 2e-6
            };
            (0..values[argument].len()).map(difference).collect()
        };
        assert_eq!(gradients.residual.is_some(), case.residual.is_some());
        let actual = [gradients.input, gradients.gamma, gradients.beta];
        let actual = actual.into_iter().chain(gradients.residual);
        for (argument, actual) in actual.enumerate() {
            let error = relative_error(&actual, &numeric(argument));
            assert!(error < 1e-3, "{:?}, argument {argument}: {error}", case.shape);
        }
    }
}

#[test]
fn a_nan_spoils_its_channel_and_no_other() {
    for slope in SLOPES {
        let shape = NormShape { batch: 2, channels: 2, plane: 9 };
        let mut x = Random(4).tensor(shape.len());
        x[13] = f32::NAN;
        let (gamma, beta) = ([1.0; 2], [0.0; 2]);
        let forward = norm::forward(shape, &x, &gamma, &beta, None, slope);
        let gradients = norm::backward(
            shape,
            &x,
            &forward.output,
            &forward.mean,
            &forward.var,
            &gamma,
            slope,
            &vec![1.0; x.len()],
            false,
        );
        for tensor in [&forward.output, &gradients.input] {
            for (index, value) in tensor.iter().enumerate() {
                assert_eq!(value.is_nan(), index / 9 % 2 == 1, "slope {slope}, {index}");
            }
        }
        assert!(gradients.gamma[1].is_nan() && gradients.gamma[0].is_finite());
    }
}
