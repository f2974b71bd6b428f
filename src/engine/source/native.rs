//! A file of a folder.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{Progress, SourceError, Want};

/// A folder, as it is.
///
/// # Errors
/// Never.
pub fn absolute(base: &str) -> Result<String, SourceError> {
    Ok(base.to_owned())
}

/// Reads a file below a folder.
///
/// # Errors
/// When it is not there, cannot be read, or is too large.
pub async fn read(
    base: &str,
    name: &str,
    want: Want,
    progress: Progress<'_>,
) -> Result<Vec<u8>, SourceError> {
    let path = Path::new(base).join(name);
    let url = path.display().to_string();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => SourceError::NoFile { path: url.clone() },
        _ => SourceError::Unreachable { url: url.clone(), reason: error.to_string() },
    };
    let file = std::fs::File::open(&path).map_err(failed)?;
    let size_bytes = file.metadata().map_err(failed)?.len();
    if size_bytes > want.max_bytes as u64 {
        return Err(SourceError::TooLarge { url, max_bytes: want.max_bytes });
    }
    let mut bytes = Vec::new();
    file.take(want.enough_bytes as u64).read_to_end(&mut bytes).map_err(failed)?;
    progress(bytes.len() as u64, Some(bytes.len() as u64));
    Ok(bytes)
}
