//! One computation of a convolution, whole or a part of its images: what can be handed to a thread
//! that shares no memory with this one.

use std::ops::Range;

use crate::algorithm::Algorithm;
use crate::shape::ConvShape;

/// Which of the three computations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The output, from the input and the weight.
    Forward,
    /// The input's gradient, from the output's and the weight.
    InputGradient,
    /// The weight's gradient, from the input and the output's gradient.
    WeightGradient,
}

/// A computation, and how it is done. Every part is done as the whole would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pass: Pass,
    shape: ConvShape,
    algorithm: Algorithm,
}

/// Some of a job's images: where its operands and its result lie in the job's.
#[derive(Debug, Clone)]
pub struct Part {
    job: Job,
    /// In the job's left operand.
    pub left: Range<usize>,
    /// In the job's right operand.
    pub right: Range<usize>,
    /// In the job's results, those of all parts one after the other.
    pub result: Range<usize>,
}

/// Output pixels that a part has at least: fewer would bring the weight to Winograd's points too
/// often.
const PART_PIXELS: usize = 1024;
/// Parts of a job at most. Some more than threads, so that a slow one does not hold up the others.
const MOST_PARTS: usize = 16;

impl Job {
    pub fn new(pass: Pass, shape: ConvShape) -> Self {
        let algorithm = match pass {
            Pass::InputGradient => Algorithm::choose_transposed(shape),
            Pass::Forward | Pass::WeightGradient => Algorithm::choose(shape),
        };
        Self { pass, shape, algorithm }
    }

    /// Elements of the left operand: the input or, for its gradient, the output's gradient.
    pub fn left_len(&self) -> usize {
        match self.pass {
            Pass::Forward | Pass::WeightGradient => self.shape.input_len(),
            Pass::InputGradient => self.shape.output_len(),
        }
    }

    /// Elements of the right operand: the weight or, for its gradient, the output's gradient.
    pub fn right_len(&self) -> usize {
        match self.pass {
            Pass::Forward | Pass::InputGradient => self.shape.weight_len(),
            Pass::WeightGradient => self.shape.output_len(),
        }
    }

    /// Elements of the result.
    pub fn result_len(&self) -> usize {
        match self.pass {
            Pass::Forward => self.shape.output_len(),
            Pass::InputGradient => self.shape.input_len(),
            Pass::WeightGradient => self.shape.weight_len(),
        }
    }

    /// Elements of the results of all parts.
    pub fn results_len(&self) -> usize {
        self.result_len() * if self.sums_parts() { self.parts() } else { 1 }
    }

    /// Products of two numbers that the definition takes.
    pub fn products(&self) -> u64 {
        self.shape.products()
    }

    /// Whether the result is the sum of the parts' results, and not their sequence.
    pub fn sums_parts(&self) -> bool {
        self.pass == Pass::WeightGradient
    }

    /// How many parts there are: that depends on nothing but the shape.
    pub fn parts(&self) -> usize {
        self.shape.batch.div_ceil(self.images_per_part()).max(1)
    }

    fn images_per_part(&self) -> usize {
        let pixels = self.shape.output_height() * self.shape.output_width();
        PART_PIXELS.div_ceil(pixels.max(1)).max(self.shape.batch.div_ceil(MOST_PARTS))
    }

    /// Part `index` of [`Self::parts`].
    pub fn part(&self, index: usize) -> Part {
        let first = index * self.images_per_part();
        let images = self.images_per_part().min(self.shape.batch.saturating_sub(first));
        let job = Self { shape: ConvShape { batch: images, ..self.shape }, ..*self };
        let sums = self.sums_parts();
        let of_images = |len: usize| {
            let image = len / self.shape.batch.max(1);
            first * image..(first + images) * image
        };
        Part {
            job,
            left: of_images(self.left_len()),
            right: if sums { of_images(self.right_len()) } else { 0..self.right_len() },
            result: if sums {
                index * self.result_len()..(index + 1) * self.result_len()
            } else {
                of_images(self.result_len())
            },
        }
    }

    /// The sum of the parts' results, in order.
    pub fn sum(&self, parts: impl Iterator<Item = Vec<f32>>) -> Vec<f32> {
        let add = |mut sum: Vec<f32>, part: Vec<f32>| {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sum
        };
        parts.reduce(add).unwrap_or_else(|| vec![0.0; self.result_len()])
    }

    /// The result, from whole operands.
    pub fn run(&self, left: &[f32], right: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        match self.pass {
            Pass::Forward => self.algorithm.forward(shape, left, right),
            Pass::InputGradient => self.algorithm.input_gradient(shape, left, right),
            Pass::WeightGradient => self.algorithm.weight_gradient(shape, left, right),
        }
    }
}

impl Part {
    /// The part's result, from the job's operands.
    pub fn run(&self, left: &[f32], right: &[f32]) -> Vec<f32> {
        self.run_own(&left[self.left.clone()], &right[self.right.clone()])
    }

    /// The part's result, from those of the job's operands that are the part's.
    pub fn run_own(&self, left: &[f32], right: &[f32]) -> Vec<f32> {
        self.job.run(left, right)
    }
}

/// Numbers that a job is told in.
pub const WORDS: usize = 10;

impl Job {
    /// The job as numbers, for a thread that shares no types with this one.
    pub fn to_words(&self) -> [i32; WORDS] {
        let ConvShape { batch, channels_in, height, width, channels_out, kernel, stride, padding } =
            self.shape;
        let sizes = [batch, channels_in, height, width, channels_out, kernel, stride, padding];
        let mut words = [self.pass as i32, self.algorithm as i32, 0, 0, 0, 0, 0, 0, 0, 0];
        for (word, size) in words[2..].iter_mut().zip(sizes) {
            *word = size as i32;
        }
        words
    }

    /// The job that [`Self::to_words`] told.
    pub fn from_words(words: [i32; WORDS]) -> Self {
        let [pass, algorithm, sizes @ ..] = words;
        let [batch, channels_in, height, width, channels_out, kernel, stride, padding] =
            sizes.map(|size| size as usize);
        let pass = [Pass::Forward, Pass::InputGradient, Pass::WeightGradient][pass as usize];
        let algorithm = Algorithm::ALL[algorithm as usize];
        let shape =
            ConvShape { batch, channels_in, height, width, channels_out, kernel, stride, padding };
        Self { pass, shape, algorithm }
    }
}
