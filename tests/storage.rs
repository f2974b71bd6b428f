//! What the browser keeps: data files that are given, those that were fetched, and networks.
//!
//! Run by `cargo xtask test` in headless Chromium, in a dedicated worker as on the page.

#![cfg(target_family = "wasm")]

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_channel::mpsc;
use js_sys::{Array, Uint8Array, eval};
use proden::data::images::DataSet;
use proden::engine::store::{self, Origin};
use proden::engine::{keep, load, networks, session};
use proden::experiment::hosted::Entry;
use proden::experiment::{Dataset, Experiment};
use proden::protocol::{Command, Event, Failure, KeptData, KeptNetworks, LoadProgress};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::File;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const TRAIN: &str = "cifar-10-batches-bin/data_batch_1.bin";
const TEST: &str = "cifar-10-batches-bin/test_batch.bin";
const HOST: &str = "https://data.invalid/cifar/";

/// Records with these labels.
fn records(labels: &[u8]) -> Vec<u8> {
    labels.iter().flat_map(|&label| [vec![label], vec![label; 3072]].concat()).collect()
}

fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in entries {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    let mut encoder = builder.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

fn file(name: &str, bytes: &[u8]) -> File {
    File::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)), name).unwrap()
}

/// Gives commands to a session, and takes what it says.
async fn ask(command: Command) -> Vec<Event> {
    let (sender, receiver) = mpsc::unbounded();
    sender.unbounded_send((command, None)).unwrap();
    drop(sender);
    let events = Rc::new(RefCell::new(Vec::new()));
    let sink = events.clone();
    session::serve(receiver, Rc::new(move |event, _| sink.borrow_mut().push(event))).await;
    events.take()
}

async fn give(files: Vec<File>) -> KeptData {
    keep::arrive(files);
    last(ask(Command::KeepData).await)
}

fn last(mut events: Vec<Event>) -> KeptData {
    match events.pop() {
        Some(Event::DataKept(kept)) => kept,
        other => panic!("{other:?}"),
    }
}

async fn clear() -> KeptData {
    last(ask(Command::ClearData).await)
}

async fn load_with(train_limit: usize, test_limit: usize) -> Result<DataSet, Failure> {
    let experiment = Experiment {
        dataset: Dataset::Cifar10,
        data: HOST.to_owned(),
        train_limit,
        test_limit,
        ..Experiment::default()
    };
    load::data_set(&experiment, &|_: LoadProgress| {}).await
}

/// Names and sizes of what is kept.
fn names(kept: &KeptData) -> Vec<(&str, u64)> {
    kept.files.iter().map(|file| (file.name.as_str(), file.size_bytes)).collect()
}

/// A host with three images a file; `asked` counts what it was asked for.
fn with_host() {
    eval(
        "self.asked = 0; self.realFetch ??= self.fetch;
         self.fetch = async () => {
             self.asked += 1;
             const bytes = new Uint8Array(3 * 3073);
             for (const record of [0, 1, 2]) bytes[record * 3073] = record;
             return new Response(bytes);
         }",
    )
    .unwrap();
}

fn without_host() {
    eval("self.asked = 0; self.fetch = async () => { throw new TypeError('no network'); }")
        .unwrap();
}

fn asked() -> f64 {
    eval("self.asked").unwrap().as_f64().unwrap()
}

/// Tests share one storage, so they are one.
#[wasm_bindgen_test]
async fn data_are_kept() {
    clear().await;
    what_is_given_is_kept_and_used().await;
    what_is_refused_leaves_nothing().await;
    what_is_fetched_is_kept().await;
    what_is_damaged_is_fetched_again().await;
    what_is_half_done_is_nothing().await;
    a_full_storage_is_not_fatal().await;
    no_storage_is_not_fatal().await;
    networks_are_kept_apart().await;
    a_hosted_network_is_fetched_once().await;
}

/// The networks of runs, the newest first.
fn runs(kept: &KeptNetworks) -> Vec<u64> {
    kept.networks.iter().map(|network| network.run).collect()
}

