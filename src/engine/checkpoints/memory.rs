//! Slots in memory, natively: what the browser's storage does, for tests that break a run and go
//! on with it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::slots::SLOTS;
use crate::engine::store::StoreError;

thread_local! {
    static STORAGE: RefCell<Storage> = RefCell::default();
}

/// What lies in the storage of this thread.
#[derive(Debug, Default)]
pub struct Storage {
    pub slots: BTreeMap<u64, [Vec<u8>; SLOTS]>,
    /// Runs that somebody has claimed.
    locked: Vec<u64>,
    /// Bytes that can be written before it is full; None is no limit.
    pub room_bytes: Option<usize>,
}

/// Looks at the storage of this thread, or changes it.
pub fn with_storage<T>(look: impl FnOnce(&mut Storage) -> T) -> T {
    STORAGE.with_borrow_mut(look)
}

/// That a run is nobody else's, until this is dropped.
pub struct Claim(u64);

impl Claim {
    pub async fn take(run: u64) -> Result<Option<Self>, StoreError> {
        with_storage(|storage| {
            if storage.locked.contains(&run) {
                return Err(StoreError::Locked);
            }
            storage.locked.push(run);
            Ok(Some(Self(run)))
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        with_storage(|storage| storage.locked.retain(|run| *run != self.0));
    }
}

/// The slots of a run.
pub struct Files(u64);

impl Files {
    pub async fn open(run: u64, create: bool) -> Result<Option<Self>, StoreError> {
        with_storage(|storage| {
            if create {
                storage.slots.entry(run).or_default();
            }
            Ok(storage.slots.contains_key(&run).then_some(Self(run)))
        })
    }

    pub fn size(&self, slot: usize) -> Result<u64, StoreError> {
        self.slot(slot, |bytes| Ok(bytes.len() as u64))
    }

    pub fn read(&self, slot: usize, at: u64, into: &mut [u8]) -> Result<(), StoreError> {
        self.slot(slot, |bytes| {
            let part = bytes.get(at as usize..).and_then(|rest| rest.get(..into.len()));
            into.copy_from_slice(part.ok_or_else(vanished)?);
            Ok(())
        })
    }

    pub fn write(&self, slot: usize, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let has_room = with_storage(|storage| match &mut storage.room_bytes {
            Some(room) if *room < bytes.len() => false,
            Some(room) => {
                *room -= bytes.len();
                true
            }
            None => true,
        });
        if !has_room {
            return Err(StoreError::Full);
        }
        self.slot(slot, |file| {
            let (at, end) = (at as usize, at as usize + bytes.len());
            file.resize(file.len().max(end), 0);
            file[at..end].copy_from_slice(bytes);
            Ok(())
        })
    }

    pub fn truncate(&self, slot: usize, len: u64) -> Result<(), StoreError> {
        self.slot(slot, |file| {
            file.resize(len as usize, 0);
            Ok(())
        })
    }

    pub const fn flush(&self, _slot: usize) -> Result<(), StoreError> {
        Ok(())
    }

    fn slot<T>(
        &self,
        slot: usize,
        look: impl FnOnce(&mut Vec<u8>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        with_storage(|storage| {
            look(&mut storage.slots.get_mut(&self.0).ok_or_else(vanished)?[slot])
        })
    }
}

fn vanished() -> StoreError {
    StoreError::Other(t!("it lost what was written"))
}

pub async fn free_bytes() -> Option<u64> {
    None
}

pub async fn remove(run: u64) {
    with_storage(|storage| {
        if !storage.locked.contains(&run) {
            storage.slots.remove(&run);
        }
    });
}

/// Leaves the newest runs, of which `run` is one.
pub async fn sweep(run: u64, most: usize) {
    with_storage(|storage| {
        let others: Vec<u64> = storage.slots.keys().copied().filter(|it| *it != run).collect();
        let too_many = others.len().saturating_sub(most.saturating_sub(1));
        for old in &others[..too_many] {
            if !storage.locked.contains(old) {
                storage.slots.remove(old);
            }
        }
    });
}
