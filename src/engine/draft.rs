//! A file on its way into the browser's storage: it counts for nothing before it is sealed, and one of its name
//! that is kept stays as it is until then.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use super::opfs::{CONTENT_AT, files_can, folder, found, refused, split};
use super::store::{Origin, Seal, StoreError};

/// Written at once: a write costs a millisecond or more, however little it is.
pub const SLICE_BYTES: usize = 1 << 20;

/// Ends the name of a file until it is sealed.
pub const UNFINISHED: &str = ".new";

#[wasm_bindgen]
extern "C" {
    /// A file that can be given another name: no standard yet, but browsers have it for their private file
    /// system, WebKit with both arguments only.
    type Movable;

    #[wasm_bindgen(method, catch, js_name = move)]
    fn move_to(
        this: &Movable,
        folder: &FileSystemDirectoryHandle,
        name: &str,
    ) -> Result<Promise, JsValue>;
}

/// A file that is being written. What is neither sealed nor discarded is swept away later.
pub struct Draft {
    handle: FileSystemSyncAccessHandle,
    file: FileSystemFileHandle,
    folder: FileSystemDirectoryHandle,
    name: String,
    is_open: bool,
    /// Written so far.
    content_bytes: u64,
    /// Not yet written.
    pending: Vec<u8>,
}

impl Draft {
    /// Begins a file, to take the place of one of that name.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn begin(origin: &Origin, name: &str) -> Result<Self, StoreError> {
        let (folder_name, file_name) = split(name);
        let folder = folder(origin, folder_name, true).await?.ok_or_else(vanished)?;
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        // Beside its place; or in it, where the browser cannot move files.
        let written =
            if files_can("move") { &format!("{file_name}{UNFINISHED}") } else { file_name };
        let file = folder.get_file_handle_with_options(written, &options);
        let file: FileSystemFileHandle = found(file).await?.ok_or_else(vanished)?;
        let handle = found(file.create_sync_access_handle()).await?.ok_or_else(vanished)?;
        let (name, pending) = (name.to_owned(), Vec::new());
        let draft = Self { handle, file, folder, name, is_open: true, content_bytes: 0, pending };
        draft.handle.truncate_with_u32(0).map_err(refused)?;
        draft.write(&[0; Seal::BYTES], 0)?;
        Ok(draft)
    }

    /// The whole name: folder and file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the browser refuses, for lack of space for one. [`Self::take_back`] has them still.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < SLICE_BYTES { Ok(()) } else { self.write_pending() }
    }

    /// Makes the file one that is kept, in its place.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn seal(&mut self, is_whole: bool) -> Result<(), StoreError> {
        self.write_pending()?;
        // The content first: a seal must never stand before what is not there.
        self.handle.flush().map_err(refused)?;
        let seal = Seal { is_whole, content_bytes: self.content_bytes };
        self.write(&seal.to_bytes(), 0)?;
        self.handle.flush().map_err(refused)?;
        if self.file.name() != split(&self.name).1 {
            self.put_in_place().await?;
        }
        Ok(())
    }

    async fn put_in_place(&mut self) -> Result<(), StoreError> {
        // An open file cannot be moved.
        self.handle.close();
        self.is_open = false;
        if self.move_into_place().await.is_err() {
            // Perhaps since the place is taken.
            let _ = JsFuture::from(self.folder.remove_entry(split(&self.name).1)).await;
            self.move_into_place().await?;
        }
        Ok(())
    }

    async fn move_into_place(&self) -> Result<(), StoreError> {
        let file = self.file.unchecked_ref::<Movable>();
        let moved = file.move_to(&self.folder, split(&self.name).1).map_err(refused)?;
        JsFuture::from(moved).await.map(drop).map_err(refused)
    }

    /// Reads back what was appended, and discards the file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn take_back(mut self) -> Result<Vec<u8>, StoreError> {
        if !self.is_open {
            let handle = found(self.file.create_sync_access_handle()).await?;
            self.handle = handle.ok_or_else(vanished)?;
        }
        let pending = std::mem::take(&mut self.pending);
        let mut content = vec![0; self.content_bytes as usize];
        let read = self.handle.read_with_u8_array_and_options(&mut content, &at(CONTENT_AT));
        self.discard().await;
        if read.map_err(refused)? as usize != content.len() {
            return Err(StoreError::Other(t!("it lost what was written")));
        }
        content.extend(pending);
        Ok(content)
    }

    /// Removes the file.
    pub async fn discard(self) {
        // An open file cannot be removed.
        self.handle.close();
        let _ = JsFuture::from(self.folder.remove_entry(&self.file.name())).await;
    }

    fn write_pending(&mut self) -> Result<(), StoreError> {
        self.write(&self.pending, CONTENT_AT + self.content_bytes)?;
        self.content_bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<(), StoreError> {
        let written = self.handle.write_with_u8_array_and_options(bytes, &at(offset));
        if written.map_err(refused)? as usize == bytes.len() {
            Ok(())
        } else {
            Err(StoreError::Full)
        }
    }
}

impl Drop for Draft {
    /// So that others may open the file; to close it twice does no harm.
    fn drop(&mut self) {
        self.handle.close();
    }
}

fn at(offset: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(offset as f64);
    options
}

/// For a file that was to be made and is not there: removed by another tab in between.
fn vanished() -> StoreError {
    StoreError::Other(t!("it was cleared meanwhile"))
}
