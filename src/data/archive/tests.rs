use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::data::images::IMAGE_BYTES;
use crate::experiment::Dataset;

const TEST10: &str = "cifar-10-batches-bin/test_batch.bin";
const TRAIN100: &str = "cifar-100-binary/train.bin";

/// A record for every label, with pixels of that value.
fn records(coarse: Option<u8>, labels: &[u8]) -> Vec<u8> {
    let record = |&label| {
        let mut record: Vec<u8> = coarse.into_iter().collect();
        record.push(label);
        record.extend([label; IMAGE_BYTES]);
        record
    };
    labels.iter().flat_map(record).collect()
}

fn header(path: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    // Past the crate's own check of the path.
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in entries {
        builder.append(&header(path, EntryType::Regular, bytes.len() as u64), *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An archive of one entry that has no content.
fn lone_entry(path: &str, kind: EntryType, size: u64) -> Vec<u8> {
    let mut tar = header(path, kind, size).as_bytes().to_vec();
    tar.extend([0; 1024]);
    tar
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What comes out: the files, and what is said of them.
type Outcome = Result<(Vec<(Member, Vec<u8>)>, Unpacked), UnpackError>;

fn unpack(name: &str, bytes: &[u8], chunk_bytes: usize) -> Outcome {
    let mut unpacker = Unpacker::new(name);
    let mut pieces = Vec::new();
    for chunk in bytes.chunks(chunk_bytes) {
        pieces.extend(unpacker.push(chunk)?);
    }
    let (last, unpacked) = unpacker.finish()?;
    pieces.extend(last);
    let mut files = Vec::new();
    let mut open = None;
    for piece in pieces {
        match (piece, &mut open) {
            (Piece::Begin(member), None) => open = Some((member, Vec::new())),
            (Piece::Data(bytes), Some((_, content))) => content.extend(bytes),
            (Piece::End, Some(_)) => files.extend(open.take()),
            (piece, open) => panic!("{piece:?} while {:?} is open", open.as_ref().map(|it| it.0)),
        }
    }
    assert!(open.is_none());
    Ok((files, unpacked))
}

fn fault(name: &str, bytes: &[u8]) -> UnpackError {
    unpack(name, bytes, 1000).expect_err("a fault")
}

#[test]
fn an_archive_gives_the_files_that_are_known() {
    let (batch, train) = (records(None, &[3, 9]), records(Some(19), &[99]));
    let tar = tar_of(&[
        ("./cifar-10-batches-bin/", b""),
        ("cifar-10-batches-bin/readme.html", b"<html>"),
        (&format!("./copy/{TEST10}"), &batch),
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\n"),
        ("other-cifar-10-batches-bin/test_batch.bin", b"not ours"),
        (TRAIN100, &train),
    ]);
    for bytes in [gzip(&tar), tar] {
        let (files, unpacked) = unpack("x", &bytes, 700).unwrap();
        let files: Vec<_> =
            files.iter().map(|(member, content)| (member.path, content.as_slice())).collect();
        let text = ("cifar-10-batches-bin/batches.meta.txt", &b"airplane\n"[..]);
        assert_eq!(files, [(TEST10, batch.as_slice()), text, (TRAIN100, &train)]);
        let sizes: Vec<u64> = unpacked.members.iter().map(|(_, size)| *size).collect();
        assert_eq!(sizes, [2 * 3073, 9, 3074]);
        assert_eq!(unpacked.notes.len(), 1, "{:?}", unpacked.notes);
    }
}

#[test]
fn a_lone_file_is_known_by_its_name() {
    let batch = records(None, &[1]);
    let (files, _) = unpack("some/folder/data_batch_3.bin", &batch, 100).unwrap();
    assert_eq!(files[0].0.path, "cifar-10-batches-bin/data_batch_3.bin");
    let (files, unpacked) = unpack("test.bin", &records(Some(0), &[0, 50]), 5000).unwrap();
    assert_eq!((files[0].0.dataset, files[0].1.len()), (Dataset::Cifar100, 2 * 3074));
    assert!(unpacked.notes[0].contains("test.bin holds 2 images, not 10000"));
    assert_eq!(fault("holiday.bin", &batch), UnpackError::Unknown);
    assert!(matches!(
        fault("test_batch.bin", &records(None, &[1, 10])),
        UnpackError::NotCifar { error: CifarError::BadLabel { record: 1, label: 10, .. }, .. }
    ));
    assert!(matches!(
        fault("test_batch.bin", &batch[..3000]),
        UnpackError::NotCifar { error: CifarError::NotWhole { len_bytes: 3000, .. }, .. }
    ));
}

#[test]
fn other_files_are_named() {
    let cases = [
        (&b""[..], UnpackError::Empty),
        (b"\n<!doctype html><title>Not found", UnpackError::Other("an HTML page")),
        (b"PK\x03\x04\0\0", UnpackError::Other("a zip archive")),
        (b"\x80\x02}q\x01", UnpackError::WrongVersion("Python")),
        (b"hello", UnpackError::Unknown),
    ];
    for (bytes, error) in cases {
        assert_eq!(fault("cifar-10-binary.tar.gz", bytes), error);
    }
    let python = tar_of(&[("cifar-10-batches-py/data_batch_1", b"\x80\x02")]);
    assert_eq!(fault("x", &gzip(&python)), UnpackError::WrongVersion("Python"));
    let matlab = lone_entry("cifar-100-matlab/", EntryType::Directory, 0);
    assert_eq!(fault("x", &gzip(&matlab)), UnpackError::WrongVersion("Matlab"));
    assert_eq!(fault("x", &gzip(&tar_of(&[("a", b"b")]))), UnpackError::NothingKnown);
    assert!(matches!(fault("x", &gzip(b"no tar at all")), UnpackError::CutShort));
    assert!(matches!(fault("x", &gzip(&[7; 2000])), UnpackError::Damaged(_)));
}

#[test]
fn tricks_are_refused() {
    for path in ["../test_batch.bin", "/etc/passwd", "a/../../b", "..\\a", "\\a"] {
        let tar = lone_entry(path, EntryType::Regular, 0);
        assert_eq!(fault("x", &gzip(&tar)), UnpackError::OutsidePath(path.to_owned()));
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::GNUSparse] {
        let tar = lone_entry(TEST10, kind, 0);
        assert_eq!(fault("x", &gzip(&tar)), UnpackError::NoPlainFile(TEST10));
    }
    let large = lone_entry(TEST10, EntryType::Regular, 30_730_001);
    let max_bytes = 30_730_000;
    assert_eq!(fault("x", &large), UnpackError::TooLarge { path: TEST10, max_bytes });
    for size in [MAX_UNPACKED_BYTES + 1, u64::MAX] {
        let tar = lone_entry("unknown", EntryType::Regular, size);
        assert_eq!(fault("x", &tar), UnpackError::Gigantic);
    }
    let batch = records(None, &[1]);
    let twice = tar_of(&[(TEST10, &batch), (TEST10, &batch)]);
    assert_eq!(fault("x", &twice), UnpackError::Twice(TEST10));
    let empty = tar_of(&[(TEST10, b"")]);
    assert_eq!(
        fault("x", &empty),
        UnpackError::NotCifar { path: TEST10, error: CifarError::Empty }
    );
}

#[test]
fn a_bomb_is_stopped() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let size = MAX_UNPACKED_BYTES - 5 * 512;
    encoder.write_all(header("zeros", EntryType::Regular, size).as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..=MAX_UNPACKED_BYTES >> 20 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 16 << 20);
    assert_eq!(unpack("x", &bomb, 16 << 10), Err(UnpackError::Gigantic));
}

#[test]
fn a_wrong_check_sum_is_found() {
    let batch = records(None, &[1]);
    let mut tar = tar_of(&[("a", b"b"), (TEST10, &batch)]);
    tar[1024] ^= 1;
    assert_eq!(fault("x", &tar), UnpackError::Damaged("a wrong check sum".to_owned()));
    let mut packed = gzip(&tar_of(&[(TEST10, &batch)]));
    let check_sum = packed.len() - 8;
    packed[check_sum] ^= 1;
    assert!(matches!(fault("x", &packed), UnpackError::Damaged(_)));
    packed[check_sum] ^= 1;
    packed.extend(b"something after it");
    assert!(matches!(fault("x", &packed), UnpackError::Damaged(_)));
}

#[test]
fn official_files_are_not_remarked_on() {
    for member in Member::all().filter(Member::holds_images) {
        assert_eq!(member.note_on(member.max_bytes()), None);
        assert!(member.note_on(member.max_bytes() / 2).is_some());
        assert_eq!(Member::with_file_name(member.file_name()), Some(member));
        assert_eq!(Member::at(member.path), Some(member));
    }
}

fn small_archive() -> Vec<u8> {
    let (batch, train) = (records(None, &[3]), records(Some(1), &[2]));
    tar_of(&[(TEST10, &batch), ("a", b"b"), (TRAIN100, &train)])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_make_no_difference(chunk_bytes in 1..9000_usize, packed: bool) {
        let tar = small_archive();
        let bytes = if packed { gzip(&tar) } else { tar };
        prop_assert_eq!(unpack("x", &bytes, chunk_bytes), unpack("x", &bytes, usize::MAX));
    }

    #[test]
    fn what_is_cut_short_is_refused(share in 0.0..1.0) {
        let tar = small_archive();
        for bytes in [gzip(&tar), tar[..tar.len() - 1024].to_vec(), records(None, &[5])] {
            let len = (bytes.len() as f64 * share) as usize;
            prop_assert!(unpack("test_batch.bin", &bytes[..len], 512).is_err());
        }
    }

    #[test]
    fn damage_never_panics(at in any::<prop::sample::Index>(), byte: u8, packed: bool) {
        let tar = small_archive();
        let mut bytes = if packed { gzip(&tar) } else { tar };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = unpack("test_batch.bin", &bytes, 1000);
    }

    #[test]
    fn nothing_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..3000), magic in 0..4) {
        let magic: &[u8] = match magic {
            0 => &[],
            1 => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
            2 => &[0x1f, 0x8b],
            _ => {
                bytes = gzip(&bytes);
                &[]
            }
        };
        bytes.splice(..0, magic.iter().copied());
        let _ = unpack("train.bin", &bytes, 300);
    }
}
