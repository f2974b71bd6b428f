//! The photos on the Classify page, and what the network says of each: a pure function of what the
//! visitor gives and the engine answers. New photos take the place of the old ones.

use super::calibration::is_believed;
use super::display;
use crate::protocol::{Classification, Evidence, Failure, Neighbour};

/// Photos at once: more would take long, and nobody reads so many answers.
pub const MAX_PHOTOS: usize = 60;

/// The photos, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Album {
    pub photos: Vec<Photo>,
    /// Why there are none, or not all.
    pub failure: Option<Failure>,
    last_request: u32,
}

/// A photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    /// Names it in questions to the engine.
    pub request: u32,
    /// The file's.
    pub name: String,
    pub state: PhotoState,
    /// What the visitor asked for beside the answer.
    pub evidence: Option<Compared>,
}

/// How far a photo has come.
#[derive(Debug, Clone, PartialEq)]
pub enum PhotoState {
    /// Its turn is still to come.
    Waiting,
    /// The network was asked.
    Asked,
    Answered(Answer),
    Refused(Failure),
}

/// What the network says of a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub class_names: Vec<String>,
    pub probabilities: Vec<f32>,
    /// Below it the answer is not believed.
    pub threshold: f64,
    /// The crop that the network saw, u8 `[3, 32, 32]`.
    pub crop: Vec<u8>,
}

/// The training images that are near a photo.
#[derive(Debug, Clone, PartialEq)]
pub enum Compared {
    Looking {
        done: usize,
        total: usize,
    },
    Found {
        neighbours: Vec<Neighbour>,
        compared: usize,
        training_images: usize,
        /// u8 `[neighbours, 3, 32, 32]`.
        pixels: Vec<u8>,
    },
    Refused(Failure),
}

impl Answer {
    /// The likeliest class.
    pub fn best(&self) -> Option<usize> {
        display::leader(&self.probabilities)
    }

    /// The probability of the likeliest class.
    pub fn confidence(&self) -> f32 {
        self.best().and_then(|class| self.probabilities.get(class)).copied().unwrap_or_default()
    }

    /// Whether the photo shows perhaps none of the classes.
    pub fn looks_like_none(&self) -> bool {
        !is_believed(f64::from(self.confidence()), self.threshold)
    }
}

impl Album {
    /// New photos, by their files' names; those beyond the limit are told of.
    pub fn take(&mut self, names: Vec<String>) {
        let given = names.len();
        self.failure = (given > MAX_PHOTOS).then(|| {
            Failure::new(
                t!(
                    "{given} photos are too many at once: the first {most} are classified.",
                    given,
                    most = MAX_PHOTOS
                ),
                t!("Give the others afterwards."),
            )
        });
        let mut photos = Vec::new();
        for name in names.into_iter().take(MAX_PHOTOS) {
            self.last_request = self.last_request.wrapping_add(1);
            let request = self.last_request;
            photos.push(Photo { request, name, state: PhotoState::Waiting, evidence: None });
        }
        self.photos = photos;
    }

    /// What was given is none.
    pub fn refuse_all(&mut self, failure: Failure) {
        self.photos.clear();
        self.failure = Some(failure);
    }

    /// The photo whose turn it is; None while the engine is at work on one, or all have had theirs.
    pub fn next(&self) -> Option<u32> {
        let is_busy = self.photos.iter().any(|photo| photo.state == PhotoState::Asked);
        let waiting = self.photos.iter().find(|photo| photo.state == PhotoState::Waiting);
        waiting.filter(|_| !is_busy).map(|photo| photo.request)
    }

    pub fn get(&self, request: u32) -> Option<&Photo> {
        self.photos.iter().find(|photo| photo.request == request)
    }

    fn get_mut(&mut self, request: u32) -> Option<&mut Photo> {
        self.photos.iter_mut().find(|photo| photo.request == request)
    }

    /// The network is asked about a photo.
    pub fn ask(&mut self, request: u32) {
        self.set(request, PhotoState::Asked);
    }

    pub fn refuse(&mut self, request: u32, failure: Failure) {
        self.set(request, PhotoState::Refused(failure));
    }

    /// The engine has answered. What was asked about photos that are gone is nobody's business.
    pub fn answer(&mut self, request: u32, outcome: Classification, crop: Vec<u8>) {
        let state = match outcome {
            Classification::Refused(failure) => PhotoState::Refused(failure),
            Classification::Probabilities { class_names, probabilities, threshold } => {
                PhotoState::Answered(Answer { class_names, probabilities, threshold, crop })
            }
        };
        self.set(request, state);
    }

    fn set(&mut self, request: u32, state: PhotoState) {
        if let Some(photo) = self.get_mut(request) {
            photo.state = state;
        }
    }

    /// Another network is to look at these photos.
    pub fn ask_again(&mut self, requests: &[u32]) {
        for photo in self.photos.iter_mut().filter(|photo| requests.contains(&photo.request)) {
            // What the engine was asked after the choice, the new network answers.
            if photo.state != PhotoState::Asked {
                photo.state = PhotoState::Waiting;
            }
            photo.evidence = None;
        }
    }

    /// No network will look at those that have no answer yet. Whether there were such.
    pub fn refuse_open(&mut self, failure: &Failure) -> bool {
        let mut were_some = false;
        for photo in &mut self.photos {
            if matches!(photo.state, PhotoState::Waiting | PhotoState::Asked) {
                were_some = true;
                photo.state = PhotoState::Refused(failure.clone());
            }
            if matches!(photo.evidence, Some(Compared::Looking { .. })) {
                photo.evidence = None;
            }
        }
        were_some
    }

