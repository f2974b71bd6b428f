//! The label microscope: the candidates of every training image and what was trusted in each,
//! epoch by epoch. One byte a confidence and one array an epoch, for all images together: a Vec an
//! image would cost several times the bytes that it holds.

mod card;
mod course;
mod select;
mod sets;

pub use card::Card;
pub use course::{Bar, BarOf, Course, CourseLine};
pub use select::{Choice, Sort, StateFilter};
pub use sets::Sets;

use super::confidence::SURE;
use super::confusion::Confusion;
use crate::protocol::Sight;

/// What the confidences of all epochs may take. Beyond it, every second of them is let go.
const MAX_BYTES: usize = 128_000_000;

/// Whether the label of an image has been found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Sure of the true label.
    Decided,
    /// Sure of none.
    Undecided,
    /// Sure of a false label.
    Wrong,
}

impl Decision {
    pub const ALL: [Self; 3] = [Self::Decided, Self::Undecided, Self::Wrong];

    /// As `data-state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Undecided => "undecided",
            Self::Wrong => "wrongly decided",
        }
    }

    /// For a person.
    pub fn title(self) -> String {
        match self {
            Self::Decided => t!("decided"),
            Self::Undecided => t!("undecided"),
            Self::Wrong => t!("wrongly decided"),
        }
    }
}

/// The confidences at the end of one epoch.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    /// 0 before the first.
    epoch: usize,
    /// In the order of the sets, `[candidates]`.
    bytes: Vec<u8>,
}

/// The confidences of a run from where this page saw it begin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    sets: Sets,
    /// Not empty once there are sets.
    frames: Vec<Frame>,
    /// How far the confidences of each image have moved, summed over its candidates and over all
    /// epochs: in units of 1/255, `[images]`.
    travel: Vec<u32>,
    /// The network's last answers to the test images; empty before the first.
    answers: Vec<u8>,
}

