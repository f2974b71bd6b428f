//! Data files that the visitor gives to the page: unpacked, checked, and kept by the browser, so
//! that no host is needed for them.

use super::inbox::DataRequest;
use super::session::Emit;
use crate::protocol::{Event, Failure, KeptData};

#[cfg(all(feature = "engine", target_family = "wasm"))]
pub use browser::arrive;
#[cfg(all(feature = "engine", target_family = "wasm"))]
use browser::{answer, let_files_go, listing};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
use native::{answer, let_files_go, listing};

/// Answers a request about kept data.
pub async fn serve(request: DataRequest, emit: &Emit) {
    let kept = answer(request, emit).await;
    emit(Event::DataKept(kept), None);
}

/// Says why the files that have come are not taken, and what is kept.
pub async fn refuse(problem: Failure, emit: &Emit) {
    let_files_go();
    let kept = KeptData { problem: Some(problem), ..listing().await };
    emit(Event::DataKept(kept), None);
}

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod browser {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use futures_util::StreamExt;
    use js_sys::Uint8Array;
    use wasm_bindgen::JsCast;
    use wasm_streams::ReadableStream;
    use web_sys::File;

    use crate::data::archive::{Member, UnpackError, Unpacked, Unpacker};
    use crate::data::cifar::Layout;
    use crate::engine::inbox::DataRequest;
    use crate::engine::receive::Receiver;
    use crate::engine::session::Emit;
    use crate::engine::source::message_of;
    use crate::engine::store::StoreError;
    use crate::engine::{host, opfs};
    use crate::experiment::Dataset;
    use crate::protocol::{Event, Failure, KeptData, LoadProgress};

    /// Unpacked at once: at worst a thousandfold of it is held.
    const SLICE_BYTES: usize = 16 << 10;
    /// Between two reports; the thread is given back twice as often.
    const REPORT_SECS: f64 = 0.1;

    thread_local! {
        /// Files that have come beside a command, which the session has not yet got to.
        static ARRIVED: RefCell<VecDeque<Vec<File>>> = const { RefCell::new(VecDeque::new()) };
    }

    /// Takes the files that came beside a `KeepData`: they cannot pass through the session,
    /// which is plain data.
    pub fn arrive(files: Vec<File>) {
        ARRIVED.with_borrow_mut(|arrived| arrived.push_back(files));
    }

    /// Lets the files go that came with the request at hand.
    pub fn let_files_go() {
        ARRIVED.with_borrow_mut(VecDeque::pop_front);
    }

    pub async fn answer(request: DataRequest, emit: &Emit) -> KeptData {
        match request {
            DataRequest::Keep => {
                let files = ARRIVED.with_borrow_mut(VecDeque::pop_front).unwrap_or_default();
                keep(&files, emit).await
            }
            DataRequest::List => listing().await,
            DataRequest::Clear => match opfs::clear().await {
                Ok(()) => listing().await,
                Err(error) => KeptData {
                    problem: Some(Failure::new(
                        t!("The kept data could not be cleared: {error}.", error),
                        error.remedy(),
                    )),
                    ..listing().await
                },
            },
        }
    }

    /// What is kept.
    pub async fn listing() -> KeptData {
        let (files, problem) = match opfs::list().await {
            Ok(files) => (files, None),
            Err(error) => {
                (Vec::new(), Some(not_kept(&t!("The browser keeps no data here"), &error)))
            }
        };
        KeptData { files, problem, quota_bytes: opfs::quota_bytes().await, ..KeptData::default() }
    }

    /// Takes the files one by one; one that is refused does not keep the others from being taken.
    async fn keep(files: &[File], emit: &Emit) -> KeptData {
        let (mut added, mut notes, mut problem) = (None, Vec::new(), None);
        if files.is_empty() {
            problem = Some(Failure::new(
                t!("No file has come."),
                t!("Drop the archive itself, not a folder or a link."),
            ));
        }
        for file in files {
            match keep_one(file, emit).await {
                Ok((unpacked, refusal)) => {
                    added = unpacked.members.first().map(|(member, _)| member.dataset).or(added);
                    notes.extend(unpacked.notes);
                    problem = problem.or(refusal.map(|error| {
                        not_kept(
                            &t!("The browser did not keep the data, so they are used only until the page is closed"),
                            &error,
                        )
                    }));
                }
                Err(failure) => problem = problem.or(Some(failure)),
            }
        }
        let listing = listing().await;
        notes.extend(added.and_then(|dataset| note_on_missing(dataset, &listing)));
        let problem = problem.or(listing.problem);
        KeptData { added, notes, problem, ..listing }
    }

    fn not_kept(what: &str, error: &StoreError) -> Failure {
        Failure::new(t!("{what}: {error}.", what, error), error.remedy())
    }

    /// Says which files the data host is still needed for.
    fn note_on_missing(dataset: Dataset, kept: &KeptData) -> Option<String> {
        let layout = Layout::of(dataset)?;
        let mut names = opfs::held_in_memory();
        names.extend(kept.files.iter().filter(|it| it.host.is_none()).map(|it| it.name.clone()));
        let wanted = layout.train.iter().chain([&layout.test]);
        let missing: Vec<_> = wanted
            .filter(|path| !names.iter().any(|name| name == *path))
            .filter_map(|path| Some(Member::at(path)?.file_name()))
            .collect();
        (!missing.is_empty()).then(|| {
            t!(
                "Of {dataset}, the data host is still needed for {files}.",
                dataset = dataset.title(),
                files = missing.join(", ")
            )
        })
    }

    /// Unpacks a file into the storage; says also why the storage did not take it.
    async fn keep_one(file: &File, emit: &Emit) -> Result<(Unpacked, Option<StoreError>), Failure> {
        let mut receiver = Receiver::default();
        match unpack(file, emit, &mut receiver).await {
            Ok(unpacked) => {
                let refusal = receiver.finish().await.map_err(|error| lost(file, &error))?;
                Ok((unpacked, refusal))
            }
            Err(failure) => {
                receiver.discard().await;
                Err(failure)
            }
        }
    }

    async fn unpack(
        file: &File,
        emit: &Emit,
        receiver: &mut Receiver,
    ) -> Result<Unpacked, Failure> {
        let what = file.name();
        let refused = |error: UnpackError| {
            Failure::new(t!("“{what}” cannot be used: {error}.", what, error), error.remedy())
        };
        let report = |loaded_bytes| {
            let total_bytes = Some(file.size() as u64);
            let what = what.clone();
            emit(Event::Keeping(LoadProgress { what, loaded_bytes, total_bytes }), None);
        };
        let mut unpacker = Unpacker::new(&what);
        let mut chunks = ReadableStream::from_raw(file.stream()).into_stream();
        let (mut loaded_bytes, mut reported_secs, mut yielded_secs) = (0, 0.0, 0.0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| unreadable(&what, &message_of(&error)))?;
            let chunk = chunk.unchecked_into::<Uint8Array>().to_vec();
            for slice in chunk.chunks(SLICE_BYTES) {
                for piece in unpacker.push(slice).map_err(refused)? {
                    receiver.take(piece).await.map_err(|error| lost(file, &error))?;
                }
                loaded_bytes += slice.len() as u64;
                let now = host::now_secs();
                if now - reported_secs >= REPORT_SECS {
                    report(loaded_bytes);
                    reported_secs = now;
                }
                if now - yielded_secs >= REPORT_SECS / 2.0 {
                    host::yield_now().await;
                    yielded_secs = host::now_secs();
                }
            }
        }
        let (pieces, unpacked) = unpacker.finish().map_err(refused)?;
        for piece in pieces {
            receiver.take(piece).await.map_err(|error| lost(file, &error))?;
        }
        report(loaded_bytes);
        Ok(unpacked)
    }

    fn unreadable(name: &str, reason: &str) -> Failure {
        Failure::new(
            t!("“{name}” could not be read ({reason}).", name, reason),
            t!("Drop the file itself, not a folder, and from a disk that stays connected."),
        )
    }

    /// Even what had been written could not be read back.
    fn lost(file: &File, error: &StoreError) -> Failure {
        not_kept(&t!("“{name}” could not be kept", name = file.name()), error)
    }
}

#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod native {
    use crate::engine::inbox::DataRequest;
    use crate::engine::session::Emit;
    use crate::protocol::{Failure, KeptData};

    pub async fn answer(_request: DataRequest, _emit: &Emit) -> KeptData {
        let problem = Failure::new(
            t!("Data are kept by the browser only."),
            t!("On the command line, “proden data” fetches them into a folder."),
        );
        KeptData { problem: Some(problem), ..KeptData::default() }
    }

    pub async fn listing() -> KeptData {
        KeptData::default()
    }

    /// There are none.
    pub const fn let_files_go() {}
}
