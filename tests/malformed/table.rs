//! The table: by which door a file comes in, what is in it, and what is to be said.

use crate::Door;
use crate::files::{Entry, checkpoint, gzip, huge, png, record, safetensors, tar, without};

/// A file's name, its content, what is said of it, and the remedy.
pub type Case = (Door, &'static str, Vec<u8>, &'static str, &'static str);

const AGAIN: &str = "Download it again";
const OFFICIAL: &str = "Take the official cifar-10-binary.tar.gz";
const UNPACK: &str = "Unpack the binary version of the archive again";
const SAVED: &str = "Choose a .safetensors file that was saved here or by PyTorch";
const SAVE_AGAIN: &str = "Save it again, or fetch it again";
const DAMAGED: &str = "save it again";
const STATE_DICT: &str = "The file must hold the state dict";
const PHOTO: &str = "Choose a JPEG, PNG or WebP image";
const OBJECT: &str = "Give a JSON object of settings";
const CHANGE: &str = "Change it there";

const TEST10: &str = "cifar-10-batches-bin/test_batch.bin";

pub fn given() -> Vec<Case> {
    use Door::Given;
    let batch = [record(3), record(9)].concat();
    let good = gzip(&tar(&[Entry::file(TEST10, &batch)]));
    let packed = |entries: &[Entry]| gzip(&tar(entries));
    let mut sum = tar(&[Entry::file("a", b"b"), Entry::file(TEST10, &batch)]);
    sum[1024] ^= 1;
    vec![
        (Given, "x.tar.gz", vec![], "it is empty", AGAIN),
        (Given, "x.tar.gz", good[..good.len() / 2].to_vec(), "it is cut short", AGAIN),
        (Given, "x.tar.gz", good[..good.len() - 5].to_vec(), "it is damaged (corrupt gzip", AGAIN),
        (Given, "x.tar.gz", gzip(b""), "it is cut short", AGAIN),
        (Given, "x.tar.gz", gzip(&sum), "it is damaged (a wrong check sum)", AGAIN),
        (Given, "x.tar.gz", gzip(&[7; 2000]), "it is damaged (not a tar archive)", AGAIN),
        (Given, "x.tar.gz", b"<html>Not found".to_vec(), "it is an HTML page", OFFICIAL),
        (Given, "x.tar.gz", b"PK\x03\x04\0\0".to_vec(), "it is a zip archive", OFFICIAL),
        (Given, "x.tar.gz", b"hello".to_vec(), "it is neither a .tar.gz archive nor", OFFICIAL),
        (Given, "holiday.bin", batch.clone(), "it is neither a .tar.gz archive nor", OFFICIAL),
        (
            Given,
            "x",
            b"\x80\x02}q\x01".to_vec(),
            "the Python version of the data",
            "from the same page",
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::file("cifar-100-python/train", b"\x80\x02")]),
            "the Python version of the data",
            "from the same page",
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::file("a", b"b")]),
            "it holds none of CIFAR’s files",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::file("../test_batch.bin", &batch)]),
            "its entry “../test_batch.bin” points out of the archive",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::file("/etc/passwd", b"")]),
            "its entry “/etc/passwd” points out of the archive",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::link(TEST10)]),
            "test_batch.bin is no plain file in it, but a link or the like",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::file(TEST10, &batch), Entry::file(TEST10, &batch)]),
            "test_batch.bin is in it twice",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::claim("unknown", u64::MAX)]),
            "it unpacks to more than 512 MiB, and the official archives to 176",
            OFFICIAL,
        ),
        (
            Given,
            "x.tar.gz",
            packed(&[Entry::claim(TEST10, 30_730_001)]),
            "test_batch.bin is larger than the 30730000 bytes of the official file",
            OFFICIAL,
        ),
        (
            Given,
            "test_batch.bin",
            batch[..3_100].to_vec(),
            "its 3100 bytes are no whole number of 3073-byte records",
            OFFICIAL,
        ),
        (
            Given,
            "test_batch.bin",
            [record(1), record(10)].concat(),
            "record 1 has the label 10, but labels end at 9",
            OFFICIAL,
        ),
    ]
}

