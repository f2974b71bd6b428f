//! Files by their names: what those are that a visitor gives, and what those are called that the
//! page gives.

use super::config::Experiment;
use crate::protocol::{Failure, FileKind};

/// What a visitor gave, as far as the names tell; the engine finds out whether it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// A network or a checkpoint.
    Network,
    /// Data files, one or more.
    Data,
}

/// Endings of an archive of data and of the files in it.
const DATA_ENDINGS: [&str; 4] = [".bin", ".tar.gz", ".tgz", ".tar"];
const NETWORK_ENDING: &str = ".safetensors";
const PHOTO_ENDINGS: [&str; 6] = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic"];

/// What to do instead, where data are wanted.
fn wanted() -> String {
    t!(
        "Give cifar-10-binary.tar.gz or cifar-100-binary.tar.gz (the “binary version” on the CIFAR page), or the .bin files out of one of them."
    )
}

/// Sorts what was dropped where data are wanted, and networks are welcome.
///
/// # Errors
/// When it is neither, or both at once.
pub fn sort(names: &[String]) -> Result<Offer, Failure> {
    let has = |name: &str, endings: &[&str]| {
        let name = name.to_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    match names {
        [] => Err(Failure::new(t!("What was dropped is not a file."), wanted())),
        [name] if has(name, &[NETWORK_ENDING]) => Ok(Offer::Network),
        names => match names.iter().find(|name| !has(name, &DATA_ENDINGS)) {
            None => Ok(Offer::Data),
            Some(name) if has(name, &[NETWORK_ENDING]) => Err(Failure::new(
                t!("“{name}” holds a network, and came together with other files.", name),
                t!("Open it alone."),
            )),
            Some(name) if has(name, &PHOTO_ENDINGS) => Err(Failure::new(
                t!("“{name}” is a picture, not a data set.", name),
                t!(
                    "{wanted} A trained network looks at pictures on the Classify page.",
                    wanted = wanted()
                ),
            )),
            Some(name) => {
                Err(Failure::new(t!("“{name}” is not a file of a known data set.", name), wanted()))
            }
        },
    }
}

/// Whether a name is that of a network or a checkpoint.
pub fn is_network(name: &str) -> bool {
    name.to_lowercase().ends_with(NETWORK_ENDING)
}

/// What a saved file is called: `proden-convnet-cifar10-epoch10.checkpoint.safetensors`.
pub fn download_name(
    kind: FileKind,
    experiment: &Experiment,
    epochs: usize,
    step: Option<usize>,
) -> String {
    let step = step.map(|step| format!("-step{step}")).unwrap_or_default();
    let (model, dataset, file) = (experiment.model, experiment.dataset, kind.file_name());
    format!("proden-{model}-{dataset}-epoch{epochs}{step}.{file}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str]) -> Result<Offer, Failure> {
        sort(&names.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn files_are_told_apart_by_their_names() {
        assert_eq!(sorted(&["cifar-10-binary.tar.gz"]), Ok(Offer::Data));
        assert_eq!(sorted(&["data_batch_1.bin", "TEST_BATCH.BIN"]), Ok(Offer::Data));
        assert_eq!(sorted(&["Checkpoint.SafeTensors"]), Ok(Offer::Network));
        assert!(sorted(&[]).is_err());
        let mixed = sorted(&["test_batch.bin", "model.safetensors"]).unwrap_err();
        assert!(mixed.remedy.contains("alone"), "{mixed:?}");
    }

    #[test]
    fn what_does_not_fit_is_told_what_does() {
        for name in ["cat.png", "notes.txt", "data_batch_1", "model.pt"] {
            let failure = sorted(&["test_batch.bin", name]).unwrap_err();
            assert!(failure.fault.contains(name), "{failure:?}");
            assert!(failure.remedy.contains("cifar-10-binary.tar.gz"), "{failure:?}");
        }
    }

    #[test]
    fn a_saved_file_says_what_it_is() {
        let experiment = Experiment::default();
        assert_eq!(
            download_name(FileKind::Model, &experiment, 10, None),
            "proden-convnet-synthetic-epoch10.model.safetensors"
        );
        assert_eq!(
            download_name(FileKind::Checkpoint, &experiment, 2, Some(5)),
            "proden-convnet-synthetic-epoch2-step5.checkpoint.safetensors"
        );
    }
}
