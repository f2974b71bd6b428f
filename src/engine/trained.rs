//! A network that can classify photos.

use burn::tensor::Device;

use super::inbox::Photo;
use super::session::Emit;
use crate::data::batches::Normaliser;
use crate::data::photo;
use crate::experiment::calibration::Calibration;
use crate::model::Network;
use crate::model::file::{FileError, ModelFile};
use crate::protocol::{Classification, Event, Failure};
use crate::train::evaluate;

/// A network in evaluation mode, and what it is fed and what it answers.
#[derive(Clone)]
pub struct Trained {
    pub network: Network,
    pub device: Device,
    pub normaliser: Normaliser,
    pub class_names: Vec<String>,
    pub calibration: Calibration,
}

impl Trained {
    /// The network of a file.
    ///
    /// # Errors
    /// When its tensors are not those of a network of ours.
    pub fn from_file(file: &ModelFile, device: Device) -> Result<Self, FileError> {
        let (class_names, channels) = file.input_and_output()?;
        let network = file.network(&device)?;
        let normaliser = Normaliser::new(&channels);
        let calibration = file.calibration();
        Ok(Self { network, device, normaliser, class_names, calibration })
    }

    /// Classifies a photo and answers its request.
    pub async fn classify(&self, Photo { request, file }: Photo, emit: &Emit) {
        let (outcome, crop) = match self.probabilities(&file).await {
            Ok((crop, probabilities)) => {
                let class_names = self.class_names.clone();
                let threshold = self.calibration.threshold;
                let outcome =
                    Classification::Probabilities { class_names, probabilities, threshold };
                (outcome, Some(crop))
            }
            Err(failure) => (Classification::Refused(failure), None),
        };
        emit(Event::Classified { request, outcome }, crop);
    }

    /// The 32x32 crop that the network saw, and its opinion.
    ///
    /// # Errors
    /// When the file is no photo, or the device fails.
    pub async fn probabilities(&self, file: &[u8]) -> Result<(Vec<u8>, Vec<f32>), Failure> {
        let crop = photo::to_cifar(file).map_err(|error| {
            Failure::new(
                t!("This photo cannot be classified: {error}.", error),
                t!("Choose a JPEG, PNG or WebP image of at most 50 megapixels."),
            )
        })?;
        let Self { network, device, normaliser, .. } = self;
        let temperature = self.calibration.temperature;
        let probabilities = evaluate::classify(network, device, normaliser, &crop, temperature)
            .await
            .map_err(|error| {
                Failure::new(
                    t!("The device failed while classifying: {error}", error),
                    t!("Train again, on the device “CPU” if need be."),
                )
            })?;
        if !probabilities.iter().all(|probability| probability.is_finite()) {
            return Err(Failure::new(
                t!(
                    "The network has no opinion of this photo: what it computes is not a number. It has diverged, or its file is damaged."
                ),
                t!("Train again with a lower learning rate, or open another network."),
            ));
        }
        Ok((crop, probabilities))
    }
}
