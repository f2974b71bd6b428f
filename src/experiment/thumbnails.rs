//! Pictures that the engine has sent, as many as are worth keeping.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::protocol::{ImageSource, Sight};

/// Pictures that are kept: 12 MB, some fifty screens full.
const MAX_PICTURES: usize = 4_000;
/// Pictures that are asked for at once; the engine sends at most 512.
const MAX_ASKED: usize = 256;
/// Bytes of a picture, u8 `[3, 32, 32]`.
pub const PICTURE_BYTES: usize = 3 * 32 * 32;

/// Pictures of a run's images, the oldest of which make room for new ones.
#[derive(Debug, Clone, Default)]
pub struct Thumbnails {
    pictures: BTreeMap<Name, Arc<[u8]>>,
    /// In the order in which they came.
    came: VecDeque<Name>,
    /// What the engine was asked for and has not sent.
    asked: BTreeSet<Name>,
}

/// Test images have `true`.
type Name = (bool, u32);

fn name(source: ImageSource, index: u32) -> Name {
    (source == ImageSource::Test, index)
}

impl Thumbnails {
    /// A picture, if it is here.
    pub fn get(&self, source: ImageSource, index: u32) -> Option<Arc<[u8]>> {
        self.pictures.get(&name(source, index)).cloned()
    }

    /// Those of the wanted pictures that the engine is to be asked for; they count as asked for
    /// from then on.
    pub fn ask(&mut self, source: ImageSource, wanted: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let wanted = wanted.into_iter();
        let lacks = |&index: &u32| {
            let name = name(source, index);
            !self.pictures.contains_key(&name) && !self.asked.contains(&name)
        };
        let missing: Vec<u32> = wanted.filter(lacks).take(MAX_ASKED).collect();
        self.asked.extend(missing.iter().map(|&index| name(source, index)));
        missing
    }

    /// Takes pictures with their payload, u8 `[indices, 3, 32, 32]`. Another run has others.
    pub fn apply(&mut self, sight: &Sight, payload: &[u8]) {
        match sight {
            Sight::Sets(_) => self.clear(),
            Sight::Epoch { .. } => {}
            Sight::Images { indices, .. } if indices.is_empty() => self.give_up(),
            Sight::Images { source, indices } => {
                for (&index, picture) in indices.iter().zip(payload.chunks_exact(PICTURE_BYTES)) {
                    self.keep(name(*source, index), picture.into());
                }
            }
        }
    }

    fn keep(&mut self, name: Name, picture: Arc<[u8]>) {
        self.asked.remove(&name);
        if self.pictures.insert(name, picture).is_none() {
            self.came.push_back(name);
        }
        while self.came.len() > MAX_PICTURES {
            if let Some(oldest) = self.came.pop_front() {
                self.pictures.remove(&oldest);
            }
        }
    }

    /// What was asked for will not come; it may be asked for again.
    pub fn give_up(&mut self) {
        self.asked.clear();
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SetsInfo;

    fn sent(indices: std::ops::Range<u32>) -> (Sight, Vec<u8>) {
        let payload = indices.clone().flat_map(|index| [index as u8; PICTURE_BYTES]).collect();
        (Sight::Images { source: ImageSource::Train, indices: indices.collect() }, payload)
    }

    #[test]
    fn a_picture_is_asked_for_once() {
        let mut thumbnails = Thumbnails::default();
        assert_eq!(thumbnails.ask(ImageSource::Train, [3, 4]), [3, 4]);
        assert_eq!(thumbnails.ask(ImageSource::Train, [3, 4, 5]), [5]);
        assert_eq!(thumbnails.ask(ImageSource::Test, [3]), [3], "of the other set");
        let (sight, payload) = sent(3..5);
        thumbnails.apply(&sight, &payload);
        assert_eq!(thumbnails.get(ImageSource::Train, 4).unwrap()[..], [4; PICTURE_BYTES]);
        assert_eq!(thumbnails.get(ImageSource::Test, 4), None);
        assert!(thumbnails.ask(ImageSource::Train, [3, 4, 5]).is_empty());
        thumbnails.apply(&Sight::Images { source: ImageSource::Train, indices: vec![] }, &[]);
        assert_eq!(thumbnails.ask(ImageSource::Train, [4, 5]), [5], "it did not come");
        assert_eq!(thumbnails.ask(ImageSource::Train, 10..9_999).len(), MAX_ASKED);
    }

    #[test]
    fn old_pictures_make_room() {
        let mut thumbnails = Thumbnails::default();
        let (sight, payload) = sent(0..MAX_PICTURES as u32 + 2);
        thumbnails.apply(&sight, &payload);
        assert_eq!(thumbnails.get(ImageSource::Train, 1), None);
        assert!(thumbnails.get(ImageSource::Train, 2).is_some());
        assert_eq!(thumbnails.ask(ImageSource::Train, [1]), [1]);
        let info =
            SetsInfo { epoch: 0, classes: 1, train_images: 0, candidates: 0, test_images: 0 };
        thumbnails.apply(&Sight::Sets(info), &[]);
        assert_eq!(thumbnails.get(ImageSource::Train, 2), None);
    }

    #[test]
    fn a_payload_cut_short_gives_what_is_whole() {
        let mut thumbnails = Thumbnails::default();
        let (sight, payload) = sent(0..2);
        thumbnails.apply(&sight, &payload[..PICTURE_BYTES + 1]);
        assert!(thumbnails.get(ImageSource::Train, 0).is_some());
        assert!(thumbnails.get(ImageSource::Train, 1).is_none());
    }
}
