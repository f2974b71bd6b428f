//! Networks to choose from: what the site offers is fetched, checked and kept; the networks of
//! runs are kept in the browser, a bounded number of them, and the oldest go first.

use sha2::{Digest, Sha256};

use super::source::{self, Progress, SourceError, Want};
use super::store::{self, Origin, StoreError};
use crate::experiment::hosted::{self, Entry};
use crate::protocol::{Failure, KeptNetwork, KeptNetworks};

/// Networks of runs that are kept.
const MAX_KEPT: usize = 24;
/// Of them together.
const MAX_KEPT_BYTES: u64 = 120_000_000;
/// Of the site's networks: beyond it, only the last one that was fetched is kept.
const MAX_HOSTED_BYTES: u64 = 60_000_000;
const RUNS: &str = "runs/";
const HOSTED: &str = "hosted/";

/// The file of a network that the site offers: kept by an earlier visit, or fetched now; either
/// way with the right SHA-256. `note` is why the browser did not keep it.
pub struct Fetched {
    pub file: Vec<u8>,
    pub note: Option<String>,
}

/// Reads a network that the site offers at `base`.
///
/// # Errors
/// When it cannot be fetched, or is not the file that the index means.
pub async fn hosted(base: &str, entry: &Entry, progress: Progress<'_>) -> Result<Fetched, Failure> {
    let Entry { title, file, size_bytes, sha256, .. } = entry;
    // The index was read by the page; what leads elsewhere was refused there, and is here.
    if !hosted::is_plain(file) {
        return Err(not_fetched(
            title,
            &t!("its address leads elsewhere"),
            t!("Whoever keeps this site should publish the network again (proden publish)."),
        ));
    }
    let name = format!("{HOSTED}{}", sha256.to_lowercase());
    if let Some(kept) = store::read(&Origin::Networks, &name, usize::MAX, progress).await {
        if has_hash(&kept, sha256) {
            return Ok(Fetched { file: kept, note: None });
        }
        // It was sound when it was kept, so the storage has damaged it.
        store::forget(&Origin::Networks, &name).await;
    }
    let max_bytes = *size_bytes as usize;
    let want = Want { enough_bytes: usize::MAX, max_bytes };
    // The index knows the size even where the host does not tell it.
    let report = |loaded, _| progress(loaded, Some(*size_bytes));
    let fetched = source::read(base, file, want, &report).await;
    let fetched = fetched.map_err(|error| {
        let fault = match &error {
            SourceError::TooLarge { url, .. } => {
                t!(
                    "{url} is larger than the {bytes} bytes that the index says",
                    url,
                    bytes = size_bytes
                )
            }
            error => error.to_string(),
        };
        not_fetched(title, &fault, remedy(&error))
    })?;
    if !has_hash(&fetched, sha256) {
        let fault = t!(
            "what arrived is not the file that the index means: {arrived} of {bytes} bytes, and another SHA-256",
            arrived = fetched.len(),
            bytes = size_bytes
        );
        return Err(not_fetched(
            title,
            &fault,
            t!(
                "Reload the page and try again: the connection or a cache may have damaged it. If it stays so, the site’s copy is damaged."
            ),
        ));
    }
    let note = keep_hosted(&name, &fetched).await.err().map(|error| {
        t!("The browser did not keep this network: {error}. It will be fetched again next time. {remedy}", error, remedy = error.remedy())
    });
    Ok(Fetched { file: fetched, note })
}

fn not_fetched(title: &str, fault: &str, remedy: String) -> Failure {
    Failure::new(t!("The network “{title}” could not be loaded: {fault}.", title, fault), remedy)
}

fn remedy(error: &SourceError) -> String {
    match error {
        SourceError::Missing { .. } | SourceError::NoFile { .. } | SourceError::TooLarge { .. } => {
            t!(
                "The site’s index and its files do not fit together: whoever keeps it should publish the network again (proden publish). You can train a network yourself, or open one from a file."
            )
        }
        SourceError::Refused { .. }
        | SourceError::Unreachable { .. }
        | SourceError::Silent { .. }
        | SourceError::Broken { .. }
        | SourceError::BadUrl { .. } => {
            t!(
                "Check your connection and choose the network again. You can also train one yourself, or open one from a file."
            )
        }
    }
}

fn has_hash(bytes: &[u8], sha256: &str) -> bool {
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    found.eq_ignore_ascii_case(sha256)
}

async fn keep_hosted(name: &str, file: &[u8]) -> Result<(), StoreError> {
    store::keep(&Origin::Networks, name, file, true).await?;
    let kept = store::names(&Origin::Networks).await?.into_iter();
    let kept: Vec<_> = kept.filter(|(name, _)| name.starts_with(HOSTED)).collect();
    if kept.iter().map(|(_, size_bytes)| size_bytes).sum::<u64>() > MAX_HOSTED_BYTES {
        for (other, _) in kept.iter().filter(|(other, _)| other != name) {
            store::forget(&Origin::Networks, other).await;
        }
    }
    Ok(())
}

/// Keeps the network of a run that has ended, and lets the oldest go that are too many.
pub async fn keep(run: u64, file: &[u8]) -> KeptNetworks {
    let kept = if file.len() as u64 > MAX_KEPT_BYTES {
        Err(StoreError::Full)
    } else {
        store::keep(&Origin::Networks, &name_of(run), file, true).await
    };
    let problem = kept.err().map(|error| {
        Failure::new(
            t!("The browser did not keep the network of this run: {error}.", error),
            t!(
                "It classifies until the page is closed; “Save network” makes a file of it. {remedy}",
                remedy = error.remedy()
            ),
        )
    });
    for old in too_many(&of_runs().await.unwrap_or_default()) {
        store::forget(&Origin::Networks, &name_of(old)).await;
    }
    KeptNetworks { networks: of_runs().await.unwrap_or_default(), problem }
}

