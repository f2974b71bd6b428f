//! Whatever comes from outside is read or refused; no input panics.

use proden::data::cifar::Layout;
use proden::data::photo;
use proden::experiment::{Dataset, Experiment, Setting, link};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text that looks like a query: names of settings, numbers, and whatever else.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        (0..Setting::ALL.len()).prop_map(|at| Setting::ALL[at].name().to_owned()),
        Just("v".to_owned()),
        ".{0,12}",
    ];
    let value =
        prop_oneof!["[0-9]{1,20}", "-?[0-9]{1,3}\\.[0-9]{1,4}", "[a-z0-9]{1,10}", ".{0,12}"];
    vec((name, value), 0..6).prop_map(|pairs| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #[test]
    fn any_link_is_read_or_refused(query in query()) {
        let parsed = link::from_query(&query);
        // What was understood is an experiment that a link can hold.
        let again = link::from_query(&link::to_query(&parsed.experiment));
        prop_assert_eq!(again.experiment, parsed.experiment);
        prop_assert!(again.problems.is_empty());
    }

    #[test]
    fn any_setting_takes_or_refuses_any_text(at in 0..Setting::ALL.len(), text in ".{0,24}") {
        let mut experiment = Experiment::default();
        let setting = Setting::ALL[at];
        if experiment.set(setting, &text).is_ok() {
            let mut again = Experiment::default();
            again.set(setting, &experiment.get(setting)).expect("its own text");
            prop_assert_eq!(again, experiment);
        }
    }

    #[test]
    fn any_json_is_a_configuration_or_refused(text in "\\{(\"(rate|lr|epochs|data|model|x)\": ?(-?[0-9]{1,22}(\\.[0-9]+)?(e[0-9]{1,3})?|null|true|\"[^\"\\\\]{0,9}\"|\\[\\]|\\{\\}),?){0,4}\\}|.{0,60}") {
        if let Ok(experiment) = serde_json::from_str::<Experiment>(&text) {
            let text = serde_json::to_string(&experiment).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<Experiment>(&text).expect("its own text"), experiment);
        }
    }

    #[test]
    fn any_bytes_are_cifar_or_refused(
        bytes in vec(any::<u8>(), 0..64),
        records in 0_usize..4,
        limit in 0_usize..6,
    ) {
        for dataset in [Dataset::Cifar10, Dataset::Cifar100] {
            let Some(layout) = Layout::of(dataset) else { continue };
            // Whole records of a length that passes, with any labels.
            let mut file = bytes.clone();
            file.resize(layout.record_bytes() * records, 7);
            for bytes in [&bytes, &file] {
                if let Ok(images) = layout.parse(bytes, limit) {
                    prop_assert!(images.labels.iter().all(|&label| usize::from(label) < dataset.classes()));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_photo_or_refused(start in 0_usize..4, bytes in vec(any::<u8>(), 0..200)) {
        let magic: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"RIFF\x40\0\0\0WEBPVP8 "];
        let _ = photo::to_cifar(&[magic[start], &bytes].concat());
    }
}
