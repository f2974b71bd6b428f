//! The site in `dist/`: Trunk builds it, this finishes it.
//!
//! What is added to Trunk's output, and why:
//! - A page in a folder for each route (`train/index.html`, ...). A folder with an index is the one
//!   thing that every static host serves, so a reload of `/sub/train` works on all of them, from
//!   any sub-folder, without rules for rewriting. A plain copy as `404.html` is for hosts that show
//!   it (GitHub Pages).
//! - A content security policy in each page.
//! - The list of all files in the service worker, which keeps them for use without a network.
//! - `.br` and `.gz` beside every file worth it.
//!
//! Trunk writes into `target/`, and only what differs is copied: `dist/` is complete at any time,
//! an unchanged file keeps its date (so browsers keep it) and is not compressed again.

use crate::{compress, offline, policy, project, tools};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The routes of the app besides the root itself.
pub const ROUTES: [&str; 3] = ["train", "classify", "about"];

/// All that the site is made of; besides, the recipe: this crate's part in it.
const INPUTS: [&str; 12] = [
    "src",
    "locales",
    "kernels",
    "style",
    "public",
    "index.html",
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    ".cargo/config.toml",
];
const RECIPE: [&str; 5] = [
    include_str!("site.rs"),
    include_str!("compress.rs"),
    include_str!("offline.rs"),
    include_str!("policy.rs"),
    include_str!("tools.rs"),
];

/// Without these the page cannot work. The worker's names carry no hash, because the page has to
/// know them: `new Worker("worker_loader.js", { type: "module" })`.
const EXPECTED: [&str; 5] =
    ["index.html", "worker.js", "worker_bg.wasm", "worker_loader.js", "service-worker.js"];

/// In index.html, and what stands there instead in a page that lies one folder deeper. A host that
/// answers `/train` without redirecting to `/train/` makes "../" wrong; the script sees to that.
const BASE: &str = r#"<base href="./" />"#;
const BASE_OF_ROUTE: &str = concat!(
    r#"<base href="../" />"#,
    r#"<script>/\/(index\.html)?$/.test(location.pathname)||"#,
    r#"(document.querySelector("base").href="./")</script>"#
);

/// Builds the site if anything that it is made of has changed.
pub fn build() -> Result<()> {
    let (root, dist) = (project::root(), project::dist());
    let stamp_file = project::target().join("site.stamp");
    let inputs = fingerprint_inputs(root)?;
    let is_built = EXPECTED.iter().all(|name| dist.join(name).is_file());
    if is_built
        && fs::read_to_string(&stamp_file)
            .is_ok_and(|it| it == stamp(inputs, &dist).unwrap_or_default())
    {
        eprintln!("xtask: dist/ is up to date");
        return Ok(());
    }

    tools::ensure_site_tools()?;
    let started = Instant::now();
    eprintln!("xtask: building the site (about 10 minutes the first time, then seconds)");
    let staged = project::target().join("trunk");
    run_trunk(&staged)?;
    for name in EXPECTED {
        ensure!(staged.join(name).is_file(), "Trunk wrote no {name}: see the links in index.html");
    }
    write_pages(&staged)?;
    offline::write_list(&staged, &files_below(&staged)?)?;
    let files = mirror(&staged, &dist)?;
    compress::compress(&files)?;
    fs::write(&stamp_file, stamp(inputs, &dist)?).context("cannot write target/site.stamp")?;
    eprintln!("xtask: dist/ is ready after {} s", started.elapsed().as_secs());
    Ok(())
}

fn run_trunk(staged: &Path) -> Result<()> {
    let mut trunk = project::command(project::tool("trunk"));
    // Not --offline, which would also keep cargo from fetching the crates on a fresh machine. The
    // tools that Trunk would download are there, in the versions that it asks for.
    trunk.args(["build", "--skip-version-check", "--dist"]).arg(staged);
    // Trunk takes the usual NO_COLOR=1 for an invalid boolean and stops.
    trunk.env_remove("NO_COLOR");
    project::run(trunk).context("the site does not build")
}

fn write_pages(site: &Path) -> Result<()> {
    let index = fs::read_to_string(site.join("index.html"))?;
    ensure!(index.contains(BASE), "index.html has lost its {BASE}");
    let root = policy::with_policy(&index)?;
    for name in ["index.html", "404.html"] {
        fs::write(site.join(name), &root)?;
    }
    let page = policy::with_policy(&index.replacen(BASE, BASE_OF_ROUTE, 1))?;
    for route in ROUTES {
        fs::create_dir_all(site.join(route))?;
        fs::write(site.join(route).join("index.html"), &page)?;
    }
    Ok(())
}