async fn networks_are_kept_apart() {
    for run in [1, 2, 3] {
        assert_eq!(networks::keep(run, &[run as u8; 50]).await.problem, None);
    }
    assert_eq!(networks::of_run(2).await.unwrap(), [2; 50]);
    assert_eq!(names(&clear().await), [], "they are no data");
    assert_eq!(runs(&networks::retain(&[1, 3, 9]).await), [3, 1]);
    assert!(networks::of_run(2).await.unwrap_err().remedy.contains("Train it again"));
    // The same run went on.
    networks::keep(3, &[7; 20]).await;
    assert_eq!(networks::of_run(3).await.unwrap(), [7; 20]);

    eval(
        "self.realStorage = StorageManager.prototype.getDirectory;
         StorageManager.prototype.getDirectory = () =>
             Promise.reject(new DOMException('private', 'SecurityError'))",
    )
    .unwrap();
    let kept = networks::keep(4, &[4; 50]).await;
    let problem = kept.problem.expect("a problem");
    assert!(problem.remedy.contains("Save network"), "{problem:?}");
    assert_eq!(networks::retain(&[3]).await, KeptNetworks::default());
    eval("StorageManager.prototype.getDirectory = self.realStorage").unwrap();

    // As many as are kept, and some more: the oldest go.
    for run in 100..130 {
        networks::keep(run, &[1; 10]).await;
    }
    let kept = networks::retain(&(0..200).collect::<Vec<_>>()).await;
    assert_eq!(runs(&kept), (106..130).rev().collect::<Vec<_>>());
    assert!(networks::retain(&[]).await.networks.is_empty());
}

async fn a_hosted_network_is_fetched_once() {
    with_host();
    let weights: Vec<u8> =
        (0..3).flat_map(|record| [vec![record], vec![0; 3072]].concat()).collect();
    let sha256 = Sha256::digest(&weights).iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = Entry {
        name: "a".into(),
        title: "A".into(),
        file: "a.safetensors".into(),
        size_bytes: weights.len() as u64,
        sha256,
        card: "a.json".into(),
        is_default: true,
    };
    for _ in 0..2 {
        let fetched = networks::hosted("https://site.invalid/models/", &entry, &|_, _| {}).await;
        let fetched = fetched.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert!(fetched.file == weights && fetched.note.is_none());
        assert_eq!(asked(), 1.0);
    }
    // What the storage has damaged is fetched again.
    let name = format!("hosted/{}", entry.sha256);
    store::keep(&Origin::Networks, &name, &[1; 9219], true).await.unwrap();
    let fetched = networks::hosted("https://site.invalid/models/", &entry, &|_, _| {}).await;
    assert!(fetched.is_ok_and(|fetched| fetched.file == weights));
    assert_eq!(asked(), 2.0);
    store::forget(&Origin::Networks, &name).await;
    without_host();
    let failure = networks::hosted("https://site.invalid/models/", &entry, &|_, _| {}).await;
    assert!(failure.is_err_and(|failure| failure.remedy.contains("connection")));
}

async fn what_is_given_is_kept_and_used() {
    without_host();
    let entries = [(TRAIN, records(&[3, 4])), ("readme", vec![1]), (TEST, records(&[5]))];
    keep::arrive(vec![file("cifar-10-binary.tar.gz", &archive(&entries))]);
    let events = ask(Command::KeepData).await;
    assert!(matches!(&events[0], Event::Keeping(progress) if progress.what.ends_with(".gz")));
    let kept = last(events);
    assert_eq!(kept.problem, None);
    assert_eq!(names(&kept), [(TRAIN, 2 * 3073), (TEST, 3073)]);
    assert_eq!(kept.added, Some(Dataset::Cifar10));
    assert!(kept.quota_bytes.is_some_and(|quota| quota > 0));
    assert_eq!(kept.notes.len(), 2, "{:?}", kept.notes);

    let data = load_with(2, 0).await.unwrap();
    assert_eq!(
        (data.train.labels.as_slice(), data.test.labels.as_slice()),
        (&[3, 4][..], &[5][..])
    );
    assert!(data.notes[0].contains("given to this page"), "{:?}", data.notes);

    let kept = give(vec![file("test_batch.bin", &records(&[7, 8]))]).await;
    assert_eq!(names(&kept), [(TRAIN, 2 * 3073), (TEST, 2 * 3073)]);
    assert_eq!(load_with(1, 0).await.unwrap().test.labels, [7, 8]);
}

async fn what_is_refused_leaves_nothing() {
    let damaged = archive(&[("cifar-100-binary/train.bin", [vec![1], records(&[2])].concat())]);
    let files = [
        file("cifar-10-python.tar.gz", &archive(&[("cifar-10-batches-py/x", vec![1])])),
        file("cifar-100-binary.tar.gz", &damaged[..damaged.len() - 4]),
        file("notes.txt", b"hello"),
    ];
    for file in files {
        let kept = give(vec![file]).await;
        let problem = kept.problem.as_ref().expect("a problem");
        assert!(problem.fault.contains("cannot be used") && !problem.remedy.is_empty());
        assert_eq!((names(&kept).len(), kept.added), (2, None));
    }
    assert!(give(Vec::new()).await.problem.is_some());
    assert_eq!(names(&clear().await), []);
}