pub fn hosted() -> Vec<Case> {
    use Door::Host;
    let batch = [record(3), record(9)].concat();
    vec![
        (Host, TEST10, vec![], "test_batch.bin cannot be used: the file is empty", UNPACK),
        (Host, TEST10, batch[..5_000].to_vec(), "its 5000 bytes are no whole number of", UNPACK),
        (
            Host,
            TEST10,
            b"<!doctype html><p>Welcome".to_vec(),
            "it is an HTML page",
            "check the static host",
        ),
        (
            Host,
            TEST10,
            record(200),
            "record 0 has the label 200",
            "CIFAR-10 or CIFAR-100, binary version",
        ),
    ]
}

pub fn opened() -> Vec<Case> {
    use Door::Opened;
    let of = |header: &str, bytes: usize| safetensors(header, &vec![0; bytes]);
    let good = checkpoint();
    let half = good[..good.len() / 2].to_vec();
    let lying = r#"{"a":{"dtype":"F32","shape":[999999999999,999999999999],"data_offsets":[0,4]}}"#;
    vec![
        (Opened, "empty", vec![], "it is no safetensors file", SAVED),
        (
            Opened,
            "text",
            b"<!doctype html><p>Not found".to_vec(),
            "it is no safetensors file",
            SAVED,
        ),
        (Opened, "cut", half, "it is cut short or was changed", SAVE_AGAIN),
        (Opened, "shape", of(lying, 4), "it is no safetensors file", SAVED),
        (
            Opened,
            "end",
            of(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
            "its size is not what it says",
            SAVE_AGAIN,
        ),
        (
            Opened,
            "header",
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
            "it is no safetensors file",
            SAVED,
        ),
        (
            Opened,
            "half",
            of(r#"{"fc.weight":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4),
            "its tensors are those of none of our networks",
            STATE_DICT,
        ),
        (
            Opened,
            "whole",
            of(r#"{"fc.weight":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}"#, 4),
            "the tensor “fc.weight” is of type I16",
            "Save the network in 32-bit floats",
        ),
        (
            Opened,
            "other",
            of(r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4),
            "its tensors are those of none of our networks",
            STATE_DICT,
        ),
        (
            Opened,
            "newer",
            of(r#"{"__metadata__":{"proden":"{\"version\":9}"}}"#, 0),
            "it is of version 9",
            "update the program",
        ),
        (
            Opened,
            "description",
            of(r#"{"__metadata__":{"proden":"{"}}"#, 0),
            "its description cannot be read",
            DAMAGED,
        ),
        (
            Opened,
            "momentum",
            without(&good, "momentum.c1.weight"),
            "the momentum of “c1.weight” is missing",
            DAMAGED,
        ),
        (Opened, "weight", without(&good, "model.c1.weight"), "“c1.weight” ", DAMAGED),
        (Opened, "history", without(&good, "history"), "the tensor “history” is missing", DAMAGED),
    ]
}

pub fn photos() -> Vec<Case> {
    use Door::Photo;
    let good = png();
    vec![
        (Photo, "", vec![], "the file is empty", PHOTO),
        (Photo, "", b"GIF89a".to_vec(), "the file is no JPEG, PNG or WebP image", PHOTO),
        (Photo, "", good[..good.len() / 2].to_vec(), "the image is damaged", PHOTO),
        (Photo, "", huge(&good), "the image is larger than 50 megapixels", PHOTO),
    ]
}

pub fn configs() -> Vec<Case> {
    use Door::Config;
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (Config, "", text(r#"{"rate": 0.1,"#), "is no JSON: EOF", OBJECT),
        (Config, "", vec![], "is no JSON: EOF", OBJECT),
        (Config, "", vec![0, 1, 255], "is no JSON", OBJECT),
        (Config, "", text("[1, 2]"), "holds no JSON object", OBJECT),
        (Config, "", text("null"), "holds no JSON object", OBJECT),
        (Config, "", text(r#"{"colour": "red"}"#), "“colour” is not a setting", CHANGE),
        (Config, "", text(r#"{"rate": 2}"#), "rate: “2” is not a number from 0 to 1", CHANGE),
        (Config, "", text(r#"{"rate": {"q": 2}}"#), "rate has a value that is neither", CHANGE),
        (Config, "", text(r#"{"rate": null}"#), "rate has a value that is neither", CHANGE),
        (Config, "", text(r#"{"rate": true}"#), "rate: “true” is not a number", CHANGE),
        (Config, "", text(r#"{"epochs": "many"}"#), "“many” is not a whole number", CHANGE),
        (Config, "", text(r#"{"epochs": 1e30}"#), "is not a whole number", CHANGE),
    ]
}
