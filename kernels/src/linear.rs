//! The map from features to class scores, and means of rows: a network's last steps. They are small; what
//! counts is that the order of their sums is the same on every target.

/// Sums that a dot product is cut into, so that the compiler can keep them in vectors.
const PARTS: usize = 16;

/// How many rows of how many numbers: `[batch, features]` to `[batch, classes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearShape {
    pub batch: usize,
    pub features: usize,
    pub classes: usize,
}

/// Gradients of [`forward`]'s arguments, in their shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearGradients {
    pub x: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// `y = x · weightᵀ + bias`: `x` `[batch, features]`, `weight` `[classes, features]`, `bias` `[classes]`.
pub fn forward(shape: LinearShape, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    shape.check(x, weight, shape.batch * shape.classes);
    assert_eq!(bias.len(), shape.classes);
    let rows = |numbers| rows(numbers, shape.features);
    let of_image = |x| {
        rows(weight).zip(bias).map(move |(weight, bias)| (dot(x, weight) + f64::from(*bias)) as f32)
    };
    rows(x).flat_map(of_image).collect()
}

/// The gradients, from that of the output, `[batch, classes]`.
pub fn backward(
    shape: LinearShape,
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
) -> LinearGradients {
    shape.check(x, weight, gradient.len());
    let mut of_x = vec![0.0; x.len()];
    let mut of_weight = vec![0.0; weight.len()];
    let mut of_bias = vec![0.0; shape.classes];
    for (image, gradient) in rows(gradient, shape.classes).enumerate() {
        let image = image * shape.features..(image + 1) * shape.features;
        for (class, (&gradient, of_bias)) in gradient.iter().zip(&mut of_bias).enumerate() {
            let class = class * shape.features..(class + 1) * shape.features;
            add_product(&mut of_x[image.clone()], gradient, &weight[class.clone()]);
            add_product(&mut of_weight[class], gradient, &x[image.clone()]);
            *of_bias += gradient;
        }
    }
    LinearGradients { x: of_x, weight: of_weight, bias: of_bias }
}

/// The mean of each row of `numbers`: `[rows, numbers]` to `[rows]`.
pub fn row_means(x: &[f32], numbers: usize) -> Vec<f32> {
    let mean = |row: &[f32]| row.iter().map(|&x| f64::from(x)).sum::<f64>() / numbers as f64;
    rows(x, numbers).map(|row| mean(row) as f32).collect()
}

/// The gradient of `count` numbers from that of the means of their equal rows.
pub fn spread(of_means: &[f32], count: usize) -> Vec<f32> {
    let numbers = count / of_means.len().max(1);
    of_means.iter().flat_map(|&mean| std::iter::repeat_n(mean / numbers as f32, numbers)).collect()
}

/// `x`, cut into as many equal rows as there are factors, each times its factor.
pub fn scale_rows(x: &[f32], factors: &[f32]) -> Vec<f32> {
    let rows = rows(x, x.len() / factors.len().max(1)).zip(factors);
    rows.flat_map(|(row, factor)| row.iter().map(move |x| x * factor)).collect()
}

impl LinearShape {
    fn check(&self, x: &[f32], weight: &[f32], outputs: usize) {
        assert_eq!(x.len(), self.batch * self.features);
        assert_eq!(weight.len(), self.classes * self.features);
        assert_eq!(outputs, self.batch * self.classes);
    }
}

/// Rows of a matrix; none where they are empty.
fn rows(matrix: &[f32], len: usize) -> impl Iterator<Item = &[f32]> {
    matrix.chunks_exact(len.max(1))
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    let (left, left_rest) = left.as_chunks::<PARTS>();
    let (right, right_rest) = right.as_chunks::<PARTS>();
    let mut sums = [0.0; PARTS];
    for (left, right) in left.iter().zip(right) {
        for (sum, (left, right)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += f64::from(*left) * f64::from(*right);
        }
    }
    let products =
        left_rest.iter().zip(right_rest).map(|(&left, &right)| f64::from(left) * f64::from(right));
    sums.iter().sum::<f64>() + products.sum::<f64>()
}

fn add_product(sum: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_by_hand() {
        let shape = LinearShape { batch: 2, features: 3, classes: 2 };
        let (x, weight) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, -1.0, 0.5, 0.5, 0.5]);
        assert_eq!(forward(shape, &x, &weight, &[10.0, 20.0]), [8.0, 23.0, 8.0, 27.5]);
        let gradients = backward(shape, &x, &weight, &[1.0, 2.0, 0.0, -1.0]);
        assert_eq!(gradients.x, [2.0, 1.0, 0.0, -0.5, -0.5, -0.5]);
        assert_eq!(gradients.weight, [1.0, 2.0, 3.0, -2.0, -1.0, 0.0]);
        assert_eq!(gradients.bias, [1.0, 1.0]);
    }

    #[test]
    fn a_dot_product_takes_every_number() {
        for len in [0, 1, 15, 16, 17, 64, 65] {
            let numbers: Vec<f32> = (1..=len).map(|number| number as f32).collect();
            let squares = len * (len + 1) * (2 * len + 1) / 6;
            assert_eq!(dot(&numbers, &numbers), f64::from(squares), "{len}");
        }
    }

    #[test]
    fn rows_are_scaled_and_spread() {
        assert_eq!(scale_rows(&[1.0, 2.0, 3.0, 4.0], &[0.0, 2.0]), [0.0, 0.0, 6.0, 8.0]);
        assert_eq!(spread(&[2.0, 4.0], 4), [1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn means_of_rows() {
        assert_eq!(row_means(&[1.0, 2.0, 3.0, 4.0, 5.0, 9.0], 3), [2.0, 6.0]);
        assert_eq!(row_means(&[], 3), [0.0; 0]);
        assert!(row_means(&[f32::NAN, 1.0], 2)[0].is_nan());
    }
}
