//! Convolutions by their definition, in double precision.

use proden_kernels::shape::ConvShape;

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
