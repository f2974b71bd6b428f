//! The list of the site's files in its service worker (`public/service-worker.js`), with their
//! digests: what is kept for use without a network is one build, whole.
//!
//! Any change in any file changes the service worker's own bytes, by which browsers know that
//! there is something new.

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const SERVICE_WORKER: &str = "service-worker.js";
/// For hosts, not for the browser: it is the answer to addresses that are none of the site's.
const NOT_KEPT: [&str; 2] = [SERVICE_WORKER, "404.html"];
/// Weights of the hosted networks: megabytes that only who classifies needs; the page fetches them
/// then, and keeps them itself.
const WEIGHTS: &str = "safetensors";
/// What stands in the source of the service worker.
const NO_FILES: &str = "const FILES = new Map([]);";
const NO_BUILD: &str = r#"const BUILD = "none";"#;

/// Writes the list of `files`, which are relative to `site`, into the service worker there.
pub fn write_list(site: &Path, files: &[PathBuf]) -> Result<()> {
    let mut list = Vec::new();
    for file in files {
        let name = file.to_str().context("a file name that is no text")?.replace('\\', "/");
        let is_weights = file.extension().is_some_and(|it| it == WEIGHTS);
        if !is_weights && !NOT_KEPT.contains(&name.as_str()) {
            let bytes = fs::read(site.join(file))?;
            list.push((name, hex(&Sha256::digest(bytes))));
        }
    }
    let list = serde_json::to_string(&list)?;
    let build = &hex(&Sha256::digest(&list))[..16];
    let path = site.join(SERVICE_WORKER);
    let source = fs::read_to_string(&path)?;
    ensure!(
        source.contains(NO_FILES) && source.contains(NO_BUILD),
        "{SERVICE_WORKER} has lost its {NO_FILES} or {NO_BUILD}"
    );
    let filled = source.replacen(NO_FILES, &format!("const FILES = new Map({list});"), 1).replacen(
        NO_BUILD,
        &format!("const BUILD = \"{build}\";"),
        1,
    );
    fs::write(path, filled).context("cannot write the service worker")
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(style: &str) -> String {
        let site = tempfile::tempdir().unwrap();
        let source = format!("{NO_FILES}\n{NO_BUILD}\n");
        let files = [
            (SERVICE_WORKER, source.as_str()),
            ("a/b.css", style),
            ("404.html", "4"),
            ("models/a.safetensors", "w"),
        ];
        for (name, text) in files {
            let path = site.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let names = files.map(|(name, _)| PathBuf::from(name));
        write_list(site.path(), &names).unwrap();
        fs::read_to_string(site.path().join(SERVICE_WORKER)).unwrap()
    }

    #[test]
    fn the_list_has_the_digest_of_each_file() {
        // `printf c | sha256sum`
        let digest = "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6";
        let script = listed("c");
        assert!(
            script.starts_with(&format!("const FILES = new Map([[\"a/b.css\",\"{digest}\"]]);"))
        );
        for absent in ["404.html", "none", "models/"] {
            assert!(!script.contains(absent), "{absent} in {script}");
        }
    }

    #[test]
    fn another_content_is_another_build() {
        assert_eq!(listed("c"), listed("c"));
        let build = |script: String| script.lines().nth(1).unwrap().to_owned();
        assert_ne!(build(listed("c")), build(listed("d")));
    }

    #[test]
    fn a_script_without_its_places_is_refused() {
        let site = tempfile::tempdir().unwrap();
        fs::write(site.path().join(SERVICE_WORKER), "const FILES = 1;").unwrap();
        assert!(write_list(site.path(), &[]).is_err());
    }
}
