//! A network's opinion of images it does not learn from.

use burn::tensor::activation::softmax;
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
    let pixels = normaliser.batch(images, ids, |_| View::IDENTITY);
    let input =
        Tensor::from_data(TensorData::new(pixels, [ids.len(), CHANNELS, SIDE, SIDE]), device);
    let answers = network.forward(input, None).argmax(1).into_data_async().await?;
    // No data set has more than 256 classes: labels are bytes.
    Ok(answers.iter::<i64>().map(|class| class as u8).collect())
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

/// The probability of each class for one image, u8 `[3, 32, 32]`.
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
) -> Result<Vec<f32>, ExecutionError> {
    let data = TensorData::new(normaliser.image(pixels), [1, CHANNELS, SIDE, SIDE]);
    let scores = network.forward(Tensor::from_data(data, device), None);
    Ok(softmax(scores, 1).into_data_async().await?.iter().collect())
}
