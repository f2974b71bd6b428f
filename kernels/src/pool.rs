//! Max pooling over 2x2 windows with stride 2; a last odd row or column is left out.

use crate::parallel;

/// Planes that make a task.
const TASK_PLANES: usize = 16;

/// The largest of each window, `[planes, height / 2, width / 2]`, and where in its window
/// (row times 2 plus column) it was found: the first of equals, but a NaN before all.
pub fn max2_forward(x: &[f32], planes: usize, height: usize, width: usize) -> (Vec<f32>, Vec<u8>) {
    assert_eq!(x.len(), planes * height * width);
    let (rows, columns) = (height / 2, width / 2);
    let mut output = vec![0.0; planes * rows * columns];
    let mut places = vec![0; output.len()];
    let size = TASK_PLANES * rows * columns;
    parallel::chunk_pairs((&mut output, size), (&mut places, size), |task, output, places| {
        let x = &x[task * TASK_PLANES * height * width..];
        let rows_out = output.chunks_exact_mut(columns).zip(places.chunks_exact_mut(columns));
        for (row, (output, places)) in rows_out.enumerate() {
            let top = ((row / rows) * height + row % rows * 2) * width;
            let (upper, lower) = x[top..top + 2 * width].split_at(width);
            let windows = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for ((output, place), (upper, lower)) in output.iter_mut().zip(places).zip(windows) {
                (*output, *place) = largest([upper[0], upper[1], lower[0], lower[1]]);
            }
        }
    });
    (output, places)
}

/// The gradient of the input from that of the output and the places of [`max2_forward`].
pub fn max2_backward(
    output_gradient: &[f32],
    places: &[u8],
    planes: usize,
    height: usize,
    width: usize,
) -> Vec<f32> {
    let (rows, columns) = (height / 2, width / 2);
    assert_eq!(output_gradient.len(), planes * rows * columns);
    assert_eq!(places.len(), output_gradient.len());
    let mut gradient = vec![0.0; planes * height * width];
    if output_gradient.is_empty() {
        return gradient;
    }
    parallel::chunks(&mut gradient, TASK_PLANES * height * width, |task, gradient| {
        let first = task * TASK_PLANES * rows * columns;
        for (plane, gradient) in gradient.chunks_exact_mut(height * width).enumerate() {
            for (row, pair) in gradient.chunks_exact_mut(2 * width).enumerate() {
                let start = first + (plane * rows + row) * columns;
                let (upper, lower) = pair.split_at_mut(width);
                let windows = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
                let sources = output_gradient[start..].iter().zip(&places[start..]);
                for ((upper, lower), (&value, &place)) in windows.zip(sources) {
                    let at = |index| if place == index { value } else { 0.0 };
                    (upper[0], upper[1]) = (at(0), at(1));
                    (lower[0], lower[1]) = (at(2), at(3));
                }
            }
        }
    });
    gradient
}

#[inline(always)]
fn largest([a, b, c, d]: [f32; 4]) -> (f32, u8) {
    let larger = |(best, place): (f32, u8), value: f32, index: u8| {
        // Written so that a NaN wins over numbers and stays.
        if value > best || value.is_nan() { (value, index) } else { (best, place) }
    };
    larger(larger(larger((a, 0), b, 1), c, 2), d, 3)
}
