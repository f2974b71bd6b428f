//! Parts of a convolution against the whole.

use crate::common::{Random, relative_error};
use proden_kernels::conv::ConvShape;
use proden_kernels::job::{Job, Part, Pass};

fn random_shape(random: &mut Random) -> ConvShape {
    let kernel = random.pick(&[1, 3, 3, 3]);
    ConvShape {
        batch: random.pick(&[1, 2, 31, 48]),
        channels_in: random.pick(&[1, 3, 8, 64]),
        height: random.between(4, 17),
        width: random.between(4, 17),
        channels_out: random.pick(&[2, 8, 64]),
        kernel,
        stride: random.pick(&[1, 1, 2]),
        padding: random.between(0, kernel / 2),
    }
}

#[test]
fn parts_make_the_whole() {
    let mut random = Random(10);
    let mut most = 0;
    for _ in 0..30 {
        let shape = random_shape(&mut random);
        for pass in [Pass::Forward, Pass::InputGradient, Pass::WeightGradient] {
            let job = Job::new(pass, shape);
            let (left, right) = (random.tensor(job.left_len()), random.tensor(job.right_len()));
            let whole = job.run(&left, &right);
            let parts: Vec<Part> = (0..job.parts()).map(|part| job.part(part)).collect();
            most = most.max(parts.len());
            let mut end = 0;
            let mut results = Vec::new();
            for part in &parts {
                assert_eq!(part.result.start, end, "{job:?}");
                end = part.result.end;
                results.push(part.run(&left, &right));
                assert_eq!(results.last().unwrap().len(), part.result.len());
            }
            assert_eq!(end, job.results_len());
            if job.sums_parts() {
                let sum = job.sum(results.into_iter());
                let whole: Vec<f64> = whole.iter().map(|&value| value.into()).collect();
                assert!(relative_error(&sum, &whole) < 1e-5, "{job:?}");
            } else {
                assert!(results.concat() == whole, "{job:?}: a part is not done as the whole");
            }
        }
    }
    assert!(most > 8, "no job had many parts");
}

#[test]
fn a_job_is_told_in_numbers() {
    let mut random = Random(11);
    for _ in 0..50 {
        let shape = random_shape(&mut random);
        for pass in [Pass::Forward, Pass::InputGradient, Pass::WeightGradient] {
            let job = Job::new(pass, shape);
            assert_eq!(Job::from_words(job.to_words()), job);
        }
    }
}
