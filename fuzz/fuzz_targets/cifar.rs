//! A CIFAR file, of either set.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::data::cifar::Layout;
use proden::experiment::Dataset;

fuzz_target!(|bytes: &[u8]| {
    for dataset in [Dataset::Cifar10, Dataset::Cifar100] {
        let layout = Layout::of(dataset).expect("a set of files");
        for limit in [0, 2] {
            if let Ok(images) = layout.parse(bytes, limit) {
                assert!(images.labels.iter().all(|&label| usize::from(label) < dataset.classes()));
            }
        }
    }
});
