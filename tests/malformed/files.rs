//! Files that are sound, and the ways to spoil them.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proden::experiment::Experiment;
use proden::protocol::{Command, Event, FileKind};
use safetensors::SafeTensors;
use tar::{EntryType, Header};

use crate::conversation::converse_until;
use crate::told::{is_end, tiny};

/// A record of CIFAR-10.
pub fn record(label: u8) -> Vec<u8> {
    [vec![label], vec![label; 3_072]].concat()
}

/// An entry of an archive.
pub struct Entry<'a> {
    path: &'a str,
    kind: EntryType,
    content: &'a [u8],
    /// What its header says of its size.
    size_bytes: u64,
}

impl<'a> Entry<'a> {
    pub fn file(path: &'a str, content: &'a [u8]) -> Self {
        Self { path, kind: EntryType::Regular, content, size_bytes: content.len() as u64 }
    }

    pub fn link(path: &'a str) -> Self {
        Self { path, kind: EntryType::Symlink, content: b"", size_bytes: 0 }
    }

    /// A file that has not what it claims.
    pub fn claim(path: &'a str, size_bytes: u64) -> Self {
        Self { path, kind: EntryType::Regular, content: b"", size_bytes }
    }
}

/// A tar archive of the entries, whatever their paths.
pub fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Entry { path, kind, content, size_bytes } in entries {
        let mut header = Header::new_gnu();
        // Past the crate's own check of the path.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(*size_bytes);
        header.set_mode(0o644);
        header.set_cksum();
        bytes.extend(header.as_bytes());
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend([0; 1_024]);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A safetensors file from a header's text and its data.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// A safetensors file without one of its tensors.
pub fn without(bytes: &[u8], name: &str) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensors: Vec<_> = file.iter().filter(|(found, _)| *found != name).collect();
    assert_eq!(tensors.len() + 1, file.len(), "{name}");
    safetensors::serialize(tensors, header.metadata().clone()).unwrap()
}

/// A checkpoint of a run of a few steps.
pub fn checkpoint() -> Vec<u8> {
    let experiment = Experiment { epochs: 1, ..tiny() };
    let start = vec![(Command::Start { experiment }, None)];
    let events = converse_until(start, |event, _, sender| {
        if is_end(event) {
            let save = Command::Save { what: FileKind::Checkpoint };
            sender.unbounded_send((save, None)).unwrap();
        }
        matches!(event, Event::Saved(_))
    });
    events.into_iter().last().and_then(|(_, payload)| payload).expect("a checkpoint")
}

/// A picture.
pub fn png() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let photo = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 90]));
    photo.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A PNG file that claims ten thousand times ten thousand pixels.
pub fn huge(png: &[u8]) -> Vec<u8> {
    /// Of width and height, after the signature and the head of the first chunk.
    const SIZE_AT: usize = 16;
    /// What the first chunk's check sum is of: its name and its 13 bytes.
    const SUMMED: std::ops::Range<usize> = 12..29;
    let mut bytes = png.to_vec();
    for at in [SIZE_AT, SIZE_AT + 4] {
        bytes[at..at + 4].copy_from_slice(&10_000_u32.to_be_bytes());
    }
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[SUMMED]);
    bytes[SUMMED.end..SUMMED.end + 4].copy_from_slice(&sum.sum().to_be_bytes());
    bytes
}
