//! What the label microscope of the page is sent: sets, confidences of candidates, pictures.

use super::run::Run;
use super::session::Emit;
use crate::data::images::IMAGE_BYTES;
use crate::experiment::confidence::candidate_bytes;
use crate::protocol::{Event, ImageSource, SetsInfo, SetsParts, Sight};

/// Images in one answer: a few screens full.
const MAX_IMAGES: usize = 512;

/// Sends the candidate sets and what is trusted in them. `confidences` are those stored,
/// `[images, classes]`.
pub fn sets(run: &Run, confidences: &[f32], emit: &Emit) {
    let (images, sets) = (run.trainer.images(), run.trainer.candidates());
    let (members, classes) = (sets.members(), sets.classes());
    let bytes = candidate_bytes(members, confidences, classes);
    let (mut sizes, mut candidates) = (Vec::with_capacity(sets.len()), Vec::new());
    for set in members.chunks_exact(classes) {
        let before = candidates.len();
        let of_set = (0_u8..).zip(set).filter(|&(_, &member)| member == 1);
        candidates.extend(of_set.map(|(class, _)| class));
        sizes.push((candidates.len() - before) as u8);
    }
    let info = SetsInfo {
        epoch: run.history.len(),
        classes,
        train_images: images.len(),
        candidates: candidates.len(),
        test_images: run.test.len(),
    };
    let parts = SetsParts {
        labels: &images.labels,
        sizes: &sizes,
        candidates: &candidates,
        confidences: &bytes,
        test_labels: &run.test.labels,
    };
    emit(Event::Microscope(Sight::Sets(info)), Some(parts.to_payload()));
}

/// Sends what an epoch came to: the confidences of all images, `[images, classes]`, and the
/// answers to the test images.
pub fn epoch(run: &Run, epoch: usize, confidences: &[f32], answers: Vec<u8>, emit: &Emit) {
    let sets = run.trainer.candidates();
    let mut payload = candidate_bytes(sets.members(), confidences, sets.classes());
    payload.extend(answers);
    emit(Event::Microscope(Sight::Epoch { epoch }), Some(payload));
}

/// Sends the pictures that were asked for, as far as there are such.
pub fn images(run: &Run, source: ImageSource, indices: &[u32], emit: &Emit) {
    let images = match source {
        ImageSource::Train => run.trainer.images(),
        ImageSource::Test => &run.test,
    };
    let is_there = |&&index: &&u32| (index as usize) < images.len();
    let indices: Vec<u32> = indices.iter().filter(is_there).take(MAX_IMAGES).copied().collect();
    let mut pixels = Vec::with_capacity(indices.len() * IMAGE_BYTES);
    for &index in &indices {
        pixels.extend_from_slice(images.image(index as usize));
    }
    emit(Event::Microscope(Sight::Images { source, indices }), Some(pixels));
}

/// The answer where there is no run whose pictures could be sent.
pub fn no_images(source: ImageSource, emit: &Emit) {
    emit(Event::Microscope(Sight::Images { source, indices: Vec::new() }), None);
}
