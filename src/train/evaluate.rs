//! A network's opinion of images it does not learn from.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::data::augment::View;
use crate::data::batches::Normaliser;
use crate::data::images::{CHANNELS, ImageSet, SIDE};
use crate::model::Network;

/// Images in one forward pass.
pub const BATCH: usize = 125;

/// The right answers among the images at `ids`.
///
/// `network` is in evaluation mode, on `device`.
///
/// # Errors
/// When the device fails.
pub async fn count_right(
    network: &Network,
    device: &Device,
    normaliser: &Normaliser,
    images: &ImageSet,
    ids: &[usize],
) -> Result<usize, ExecutionError> {
    let pixels = normaliser.batch(images, ids, |_| View::IDENTITY);
    let input =
        Tensor::from_data(TensorData::new(pixels, [ids.len(), CHANNELS, SIDE, SIDE]), device);
    let predictions = network.forward(input, None).argmax(1).into_data_async().await?;
    let right = predictions
        .iter::<i64>()
        .zip(ids)
        .filter(|&(prediction, &id)| prediction == i64::from(images.labels[id]));
    Ok(right.count())
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
