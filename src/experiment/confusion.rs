//! Which class is taken for which.

use super::grid::{Grid, Step};

/// How often images of one class were given another, or the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confusion {
    classes: usize,
    /// `[label][answer]`
    counts: Vec<u32>,
}

/// Images of a class that were given another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mixup {
    pub label: u8,
    pub answer: u8,
    pub images: u32,
}

impl Confusion {
    /// Counts pairs of (true label, answer); what is no class does not count.
    pub fn of(classes: usize, pairs: impl Iterator<Item = (u8, u8)>) -> Self {
        let mut counts = vec![0; classes * classes];
        for (label, answer) in pairs {
            let (label, answer) = (usize::from(label), usize::from(answer));
            if label < classes && answer < classes {
                counts[label * classes + answer] += 1;
            }
        }
        Self { classes, counts }
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Images of class `label` that were given `answer`.
    pub fn count(&self, label: u8, answer: u8) -> u32 {
        self.row(label).get(usize::from(answer)).copied().unwrap_or_default()
    }

    /// Images of a class.
    pub fn images(&self, label: u8) -> u32 {
        self.row(label).iter().sum()
    }

    /// The share of a class that was given it; None where there are no images of it.
    pub fn accuracy_of(&self, label: u8) -> Option<f64> {
        let images = self.images(label);
        (images > 0).then(|| f64::from(self.count(label, label)) / f64::from(images))
    }

    /// Of class `label`, the share that was given `answer`.
    pub fn share(&self, label: u8, answer: u8) -> f64 {
        f64::from(self.count(label, answer)) / f64::from(self.images(label).max(1))
    }

    pub fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// The share of all images that were given their own class; None where there are none.
    pub fn accuracy(&self) -> Option<f64> {
        let total = self.total();
        let right: u32 =
            (0..self.classes).map(|class| self.counts[class * (self.classes + 1)]).sum();
        (total > 0).then(|| f64::from(right) / f64::from(total))
    }

    /// The commonest mix-ups, at most `max`.
    pub fn mixups(&self, max: usize) -> Vec<Mixup> {
        let mut mixups: Vec<Mixup> = self
            .all_classes()
            .flat_map(|label| self.all_classes().map(move |answer| (label, answer)))
            .filter(|(label, answer)| label != answer)
            .map(|(label, answer)| Mixup { label, answer, images: self.count(label, answer) })
            .filter(|mixup| mixup.images > 0)
            .collect();
        mixups.sort_by_key(|mixup| std::cmp::Reverse(mixup.images));
        mixups.truncate(max);
        mixups
    }

    /// The cell, as `(label, answer)`, to which a key leads from another one.
    pub fn step(&self, (label, answer): (u8, u8), step: Step) -> (u8, u8) {
        let columns = self.classes.max(1);
        let grid = Grid { total: self.counts.len(), columns, row_px: 1.0 };
        let from = usize::from(label) * columns + usize::from(answer);
        // A page is the whole table.
        let to = grid.step(from.min(grid.total), step, columns as f64);
        ((to / columns) as u8, (to % columns) as u8)
    }

    /// No data set has more classes than a byte tells apart.
    pub fn all_classes(&self) -> impl Iterator<Item = u8> + use<> {
        (0..=u8::MAX).take(self.classes)
    }

    fn row(&self, label: u8) -> &[u32] {
        let start = usize::from(label) * self.classes;
        self.counts.get(start..start + self.classes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_by_class() {
        let pairs = [(0, 0), (0, 1), (0, 1), (1, 1), (2, 0), (7, 0), (0, 7)];
        let confusion = Confusion::of(3, pairs.into_iter());
        assert_eq!((confusion.total(), confusion.count(0, 1), confusion.images(0)), (5, 2, 3));
        assert_eq!(confusion.accuracy_of(0), Some(1.0 / 3.0));
        assert_eq!(confusion.accuracy(), Some(2.0 / 5.0));
        assert_eq!((confusion.share(0, 1), confusion.count(9, 9)), (2.0 / 3.0, 0));
        let first = Mixup { label: 0, answer: 1, images: 2 };
        assert_eq!((confusion.mixups(1), confusion.mixups(9).len()), (vec![first], 2));
    }

    #[test]
    fn keys_lead_from_cell_to_cell() {
        let confusion = Confusion::of(3, std::iter::empty());
        assert_eq!(confusion.step((0, 1), Step::Down), (1, 1));
        assert_eq!(confusion.step((1, 1), Step::Right), (1, 2));
        assert_eq!(confusion.step((2, 1), Step::Down), (2, 1), "nothing is below");
        assert_eq!(confusion.step((0, 0), Step::Last), (2, 2));
        assert_eq!(confusion.step((2, 1), Step::PageUp), (0, 1));
        assert_eq!(confusion.step((9, 9), Step::First), (0, 0));
        assert_eq!(Confusion::default().step((0, 0), Step::Left), (0, 0));
    }

    #[test]
    fn nothing_counted_has_no_accuracy() {
        let confusion = Confusion::of(2, std::iter::empty());
        assert_eq!((confusion.accuracy(), confusion.accuracy_of(0)), (None, None));
        assert!(confusion.mixups(5).is_empty());
        assert_eq!(Confusion::default().accuracy(), None);
    }
}
