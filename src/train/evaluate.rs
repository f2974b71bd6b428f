//! A network's opinion of images it does not learn from.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::data::augment::View;
use crate::data::batches::Normaliser;
use crate::data::images::{CHANNELS, ImageSet, SIDE};
use crate::model::Network;

/// Images in one forward pass.
pub const BATCH: usize = 125;

/// The class that the network finds in each of the images at `ids`, `[ids]`.
///
/// `network` is in evaluation mode, on `device`.
///
/// # Errors
/// When the device fails.
pub async fn answers(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    images: &ImageSet,
    ids: &[usize],
) -> Result<Vec<u8>, ExecutionError> {
    let scores = scores(network, device, normaliser, images, ids).await?;
    let classes = scores.len() / ids.len().max(1);
    Ok(scores.chunks_exact(classes.max(1)).map(best).collect())
}

/// The first of the largest. No data set has more than 256 classes: labels are bytes.
fn best(scores: &[f32]) -> u8 {
    let larger =
        |best: usize, class: usize| if scores[class] > scores[best] { class } else { best };
    (0..scores.len()).reduce(larger).unwrap_or_default() as u8
}

/// The images at `ids` as a network sees them, `[ids, 3, 32, 32]`.
fn batch(device: &Device, normaliser: &Normaliser, images: &ImageSet, ids: &[usize]) -> Tensor<4> {
    let pixels = normaliser.batch(images, ids, |_| View::IDENTITY);
    Tensor::from_data(TensorData::new(pixels, [ids.len(), CHANNELS, SIDE, SIDE]), device)
}

/// The score of each class, before any softmax, for the images at `ids`: `[ids, classes]`, row by
/// row.
///
/// # Errors
/// As [`answers`].
pub async fn scores(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    images: &ImageSet,
    ids: &[usize],
) -> Result<Vec<f32>, ExecutionError> {
    let scores = network.forward(batch(device, normaliser, images, ids), None);
    Ok(scores.into_data_async().await?.iter().collect())
}

/// The right answers among the images at `ids`.
///
/// # Errors
/// As [`answers`].
pub async fn count_right(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    images: &ImageSet,
    ids: &[usize],
) -> Result<usize, ExecutionError> {
    let answers = answers(network, device, normaliser, images, ids).await?;
    Ok(answers.iter().zip(ids).filter(|&(&answer, &id)| answer == images.labels[id]).count())
}

/// What the last linear layer sees of the images at `ids`: `[ids, features]`, row by row.
///
/// # Errors
/// As [`answers`].
pub async fn features(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    images: &ImageSet,
    ids: &[usize],
) -> Result<Vec<f32>, ExecutionError> {
    let features = network.features(batch(device, normaliser, images, ids));
    Ok(features.into_data_async().await?.iter().collect())
}

/// The probability of each class for one image, u8 `[3, 32, 32]`: the softmax of the scores at a
/// temperature.
///
/// `network` is in evaluation mode, on `device`.
///
/// # Errors
/// When the device fails.
pub async fn classify(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    pixels: &[u8],
    temperature: f64,
) -> Result<Vec<f32>, ExecutionError> {
    let data = TensorData::new(normaliser.image(pixels), [1, CHANNELS, SIDE, SIDE]);
    let scores = network.forward(Tensor::from_data(data, device), None).into_data_async().await?;
    let scores: Vec<f64> =
        scores.iter::<f32>().map(|score| f64::from(score) / temperature).collect();
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| libm::exp(score - largest)).collect();
    let sum: f64 = powers.iter().sum();
    Ok(powers.iter().map(|power| (power / sum) as f32).collect())
}
