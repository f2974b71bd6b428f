//! `proden data`, against a host on this machine.

use std::fs;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::server::{Manner, Server};
use crate::support::{Outcome, run};

const NAME: &str = "cifar-10-binary.tar.gz";
const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];

/// Six images of each label, less one label a file: no two files are the same.
fn records(fill: u8) -> Vec<u8> {
    let record = |label: u8| {
        let pixels = (0..3072_u32).map(move |at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
        let pixels = pixels.map(move |pixel| pixel.wrapping_add(fill).wrapping_mul(label * 2 + 1));
        std::iter::once(label).chain(pixels)
    };
    (0..60).flat_map(|image| record((image + fill) % 10)).collect()
}

/// An archive in the official layout, without some of its files.
fn archive(without: &[&str]) -> Vec<u8> {
    let files = TRAIN.into_iter().chain(["test_batch.bin"]).enumerate();
    let files = files.filter(|(_, name)| !without.contains(name));
    let files =
        files.map(|(number, name)| (format!("cifar-10-batches-bin/{name}"), records(number as u8)));
    packed(files)
}

/// Files in an archive as the official ones are packed.
pub fn packed(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// The archive of CIFAR-10, whole.
pub fn cifar10() -> Vec<u8> {
    archive(&[])
}

pub fn fetch(folder: &Path, server: &Server, arguments: &[&str]) -> Outcome {
    let command = ["data", "--out", "data", "--base-url", &server.url, "--retries", "1"];
    run(folder, &[&command, arguments].concat())
}

/// Asserts that the files are there, and nothing else.
#[track_caller]
fn assert_unpacked(folder: &Path) {
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let data = folder.join("data");
    assert_eq!(names(&data), ["cifar-10-batches-bin"]);
    let files = data.join("cifar-10-batches-bin");
    assert_eq!(names(&files), [&TRAIN[..], &["test_batch.bin"]].concat());
    assert_eq!(fs::read(files.join(TRAIN[2])).unwrap(), records(2));
}

fn request(start: Option<usize>) -> (String, Option<usize>) {
    (format!("/folder/{NAME}"), start)
}

#[test]
fn an_archive_is_fetched_unpacked_and_trained_on() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(archive(&[]), &[Manner::Well]);
    let outcome = fetch(folder.path(), &server, &[]).ok();
    assert_eq!(outcome.stdout, "cifar10 is in data\n");
    assert!(outcome.stderr.contains("not the official files"), "{outcome:?}");
    assert!(!outcome.stderr.contains(['\r', '\x1b']), "no bars in a pipe: {outcome:?}");
    assert_unpacked(folder.path());

    let outcome = fetch(folder.path(), &server, &[]).ok();
    assert_eq!(outcome.stdout, "cifar10 is in data already\n");
    assert_eq!(server.requests(), [request(None)], "nothing is fetched twice");
    fetch(folder.path(), &server, &["--force"]).ok();
    assert_eq!(server.requests(), [request(None)]);

    let train = [
        "train",
        "--dataset",
        "cifar10",
        "--train-limit",
        "70",
        "--test-limit",
        "30",
        "--epochs",
        "1",
        "--width",
        "0.0625",
        "--out",
        "run",
    ];
    // `data/` is where training looks.
    run(folder.path(), &train).ok();
    let test = ["test", "--model", "run/model.safetensors", "--test-limit", "0", "--json"];
    assert!(run(folder.path(), &test).ok().stdout.contains("\"n\":60"));
}

#[test]
fn a_broken_download_goes_on_where_it_broke_off() {
    let file = archive(&[]);
    let half = file.len() / 2;
    let folder = TempDir::new().unwrap();
    let server = Server::start(file, &[Manner::BreakingOff(half), Manner::Well]);
    let outcome = fetch(folder.path(), &server, &[]).ok();
    assert!(outcome.stderr.contains("the connection broke after"), "{outcome:?}");
    assert_eq!(server.requests(), [request(None), request(Some(half))]);
    assert_unpacked(folder.path());
}

#[test]
fn another_call_goes_on_too() {
    let file = archive(&[]);
    let half = file.len() / 2;
    let part = format!("data/{NAME}.part");
    // What came before, how the host answers, and the ranges that are asked for.
    let cases = [
        (half, Manner::Well, vec![Some(half)]),
        (half, Manner::WithoutRanges, vec![Some(half)]),
        // Only the unpacking was broken off.
        (file.len(), Manner::Well, vec![Some(file.len())]),
        // The file has changed.
        (file.len() + 9, Manner::Well, vec![Some(file.len() + 9), None]),
    ];
    for (before, manner, ranges) in cases {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let bytes: Vec<u8> = file.iter().copied().chain([0; 9]).take(before).collect();
        fs::write(folder.path().join(&part), bytes).unwrap();
        let server = Server::start(file.clone(), &[manner]);
        let outcome = fetch(folder.path(), &server, &[]).ok();
        assert!(outcome.stderr.contains("going on with data/"), "{outcome:?}");
        assert_eq!(server.requests(), ranges.into_iter().map(request).collect::<Vec<_>>());
        assert_unpacked(folder.path());
    }
}

#[test]
fn hosts_that_fail_are_named_and_what_came_is_kept() {
    let file = archive(&[]);
    let cases = [
        (Manner::Status("404 Not Found"), "there is no file at http://127.0.0.1"),
        (Manner::Status("403 Forbidden"), "the host answered HTTP 403"),
        (Manner::Status("503 Service Unavailable"), "the host answered HTTP 503"),
        (Manner::BreakingOff(1000), "the connection broke after 1000"),
        (Manner::Silent, "could not be reached: timeout"),
    ];
    for (manner, part) in cases {
        let folder = TempDir::new().unwrap();
        let server = Server::start(file.clone(), &[manner]);
        fetch(folder.path(), &server, &["--timeout", "0.2"]).fails(1, part);
        let kept = fs::metadata(folder.path().join(format!("data/{NAME}.part")));
        let expected = if let Manner::BreakingOff(count) = manner { count as u64 } else { 0 };
        assert_eq!(kept.map_or(0, |file| file.len()), expected, "{manner:?}");
    }
    let folder = TempDir::new().unwrap();
    let fetch = |url: &str| {
        run(folder.path(), &["data", "--out", "data", "--retries", "0", "--base-url", url])
    };
    fetch("http://127.0.0.1:1/").fails(1, "could not be reached");
    fetch("ftp://host/").fails(2, "is no address");
    fetch("http://").fails(1, "check --base-url");
}

#[test]
fn what_is_no_archive_is_named_and_not_gone_on_with() {
    let whole = archive(&[]);
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0xff;
    let cases = [
        (b"<!DOCTYPE html><p>Welcome".to_vec(), "it is an HTML page"),
        (Vec::new(), "it is empty"),
        (whole[..whole.len() - 50].to_vec(), "Download it again"),
        (damaged, "cifar-10-binary.tar.gz cannot be used"),
        (archive(&["data_batch_4.bin"]), "data_batch_4.bin is not in it"),
        (b"\x80\x02}q\x01".to_vec(), "the Python version of the data"),
    ];
    for (file, part) in cases {
        let folder = TempDir::new().unwrap();
        let server = Server::start(file, &[Manner::Well]);
        fetch(folder.path(), &server, &[]).fails(1, part);
        let data = folder.path().join("data");
        assert!(!data.join(format!("{NAME}.part")).exists(), "{part}");
        let left = fs::read_dir(data.join("cifar-10-batches-bin")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{part}");
    }
}
