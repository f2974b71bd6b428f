//! Candidate label sets, drawn on the client from the true labels
//! (Lv et al. 2020, section 5: flipping probability q; Wen et al. 2021 for the pair rule).

use std::hash::{DefaultHasher, Hasher};

use rand::RngExt;

use super::cifar::CIFAR100_SUPERCLASSES;
use super::images::ImageSet;
use super::random::{Stream, stream};
use crate::experiment::CandidateRule;
use crate::protocol::CandidateStats;

/// A set of candidate labels an image; the true label is always in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateSets {
    /// 1 where the label is a candidate, `[images, classes]`.
    members: Vec<u8>,
    classes: usize,
}

impl CandidateSets {
    /// Draws the sets of a training set. `Superclass` needs the images' superclasses.
    pub fn draw(
        rule: CandidateRule,
        rate: f64,
        images: &ImageSet,
        classes: usize,
        seed: u64,
    ) -> Self {
        let mut random = stream(seed, Stream::Candidates, 0);
        let mut members = vec![0_u8; images.len() * classes];
        let fine_to_coarse = superclass_of_each_class(images, classes);
        for (index, set) in members.chunks_exact_mut(classes).enumerate() {
            let label = usize::from(images.labels[index]);
            // One draw for each other label whatever the rule, so that the sets of an image do
            // not depend on the rule's shape.
            for (class, member) in set.iter_mut().enumerate().filter(|&(class, _)| class != label) {
                let allowed = match rule {
                    CandidateRule::Uniform | CandidateRule::Uniform1 => true,
                    CandidateRule::Pair => class == (label + 1) % classes,
                    CandidateRule::Superclass => fine_to_coarse[class] == fine_to_coarse[label],
                };
                *member = u8::from(random.random_bool(rate) && allowed);
            }
            if rule == CandidateRule::Uniform1 && set.iter().all(|&member| member == 0) {
                let other = random.random_range(0..classes - 1);
                set[other + usize::from(other >= label)] = 1;
            }
            set[label] = 1;
        }
        Self { members, classes }
    }

    /// The sets that hold nothing but the true label.
    pub fn truth(images: &ImageSet, classes: usize) -> Self {
        let mut members = vec![0_u8; images.len() * classes];
        for (set, &label) in members.chunks_exact_mut(classes).zip(&images.labels) {
            set[usize::from(label)] = 1;
        }
        Self { members, classes }
    }

    /// Takes sets that were drawn elsewhere: 1 for a candidate, `[images, classes]`.
    pub fn from_members(members: Vec<u8>, classes: usize) -> Self {
        Self { members, classes }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.members.len() / self.classes
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// 1 where the label is a candidate of the image, `[classes]`.
    pub fn of(&self, image: usize) -> &[u8] {
        &self.members[image * self.classes..][..self.classes]
    }

    /// How ambiguous the sets are.
    pub fn stats(&self) -> CandidateStats {
        let mut images_of_size = vec![0; self.classes + 1];
        let mut total = 0;
        for set in self.members.chunks_exact(self.classes) {
            let size = set.iter().map(|&member| usize::from(member)).sum::<usize>();
            images_of_size[size] += 1;
            total += size;
        }
        CandidateStats { mean_size: total as f64 / self.len().max(1) as f64, images_of_size }
    }

    /// All sets: 1 for a candidate, `[images, classes]`.
    pub fn members(&self) -> &[u8] {
        &self.members
    }

    /// Equal confidence in each candidate, `[images, classes]`: PRODEN's start.
    pub fn uniform_confidences(&self) -> Vec<f32> {
        let mut confidences = Vec::with_capacity(self.members.len());
        for set in self.members.chunks_exact(self.classes) {
            let size: f32 = set.iter().map(|&member| f32::from(member)).sum();
            confidences.extend(set.iter().map(|&member| f32::from(member) / size));
        }
        confidences
    }

    /// Names the sets: equal sets have equal digests on every machine.
    pub fn digest(&self) -> String {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.members);
        format!("{:016x}", hasher.finish())
    }
}

