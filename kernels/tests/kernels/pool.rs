//! Max pooling against its definition.

use crate::common::Random;
use proden_kernels::pool;

#[test]
fn the_largest_passes_and_gets_the_gradient() {
    let mut random = Random(1);
    for _ in 0..200 {
        let planes = random.between(1, 40);
        let (height, width) = (random.between(1, 9), random.between(1, 9));
        let x = random.tensor(planes * height * width);
        let output = pool::max2_forward(&x, planes, height, width);
        let gradient = random.tensor(output.len());
        let mut expected = vec![0.0; x.len()];
        let (rows, columns) = (height / 2, width / 2);
        for index in 0..planes * rows * columns {
            let (plane, y, x_out) =
                (index / (rows * columns), index / columns % rows, index % columns);
            let corner = (plane * height + 2 * y) * width + 2 * x_out;
            let window = [corner, corner + 1, corner + width, corner + width + 1];
            let largest = window.into_iter().max_by(|&a, &b| x[a].total_cmp(&x[b])).unwrap();
            assert_eq!(output[index], x[largest]);
            expected[largest] = gradient[index];
        }
        assert_eq!(pool::max2_gradient(&x, &gradient, planes, height, width), expected);
    }
}

#[test]
fn the_first_of_equals_gets_the_gradient() {
    assert_eq!(pool::max2_gradient(&[2.0; 4], &[3.0], 1, 2, 2), [3.0, 0.0, 0.0, 0.0]);
    assert_eq!(pool::max2_gradient(&[1.0, 2.0, 2.0, 2.0], &[3.0], 1, 2, 2), [0.0, 3.0, 0.0, 0.0]);
}

#[test]
fn a_nan_wins_wherever_it_is() {
    for place in 0..4 {
        let mut x = [1.0, f32::INFINITY, f32::NEG_INFINITY, 0.0];
        x[place] = f32::NAN;
        assert!(pool::max2_forward(&x, 1, 2, 2)[0].is_nan());
        let mut expected = [0.0; 4];
        expected[place] = 5.0;
        assert_eq!(pool::max2_gradient(&x, &[5.0], 1, 2, 2), expected);
    }
}