    /// The visitor wants to know which training images are near; the crop to ask with.
    pub fn compare(&mut self, request: u32) -> Option<Vec<u8>> {
        let photo = self.get_mut(request)?;
        let PhotoState::Answered(answer) = &photo.state else { return None };
        photo.evidence = Some(Compared::Looking { done: 0, total: 0 });
        Some(answer.crop.clone())
    }

    /// The engine has compared.
    pub fn take_evidence(&mut self, request: u32, outcome: Evidence, pixels: Vec<u8>) {
        let Some(photo) = self.get_mut(request) else { return };
        photo.evidence = Some(match outcome {
            Evidence::Looking { done, total } => Compared::Looking { done, total },
            Evidence::Found { neighbours, compared, training_images } => {
                Compared::Found { neighbours, compared, training_images, pixels }
            }
            Evidence::Refused(failure) => Compared::Refused(failure),
        });
    }

    /// Photos that have had their turn, and all.
    pub fn progress(&self) -> (usize, usize) {
        let is_done = |photo: &&Photo| {
            matches!(photo.state, PhotoState::Answered(_) | PhotoState::Refused(_))
        };
        (self.photos.iter().filter(is_done).count(), self.photos.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn album(count: usize) -> Album {
        let mut album = Album::default();
        album.take((0..count).map(|it| format!("{it}.png")).collect());
        album
    }

    fn opinion(probabilities: &[f32]) -> Classification {
        Classification::Probabilities {
            class_names: vec!["cat".into(), "dog".into()],
            probabilities: probabilities.to_vec(),
            threshold: 0.7,
        }
    }

    #[test]
    fn photos_are_asked_about_one_by_one() {
        let mut album = album(3);
        let first = album.next().unwrap();
        album.ask(first);
        assert_eq!(album.next(), None, "the engine is busy");
        album.answer(first, opinion(&[0.2, 0.8]), vec![1]);
        let second = album.next().unwrap();
        album.ask(second);
        album.answer(second, Classification::Refused(Failure::new("damaged", "again")), vec![]);
        assert_eq!(album.progress(), (2, 3));
        let Some(Photo { state: PhotoState::Answered(answer), .. }) = album.get(first) else {
            panic!("{album:?}");
        };
        assert_eq!((answer.best(), answer.looks_like_none()), (Some(1), false));
        let third = album.next().unwrap();
        album.ask(third);

        // The next ones take their place; an answer that comes late is nobody's.
        album.take(vec!["new.png".into()]);
        album.answer(third, opinion(&[1.0, 0.0]), vec![]);
        assert_eq!(album.progress(), (0, 1));
        assert!(album.next().unwrap() > third);
    }

    #[test]
    fn an_answer_below_the_threshold_is_not_believed() {
        let answer = |probabilities: &[f32]| Answer {
            class_names: Vec::new(),
            probabilities: probabilities.to_vec(),
            threshold: 0.7,
            crop: Vec::new(),
        };
        assert!(answer(&[0.35, 0.65]).looks_like_none());
        assert!(!answer(&[0.71, 0.29]).looks_like_none());
        assert!(answer(&[]).looks_like_none(), "no answer is none");
    }

    #[test]
    fn too_many_are_told_of() {
        let album = album(MAX_PHOTOS + 1);
        assert_eq!(album.photos.len(), MAX_PHOTOS);
        assert!(album.failure.unwrap().fault.contains("61 photos"));
    }

    #[test]
    fn when_the_engine_is_gone_nothing_stays_open() {
        let mut album = album(2);
        let first = album.next().unwrap();
        album.ask(first);
        album.answer(first, opinion(&[0.2, 0.8]), vec![7]);
        assert_eq!(album.compare(first), Some(vec![7]));
        assert_eq!(album.compare(first + 1), None, "not before it has its answer");
        assert!(album.refuse_open(&Failure::new("gone", "again")));
        assert_eq!((album.progress(), album.next()), ((2, 2), None));
        assert_eq!(album.get(first).unwrap().evidence, None);
        assert!(!album.refuse_open(&Failure::new("gone", "again")));
    }

    #[test]
    fn another_network_is_asked_again() {
        let mut album = album(3);
        let requests: Vec<u32> = album.photos.iter().map(|photo| photo.request).collect();
        album.answer(requests[0], opinion(&[0.2, 0.8]), vec![7]);
        album.compare(requests[0]);
        album.ask(requests[1]);
        album.refuse(requests[2], Failure::new("no image", "another"));
        // The third is no image for any network.
        album.ask_again(&requests[..2]);
        let [first, second, third] = &album.photos[..] else { panic!("{album:?}") };
        assert_eq!((&first.state, &first.evidence), (&PhotoState::Waiting, &None));
        assert_eq!(second.state, PhotoState::Asked);
        assert!(matches!(third.state, PhotoState::Refused(_)));
    }

    #[test]
    fn evidence_belongs_to_its_photo() {
        let mut album = album(1);
        let request = album.next().unwrap();
        album.answer(request, opinion(&[0.2, 0.8]), vec![]);
        album.compare(request);
        album.take_evidence(request, Evidence::Looking { done: 3, total: 9 }, vec![]);
        let looking = Compared::Looking { done: 3, total: 9 };
        assert_eq!(album.get(request).unwrap().evidence, Some(looking));
        album.take_evidence(request + 1, Evidence::Looking { done: 4, total: 9 }, vec![]);
        let found = Evidence::Found { neighbours: vec![], compared: 9, training_images: 9 };
        album.take_evidence(request, found, vec![]);
        assert!(matches!(album.get(request).unwrap().evidence, Some(Compared::Found { .. })));
    }
}
