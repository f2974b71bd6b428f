//! A configuration file: ours, or the Python program’s names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::experiment::Experiment;

fuzz_target!(|text: &str| {
    if let Ok(experiment) = serde_json::from_str::<Experiment>(text) {
        let text = serde_json::to_string(&experiment).expect("JSON");
        assert_eq!(serde_json::from_str::<Experiment>(&text).expect("its own text"), experiment);
    }
});
