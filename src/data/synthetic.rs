//! The built-in data set: ten classes of 32x32 colour pictures, drawn from a seed.
//!
//! It makes the first run possible without a download. Shapes vary in place, size, angle and
//! colour, textures in period, phase and slant; every picture has a shaded background and noise,
//! so that neither a colour nor a pixel gives the class away.

use rand::{Rng, RngExt};

use super::images::{CHANNELS, DataSet, IMAGE_BYTES, ImageSet, PLANE, SIDE};
use super::random::{Stream, stream};

/// In the order of the labels.
pub(super) const CLASS_NAMES: &str =
    "disc ring square triangle cross bar stripes checks dots waves";

/// Images drawn when no limit is set.
pub const TRAIN_IMAGES: usize = 2_000;
pub const TEST_IMAGES: usize = 500;
/// The most that a limit can ask for: 200 MB of pixels.
pub const MAX_IMAGES: usize = 65_536;

const CLASSES: usize = 10;
/// Half the width of the soft edge between figure and background, in pixels.
const EDGE: f32 = 0.7;

/// Draws the set. A limit of 0 means the default size; the first images of a larger set are
/// those of a smaller one.
pub fn draw(train_limit: usize, test_limit: usize) -> DataSet {
    let size = |limit: usize, default: usize| {
        if limit == 0 { default } else { limit.min(MAX_IMAGES) }
    };
    DataSet {
        train: draw_images(0, size(train_limit, TRAIN_IMAGES)),
        // Positions far from any training image.
        test: draw_images(1 << 32, size(test_limit, TEST_IMAGES)),
        class_names: super::cifar::class_names(crate::experiment::Dataset::Synthetic),
        notes: if train_limit.max(test_limit) > MAX_IMAGES {
            vec![t!(
                "The built-in shapes are at most {most} images; more are not drawn.",
                most = MAX_IMAGES
            )]
        } else {
            Vec::new()
        },
    }
}

/// The pictures belong to the data set, not to the experiment: its seed does not change them,
/// so that two seeds are two runs on the same data, as with CIFAR.
const DATA_SEED: u64 = 2020;

fn draw_images(first: u64, count: usize) -> ImageSet {
    let mut set = ImageSet {
        pixels: Vec::with_capacity(count * IMAGE_BYTES),
        labels: Vec::with_capacity(count),
        superclasses: Vec::new(),
    };
    for position in 0..count as u64 {
        let mut random = stream(DATA_SEED, Stream::Synthetic, first + position);
        let label = random.random_range(0..CLASSES);
        set.pixels.extend(draw_picture(label, &mut random));
        set.labels.push(label as u8);
    }
    set
}

fn draw_picture(label: usize, random: &mut impl Rng) -> Vec<u8> {
    let figure = Figure::draw(label, random);
    let (front, back) = contrasting_colours(random);
    // The background is shaded in a random direction.
    let (slope_x, slope_y) = (random.random_range(-0.8..0.8), random.random_range(-0.8..0.8));
    let noise = random.random_range(6.0..22.0);
    let mut picture = vec![0; IMAGE_BYTES];
    for at in 0..PLANE {
        let (x, y) = ((at % SIDE) as f32 - 15.5, (at / SIDE) as f32 - 15.5);
        let cover = figure.cover(x, y);
        let shade = slope_x * x + slope_y * y;
        for channel in 0..CHANNELS {
            let behind = back[channel] + shade;
            let value = behind + cover * (front[channel] - behind);
            let value = value + noise * triangular(random);
            picture[channel * PLANE + at] = value.clamp(0.0, 255.0) as u8;
        }
    }
    picture
}

/// A random number from -1 to 1, small ones more often; cheaper than a Gaussian.
fn triangular(random: &mut impl Rng) -> f32 {
    random.random::<f32>() - random.random::<f32>()
}