impl Story {
    /// Takes news from the engine with their payload.
    pub fn apply(&mut self, sight: &Sight, payload: Vec<u8>) {
        match sight {
            Sight::Sets(info) => {
                let Some((sets, bytes)) = Sets::parse(info, &payload) else {
                    return self.clear();
                };
                self.begin(sets, Frame { epoch: info.epoch, bytes });
            }
            Sight::Epoch { epoch } => self.end_epoch(*epoch, payload),
            Sight::Images { .. } => {}
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A run begins, or goes on. What was seen of the same run is kept.
    fn begin(&mut self, sets: Sets, frame: Frame) {
        let known = self.frames.iter().position(|seen| *seen == frame);
        match known.filter(|_| frame.epoch > 0 && sets == self.sets) {
            Some(position) => {
                self.frames.truncate(position + 1);
                self.measure_travel();
            }
            None => {
                *self = Self {
                    travel: vec![0; sets.len()],
                    frames: vec![frame],
                    sets,
                    answers: Vec::new(),
                };
            }
        }
    }

    fn end_epoch(&mut self, epoch: usize, mut payload: Vec<u8>) {
        let candidates = self.sets.candidates();
        let fits = payload.len() == candidates + self.sets.test_labels().len();
        if !fits || self.frames.last().is_none_or(|last| last.epoch >= epoch) {
            return;
        }
        self.answers = payload.split_off(candidates);
        payload.shrink_to_fit();
        self.frames.push(Frame { epoch, bytes: payload });
        if let [.., before, after] = &self.frames[..] {
            add_travel(&mut self.travel, &self.sets, before, after);
        }
        self.thin(MAX_BYTES);
    }

    fn measure_travel(&mut self) {
        self.travel = vec![0; self.sets.len()];
        for pair in self.frames.windows(2) {
            add_travel(&mut self.travel, &self.sets, &pair[0], &pair[1]);
        }
    }

    /// Lets every second epoch go while they take more than `max_bytes`; first and last stay.
    fn thin(&mut self, max_bytes: usize) {
        while self.frames.len() > 2 && self.frames.len() * self.sets.candidates() > max_bytes {
            let last = self.frames.len() - 1;
            let mut position = 0;
            self.frames.retain(|_| {
                position += 1;
                let position = position - 1;
                position == last || position.is_multiple_of(2)
            });
        }
    }

    pub fn sets(&self) -> &Sets {
        &self.sets
    }

    /// How many epochs can be looked at, the state before the first among them.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The epoch at a position among those that are kept.
    pub fn epoch_at(&self, position: usize) -> Option<usize> {
        self.frames.get(position).map(|frame| frame.epoch)
    }

    /// The position of the last epoch.
    pub fn last(&self) -> usize {
        self.frames.len().saturating_sub(1)
    }

    /// Whether epochs were let go to save memory.
    pub fn is_thinned(&self) -> bool {
        match (self.frames.first(), self.frames.last()) {
            (Some(first), Some(last)) => last.epoch - first.epoch + 1 > self.frames.len(),
            _ => false,
        }
    }

    /// The epoch of a checkpoint that the run goes on from, where the story does not begin at 0.
    pub fn begins_late(&self) -> Option<usize> {
        self.epoch_at(0).filter(|&epoch| epoch > 0)
    }

    /// Bytes that all this takes.
    pub fn size_bytes(&self) -> usize {
        let frames: usize = self.frames.iter().map(|frame| frame.bytes.capacity()).sum();
        let travel = self.travel.capacity() * size_of::<u32>();
        frames + travel + self.answers.capacity() + self.sets.size_bytes()
    }

    /// The confidences of an image's candidates at a position; empty where there is no such.
    pub fn row(&self, image: usize, position: usize) -> &[u8] {
        let frame = self.frames.get(position);
        frame.and_then(|frame| frame.bytes.get(self.sets.range(image))).unwrap_or_default()
    }

    /// The class that is trusted most in an image, and the byte of its confidence.
    pub fn found(&self, image: usize, position: usize) -> Option<(u8, u8)> {
        leader(self.sets.of(image), self.row(image, position))
    }

    pub fn decision(&self, image: usize, position: usize) -> Decision {
        match self.found(image, position) {
            Some((_, byte)) if byte < SURE => Decision::Undecided,
            Some((class, _)) if Some(class) == self.sets.label(image) => Decision::Decided,
            Some(_) => Decision::Wrong,
            None => Decision::Undecided,
        }
    }

    /// How many images are decided, undecided and wrongly decided: the order of
    /// [`Decision::ALL`].
    pub fn decisions(&self, position: usize) -> [usize; 3] {
        let mut counts = [0; 3];
        for image in 0..self.sets.len() {
            let decision = self.decision(image, position);
            let of = Decision::ALL.iter().position(|&other| other == decision);
            counts[of.unwrap_or_default()] += 1;
        }
        counts
    }

    /// The found labels of the last epoch against the true ones.
    pub fn found_labels(&self, classes: usize) -> Confusion {
        let last = self.last();
        let found = (0..self.sets.len())
            .filter_map(|image| Some((self.sets.label(image)?, self.found(image, last)?.0)));
        Confusion::of(classes, found)
    }

    /// The network's last answers to the test images against their labels.
    pub fn test_answers(&self, classes: usize) -> Confusion {
        let labels = self.sets.test_labels().iter().copied();
        Confusion::of(classes, labels.zip(self.answers.iter().copied()))
    }

    /// The test images of a class that were answered with a class.
    pub fn test_images(&self, label: u8, answer: u8) -> Vec<u32> {
        let pairs = self.sets.test_labels().iter().zip(&self.answers);
        let wanted = |&(_, pair): &(u32, (&u8, &u8))| pair == (&label, &answer);
        (0..).zip(pairs).filter(wanted).map(|(index, _)| index).collect()
    }
}

fn add_travel(travel: &mut [u32], sets: &Sets, before: &Frame, after: &Frame) {
    for (image, travel) in travel.iter_mut().enumerate() {
        let range = sets.range(image);
        let pairs = before.bytes[range.clone()].iter().zip(&after.bytes[range]);
        *travel += pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
    }
}

/// The first class of the largest confidence.
fn leader(classes: &[u8], row: &[u8]) -> Option<(u8, u8)> {
    let pairs = classes.iter().copied().zip(row.iter().copied());
    pairs.reduce(|best, pair| if pair.1 > best.1 { pair } else { best })
}

#[cfg(test)]
mod tests;
