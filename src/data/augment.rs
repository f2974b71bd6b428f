//! Flip-and-crop augmentation: pad by 4 pixels, crop 32x32 at random, mirror half of the
//! images (He et al. 2016, section 4.2). Drawn on the CPU, so that it is the same everywhere.

use rand::RngExt;

use super::images::SIDE;
use super::random::{Stream, stream};
use crate::experiment::Augmentation;

/// Pixels of padding on each side, the largest shift.
const PADDING: i32 = 4;

/// How an image is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub flip: bool,
    /// Position of the crop against the image, in pixels.
    pub dx: i32,
    pub dy: i32,
}

impl View {
    /// The image as it is.
    pub const IDENTITY: Self = Self { flip: false, dx: 0, dy: 0 };

    /// The view of an image in an epoch. `position` numbers the draws of the run:
    /// epoch * images + image.
    pub fn draw(augmentation: Augmentation, seed: u64, position: u64) -> Self {
        match augmentation {
            Augmentation::None => Self::IDENTITY,
            Augmentation::FlipCrop => {
                let mut random = stream(seed, Stream::Augment, position);
                Self {
                    flip: random.random_bool(0.5),
                    dx: random.random_range(-PADDING..=PADDING),
                    dy: random.random_range(-PADDING..=PADDING),
                }
            }
        }
    }

    /// Where in the image a pixel of the view comes from; None in the padding.
    pub fn source(self, x: usize, y: usize) -> Option<(usize, usize)> {
        let x = if self.flip { SIDE - 1 - x } else { x };
        let inside = |at: usize, shift: i32| {
            let at = at as i32 + shift;
            (0..SIDE as i32).contains(&at).then_some(at as usize)
        };
        Some((inside(x, self.dx)?, inside(y, self.dy)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_shift_mirror_and_pad() {
        let view = View { flip: true, dx: 0, dy: 2 };
        assert_eq!(view.source(0, 0), Some((31, 2)));
        assert_eq!(view.source(0, 30), None);
    }

    #[test]
    fn views_are_seeded_and_vary() {
        let draw = |position| View::draw(Augmentation::FlipCrop, 5, position);
        assert_eq!(draw(9), draw(9));
        let views: Vec<_> = (0..200).map(draw).collect();
        assert!(views.iter().any(|view| view.flip) && views.iter().any(|view| !view.flip));
        for shift in -4..=4 {
            assert!(views.iter().any(|view| view.dx == shift));
        }
        assert_eq!(View::draw(Augmentation::None, 5, 9), View::IDENTITY);
        // Pinned: a run goes on elsewhere with the same views.
        let views = [0, 1, 2].map(draw).map(|View { flip, dx, dy }| (flip, dx, dy));
        assert_eq!(views, [(true, 2, 4), (true, -2, -4), (false, -3, 2)]);
    }
}
