//! Labelled 32x32 colour images, and what normalisation needs to know of them.

use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

/// Height and width of every image, in pixels.
pub const SIDE: usize = 32;
/// Red, green, blue.
pub const CHANNELS: usize = 3;
/// Pixels of one channel.
pub const PLANE: usize = SIDE * SIDE;
/// Bytes of one image: planes R, G, B, each row-major (CIFAR's layout).
pub const IMAGE_BYTES: usize = CHANNELS * PLANE;

/// Images with their true labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageSet {
    /// u8 `[images, 3, 32, 32]`.
    pub pixels: Vec<u8>,
    /// `[images]`.
    pub labels: Vec<u8>,
    /// `[images]`, CIFAR-100's superclasses; empty elsewhere.
    pub superclasses: Vec<u8>,
}

impl ImageSet {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, `[3, 32, 32]`.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * IMAGE_BYTES..][..IMAGE_BYTES]
    }

    /// Appends another set.
    pub fn extend(&mut self, other: Self) {
        self.pixels.extend(other.pixels);
        self.labels.extend(other.labels);
        self.superclasses.extend(other.superclasses);
    }

    /// Names the images: equal sets have equal digests on every machine. Reads all labels but
    /// only some pixels of each image, so that it costs nothing to speak of.
    pub fn digest(&self) -> String {
        // A prime: the pixels that are read lie elsewhere in each image.
        const STRIDE: usize = 509;
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.labels);
        hasher.write(&self.pixels.iter().copied().step_by(STRIDE).collect::<Vec<u8>>());
        format!("{:016x}", hasher.finish())
    }

    /// Keeps the first `limit` images; 0 keeps all.
    pub fn truncate(&mut self, limit: usize) {
        if limit > 0 && limit < self.len() {
            self.pixels.truncate(limit * IMAGE_BYTES);
            self.labels.truncate(limit);
            self.superclasses.truncate(limit);
        }
    }
}

/// A data set, ready to train on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataSet {
    pub train: ImageSet,
    pub test: ImageSet,
    pub class_names: Vec<String>,
    /// Worth telling, but no fault.
    pub notes: Vec<String>,
}

/// Mean and standard deviation of each channel, in units of 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChannelStats {
    pub mean: [f64; CHANNELS],
    /// Population standard deviation; never 0.
    pub std: [f64; CHANNELS],
}

impl ChannelStats {
    /// Over all pixels of the images, exact but for the last rounding.
    pub fn of(images: &ImageSet) -> Self {
        let mut sums = [0_u64; CHANNELS];
        let mut squares = [0_u64; CHANNELS];
        for image in images.pixels.chunks_exact(IMAGE_BYTES) {
            for (channel, plane) in image.chunks_exact(PLANE).enumerate() {
                sums[channel] += plane.iter().map(|&p| u64::from(p)).sum::<u64>();
                squares[channel] += plane.iter().map(|&p| u64::from(p).pow(2)).sum::<u64>();
            }
        }
        let count = (images.len() * PLANE).max(1) as f64;
        let mut stats = Self { mean: [0.0; CHANNELS], std: [1.0; CHANNELS] };
        for channel in 0..CHANNELS {
            let mean = sums[channel] as f64 / count;
            let variance = squares[channel] as f64 / count - mean * mean;
            stats.mean[channel] = mean / 255.0;
            // A channel without variation stays finite.
            if variance > 0.0 {
                stats.std[channel] = variance.sqrt() / 255.0;
            }
        }
        stats
    }

    /// What each of the 256 pixel values becomes, a table a channel: rounded once, at the end.
    pub fn lookup(&self) -> [[f32; 256]; CHANNELS] {
        std::array::from_fn(|channel| {
            std::array::from_fn(|value| {
                ((value as f64 / 255.0 - self.mean[channel]) / self.std[channel]) as f32
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_a_known_set() {
        // Red half 0, half 255; green constant; blue all 51.
        let mut image = vec![0_u8; IMAGE_BYTES];
        image[..PLANE / 2].fill(255);
        image[PLANE..2 * PLANE].fill(255);
        image[2 * PLANE..].fill(51);
        let set = ImageSet { pixels: image, labels: vec![0], superclasses: vec![] };
        let stats = ChannelStats::of(&set);
        assert_eq!(stats.mean, [0.5, 1.0, 0.2]);
        assert_eq!(stats.std, [0.5, 1.0, 1.0]);
        assert_eq!(stats.lookup()[0][255], 1.0);
    }
}