async fn what_is_fetched_is_kept() {
    with_host();
    assert_eq!(load_with(2, 0).await.unwrap().train.labels, [0, 1]);
    assert_eq!(asked(), 2.0);
    let kept = last(ask(Command::ListData).await);
    assert_eq!(names(&kept), [(TRAIN, 2 * 3073), (TEST, 3 * 3073)]);
    assert_eq!(kept.files[0].host.as_deref(), Some(HOST));
    assert_eq!(load_with(1, 2).await.unwrap().test.labels, [0, 1]);
    assert_eq!(asked(), 2.0, "both are long enough");
    assert_eq!(load_with(3, 0).await.unwrap().train.labels, [0, 1, 2]);
    assert_eq!(asked(), 3.0, "the training file was too short");
    without_host();
    assert_eq!(load_with(3, 0).await.unwrap().train.labels, [0, 1, 2]);
}

async fn what_is_damaged_is_fetched_again() {
    with_host();
    store::keep(&Origin::Host(HOST.to_owned()), TEST, b"<html>", true).await.unwrap();
    assert_eq!(load_with(1, 0).await.unwrap().test.len(), 3);
    assert_eq!(asked(), 1.0);
    assert_eq!(load_with(1, 0).await.unwrap().test.len(), 3);
    assert_eq!(asked(), 1.0);
}

async fn what_is_half_done_is_nothing() {
    let script = "(async () => {
        let folder = await navigator.storage.getDirectory();
        for (const name of ['data', 'dropped', 'cifar-10-batches-bin'])
            folder = await folder.getDirectoryHandle(name, { create: true });
        const file = await folder.getFileHandle('test_batch.bin', { create: true });
        const handle = await file.createSyncAccessHandle();
        handle.write(new Uint8Array(16 + 3073));
        handle.close();
    })()";
    JsFuture::from(eval(script).unwrap().unchecked_into::<js_sys::Promise>()).await.unwrap();
    without_host();
    assert_eq!(load_with(1, 0).await.unwrap().test.len(), 3, "the host's is still there");
    let kept = last(ask(Command::ListData).await);
    assert!(kept.files.iter().all(|file| file.host.is_some()));
    assert_eq!(names(&clear().await), []);
}

async fn a_full_storage_is_not_fatal() {
    let labels: Vec<u8> = (0..500).map(|image| (image % 10) as u8).collect();
    let entries = [(TEST, records(&[1])), (TRAIN, records(&labels))];
    // Full for the first MB, for that and all after it, and for what comes after the first MB.
    let cases = [
        (1_000_000, false, vec![(TEST, 3073)]),
        (1_000_000, true, Vec::new()),
        (1_300_000, true, vec![(TEST, 3073)]),
    ];
    for (room_bytes, takes_no_more, kept_files) in cases {
        eval(&format!(
            "self.room = {room_bytes};
             self.realWrite = FileSystemSyncAccessHandle.prototype.write;
             FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {{
                 self.room -= bytes.byteLength;
                 if (self.room < 0) {{
                     if (!{takes_no_more}) self.room += bytes.byteLength;
                     throw new DOMException('full', 'QuotaExceededError');
                 }}
                 return self.realWrite.call(this, bytes, options);
             }}"
        ))
        .unwrap();
        let kept = give(vec![file("x.tar.gz", &archive(&entries))]).await;
        eval("FileSystemSyncAccessHandle.prototype.write = self.realWrite").unwrap();
        assert_eq!((names(&kept), kept.added), (kept_files, Some(Dataset::Cifar10)));
        assert!(kept.problem.expect("a problem").fault.contains("full"));
        without_host();
        let data = load_with(500, 0).await.unwrap();
        assert_eq!((data.train.labels, data.test.labels), (labels.clone(), vec![1]));
        clear().await;
        assert!(load_with(1, 1).await.is_err());
    }
}

async fn no_storage_is_not_fatal() {
    eval(
        "self.realStorage = StorageManager.prototype.getDirectory;
         StorageManager.prototype.getDirectory = () =>
             Promise.reject(new DOMException('private', 'SecurityError'))",
    )
    .unwrap();
    let kept = give(vec![file("data_batch_1.bin", &records(&[6]))]).await;
    assert!(kept.problem.is_some() && kept.files.is_empty());
    with_host();
    let data = load_with(1, 0).await.unwrap();
    assert_eq!((data.train.labels.as_slice(), data.test.len()), (&[6][..], 3));
    assert!(data.notes.iter().any(|note| note.contains("did not keep")), "{:?}", data.notes);
    eval("delete StorageManager.prototype.getDirectory; self.fetch = self.realFetch").unwrap();
    assert!(last(ask(Command::ListData).await).problem.is_some(), "an old browser");
    eval("StorageManager.prototype.getDirectory = self.realStorage").unwrap();
    assert_eq!(clear().await.problem, None);
}