/// Two colours that differ by 70 grey levels or more, on average over the channels.
fn contrasting_colours(random: &mut impl Rng) -> ([f32; CHANNELS], [f32; CHANNELS]) {
    loop {
        let mut colour = || std::array::from_fn(|_| random.random_range(20.0..235.0_f32));
        let (front, back): ([f32; CHANNELS], [f32; CHANNELS]) = (colour(), colour());
        let distance: f32 = front.iter().zip(&back).map(|(a, b)| (a - b).abs()).sum();
        if distance >= 70.0 * CHANNELS as f32 {
            return (front, back);
        }
    }
}

/// A shape or a texture, placed.
struct Figure {
    label: usize,
    centre: (f32, f32),
    /// Half the extent of a shape, in pixels.
    radius: f32,
    /// Of a texture, in pixels.
    period: f32,
    sin: f32,
    cos: f32,
}

impl Figure {
    fn draw(label: usize, random: &mut impl Rng) -> Self {
        let radius = random.random_range(6.5..11.5_f32);
        let room = 15.0 - radius;
        // Up to 25 degrees either way: a square must not become a diamond.
        let angle = random.random_range(-0.44..0.44_f32);
        Self {
            label,
            centre: (random.random_range(-room..room), random.random_range(-room..room)),
            radius,
            period: random.random_range(7.0..11.0),
            sin: libm::sinf(angle),
            cos: libm::cosf(angle),
        }
    }

    /// How much of the pixel at (x, y) the figure covers, from 0 to 1.
    fn cover(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let (u, v) = (self.cos * dx + self.sin * dy, self.cos * dy - self.sin * dx);
        let r = self.radius;
        // Signed distance to the edge, in pixels; negative inside (after Quilez, "2D distance functions").
        let distance = match self.label {
            0 => libm::hypotf(u, v) - r,
            1 => (libm::hypotf(u, v) - 0.75 * r).abs() - 0.22 * r,
            2 => u.abs().max(v.abs()) - 0.85 * r,
            3 => (0.866 * u.abs() + 0.5 * v).max(-v) - 0.55 * r,
            4 => {
                let arm = |a: f32, b: f32| (a.abs() - 0.28 * r).max(b.abs() - r);
                arm(u, v).min(arm(v, u))
            }
            5 => (u.abs() - 0.3 * r).max(v.abs() - 1.15 * r),
            6 => self.ripple(v),
            7 => {
                let (a, b) = (self.ripple(u), self.ripple(v));
                // Inside where just one of the two ripples is.
                a.max(-b).min(b.max(-a))
            }
            8 => {
                let (a, b) = (self.nearest(u), self.nearest(v));
                libm::hypotf(a, b) - 0.28 * self.period
            }
            _ => self.ripple(v + 3.0 * libm::sinf(u * std::f32::consts::TAU / (1.7 * self.period))),
        };
        (0.5 - distance / (2.0 * EDGE)).clamp(0.0, 1.0)
    }

    /// Distance to the nearest of lines a period apart.
    fn nearest(&self, at: f32) -> f32 {
        at - self.period * (at / self.period).round()
    }

    /// Signed distance to bands of half a period.
    fn ripple(&self, at: f32) -> f32 {
        self.nearest(at).abs() - 0.25 * self.period
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_the_same_everywhere_and_grows_at_its_end() {
        let small = draw(50, 20);
        let large = draw(60, 20);
        assert_eq!(small.train.pixels, large.train.pixels[..50 * IMAGE_BYTES]);
        assert_eq!(small.test, large.test);
        assert_ne!(small.train.image(0), small.test.image(0));
        assert_eq!(small.class_names.len(), CLASSES);
    }

    #[test]
    fn classes_are_balanced_and_pictures_have_contrast() {
        let set = draw(0, 0);
        assert_eq!((set.train.len(), set.test.len()), (TRAIN_IMAGES, TEST_IMAGES));
        for class in 0..CLASSES as u8 {
            let count = set.train.labels.iter().filter(|&&label| label == class).count();
            assert!((140..=260).contains(&count), "class {class}: {count}");
        }
        for index in 0..50 {
            let image = set.train.image(index);
            let (low, high) = (image.iter().min().unwrap(), image.iter().max().unwrap());
            assert!(high - low > 40, "image {index}");
        }
    }
}
