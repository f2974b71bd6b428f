//! The browser's Origin Private File System (WHATWG File System Standard), from a worker: the
//! layout and its reasons are in [`store`](super::store).

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::StreamExt;
use js_sys::{AsyncIterator, IteratorNext, Promise, Reflect, Uint8Array, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_streams::ReadableStream;
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemHandle, FileSystemHandleKind, FileSystemRemoveOptions, StorageEstimate,
    StorageManager,
};

use super::draft::{Draft, SLICE_BYTES, UNFINISHED};
use super::host;
use super::source::{Progress, message_of};
use super::store::{DATA, Origin, Seal, StoreError};
use crate::protocol::KeptFile;

/// The content stands behind the seal.
pub(super) const CONTENT_AT: u64 = Seal::BYTES as u64;

thread_local! {
    /// Files that the visitor gave and the browser would not keep, by name.
    static IN_MEMORY: RefCell<BTreeMap<String, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The first bytes of a kept file; None where it is not kept, or not so many of them.
pub async fn read(
    origin: &Origin,
    name: &str,
    enough_bytes: usize,
    progress: Progress<'_>,
) -> Option<Vec<u8>> {
    if *origin == Origin::Given {
        let first = |content: &Vec<u8>| content[..content.len().min(enough_bytes)].to_vec();
        let held = IN_MEMORY.with_borrow(|held| held.get(name).map(first));
        if held.is_some() {
            return held;
        }
    }
    // A storage that fails is as good as none: the host has the file.
    read_file(origin, name, enough_bytes, progress).await.ok().flatten()
}

async fn read_file(
    origin: &Origin,
    name: &str,
    enough_bytes: usize,
    progress: Progress<'_>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let (folder_name, file_name) = split(name);
    let Some(folder) = folder(origin, folder_name, false).await? else { return Ok(None) };
    let Some(handle) = found(folder.get_file_handle(file_name)).await? else { return Ok(None) };
    let Some((blob, seal)) = sealed(&handle).await? else { return Ok(None) };
    if !seal.is_enough(enough_bytes) {
        return Ok(None);
    }
    let len = seal.content_bytes.min(enough_bytes as u64);
    let (start, end) = (CONTENT_AT as f64, (CONTENT_AT + len) as f64);
    let content = blob.slice_with_f64_and_f64(start, end).map_err(refused)?;
    let mut bytes = Vec::with_capacity(len as usize);
    progress(0, Some(len));
    let mut chunks = ReadableStream::from_raw(content.stream()).into_stream();
    while let Some(chunk) = chunks.next().await {
        bytes.extend(chunk.map_err(refused)?.unchecked_into::<Uint8Array>().to_vec());
        progress(bytes.len() as u64, Some(len));
    }
    Ok((bytes.len() as u64 == len).then_some(bytes))
}

/// Keeps a file, or the first bytes of one.
///
/// # Errors
/// When the browser refuses; nothing is kept then.
pub async fn keep(
    origin: &Origin,
    name: &str,
    content: &[u8],
    is_whole: bool,
) -> Result<(), StoreError> {
    let mut draft = Draft::begin(origin, name).await?;
    let written = write(&mut draft, content, is_whole).await;
    if written.is_err() {
        draft.discard().await;
    }
    written
}

async fn write(draft: &mut Draft, content: &[u8], is_whole: bool) -> Result<(), StoreError> {
    for slice in content.chunks(SLICE_BYTES) {
        draft.append(slice)?;
        host::yield_now().await;
    }
    draft.seal(is_whole).await
}

/// Drops a kept file.
pub async fn forget(origin: &Origin, name: &str) {
    if *origin == Origin::Given {
        let_go_from_memory(name);
    }
    let (folder_name, file_name) = split(name);
    // If it cannot be removed, it is found broken again the next time.
    if let Ok(Some(folder)) = folder(origin, folder_name, false).await {
        let _ = JsFuture::from(folder.remove_entry(file_name)).await;
    }
}

/// Holds a file that the visitor gave until the engine ends.
pub fn hold_in_memory(name: String, content: Vec<u8>) {
    IN_MEMORY.with_borrow_mut(|held| held.insert(name, content));
}

/// Lets a file go that was held in memory.
pub fn let_go_from_memory(name: &str) {
    IN_MEMORY.with_borrow_mut(|held| held.remove(name));
}

/// The names of the files that are only held in memory.
pub fn held_in_memory() -> Vec<String> {
    IN_MEMORY.with_borrow(|held| held.keys().cloned().collect())
}

/// All data files that are kept. What was left half done is swept away on the way.
///
/// # Errors
/// When the browser has no storage for us.
pub async fn list() -> Result<Vec<KeptFile>, StoreError> {
    let mut files = Vec::new();
    let Some(root) = found(storage_root().await?.get_directory_handle(DATA)).await? else {
        return Ok(files);
    };
    for origin_folder in children::<FileSystemDirectoryHandle>(&root).await? {
        let Some(origin) = Origin::from_key(&origin_folder.name()) else { continue };
        let host = origin.into_host();
        let kept = files_in(&origin_folder).await?.into_iter();
        files.extend(kept.map(|(name, size_bytes)| KeptFile {
            host: host.clone(),
            name,
            size_bytes,
        }));
    }
    files.sort_by(|a, b| (&a.host, &a.name).cmp(&(&b.host, &b.name)));
    Ok(files)
}

/// Names and sizes of the kept files of an origin.
///
/// # Errors
/// When the browser has no storage for us.
pub async fn names(origin: &Origin) -> Result<Vec<(String, u64)>, StoreError> {
    let mut folder = storage_root().await?;
    for name in [origin.root(), &origin.key()] {
        match found(folder.get_directory_handle(name)).await? {
            Some(inner) => folder = inner,
            None => return Ok(Vec::new()),
        }
    }
    files_in(&folder).await
}

/// Names and sizes of the files in the folders of a folder, without what was left half done: that
/// is removed.
async fn files_in(
    origin_folder: &FileSystemDirectoryHandle,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut files = Vec::new();
    for folder in children::<FileSystemDirectoryHandle>(origin_folder).await? {
        for file in children::<FileSystemFileHandle>(&folder).await? {
            let is_finished = !file.name().ends_with(UNFINISHED);
            let Some((_, seal)) = sealed(&file).await?.filter(|_| is_finished) else {
                // Refused while another tab still writes it.
                let _ = JsFuture::from(folder.remove_entry(&file.name())).await;
                continue;
            };
            files.push((format!("{}/{}", folder.name(), file.name()), seal.content_bytes));
        }
    }
    Ok(files)
}

/// Drops all data that are kept.
///
/// # Errors
/// When the browser has no storage for us, or another tab writes to it.
pub async fn clear() -> Result<(), StoreError> {
    IN_MEMORY.with_borrow_mut(BTreeMap::clear);
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    let root = storage_root().await?;
    found::<JsValue>(root.remove_entry_with_options(DATA, &options)).await?;
    Ok(())
}

/// Bytes that the browser would give this site in all, where it says.
pub async fn quota_bytes() -> Option<u64> {
    Some(estimate().await?.get_quota()? as u64)
}

/// What the browser says of the storage.
pub(super) async fn estimate() -> Option<StorageEstimate> {
    let estimate = JsFuture::from(storage().ok()?.estimate().ok()?).await.ok()?;
    Some(estimate.unchecked_into())
}

/// The folder and the file of a name such as `cifar-100-binary/train.bin`.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("files", name))
}

