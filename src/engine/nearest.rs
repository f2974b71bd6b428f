//! Why a network says what it says of a photo: the training images that it takes for nearest, by the
//! cosine between what its last linear layer sees of them.
//!
//! Computed when it is asked for, piece by piece: between two pieces the session hears commands.

use burn::tensor::ExecutionError;

use super::host;
use super::run::Run;
use super::trained::Trained;
use crate::data::images::{IMAGE_BYTES, ImageSet};
use crate::experiment::nearness::{evenly, nearest, normalise};
use crate::protocol::{Evidence, Failure, Neighbour};
use crate::train::evaluate;

/// Neighbours that are told of.
const NEIGHBOURS: usize = 8;
/// Training images that are compared: with more of them a wide network on the CPU would take
/// several minutes.
const MAX_COMPARED: usize = 5_000;
/// A piece of work should take about so long: commands wait for it.
const PIECE_SECS: f64 = 0.2;

/// What a run's network sees in training images of its run.
pub struct Features {
    trained: Trained,
    /// Of the images to be compared, in the training set.
    ids: Vec<usize>,
    /// Features of the first of them, each of length 1, row by row.
    rows: Vec<f32>,
    done: usize,
    /// Images in the next piece.
    piece: usize,
}

impl Features {
    /// Of the run as it stands now.
    pub fn begin(run: &Run) -> Self {
        Self {
            trained: run.trained(),
            ids: evenly(run.trainer.images().len(), MAX_COMPARED),
            rows: Vec::new(),
            done: 0,
            piece: 8,
        }
    }

    /// Looks at some more images, and then says how far it is, or what is nearest to the crop,
    /// u8 `[3, 32, 32]`. The pixels of the neighbours come beside the answer.
    ///
    /// # Errors
    /// When the device fails, or what it computes is no number.
    pub async fn advance(
        &mut self,
        run: &Run,
        crop: &[u8],
    ) -> Result<(Evidence, Option<Vec<u8>>), Failure> {
        if crop.len() != IMAGE_BYTES {
            return Err(Failure::new(
                t!("There is no picture to compare."),
                t!("Give a photo first."),
            ));
        }
        if self.done < self.ids.len() {
            self.look(run.trainer.images()).await.map_err(broken)?;
        }
        let (done, total) = (self.done, self.ids.len());
        if done < total {
            return Ok((Evidence::Looking { done, total }, None));
        }
        let of_crop = ImageSet { pixels: crop.to_vec(), labels: vec![0], ..ImageSet::default() };
        let features = self.features(&of_crop, &[0]).await.map_err(broken)?;
        let found = nearest(&self.rows, &features, NEIGHBOURS);
        self.tell(run, &found).await.map_err(broken)
    }

    /// The next piece, and how large the one after it should be.
    async fn look(&mut self, images: &ImageSet) -> Result<(), ExecutionError> {
        let began_secs = host::now_secs();
        let end = (self.done + self.piece).min(self.ids.len());
        let rows = self.features(images, &self.ids[self.done..end]).await?;
        self.rows.extend(rows);
        self.done = end;
        let took_secs = host::now_secs() - began_secs;
        if took_secs < PIECE_SECS / 2.0 {
            self.piece = (self.piece * 2).min(evaluate::BATCH);
        } else if took_secs > PIECE_SECS {
            self.piece = (self.piece / 2).max(1);
        }
        Ok(())
    }

    async fn features(&self, images: &ImageSet, ids: &[usize]) -> Result<Vec<f32>, ExecutionError> {
        let Trained { network, device, normaliser, .. } = &self.trained;
        let mut rows = evaluate::features(network, device, normaliser, images, ids).await?;
        let width = rows.len() / ids.len().max(1);
        rows.chunks_exact_mut(width.max(1)).for_each(normalise);
        Ok(rows)
    }

    async fn tell(
        &self,
        run: &Run,
        found: &[(usize, f32)],
    ) -> Result<(Evidence, Option<Vec<u8>>), ExecutionError> {
        let (images, sets) = (run.trainer.images(), run.trainer.candidates());
        let classes = sets.classes();
        let stored = run.trainer.stored_confidences().into_data_async().await?;
        let stored: Vec<f32> = stored.iter().collect();
        let mut pixels = Vec::with_capacity(found.len() * IMAGE_BYTES);
        let mut neighbours = Vec::with_capacity(found.len());
        for &(row, similarity) in found {
            let index = self.ids[row];
            let confidences = &stored[index * classes..][..classes];
            let members = (0..classes).zip(sets.of(index));
            let candidates = members.filter(|&(_, &it)| it == 1).map(|(class, _)| class).collect();
            let best =
                (0..classes).rev().max_by(|&a, &b| confidences[a].total_cmp(&confidences[b]));
            let found = best.unwrap_or_default();
            pixels.extend_from_slice(images.image(index));
            neighbours.push(Neighbour {
                index,
                similarity,
                label: usize::from(images.labels[index]),
                candidates,
                found,
                confidence: confidences[found],
            });
        }
        let (compared, training_images) = (self.ids.len(), images.len());
        Ok((Evidence::Found { neighbours, compared, training_images }, Some(pixels)))
    }
}

fn broken(error: ExecutionError) -> Failure {
    Failure::new(
        t!("The device failed while comparing images: {error}", error),
        t!("Try again; if it happens again, train on the device “CPU”."),
    )
}
