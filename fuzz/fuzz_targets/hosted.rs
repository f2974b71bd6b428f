//! The index of the networks of a site, and a card of one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::experiment::hosted::{Card, Index};

fuzz_target!(|text: &str| {
    let _ = Index::parse(text);
    let _ = Card::parse(text);
});
