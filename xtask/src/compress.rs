//! Writes `.br` and `.gz` beside the files of the site.
//!
//! The worker is tens of megabytes of wasm and 2 to 3 MB as brotli. A static host that knows
//! precompressed files sends those, and so does `xtask serve`; none has to compress on the fly.

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

const EXTENSIONS: [&str; 6] = ["wasm", "js", "css", "html", "svg", "json"];
/// Below this the headers of a response outweigh what is saved.
const MIN_SIZE_BYTES: u64 = 1024;
/// The best: a tenth smaller than 9. Each visitor downloads what is compressed once.
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW_LOG2: i32 = 24;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    fn extension(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gz",
        }
    }
}

/// Compresses `files` where the compressed file is missing or older, and leaves none beside a small one.
pub fn compress(files: &[PathBuf]) -> Result<()> {
    let mut jobs = Vec::new();
    for file in files.iter().filter(|file| is_compressible(file)) {
        let meta = file.metadata().with_context(|| format!("cannot read {}", file.display()))?;
        for encoding in [Encoding::Gzip, Encoding::Brotli] {
            let compressed = compressed_path(file, encoding);
            let age = compressed.metadata().and_then(|meta| meta.modified()).ok();
            if meta.len() < MIN_SIZE_BYTES {
                // Of a file that was larger before; a host would send it in place of this one.
                if age.is_some() {
                    fs::remove_file(&compressed)?;
                }
            } else if age < meta.modified().ok() {
                jobs.push((meta.len(), file, encoding));
            }
        }
    }
    // The largest is popped first, or one thread would be left with it at the end.
    jobs.sort_by_key(|(size_bytes, ..)| *size_bytes);

    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().expect("no thread panics with the lock").pop();
    thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some((_, file, encoding)) = next() {
                compress_file(file, encoding)
                    .with_context(|| format!("cannot compress {}", file.display()))?;
            }
            Ok(())
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a compressing thread"))
    })
}

/// The file that `path` was compressed from, if it is a compressed one.
pub fn source_of(path: &Path) -> Option<PathBuf> {
    let extension = path.extension()?;
    (extension == "br" || extension == "gz").then(|| path.with_extension(""))
}

fn is_compressible(file: &Path) -> bool {
    file.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}

fn compressed_path(file: &Path, encoding: Encoding) -> PathBuf {
    file.with_added_extension(encoding.extension())
}

fn compress_file(file: &Path, encoding: Encoding) -> Result<()> {
    let bytes = fs::read(file)?;
    let compressed = compressed_path(file, encoding);
    // Renamed when complete: a half-written file would look newer than its source for ever.
    let partial = compressed.with_added_extension("partial");
    let mut out = BufWriter::new(File::create(&partial)?);
    match encoding {
        Encoding::Brotli => {
            let params = BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW_LOG2,
                size_hint: bytes.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut bytes.as_slice(), &mut out, &params)?;
        }
        Encoding::Gzip => {
            let mut gzip = GzEncoder::new(&mut out, Compression::default());
            gzip.write_all(&bytes)?;
            gzip.finish()?;
        }
    }
    out.into_inner()?;
    fs::rename(&partial, &compressed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn both_encodings_give_the_file_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.js");
        let text = "console.log('proden');\n".repeat(100);
        fs::write(&file, &text).unwrap();
        compress(std::slice::from_ref(&file)).unwrap();

        let mut brotli = String::new();
        let compressed = File::open(dir.path().join("a.js.br")).unwrap();
        brotli::Decompressor::new(compressed, 4096).read_to_string(&mut brotli).unwrap();
        assert_eq!(brotli, text);
        let mut gzip = String::new();
        let compressed = File::open(dir.path().join("a.js.gz")).unwrap();
        flate2::read::GzDecoder::new(compressed).read_to_string(&mut gzip).unwrap();
        assert_eq!(gzip, text);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "no partial file is left");
    }

    #[test]
    fn what_is_small_unknown_or_done_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let [small, image, done] = ["small.js", "a.png", "done.css"].map(|n| dir.path().join(n));
        fs::write(&small, "1").unwrap();
        fs::write(&image, [0; 4096]).unwrap();
        fs::write(&done, [b' '; 4096]).unwrap();
        fs::write(dir.path().join("done.css.br"), "kept").unwrap();
        compress(&[small, image, done]).unwrap();
        assert_eq!(fs::read(dir.path().join("done.css.br")).unwrap(), b"kept");
        assert!(dir.path().join("done.css.gz").exists());
        assert!(!dir.path().join("small.js.br").exists());
        assert!(!dir.path().join("a.png.gz").exists());
    }

    #[test]
    fn what_has_become_small_is_no_longer_sent_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("index.json");
        fs::write(&file, [b' '; 4096]).unwrap();
        compress(std::slice::from_ref(&file)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        fs::write(&file, "{}").unwrap();
        compress(std::slice::from_ref(&file)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_compressed_file_knows_its_source() {
        assert_eq!(source_of(Path::new("a/b.js.br")), Some("a/b.js".into()));
        assert_eq!(source_of(Path::new("a/b.js")), None);
    }
}
