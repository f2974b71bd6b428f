//! Gives both binaries of one build the same name, `PRODEN_BUILD_ID`: a digest of the sources.
//! The page compares it with the engine's, so that an engine file from an older build that a
//! cache kept is noticed and not misread.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn collect(path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.insert(path.to_owned(), fs::read(path)?);
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let mut files = BTreeMap::new();
    for root in ["src", "locales", "kernels/src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={root}");
        collect(Path::new(root), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=PRODEN_BUILD_ID={version}-{:016x}", hasher.finish());
    Ok(())
}
