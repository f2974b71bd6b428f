//! A photo in any format that is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::data::images::IMAGE_BYTES;
use proden::data::photo;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(crop) = photo::to_cifar(bytes) {
        assert_eq!(crop.len(), IMAGE_BYTES);
    }
});
