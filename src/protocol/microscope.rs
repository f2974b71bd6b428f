//! What the label microscope gets to see: every candidate set, the confidences of every epoch,
//! and the pictures that it asks for.

use serde::{Deserialize, Serialize};

/// Which of a run's two sets of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageSource {
    Train,
    Test,
}

/// News for the label microscope; what is large of it is in the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    /// The run begins, or goes on. The payload is [`SetsInfo::payload`].
    Sets(SetsInfo),
    /// An epoch has ended. The payload holds the confidences of the candidates, u8 `[candidates]`
    /// in the order of the sets, and then the network's answers, u8 `[test_images]`.
    Epoch {
        /// From 1.
        epoch: usize,
    },
    /// The answer to [`super::Command::Images`]: u8 `[indices, 3, 32, 32]` in the payload. An image
    /// that there is none of is left out.
    Images { source: ImageSource, indices: Vec<u32> },
}

/// The sizes of what the payload of [`Sight::Sets`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetsInfo {
    /// Epochs that were trained before.
    pub epoch: usize,
    pub classes: usize,
    pub train_images: usize,
    /// Of all training images together.
    pub candidates: usize,
    pub test_images: usize,
}

/// The parts of the payload of [`Sight::Sets`], in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetsParts<'a> {
    /// True labels, `[train_images]`.
    pub labels: &'a [u8],
    /// Candidates of each image, `[train_images]`.
    pub sizes: &'a [u8],
    /// Classes of the candidates, ascending in each set, `[candidates]`.
    pub candidates: &'a [u8],
    /// Their stored confidences, `[candidates]`.
    pub confidences: &'a [u8],
    /// `[test_images]`.
    pub test_labels: &'a [u8],
}

impl SetsParts<'_> {
    pub fn to_payload(self) -> Vec<u8> {
        let Self { labels, sizes, candidates, confidences, test_labels } = self;
        [labels, sizes, candidates, confidences, test_labels].concat()
    }
}

impl SetsInfo {
    /// Takes the payload apart; None if its length is not what was announced.
    pub fn parts<'a>(&self, payload: &'a [u8]) -> Option<SetsParts<'a>> {
        let (labels, rest) = payload.split_at_checked(self.train_images)?;
        let (sizes, rest) = rest.split_at_checked(self.train_images)?;
        let (candidates, rest) = rest.split_at_checked(self.candidates)?;
        let (confidences, test_labels) = rest.split_at_checked(self.candidates)?;
        let fits = test_labels.len() == self.test_images;
        fits.then_some(SetsParts { labels, sizes, candidates, confidences, test_labels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_apart_as_it_was_put_together() {
        let parts = SetsParts {
            labels: &[1, 0],
            sizes: &[2, 1],
            candidates: &[0, 1, 0],
            confidences: &[127, 128, 255],
            test_labels: &[1],
        };
        let info =
            SetsInfo { epoch: 0, classes: 2, train_images: 2, candidates: 3, test_images: 1 };
        let payload = parts.to_payload();
        assert_eq!(info.parts(&payload), Some(parts));
        assert_eq!(info.parts(&payload[1..]), None);
        assert_eq!(info.parts(&[]), None);
    }
}
