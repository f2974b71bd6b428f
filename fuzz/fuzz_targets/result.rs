//! A result in a link’s fragment, as bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::experiment::result::bytes;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(result) = bytes::read(bytes) {
        let again = bytes::write(&result);
        assert!(bytes::read(&again).is_ok());
    }
});