/// Makes `to` equal to `from`, touching only what differs; compressed files stay with their
/// sources. Gives back the files in `to` that have a source in `from`.
fn mirror(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let wanted: BTreeSet<PathBuf> = files_below(from)?.into_iter().collect();
    for relative in files_below(to)? {
        let source = compress::source_of(&relative).unwrap_or_else(|| relative.clone());
        if !wanted.contains(&relative) && !wanted.contains(&source) {
            fs::remove_file(to.join(relative))?;
        }
    }
    for relative in &wanted {
        let (source, copy) = (from.join(relative), to.join(relative));
        let bytes = fs::read(&source)?;
        if fs::read(&copy).is_ok_and(|present| present == bytes) {
            continue;
        }
        fs::create_dir_all(copy.parent().expect("a file in a folder"))?;
        fs::write(&copy, bytes).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    Ok(wanted.into_iter().map(|relative| to.join(relative)).collect())
}

/// What dist/ was made from, and what it looked like when it was done.
fn stamp(inputs: u64, dist: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for relative in files_below(dist)? {
        (&relative, dist.join(&relative).metadata()?.len()).hash(&mut hasher);
    }
    Ok(format!("{inputs:016x} {:016x}\n", hasher.finish()))
}

/// By content, so that a checkout or a touch does not cause a build.
fn fingerprint_inputs(root: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    RECIPE.hash(&mut hasher);
    for input in INPUTS {
        let path = root.join(input);
        let files = match path.is_dir() {
            true => files_below(&path)?.into_iter().map(|relative| path.join(relative)).collect(),
            false if path.is_file() => vec![path],
            false => vec![],
        };
        for file in files {
            let bytes =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            (file.strip_prefix(root).ok(), bytes).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// All files below `folder`, relative to it, in order; none if it does not exist.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(relative) = pending.pop() {
        let entries = match fs::read_dir(folder.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => bail!("cannot list {}: {error}", folder.join(&relative).display()),
        };
        for entry in entries {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            match entry.path().is_dir() {
                true => pending.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn a_mirror_drops_what_is_stale_and_leaves_what_is_the_same() {
        let from = folder(&[("same.js", "1"), ("changed.js", "new"), ("a/b.css", "c")]);
        let to = folder(&[
            ("same.js", "1"),
            ("same.js.br", "x"),
            ("changed.js", "old"),
            ("gone.js", "1"),
            ("gone.js.gz", "x"),
        ]);
        let before = to.path().join("same.js").metadata().unwrap().modified().unwrap();
        mirror(from.path(), to.path()).unwrap();
        let names: Vec<_> = files_below(to.path()).unwrap();
        assert_eq!(names, ["a/b.css", "changed.js", "same.js", "same.js.br"].map(PathBuf::from));
        assert_eq!(fs::read(to.path().join("changed.js")).unwrap(), b"new");
        let after = to.path().join("same.js").metadata().unwrap().modified().unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn the_page_of_a_route_looks_one_folder_up() {
        let page = "<head><meta charset=\"utf-8\" /><base href=\"./\" /></head>";
        let site = folder(&[("index.html", page)]);
        write_pages(site.path()).unwrap();
        for route in ROUTES {
            let page = fs::read_to_string(site.path().join(route).join("index.html")).unwrap();
            assert!(page.contains("<base href=\"../\" />"), "{page}");
        }
        assert!(site.path().join("404.html").is_file());
        fs::write(site.path().join("index.html"), "<head></head>").unwrap();
        assert!(write_pages(site.path()).is_err(), "a page without a base is refused");
    }

    #[test]
    fn the_fingerprint_follows_contents() {
        let root = folder(&[("src/a.rs", "1"), ("index.html", "2"), ("README.md", "3")]);
        let first = fingerprint_inputs(root.path()).unwrap();
        fs::write(root.path().join("README.md"), "no input").unwrap();
        fs::write(root.path().join("src/a.rs"), "1").unwrap();
        assert_eq!(fingerprint_inputs(root.path()).unwrap(), first);
        fs::write(root.path().join("src/a.rs"), "other").unwrap();
        assert_ne!(fingerprint_inputs(root.path()).unwrap(), first);
    }
}
