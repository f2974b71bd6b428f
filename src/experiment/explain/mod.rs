//! One batch of PRODEN worked through: the arithmetic of a step, number by number, on what a real
//! run recorded (Lv et al. 2020, eq. 8). The visitor may change a candidate set and sees all that
//! follows from it.

pub mod record;
pub mod step;

use record::RecordedImage;

/// What a step makes of one image, a row a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    pub rows: Vec<Row>,
    /// Sum over the candidates of their probabilities: what is divided by.
    pub share_of_set: f64,
    /// -sum_j w_ij log p_ij with the stored confidences.
    pub loss: f64,
}

/// The numbers of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub is_candidate: bool,
    /// f_j(x_i)
    pub logit: f64,
    /// p_ij
    pub probability: f64,
    /// p_ij [j in S_i]
    pub masked: f64,
    /// The new w_ij.
    pub renewed: f64,
    /// The w_ij that the loss uses: of the pass before, and uniform in the first.
    pub stored: f64,
    /// -w_ij log p_ij
    pub share_of_loss: f64,
}

impl Worked {
    /// Works through pass `pass` (from 0) of an image with the candidate set `set`, `[classes]`.
    ///
    /// With another set than the recorded one the logits stay those that were recorded: what the
    /// network would have learned from it, nobody knows without training it.
    pub fn of(image: &RecordedImage, pass: usize, set: &[bool]) -> Self {
        let logits = image.passes.get(pass).map_or(&[][..], |pass| &pass.logits);
        let log_probabilities = log_softmax(logits);
        let stored = stored(image, pass, set);
        let renewed = renewed(&log_probabilities, set);
        let rows: Vec<Row> = log_probabilities
            .iter()
            .enumerate()
            .map(|(class, log_probability)| {
                let is_candidate = set[class];
                let probability = log_probability.exp();
                Row {
                    is_candidate,
                    logit: f64::from(logits[class]),
                    probability,
                    masked: if is_candidate { probability } else { 0.0 },
                    renewed: renewed[class],
                    stored: stored[class],
                    share_of_loss: share_of_loss(stored[class], *log_probability),
                }
            })
            .collect();
        Self {
            share_of_set: rows.iter().map(|row| row.masked).sum(),
            loss: rows.iter().map(|row| row.share_of_loss).sum(),
            rows,
        }
    }

    /// The class with the largest of some number; the first of equals.
    pub fn leader(&self, number: fn(&Row) -> f64) -> Option<usize> {
        let numbers = self.rows.iter().map(number).enumerate();
        let larger =
            |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
        numbers.reduce(larger).map(|(class, _)| class)
    }
}

/// The confidences that are stored when a pass begins, `[classes]`.
pub fn stored(image: &RecordedImage, pass: usize, set: &[bool]) -> Vec<f64> {
    match pass.checked_sub(1).and_then(|before| image.passes.get(before)) {
        Some(before) => renewed(&log_softmax(&before.logits), set),
        None => uniform(set),
    }
}

/// The new confidences of every pass, `[passes][classes]`.
pub fn course(image: &RecordedImage, set: &[bool]) -> Vec<Vec<f64>> {
    image.passes.iter().map(|pass| renewed(&log_softmax(&pass.logits), set)).collect()
}

/// The mean loss of some images, as a batch's loss is the mean over its images.
pub fn batch_loss<'a>(
    images: impl IntoIterator<Item = (&'a RecordedImage, &'a [bool])>,
    pass: usize,
) -> f64 {
    let losses = images.into_iter().map(|(image, set)| Worked::of(image, pass, set).loss);
    let (count, sum) = losses.fold((0_u32, 0.0), |(count, sum), loss| (count + 1, sum + loss));
    sum / f64::from(count.max(1))
}

/// The set with a class put in or taken out. A set without a candidate says nothing, and is none:
/// the last one stays.
pub fn toggled(set: &[bool], class: usize) -> Vec<bool> {
    let mut toggled = set.to_vec();
    if let Some(member) = toggled.get_mut(class) {
        *member = !*member;
    }
    if toggled.contains(&true) { toggled } else { set.to_vec() }
}

/// Whether a class is the only candidate.
pub fn is_alone(set: &[bool], class: usize) -> bool {
    let mut others = set.iter().enumerate().filter(|&(other, _)| other != class);
    set.get(class) == Some(&true) && others.all(|(_, member)| !member)
}

/// Equal confidence in each candidate: PRODEN's start.
fn uniform(set: &[bool]) -> Vec<f64> {
    let size = set.iter().filter(|&&member| member).count().max(1);
    set.iter().map(|&member| if member { 1.0 / size as f64 } else { 0.0 }).collect()
}

/// log p_j = z_j - log sum_k e^z_k, with the largest taken out first: no number is too large.
fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let logits: Vec<f64> = logits.iter().copied().map(f64::from).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    logits.iter().map(|logit| logit - largest - sum.ln()).collect()
}

/// p_j [j in S] / sum over k in S of p_k: a softmax over the candidates alone, which cannot
/// underflow to 0/0.
fn renewed(log_probabilities: &[f64], set: &[bool]) -> Vec<f64> {
    let of_set = || log_probabilities.iter().zip(set).filter(|&(_, &member)| member);
    let largest = of_set().map(|(&log, _)| log).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = of_set().map(|(log, _)| (log - largest).exp()).sum();
    let new =
        |(log, &member): (&f64, &bool)| if member { (log - largest).exp() / sum } else { 0.0 };
    log_probabilities.iter().zip(set).map(new).collect()
}

/// -w log p; nothing of a label that is not trusted at all, however impossible it is.
fn share_of_loss(confidence: f64, log_probability: f64) -> f64 {
    if confidence == 0.0 { 0.0 } else { -confidence * log_probability }
}

#[cfg(test)]
mod tests;
