//! CIFAR-10 and CIFAR-100 in their binary layout (Krizhevsky 2009,
//! <https://www.cs.toronto.edu/~kriz/cifar.html>): records of one label byte (CIFAR-10) or a
//! coarse and a fine label byte (CIFAR-100), then 3,072 pixel bytes: planes R, G, B.

use super::images::{ChannelStats, IMAGE_BYTES, ImageSet};
use crate::experiment::Dataset;

/// Why a file holds no CIFAR records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CifarError {
    #[error("{}", t!("the file is empty"))]
    Empty,
    #[error("{}", t!("it is an HTML page, not a CIFAR file"))]
    Html,
    #[error("{}", t!("its {len_bytes} bytes are no whole number of {record_bytes}-byte records: it is cut short or of another format", len_bytes, record_bytes))]
    NotWhole { len_bytes: usize, record_bytes: usize },
    #[error("{}", t!("record {record} has the label {label}, but labels end at {max}: it is damaged or of another format", record, label, max))]
    BadLabel { record: usize, label: u8, max: u8 },
}

/// The files of a data set under its base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub train: &'static [&'static str],
    pub test: &'static str,
    /// Records in each official file of the training set, and of the test set.
    pub train_records_per_file: usize,
    pub test_records: usize,
    label_bytes: usize,
    classes: u8,
}

const CIFAR10: Layout = Layout {
    train: &[
        "cifar-10-batches-bin/data_batch_1.bin",
        "cifar-10-batches-bin/data_batch_2.bin",
        "cifar-10-batches-bin/data_batch_3.bin",
        "cifar-10-batches-bin/data_batch_4.bin",
        "cifar-10-batches-bin/data_batch_5.bin",
    ],
    test: "cifar-10-batches-bin/test_batch.bin",
    train_records_per_file: 10_000,
    test_records: 10_000,
    label_bytes: 1,
    classes: 10,
};

const CIFAR100: Layout = Layout {
    train: &["cifar-100-binary/train.bin"],
    test: "cifar-100-binary/test.bin",
    train_records_per_file: 50_000,
    test_records: 10_000,
    label_bytes: 2,
    classes: 100,
};

impl Layout {
    /// None for data that come from no file.
    pub const fn of(dataset: Dataset) -> Option<Self> {
        match dataset {
            Dataset::Synthetic => None,
            Dataset::Cifar10 => Some(CIFAR10),
            Dataset::Cifar100 => Some(CIFAR100),
        }
    }

    /// Bytes of one image with its labels.
    pub const fn record_bytes(&self) -> usize {
        self.label_bytes + IMAGE_BYTES
    }

    /// Reads the first records of a file; a limit of 0 reads all.
    ///
    /// # Errors
    /// When the bytes are not whole records of this layout.
    pub fn parse(&self, bytes: &[u8], limit: usize) -> Result<ImageSet, CifarError> {
        if bytes.is_empty() {
            return Err(CifarError::Empty);
        }
        if looks_like_html(bytes) {
            return Err(CifarError::Html);
        }
        let record_bytes = self.record_bytes();
        if !bytes.len().is_multiple_of(record_bytes) {
            return Err(CifarError::NotWhole { len_bytes: bytes.len(), record_bytes });
        }
        let count = bytes.len() / record_bytes;
        let count = if limit == 0 { count } else { count.min(limit) };
        let mut set = ImageSet {
            pixels: Vec::with_capacity(count * IMAGE_BYTES),
            labels: Vec::with_capacity(count),
            superclasses: Vec::new(),
        };
        for (record, bytes) in bytes.chunks_exact(record_bytes).take(count).enumerate() {
            let (labels, pixels) = bytes.split_at(self.label_bytes);
            let label = labels[self.label_bytes - 1];
            if label >= self.classes {
                return Err(CifarError::BadLabel { record, label, max: self.classes - 1 });
            }
            if let [coarse, _] = *labels {
                let max = SUPERCLASSES as u8 - 1;
                if coarse > max {
                    return Err(CifarError::BadLabel { record, label: coarse, max });
                }
                set.superclasses.push(coarse);
            }
            set.labels.push(label);
            set.pixels.extend_from_slice(pixels);
        }
        Ok(set)
    }
}

