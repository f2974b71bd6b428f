//! Where the reference runs are.

use std::fs;
use std::path::PathBuf;

use proden::experiment::NetworkKind;

use crate::common::Golden;
use crate::tell::tell;

/// A reference run; None, and said, where the files are not.
pub fn golden(network: (NetworkKind, f64)) -> Option<Golden> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    if !folder.is_dir() {
        tell(&format!("SKIPPED: {} is not here: no comparison with PyTorch", folder.display()));
        return None;
    }
    let file = |extension| folder.join(network.0.name()).with_extension(extension);
    let tensors = fs::read(file("safetensors")).unwrap();
    let json = fs::read_to_string(file("json")).unwrap();
    Some(Golden::parse(network, &tensors, &json))
}
