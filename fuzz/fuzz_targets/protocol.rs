//! A message between page and engine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::protocol::{Command, Event};

fuzz_target!(|text: &str| {
    if let Ok(command) = serde_json::from_str::<Command>(text) {
        let text = serde_json::to_string(&command).expect("JSON");
        assert_eq!(serde_json::from_str::<Command>(&text).expect("its own text"), command);
    }
    let _ = serde_json::from_str::<Event>(text);
});