pub(super) async fn folder(
    origin: &Origin,
    name: &str,
    create: bool,
) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(create);
    let mut folder = storage_root().await?;
    for name in [origin.root(), &origin.key(), name] {
        match found(folder.get_directory_handle_with_options(name, &options)).await? {
            Some(inner) => folder = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(folder))
}

/// The content of a file with its seal; None for a file that was never finished.
async fn sealed(handle: &FileSystemFileHandle) -> Result<Option<(Blob, Seal)>, StoreError> {
    let Some(blob) = found::<Blob>(handle.get_file()).await? else { return Ok(None) };
    let head = blob.slice_with_f64_and_f64(0.0, CONTENT_AT as f64).map_err(refused)?;
    let Some(head) = found::<JsValue>(head.array_buffer()).await? else { return Ok(None) };
    let seal = Seal::read(&Uint8Array::new(&head).to_vec(), blob.size() as u64);
    Ok(seal.map(|seal| (blob, seal)))
}

/// The files or the folders in a folder, whichever `T` is.
pub(super) async fn children<T: Child>(
    folder: &FileSystemDirectoryHandle,
) -> Result<Vec<T>, StoreError> {
    let values: AsyncIterator = folder.values();
    let mut children = Vec::new();
    loop {
        let next = JsFuture::from(values.next().map_err(refused)?).await.map_err(refused)?;
        let next = next.unchecked_into::<IteratorNext>();
        if next.done() {
            return Ok(children);
        }
        let child = next.value().unchecked_into::<FileSystemHandle>();
        if child.kind() == T::KIND {
            children.push(child.unchecked_into());
        }
    }
}

pub(super) trait Child: JsCast {
    const KIND: FileSystemHandleKind;
}

impl Child for FileSystemDirectoryHandle {
    const KIND: FileSystemHandleKind = FileSystemHandleKind::Directory;
}

impl Child for FileSystemFileHandle {
    const KIND: FileSystemHandleKind = FileSystemHandleKind::File;
}

pub(super) async fn storage_root() -> Result<FileSystemDirectoryHandle, StoreError> {
    found(storage()?.get_directory()).await?.ok_or(StoreError::Unsupported)
}

/// The storage, if the browser has all that is used of it: to call what is not there would
/// end the engine.
fn storage() -> Result<StorageManager, StoreError> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into());
    let look = || {
        let storage = get(&get(&global(), "navigator")?, "storage")?;
        let has_all =
            get(&storage, "getDirectory")?.is_function() && files_can("createSyncAccessHandle");
        Ok::<_, JsValue>(has_all.then(|| storage.unchecked_into()))
    };
    look().ok().flatten().ok_or(StoreError::Unsupported)
}

/// Whether this browser's files have such a method.
pub(super) fn files_can(method: &str) -> bool {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into());
    let file = || get(&get(&global(), "FileSystemFileHandle")?, "prototype");
    file().and_then(|file| Reflect::has(&file, &method.into())).unwrap_or(false)
}

/// What a promise of the storage leads to; None for what is not there.
pub(super) async fn found<T: JsCast>(promise: Promise) -> Result<Option<T>, StoreError> {
    match JsFuture::from(promise).await {
        Ok(value) => Ok(Some(value.unchecked_into())),
        Err(error) if name_of(&error) == "NotFoundError" => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

fn name_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map(|error| error.name().into()).unwrap_or_default()
}

pub(super) fn refused(error: JsValue) -> StoreError {
    match name_of(&error).as_str() {
        "QuotaExceededError" => StoreError::Full,
        "NoModificationAllowedError" => StoreError::Locked,
        "SecurityError" | "NotAllowedError" => StoreError::Unsupported,
        _ => StoreError::Other(message_of(&error)),
    }
}