/// Superclass of each fine class: as the images show it, and as CIFAR-100 has it where none does,
/// since a class that is not among the images can be a candidate all the same. Other classes
/// without an image are alone in theirs.
fn superclass_of_each_class(images: &ImageSet, classes: usize) -> Vec<usize> {
    let known: &[u8] =
        if classes == CIFAR100_SUPERCLASSES.len() { &CIFAR100_SUPERCLASSES } else { &[] };
    let alone = (known.len()..classes).map(|class| classes + class);
    let mut superclass: Vec<usize> =
        known.iter().map(|&coarse| usize::from(coarse)).chain(alone).collect();
    for (&label, &coarse) in images.labels.iter().zip(&images.superclasses) {
        superclass[usize::from(label)] = usize::from(coarse);
    }
    superclass
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(count: usize, classes: usize) -> ImageSet {
        ImageSet {
            pixels: Vec::new(),
            labels: (0..count).map(|index| (index % classes) as u8).collect(),
            superclasses: (0..count).map(|index| (index % classes / 5) as u8).collect(),
        }
    }

    /// Mean set sizes at n = 50,000 within four standard errors of the expected ones.
    #[test]
    fn mean_sizes_are_those_of_the_distributions() {
        use CandidateRule::{Pair, Superclass, Uniform, Uniform1};
        let cases = [
            (Pair, 10, 0.3, 1.3),
            (Pair, 100, 0.7, 1.7),
            // Four others in each superclass of five.
            (Superclass, 100, 0.1, 1.4),
            (Superclass, 100, 0.5, 3.0),
            (Uniform, 10, 0.1, 1.9),
            (Uniform, 10, 0.3, 3.7),
            (Uniform, 10, 0.5, 5.5),
            (Uniform1, 10, 0.1, 1.9 + 0.9_f64.powi(9)),
            (Uniform1, 10, 0.3, 3.7 + 0.7_f64.powi(9)),
            (Uniform1, 10, 0.5, 5.5 + 0.5_f64.powi(9)),
            (Uniform1, 10, 0.7, 7.3 + 0.3_f64.powi(9)),
            (Uniform, 100, 0.01, 1.99),
            (Uniform, 100, 0.05, 5.95),
            (Uniform, 100, 0.1, 10.9),
        ];
        const IMAGES: usize = 50_000;
        for (rule, classes, rate, expected) in cases {
            let sets = CandidateSets::draw(rule, rate, &images(IMAGES, classes), classes, 1);
            let others = match rule {
                Uniform | Uniform1 => classes - 1,
                Pair => 1,
                Superclass => 4,
            };
            let deviation = (others as f64 * rate * (1.0 - rate)).sqrt();
            let standard_error = deviation / (IMAGES as f64).sqrt();
            let mean = sets.stats().mean_size;
            assert!(
                (mean - expected).abs() < 4.0 * standard_error,
                "{rule} {classes} {rate}: {mean} is not {expected}"
            );
        }
    }

    #[test]
    fn the_truth_is_always_a_candidate_and_uniform1_never_alone() {
        let images = images(500, 10);
        for &rule in CandidateRule::ALL {
            let sets = CandidateSets::draw(rule, 0.05, &images, 10, 3);
            for index in 0..sets.len() {
                let set = sets.of(index);
                let label = usize::from(images.labels[index]);
                assert_eq!(set[label], 1);
                let others = set.iter().map(|&m| usize::from(m)).sum::<usize>() - 1;
                match rule {
                    CandidateRule::Uniform => {}
                    CandidateRule::Uniform1 => assert!(others >= 1),
                    CandidateRule::Pair => assert_eq!(others, usize::from(set[(label + 1) % 10])),
                    CandidateRule::Superclass => {
                        let family = label / 5 * 5..label / 5 * 5 + 5;
                        assert!(
                            set.iter().enumerate().all(|(c, &m)| m == 0 || family.contains(&c))
                        );
                    }
                }
            }
        }
    }

    /// Few images do not show all classes.
    #[test]
    fn classes_without_an_image_are_candidates_of_their_superclass() {
        let labels: Vec<u8> = vec![4, 30, 99];
        let superclasses =
            labels.iter().map(|&label| CIFAR100_SUPERCLASSES[usize::from(label)]).collect();
        let images = ImageSet { pixels: Vec::new(), labels, superclasses };
        let sets = CandidateSets::draw(CandidateRule::Superclass, 1.0, &images, 100, 1);
        let of = |image| {
            let members = sets.of(image).iter().enumerate();
            members.filter(|&(_, &m)| m == 1).map(|(class, _)| class).collect::<Vec<_>>()
        };
        // Aquatic mammals (beaver, dolphin, otter, seal, whale), the same, and what is no insect.
        assert_eq!(of(0), [4, 30, 55, 72, 95]);
        assert_eq!(of(1), of(0));
        assert_eq!(of(2), [26, 45, 77, 79, 99]);
    }

    #[test]
    fn statistics_count_the_sets() {
        let sets = CandidateSets::from_members(vec![1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0], 3);
        let stats = sets.stats();
        assert_eq!(stats.images_of_size, [0, 2, 1, 1]);
        assert_eq!((stats.mean_size, stats.singletons(), stats.full_sets()), (1.75, 0.5, 0.25));
    }

    #[test]
    fn confidences_start_equal_over_the_candidates() {
        let sets = CandidateSets::from_members(vec![1, 0, 1, 0, 0, 1], 3);
        assert_eq!(sets.uniform_confidences(), [0.5, 0.0, 0.5, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_seed_names_its_sets() {
        let images = images(100, 10);
        let draw = |seed| CandidateSets::draw(CandidateRule::Uniform, 0.3, &images, 10, seed);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1).digest(), draw(2).digest());
        // Pinned: links say a seed, so its sets must not change.
        assert_eq!(draw(1).digest(), "a6ad3dc8cfbde685");
    }
}
