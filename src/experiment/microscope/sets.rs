//! The candidate sets of a training set, one after the other in one array.

use std::ops::Range;

use crate::protocol::{SetsInfo, SetsParts};

/// The candidate set of every training image, the true labels, and those of the test images.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sets {
    /// `[images]`
    labels: Vec<u8>,
    /// Where each set begins, and where the last one ends, `[images + 1]`.
    starts: Vec<u32>,
    /// The classes of all sets, ascending in each, `[candidates]`.
    members: Vec<u8>,
    test_labels: Vec<u8>,
    /// The sizes of sets that there are, ascending.
    sizes: Vec<usize>,
}

impl Sets {
    /// The sets and the confidences as the run begins, u8 `[candidates]`. None if the payload is
    /// not what the engine sends: the engine may be of another build.
    pub fn parse(info: &SetsInfo, payload: &[u8]) -> Option<(Self, Vec<u8>)> {
        let SetsParts { labels, sizes, candidates, confidences, test_labels } =
            info.parts(payload)?;
        let mut starts = Vec::with_capacity(sizes.len() + 1);
        let mut end = 0_u32;
        starts.push(end);
        for &size in sizes {
            end += u32::from(size);
            starts.push(end);
        }
        let is_class = |&class: &u8| usize::from(class) < info.classes;
        let fits = end as usize == candidates.len()
            && [labels, candidates, test_labels].iter().all(|part| part.iter().all(is_class));
        let sets = Self {
            labels: labels.to_vec(),
            starts,
            members: candidates.to_vec(),
            test_labels: test_labels.to_vec(),
            sizes: sizes_of(sizes),
        };
        fits.then(|| (sets, confidences.to_vec()))
    }

    /// The number of training images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The number of candidates of all images.
    pub fn candidates(&self) -> usize {
        self.members.len()
    }

    /// Where the candidates of an image stand; nowhere if there is no such image.
    pub fn range(&self, image: usize) -> Range<usize> {
        match (self.starts.get(image), self.starts.get(image + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The candidates of an image, ascending.
    pub fn of(&self, image: usize) -> &[u8] {
        self.members.get(self.range(image)).unwrap_or_default()
    }

    /// The true label.
    pub fn label(&self, image: usize) -> Option<u8> {
        self.labels.get(image).copied()
    }

    pub fn test_labels(&self) -> &[u8] {
        &self.test_labels
    }

    /// The sizes of sets that there are, ascending.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    pub fn size_bytes(&self) -> usize {
        let bytes = self.labels.capacity() + self.members.capacity() + self.test_labels.capacity();
        bytes + self.starts.capacity() * size_of::<u32>()
    }
}

fn sizes_of(sizes: &[u8]) -> Vec<usize> {
    let mut is_there = [false; 256];
    for &size in sizes {
        is_there[usize::from(size)] = true;
    }
    (0..is_there.len()).filter(|&size| is_there[size]).collect()
}
