//! A seeded source of numbers and the definitions in double precision.

use proden_kernels::shape::ConvShape;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `choices`.
    pub fn pick(&mut self, choices: &[usize]) -> usize {
        choices[(self.next() % choices.len() as u64) as usize]
    }

    /// Between `low` and `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    /// About normal: mean 0, variance 1.
    pub fn normal(&mut self) -> f32 {
        let uniform = |bits: u64| (bits >> 40) as f32 / (1u64 << 24) as f32;
        (0..12).map(|_| uniform(self.next())).sum::<f32>() - 6.0
    }

    pub fn tensor(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.normal()).collect()
    }
}

/// Largest distance as a share of the largest expected value.
pub fn relative_error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(1e-30, |largest: f64, value| largest.max(value.abs()));
    let distance = actual.iter().zip(expected).map(|(&a, &e)| (f64::from(a) - e).abs());
    distance.fold(0.0, f64::max) / largest
}

/// Calls `visit` with the indices of input, weight and output of every product.
fn products(shape: ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let ConvShape { batch, channels_in, height, width, channels_out, kernel, stride, padding } =
        shape;
    let (rows, columns) = (shape.output_height(), shape.output_width());
    let place = |out: usize, tap: usize, len: usize| {
        (out * stride + tap).checked_sub(padding).filter(|&place| place < len)
    };
    for (n, o, y, x) in indices([batch, channels_out, rows, columns]) {
        let output = ((n * channels_out + o) * rows + y) * columns + x;
        for (_, i, ky, kx) in indices([1, channels_in, kernel, kernel]) {
            if let (Some(y), Some(x)) = (place(y, ky, height), place(x, kx, width)) {
                let input = ((n * channels_in + i) * height + y) * width + x;
                let weight = ((o * channels_in + i) * kernel + ky) * kernel + kx;
                visit(input, weight, output);
            }
        }
    }
}

fn indices([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

pub fn forward(shape: ConvShape, x: &[f32], w: &[f32]) -> Vec<f64> {
    let mut y = vec![0.0; shape.output_len()];
    products(shape, |i, k, o| y[o] += f64::from(x[i]) * f64::from(w[k]));
    y
}

pub fn input_gradient(shape: ConvShape, dy: &[f32], w: &[f32]) -> Vec<f64> {
    let mut dx = vec![0.0; shape.input_len()];
    products(shape, |i, k, o| dx[i] += f64::from(dy[o]) * f64::from(w[k]));
    dx
}

pub fn weight_gradient(shape: ConvShape, x: &[f32], dy: &[f32]) -> Vec<f64> {
    let mut dw = vec![0.0; shape.weight_len()];
    products(shape, |i, k, o| dw[k] += f64::from(x[i]) * f64::from(dy[o]));
    dw
}