/// A static host that answers every path with its index page sends HTML for a missing file.
pub(super) fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    ["<!doctype", "<html"].iter().any(|tag| {
        start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

/// The class names of a data set, in the order of its labels.
pub fn class_names(dataset: Dataset) -> Vec<String> {
    let names = match dataset {
        Dataset::Synthetic => super::synthetic::CLASS_NAMES,
        Dataset::Cifar10 => CIFAR10_NAMES,
        Dataset::Cifar100 => CIFAR100_NAMES,
    };
    names.split_whitespace().map(|name| name.replace('_', " ")).collect()
}

/// Of the official CIFAR-10 training images.
pub const CIFAR10_CHANNELS: ChannelStats =
    ChannelStats { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

/// Of the official CIFAR-100 training images.
pub const CIFAR100_CHANNELS: ChannelStats =
    ChannelStats { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] };

const SUPERCLASSES: usize = 20;

/// The superclass of each of CIFAR-100's classes, in the order of the labels: as the official
/// files pair the two.
pub const CIFAR100_SUPERCLASSES: [u8; 100] = [
    4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7, 6, 13, 15,
    3, 15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4,
    2, 0, 17, 4, 18, 17, 10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13,
    16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
];

const CIFAR10_NAMES: &str = "airplane automobile bird cat deer dog frog horse ship truck";

const CIFAR100_NAMES: &str = "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle \
    bowl boy bridge bus butterfly camel can castle caterpillar cattle \
    chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur \
    dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard \
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain \
    mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree \
    plain plate poppy porcupine possum rabbit raccoon ray road rocket \
    rose sea seal shark shrew skunk skyscraper snail snake spider \
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor \
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm";

#[cfg(test)]
mod tests {
    use super::*;

    fn record(labels: &[u8], fill: u8) -> Vec<u8> {
        let mut bytes = labels.to_vec();
        bytes.extend([fill; IMAGE_BYTES]);
        bytes
    }

    #[test]
    fn classes_that_everyone_meets_have_names_in_all_languages() {
        let known: Vec<_> = crate::experiment::language::classes().collect();
        for dataset in [Dataset::Synthetic, Dataset::Cifar10] {
            assert!(class_names(dataset).iter().all(|name| known.contains(&name.as_str())));
        }
    }

    #[test]
    fn records_are_read_in_order() {
        let file = [record(&[3], 10), record(&[9], 20)].concat();
        let set = CIFAR10.parse(&file, 0).unwrap();
        assert_eq!(set.labels, [3, 9]);
        assert_eq!(set.image(1), [20; IMAGE_BYTES]);
        assert_eq!(CIFAR10.parse(&file, 1).unwrap().len(), 1);
    }

    #[test]
    fn cifar100_has_a_coarse_and_a_fine_label() {
        let set = CIFAR100.parse(&record(&[19, 99], 1), 0).unwrap();
        assert_eq!((set.labels[0], set.superclasses[0]), (99, 19));
    }

    #[test]
    fn faults_are_told_apart() {
        let short = &record(&[1], 0)[..3_000];
        let cases = [
            (CIFAR10, &b""[..], CifarError::Empty),
            (CIFAR10, b"\n <!DOCTYPE html><p>Not found", CifarError::Html),
            (CIFAR10, b"<html>", CifarError::Html),
            (CIFAR10, short, CifarError::NotWhole { len_bytes: 3_000, record_bytes: 3_073 }),
        ];
        for (layout, bytes, error) in cases {
            assert_eq!(layout.parse(bytes, 0), Err(error));
        }
        let bad = CifarError::BadLabel { record: 0, label: 10, max: 9 };
        assert_eq!(CIFAR10.parse(&record(&[10], 0), 0), Err(bad));
        let bad = CifarError::BadLabel { record: 0, label: 20, max: 19 };
        assert_eq!(CIFAR100.parse(&record(&[20, 5], 0), 0), Err(bad));
    }

    #[test]
    fn every_class_has_a_name() {
        for &dataset in Dataset::ALL {
            assert_eq!(class_names(dataset).len(), dataset.classes());
        }
        assert_eq!(class_names(Dataset::Cifar100)[58], "pickup truck");
    }

    /// Five classes in each; spot checks by name against the CIFAR page's table.
    #[test]
    fn every_superclass_has_five_classes() {
        for superclass in 0..SUPERCLASSES {
            let members = CIFAR100_SUPERCLASSES.iter().filter(|&&it| usize::from(it) == superclass);
            assert_eq!(members.count(), 5, "{superclass}");
        }
        let names = class_names(Dataset::Cifar100);
        let members = |superclass| {
            let classes = (0..100).filter(move |&class| CIFAR100_SUPERCLASSES[class] == superclass);
            classes.map(|class| names[class].as_str()).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(members(2), "orchid, poppy, rose, sunflower, tulip");
        assert_eq!(members(18), "bicycle, bus, motorcycle, pickup truck, train");
        assert_eq!(members(19), "lawn mower, rocket, streetcar, tank, tractor");
    }
}
