//! Where the pieces of an archive go: into the browser's storage, and into memory once that
//! refuses. Nothing counts before the whole archive is known to be sound.

use super::draft::Draft;
use super::opfs;
use super::store::{Origin, StoreError};
use crate::data::archive::{Member, Piece};

/// The files of one archive.
#[derive(Default)]
pub struct Receiver {
    open: Option<Place>,
    done: Vec<Place>,
    /// Why the storage took no more.
    refusal: Option<StoreError>,
}

enum Place {
    Storage(Draft),
    Memory { name: String, content: Vec<u8> },
}

impl Receiver {
    /// Takes the next piece.
    ///
    /// # Errors
    /// When the storage refuses and does not even give back what it has.
    pub async fn take(&mut self, piece: Piece) -> Result<(), StoreError> {
        match piece {
            // Class names are built in.
            Piece::Begin(member) if !member.holds_images() => self.open = None,
            Piece::Begin(member) => self.open = Some(self.begin(member).await),
            Piece::Data(bytes) => {
                if let Some(place) = self.open.take() {
                    self.open = Some(self.append(place, &bytes).await?);
                }
            }
            Piece::End => self.done.extend(self.open.take()),
        }
        Ok(())
    }

    /// Makes the files count; says why the storage did not take all of them.
    ///
    /// # Errors
    /// When the storage loses a file.
    pub async fn finish(self) -> Result<Option<StoreError>, StoreError> {
        let Self { done, mut refusal, .. } = self;
        for place in done {
            match place {
                Place::Storage(mut draft) => match draft.seal(true).await {
                    Ok(()) => opfs::let_go_from_memory(draft.name()),
                    Err(error) => {
                        refusal = Some(error);
                        let name = draft.name().to_owned();
                        opfs::hold_in_memory(name, draft.take_back().await?);
                    }
                },
                Place::Memory { name, content } => opfs::hold_in_memory(name, content),
            }
        }
        Ok(refusal)
    }

    /// Leaves nothing behind.
    pub async fn discard(self) {
        for place in self.done.into_iter().chain(self.open) {
            if let Place::Storage(draft) = place {
                draft.discard().await;
            }
        }
    }

    async fn begin(&mut self, member: Member) -> Place {
        let in_memory = Place::Memory { name: member.path.to_owned(), content: Vec::new() };
        if self.refusal.is_some() {
            return in_memory;
        }
        match Draft::begin(&Origin::Given, member.path).await {
            Ok(draft) => Place::Storage(draft),
            Err(error) => {
                self.refusal = Some(error);
                in_memory
            }
        }
    }

    async fn append(&mut self, place: Place, bytes: &[u8]) -> Result<Place, StoreError> {
        Ok(match place {
            Place::Memory { name, mut content } => {
                content.extend_from_slice(bytes);
                Place::Memory { name, content }
            }
            Place::Storage(mut draft) => match draft.append(bytes) {
                Ok(()) => Place::Storage(draft),
                Err(error) => {
                    self.refusal = Some(error);
                    let name = draft.name().to_owned();
                    Place::Memory { name, content: draft.take_back().await? }
                }
            },
        })
    }
}
