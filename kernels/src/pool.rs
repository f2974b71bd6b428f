//! Max pooling over 2x2 windows with stride 2; a last odd row or column is left out.

use crate::parallel;

/// Planes that make a task.
const TASK_PLANES: usize = 16;

/// What comes out of planes `[batch, channels, height, width]`.
pub fn output_shape([batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
    [batch, channels, height / 2, width / 2]
}

/// The largest of each window, `[planes, height / 2, width / 2]`; a NaN before all.
pub fn max2_forward(x: &[f32], planes: usize, height: usize, width: usize) -> Vec<f32> {
    assert_eq!(x.len(), planes * height * width);
    let (rows, columns) = (height / 2, width / 2);
    let mut output = vec![0.0; planes * rows * columns];
    parallel::chunks(&mut output, TASK_PLANES * rows * columns, |task, output| {
        let x = &x[task * TASK_PLANES * height * width..];
        for (row, output) in output.chunks_exact_mut(columns).enumerate() {
            let top = ((row / rows) * height + row % rows * 2) * width;
            let (upper, lower) = x[top..top + 2 * width].split_at(width);
            let windows = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for (output, (upper, lower)) in output.iter_mut().zip(windows) {
                (*output, _) = largest([upper[0], upper[1], lower[0], lower[1]]);
            }
        }
    });
    output
}

/// The gradient of the input `x` from that of the output: all of a window's goes to its largest,
/// the first of equals. Which one that is costs less to find again than to keep.
pub fn max2_gradient(
    x: &[f32],
    output_gradient: &[f32],
    planes: usize,
    height: usize,
    width: usize,
) -> Vec<f32> {
    let (rows, columns) = (height / 2, width / 2);
    assert_eq!(x.len(), planes * height * width);
    assert_eq!(output_gradient.len(), planes * rows * columns);
    let mut gradient = vec![0.0; x.len()];
    if output_gradient.is_empty() {
        return gradient;
    }
    parallel::chunks(&mut gradient, TASK_PLANES * height * width, |task, gradient| {
        for (at, gradient) in gradient.chunks_exact_mut(height * width).enumerate() {
            let plane = task * TASK_PLANES + at;
            let x = &x[plane * height * width..];
            let pairs = gradient.chunks_exact_mut(2 * width).zip(x.chunks_exact(2 * width));
            for (row, (gradient, x)) in pairs.enumerate() {
                let of_row = &output_gradient[(plane * rows + row) * columns..][..columns];
                spread(x, of_row, gradient, width);
            }
        }
    });
    gradient
}

/// [`max2_gradient`] of two rows of a plane.
fn spread(x: &[f32], output_gradient: &[f32], gradient: &mut [f32], width: usize) {
    let (upper, lower) = gradient.split_at_mut(width);
    let gradients = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
    let (upper, lower) = x.split_at(width);
    let windows = upper.chunks_exact(2).zip(lower.chunks_exact(2));
    for (((upper, lower), (above, below)), &value) in gradients.zip(windows).zip(output_gradient) {
        let (_, place) = largest([above[0], above[1], below[0], below[1]]);
        let at = |index| if place == index { value } else { 0.0 };
        (upper[0], upper[1]) = (at(0), at(1));
        (lower[0], lower[1]) = (at(2), at(3));
    }
}

/// The largest, and where it stands: the first of equals.
#[inline(always)]
fn largest([a, b, c, d]: [f32; 4]) -> (f32, u8) {
    let larger = |(best, place): (f32, u8), value: f32, index: u8| {
        // Written so that a NaN wins over numbers and stays.
        if value > best || value.is_nan() { (value, index) } else { (best, place) }
    };
    larger(larger(larger((a, 0), b, 1), c, 2), d, 3)
}
