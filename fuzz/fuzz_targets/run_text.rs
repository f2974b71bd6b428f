//! A kept run, or a note of one under way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::experiment::open_run::OpenRun;
use proden::experiment::runs::text;

fuzz_target!(|text: &str| {
    if let Ok(run) = text::to_record(text) {
        let again = text::of_record(&run);
        assert!(text::to_record(&again).is_ok(), "{again}");
    }
    let _ = OpenRun::from_text(text);
});
