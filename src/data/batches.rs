//! The order in which images are drawn, and a batch of them as normalised numbers.

use rand::seq::SliceRandom;

use super::augment::View;
use super::images::{CHANNELS, ChannelStats, IMAGE_BYTES, ImageSet, PLANE, SIDE};
use super::random::{Stream, stream};

/// The images of an epoch in random order. Any epoch's order can be had without those before.
pub fn epoch_order(seed: u64, epoch: usize, images: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..images).collect();
    order.shuffle(&mut stream(seed, Stream::Order, epoch as u64));
    order
}

/// Turns u8 pixels into normalised numbers: (p / 255 - mean) / std, channel by channel.
#[derive(Debug, Clone)]
pub struct Normaliser {
    lookup: [[f32; 256]; CHANNELS],
}

impl Normaliser {
    pub fn new(stats: &ChannelStats) -> Self {
        Self { lookup: stats.lookup() }
    }

    /// The images at `ids`, f32 `[ids, 3, 32, 32]`; `view` says how each is looked at.
    pub fn batch(
        &self,
        images: &ImageSet,
        ids: &[usize],
        mut view: impl FnMut(usize) -> View,
    ) -> Vec<f32> {
        let mut out = Vec::with_capacity(ids.len() * IMAGE_BYTES);
        for &id in ids {
            let view = view(id);
            if view == View::IDENTITY {
                self.plain(images.image(id), &mut out);
            } else {
                self.seen_through(view, images.image(id), &mut out);
            }
        }
        out
    }

    /// One image as it is, f32 `[3, 32, 32]`.
    pub fn image(&self, pixels: &[u8]) -> Vec<f32> {
        let mut out = Vec::with_capacity(IMAGE_BYTES);
        self.plain(pixels, &mut out);
        out
    }

    fn plain(&self, image: &[u8], out: &mut Vec<f32>) {
        for (plane, lookup) in image.chunks_exact(PLANE).zip(&self.lookup) {
            out.extend(plane.iter().map(|&pixel| lookup[usize::from(pixel)]));
        }
    }

    /// Outside the image there are zero pixels, as torchvision pads before normalising.
    fn seen_through(&self, view: View, image: &[u8], out: &mut Vec<f32>) {
        for (plane, lookup) in image.chunks_exact(PLANE).zip(&self.lookup) {
            for y in 0..SIDE {
                for x in 0..SIDE {
                    let pixel = view.source(x, y).map_or(0, |(x, y)| plane[y * SIDE + x]);
                    out.push(lookup[usize::from(pixel)]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_and_differs_between_epochs() {
        let mut order = epoch_order(1, 0, 100);
        assert_eq!(order, epoch_order(1, 0, 100));
        assert_ne!(order, epoch_order(1, 1, 100));
        order.sort_unstable();
        assert!(order.into_iter().eq(0..100));
    }

    #[test]
    fn normalised_pixels() {
        let images = ImageSet {
            pixels: [[0; IMAGE_BYTES], [255; IMAGE_BYTES]].concat(),
            labels: vec![0, 1],
            superclasses: vec![],
        };
        let normaliser = Normaliser::new(&ChannelStats::of(&images));
        let batch = normaliser.batch(&images, &[1, 0], |_| View::IDENTITY);
        assert_eq!(batch.len(), 2 * IMAGE_BYTES);
        assert_eq!((batch[0], batch[IMAGE_BYTES]), (1.0, -1.0));
        let shifted = View { flip: false, dx: 4, dy: 0 };
        let batch = normaliser.batch(&images, &[1], |_| shifted);
        assert_eq!(batch[SIDE - 5..SIDE - 3], [1.0, -1.0]);
    }
}
