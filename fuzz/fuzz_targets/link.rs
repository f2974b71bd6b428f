//! A link’s query: what was understood is an experiment that a link can hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::experiment::link;

fuzz_target!(|query: &str| {
    let read = link::from_query(query);
    let again = link::from_query(&link::to_query(&read.experiment));
    assert_eq!(again.experiment, read.experiment);
    assert!(again.problems.is_empty());
});
