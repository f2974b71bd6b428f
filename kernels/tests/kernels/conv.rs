//! Convolutions against their definition.

use crate::common::{Random, relative_error};
use crate::definition;
use proden_kernels::conv::{self, ConvShape};

/// Of the largest entry.
const TOLERANCE: f64 = 1e-5;

fn check(shape: ConvShape, random: &mut Random) -> f64 {
    let x = random.tensor(shape.input_len());
    let w = random.tensor(shape.weight_len());
    let dy = random.tensor(shape.output_len());
    let errors = [
        relative_error(&conv::forward(shape, &x, &w), &definition::forward(shape, &x, &w)),
        relative_error(
            &conv::input_gradient(shape, &dy, &w),
            &definition::input_gradient(shape, &dy, &w),
        ),
        relative_error(
            &conv::weight_gradient(shape, &x, &dy),
            &definition::weight_gradient(shape, &x, &dy),
        ),
    ];
    assert!(errors.iter().all(|&error| error < TOLERANCE), "{shape:?}: {errors:?}");
    errors.into_iter().fold(0.0, f64::max)
}

#[test]
fn random_shapes_agree_with_the_definition() {
    let mut random = Random(5);
    let mut worst = (0.0, None);
    for _ in 0..400 {
        let kernel = random.pick(&[1, 2, 3, 3, 3, 3, 5]);
        let shape = ConvShape {
            batch: random.pick(&[1, 1, 2, 3, 9, 17]),
            channels_in: random.between(1, 37),
            height: random.between(1, 14),
            width: random.between(1, 14),
            channels_out: random.between(1, 37),
            kernel,
            stride: random.pick(&[1, 1, 1, 2, 3]),
            padding: random.between(0, kernel),
        };
        let error = check(shape, &mut random);
        if error > worst.0 {
            worst = (error, Some(shape));
        }
    }
    println!("largest relative error {:.1e} at {:?}", worst.0, worst.1);
}

#[test]
fn layers_of_the_networks_agree_with_the_definition() {
    let mut random = Random(6);
    // Channels in, plane, channels out, kernel, stride, padding.
    let layers = [
        (3, 32, 64, 3, 1, 1),
        (8, 32, 8, 3, 1, 1),
        (128, 16, 128, 3, 1, 1),
        (32, 16, 64, 3, 1, 1),
        (256, 8, 256, 3, 1, 1),
        (256, 8, 512, 3, 1, 0),
        (512, 6, 256, 3, 1, 0),
        (256, 4, 128, 3, 1, 0),
        (64, 16, 128, 3, 2, 1),
        (64, 32, 128, 1, 2, 0),
        (512, 4, 512, 3, 1, 1),
    ];
    for (channels_in, side, channels_out, kernel, stride, padding) in layers {
        let shape = ConvShape {
            batch: 1,
            channels_in,
            height: side,
            width: side,
            channels_out,
            kernel,
            stride,
            padding,
        };
        println!("{shape:?}: {:.1e}", check(shape, &mut random));
    }
}

#[test]
fn many_images_lose_no_digits() {
    let shape = ConvShape {
        batch: 256,
        channels_in: 8,
        height: 16,
        width: 16,
        channels_out: 8,
        kernel: 3,
        stride: 1,
        padding: 1,
    };
    println!("{:.1e}", check(shape, &mut Random(7)));
}

#[test]
fn an_impossible_shape_gives_nothing() {
    let shape = ConvShape {
        batch: 2,
        channels_in: 3,
        height: 2,
        width: 2,
        channels_out: 4,
        kernel: 3,
        stride: 1,
        padding: 0,
    };
    let (x, w) = (vec![1.0; shape.input_len()], vec![1.0; shape.weight_len()]);
    assert!(conv::forward(shape, &x, &w).is_empty());
    assert_eq!(conv::input_gradient(shape, &[], &w), vec![0.0; shape.input_len()]);
    assert_eq!(conv::weight_gradient(shape, &x, &[]), vec![0.0; shape.weight_len()]);
}

/// Where the definition is not finite, the kernels are not; Winograd spreads it over a tile.
#[test]
fn what_is_not_finite_is_not_swallowed() {
    let mut random = Random(8);
    for kernel in [1, 3] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for channels in [3, 16] {
                let shape = ConvShape {
                    batch: 3,
                    channels_in: channels,
                    height: 12,
                    width: 12,
                    channels_out: 16,
                    kernel,
                    stride: 1,
                    padding: kernel / 2,
                };
                let mut spoiled = |len: usize| {
                    let mut tensor = random.tensor(len);
                    tensor[random.between(0, len - 1)] = bad;
                    tensor
                };
                let x = spoiled(shape.input_len());
                let w = spoiled(shape.weight_len());
                let dy = spoiled(shape.output_len());
                let passes = |actual: Vec<f32>, expected: Vec<f64>| {
                    assert!(expected.iter().any(|value| !value.is_finite()));
                    let kept = |(&a, &e): (&f32, &f64)| e.is_finite() || !a.is_finite();
                    assert!(actual.iter().zip(&expected).all(kept), "{shape:?} {bad}");
                };
                passes(conv::forward(shape, &x, &w), definition::forward(shape, &x, &w));
                let expected = definition::input_gradient(shape, &dy, &w);
                passes(conv::input_gradient(shape, &dy, &w), expected);
                let expected = definition::weight_gradient(shape, &x, &dy);
                passes(conv::weight_gradient(shape, &x, &dy), expected);
            }
        }
    }
}

/// A browser has one thread, a server has many; a seed's run must be the same run.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let shape = ConvShape {
        batch: 19,
        channels_in: 20,
        height: 9,
        width: 9,
        channels_out: 24,
        kernel: 3,
        stride: 1,
        padding: 1,
    };
    for kernel in [1, 3] {
        let shape = ConvShape { kernel, padding: kernel / 2, ..shape };
        let mut random = Random(9);
        let x = random.tensor(shape.input_len());
        let w = random.tensor(shape.weight_len());
        let dy = random.tensor(shape.output_len());
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                [
                    conv::forward(shape, &x, &w),
                    conv::input_gradient(shape, &dy, &w),
                    conv::weight_gradient(shape, &x, &dy),
                ]
            })
        };
        assert!(with_threads(1) == with_threads(3), "kernel {kernel}");
    }
}