/// Drops the networks of all runs but these, and says what is left. A storage that there is none
/// of keeps nothing, and is no fault before something is to be kept.
pub async fn retain(runs: &[u64]) -> KeptNetworks {
    for kept in of_runs().await.unwrap_or_default() {
        if !runs.contains(&kept.run) {
            store::forget(&Origin::Networks, &name_of(kept.run)).await;
        }
    }
    KeptNetworks { networks: of_runs().await.unwrap_or_default(), problem: None }
}

/// Says why a network is not kept, and which are.
pub async fn refuse(problem: Failure) -> KeptNetworks {
    KeptNetworks { networks: of_runs().await.unwrap_or_default(), problem: Some(problem) }
}

/// The file of a run's network.
///
/// # Errors
/// When it is not kept (any more).
pub async fn of_run(run: u64) -> Result<Vec<u8>, Failure> {
    let kept = store::read(&Origin::Networks, &name_of(run), usize::MAX, &|_, _| {}).await;
    kept.ok_or_else(|| {
        Failure::new(
            t!("The network of this run is not kept in this browser any more."),
            t!("Train it again: its settings are in the table of runs, on the Train page."),
        )
    })
}

/// Drops the network of a run.
pub async fn forget(run: u64) {
    store::forget(&Origin::Networks, &name_of(run)).await;
}

fn name_of(run: u64) -> String {
    format!("{RUNS}{run}")
}

/// The networks of runs, the newest first.
async fn of_runs() -> Result<Vec<KeptNetwork>, StoreError> {
    let kept = store::names(&Origin::Networks).await?.into_iter();
    let mut networks: Vec<KeptNetwork> = kept
        .filter_map(|(name, size_bytes)| {
            Some(KeptNetwork { run: name.strip_prefix(RUNS)?.parse().ok()?, size_bytes })
        })
        .collect();
    // Their numbers grow with time.
    networks.sort_by_key(|network| std::cmp::Reverse(network.run));
    Ok(networks)
}

/// Which runs' networks must go, of all that are kept, the newest first.
fn too_many(kept: &[KeptNetwork]) -> Vec<u64> {
    let mut total_bytes = 0;
    let mut room = |(at, network): (usize, &KeptNetwork)| {
        total_bytes += network.size_bytes;
        at < MAX_KEPT && total_bytes <= MAX_KEPT_BYTES
    };
    let fitting = kept.iter().enumerate().take_while(|&entry| room(entry)).count();
    kept[fitting..].iter().map(|network| network.run).collect()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use std::fs;

    use futures_executor::block_on;
    use tempfile::TempDir;

    use super::*;

    fn entry(bytes: &[u8]) -> Entry {
        Entry {
            name: "a".into(),
            title: "A network".into(),
            file: "a.safetensors".into(),
            size_bytes: bytes.len() as u64,
            sha256: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect(),
            card: "a.json".into(),
            is_default: true,
        }
    }

    fn fetch(folder: &TempDir, entry: &Entry) -> Result<Vec<u8>, Failure> {
        let base = format!("{}/", folder.path().display());
        block_on(hosted(&base, entry, &|_, _| {})).map(|fetched| fetched.file)
    }

    #[test]
    fn only_the_file_that_the_index_means_is_taken() {
        let folder = TempDir::new().unwrap();
        let good = entry(b"weights");
        let fault = |entry: &Entry| fetch(&folder, entry).unwrap_err();
        let missing = fault(&good);
        assert!(missing.fault.contains("“A network”") && missing.fault.contains("no file"));
        assert!(missing.remedy.contains("proden publish"), "{missing:?}");

        fs::write(folder.path().join("a.safetensors"), "weights").unwrap();
        assert_eq!(fetch(&folder, &good).unwrap(), b"weights");
        fs::write(folder.path().join("a.safetensors"), "weighty").unwrap();
        assert!(fault(&good).fault.contains("another SHA-256"), "{:?}", fault(&good));
        fs::write(folder.path().join("a.safetensors"), "weights and more").unwrap();
        assert!(fault(&good).fault.contains("larger than the 7 bytes"), "{:?}", fault(&good));
        let elsewhere = Entry { file: "../a.safetensors".into(), ..good };
        assert!(fault(&elsewhere).fault.contains("leads elsewhere"));
    }

    #[test]
    fn the_oldest_networks_go_first() {
        let kept = |sizes: &[u64]| -> Vec<KeptNetwork> {
            let newest = sizes.len() as u64;
            let runs = (1..=newest).rev();
            runs.zip(sizes).map(|(run, &size_bytes)| KeptNetwork { run, size_bytes }).collect()
        };
        assert_eq!(too_many(&kept(&[1; MAX_KEPT])), [0; 0]);
        assert_eq!(too_many(&kept(&[1; MAX_KEPT + 2])), [2, 1]);
        assert_eq!(too_many(&kept(&[MAX_KEPT_BYTES - 1, 1, 1, 1])), [2, 1]);
        assert_eq!(too_many(&[]), [0; 0]);
    }

    #[test]
    fn without_a_storage_nothing_is_kept_and_nothing_fails() {
        let kept = block_on(keep(7, b"weights"));
        assert!(kept.networks.is_empty());
        assert_eq!(block_on(retain(&[7])), KeptNetworks::default());
        assert!(block_on(of_run(7)).unwrap_err().remedy.contains("Train it again"));
    }
}
