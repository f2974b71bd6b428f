//! Slots in the browser's Origin Private File System, and the lock of the run that they belong to
//! (Web Locks API): both are this engine's until it lets go of them or dies.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Function, Object, Promise, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemRemoveOptions,
    FileSystemSyncAccessHandle,
};

use super::slots::SLOTS;
use crate::engine::host;
use crate::engine::opfs::{children, estimate, found, refused, storage_root};
use crate::engine::store::StoreError;
use crate::protocol::lock_name;

/// All checkpoints are below this folder, a folder a run.
const ROOT: &str = "checkpoints";
const NAMES: [&str; SLOTS] = ["a", "b"];
/// A tab that was killed lets go of its files and locks a moment later.
const PATIENCE_SECS: f64 = 3.0;
const RETRY: Duration = Duration::from_millis(100);

/// The open slots of a run: an open file is nobody else's.
pub struct Files {
    slots: [FileSystemSyncAccessHandle; SLOTS],
}

impl Files {
    /// Opens the slots; None if there are none and none are to be made.
    pub async fn open(run: u64, create: bool) -> Result<Option<Self>, StoreError> {
        let Some(folder) = folder_of(run, create).await? else { return Ok(None) };
        let [first, second] = NAMES;
        let open = async |name| patiently(async || open_slot(&folder, name).await).await;
        let first = open(first).await?;
        match open(second).await {
            Ok(second) => Ok(Some(Self { slots: [first, second] })),
            Err(error) => {
                first.close();
                Err(error)
            }
        }
    }

    pub fn size(&self, slot: usize) -> Result<u64, StoreError> {
        Ok(self.slots[slot].get_size().map_err(refused)? as u64)
    }

    pub fn read(&self, slot: usize, at: u64, into: &mut [u8]) -> Result<(), StoreError> {
        let wanted = into.len();
        let read = self.slots[slot].read_with_u8_array_and_options(into, &position(at));
        if read.map_err(refused)? as usize == wanted { Ok(()) } else { Err(vanished()) }
    }

    pub fn write(&self, slot: usize, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.slots[slot].write_with_u8_array_and_options(bytes, &position(at));
        if written.map_err(refused)? as usize == bytes.len() {
            Ok(())
        } else {
            Err(StoreError::Full)
        }
    }

    pub fn truncate(&self, slot: usize, len: u64) -> Result<(), StoreError> {
        self.slots[slot].truncate_with_f64(len as f64).map_err(refused)
    }

    pub fn flush(&self, slot: usize) -> Result<(), StoreError> {
        self.slots[slot].flush().map_err(refused)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.close();
        }
    }
}

/// Tries again for a while if another tab has what is wanted.
async fn patiently<T>(attempt: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let began_secs = host::now_secs();
    loop {
        match attempt().await {
            Err(StoreError::Locked) if host::now_secs() - began_secs < PATIENCE_SECS => {
                host::sleep(RETRY).await;
            }
            outcome => return outcome,
        }
    }
}

async fn open_slot(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<FileSystemSyncAccessHandle, StoreError> {
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    let file = found(folder.get_file_handle_with_options(name, &options)).await?;
    let file: FileSystemFileHandle = file.ok_or_else(vanished)?;
    found(file.create_sync_access_handle()).await?.ok_or_else(vanished)
}

async fn root(create: bool) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(create);
    found(storage_root().await?.get_directory_handle_with_options(ROOT, &options)).await
}

async fn folder_of(
    run: u64,
    create: bool,
) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
    let Some(root) = root(create).await? else { return Ok(None) };
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(create);
    found(root.get_directory_handle_with_options(&run.to_string(), &options)).await
}

fn position(at: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(at as f64);
    options
}

fn vanished() -> StoreError {
    StoreError::Other(t!("it lost what was written"))
}

/// Bytes that can still be kept, where the browser says.
pub async fn free_bytes() -> Option<u64> {
    let estimate = estimate().await?;
    Some((estimate.get_quota()? - estimate.get_usage()?).max(0.0) as u64)
}

/// Removes the checkpoints of a run, unless another tab has them open.
pub async fn remove(run: u64) {
    if let Ok(Some(root)) = root(false).await {
        remove_folder(&root, &run.to_string()).await;
    }
}

async fn remove_folder(root: &FileSystemDirectoryHandle, name: &str) {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    // What cannot be removed now is swept away when another run begins.
    let _ = found::<JsValue>(root.remove_entry_with_options(name, &options)).await;
}

/// Leaves the newest runs, of which `run` is one: a run's name is the time at which it began.
pub async fn sweep(run: u64, most: usize) {
    let Ok(Some(root)) = root(false).await else { return };
    let folders = children::<FileSystemDirectoryHandle>(&root).await.unwrap_or_default();
    let names = folders.iter().filter_map(|folder| folder.name().parse::<u64>().ok());
    let mut others: Vec<u64> = names.filter(|it| *it != run).collect();
    others.sort_unstable();
    let too_many = others.len().saturating_sub(most.saturating_sub(1));
    for old in &others[..too_many] {
        remove_folder(&root, &old.to_string()).await;
    }
}

/// The lock of a run's name, held until this is dropped or the worker ends.
pub struct Claim {
    release: Rc<RefCell<Option<Function>>>,
}

#[wasm_bindgen]
extern "C" {
    /// Bound here and not by web-sys: a feature more there would build the engine's crates anew.
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        granted: &JsValue,
    ) -> Result<Promise, JsValue>;
}

impl Claim {
    /// Takes the lock; None in a browser that has no locks or refuses them: there the open files must do.
    pub async fn take(run: u64) -> Result<Option<Self>, StoreError> {
        let name = lock_name(run);
        patiently(async || Self::try_take(&name).await).await
    }

    async fn try_take(name: &str) -> Result<Option<Self>, StoreError> {
        let navigator = Reflect::get(&global(), &"navigator".into()).map_err(refused)?;
        let locks = Reflect::get(&navigator, &"locks".into()).map_err(refused)?;
        if locks.is_undefined() {
            return Ok(None);
        }
        let release = Rc::new(RefCell::new(None));
        let (sender, receiver) = oneshot::channel();
        let granted = Closure::once_into_js({
            let release = release.clone();
            move |lock: JsValue| -> JsValue {
                let is_ours = !lock.is_null();
                // Who asked may have gone; then the lock goes, too.
                let is_wanted = sender.send(is_ours).is_ok();
                if !(is_ours && is_wanted) {
                    return JsValue::UNDEFINED;
                }
                // The lock is held until this promise is kept.
                Promise::new(&mut |resolve, _| *release.borrow_mut() = Some(resolve)).into()
            }
        });
        let options = Object::new();
        Reflect::set(&options, &"ifAvailable".into(), &true.into()).map_err(refused)?;
        let locks = locks.unchecked_into::<LockManager>();
        let request = locks.request(name, &options, &granted).map_err(refused)?;
        match select(receiver, pin!(found::<JsValue>(request))).await {
            Either::Left((Ok(true), _)) => Ok(Some(Self { release })),
            Either::Left((Ok(false), _)) => Err(StoreError::Locked),
            // Refused, as where a site's data are blocked: nobody is called then.
            Either::Left((Err(_), _)) | Either::Right(_) => Ok(None),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
