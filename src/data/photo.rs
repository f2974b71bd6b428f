//! From a visitor's photo to what the networks were trained on: a centred square, turned as
//! the camera was held, scaled to 32x32 with an antialiasing filter.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageReader, Limits, Rgb, RgbImage, Rgba,
};

use super::images::{CHANNELS, IMAGE_BYTES, PLANE, SIDE};

/// The softest of the usual filters: CIFAR's images are softer than what any sharper one makes of a
/// photo (docs/photos.md has the measurements).
const FILTER: FilterType = FilterType::Gaussian;
/// Large photos are first averaged down to so many pixels a side, which looks at each pixel once:
/// the filter looks at each several times.
const FINE_SIDE: u32 = 512;

/// The largest photo that is decoded.
pub const MAX_PIXELS: u64 = 50_000_000;
/// Memory for decoding: the largest photo in eight bytes a pixel (16 bits a channel, transparency),
/// and some working space.
const MAX_DECODE_BYTES: u64 = MAX_PIXELS * 8 + 64 * 1024 * 1024;
/// What shows through where a picture is transparent: paper.
const BEHIND: u8 = 255;

/// Why a file is no photo that can be classified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    #[error("{}", t!("the file is empty"))]
    Empty,
    #[error("{}", t!("the file is no JPEG, PNG or WebP image"))]
    UnknownFormat,
    #[error("{}", t!("the image is larger than 50 megapixels"))]
    TooLarge,
    #[error("{}", t!("the image takes more memory to decode than a photo of 50 megapixels does"))]
    TooMuchMemory,
    #[error("{}", t!("the image is damaged ({reason})", reason = .0))]
    Damaged(String),
}

/// Decodes a JPEG, PNG or WebP file and crops and scales it: u8 `[3, 32, 32]`.
///
/// # Errors
/// When the file is none of these, too large to decode, or damaged.
pub fn to_cifar(file: &[u8]) -> Result<Vec<u8>, PhotoError> {
    let (image, orientation) = decode(file)?;
    let mut square = DynamicImage::from(centre_square(image));
    // Once it is small: the square in the middle is the same, however the camera was held.
    square.apply_orientation(orientation);
    Ok(planes(&square.into_rgb8()))
}

fn decode(file: &[u8]) -> Result<(DynamicImage, Orientation), PhotoError> {
    if file.is_empty() {
        return Err(PhotoError::Empty);
    }
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => PhotoError::TooMuchMemory,
        error => PhotoError::Damaged(error.to_string()),
    };
    // Reading from memory cannot fail for reasons of input and output.
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| PhotoError::Damaged(error.to_string()))?;
    if reader.format().is_none_or(|format| !format.reading_enabled()) {
        return Err(PhotoError::UnknownFormat);
    }
    // Ours are checked below, with a better message.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        // A decoder may refuse a size before it tells it.
        image::ImageError::Limits(_) => PhotoError::TooLarge,
        error => damaged(error),
    })?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PhotoError::TooLarge);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    decoder.set_limits(limits).map_err(damaged)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    Ok((DynamicImage::from_decoder(decoder).map_err(damaged)?, orientation))
}

/// The largest centred square, scaled to 32x32.
fn centre_square(image: DynamicImage) -> RgbImage {
    let side = image.width().min(image.height());
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let image = on_paper(image);
    let square = imageops::crop_imm(&image, left, top, side, side);
    if side < 2 * FINE_SIDE {
        return scaled(&*square);
    }
    scaled(&imageops::thumbnail(&*square, FINE_SIDE, FINE_SIDE))
}

fn scaled(square: &impl GenericImageView<Pixel = Rgb<u8>>) -> RgbImage {
    imageops::resize(square, SIDE as u32, SIDE as u32, FILTER)
}

/// Eight bits a channel, and nothing transparent.
fn on_paper(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let Rgba([colour @ .., alpha]) = *image.get_pixel(x, y);
        let [front, behind] = [u32::from(alpha), u32::from(u8::MAX - alpha)];
        let full = u32::from(u8::MAX);
        Rgb(colour.map(|it| {
            ((u32::from(it) * front + u32::from(BEHIND) * behind + full / 2) / full) as u8
        }))
    })
}

/// Interleaved pixels as planes R, G, B.
fn planes(image: &RgbImage) -> Vec<u8> {
    let mut out = vec![0; IMAGE_BYTES];
    for (at, pixel) in image.pixels().enumerate() {
        for channel in 0..CHANNELS {
            out[channel * PLANE + at] = pixel.0[channel];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageEncoder, ImageFormat, RgbaImage, codecs};

    fn png(image: &RgbImage) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, ImageFormat::Png).unwrap();
        file.into_inner()
    }

    /// A JPEG that says how the camera was held, by EXIF's number for it.
    fn jpeg_held(image: &RgbImage, orientation: u8) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 100);
        // TIFF, little-endian, one entry: tag 0x0112, a short, one of it.
        let exif = [
            &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
            &[orientation, 0, 0, 0],
            &[0; 4],
        ];
        encoder.set_exif_metadata(exif.concat()).unwrap();
        encoder
            .write_image(
                image.as_raw(),
                image.width(),
                image.height(),
                image::ExtendedColorType::Rgb8,
            )
            .unwrap();
        file
    }

    #[test]
    fn a_photo_stands_as_the_camera_was_held() {
        // Red above, blue below, as the scene was.
        let is_top = |y: u32, height: u32| y < height / 2;
        let colour = |top: bool| if top { Rgb([220, 30, 30]) } else { Rgb([30, 30, 220]) };
        let upright = RgbImage::from_fn(96, 64, |_, y| colour(is_top(y, 64)));
        // What the sensor of a camera sees that is turned; EXIF 2.3, tag 0x0112.
        let turned = [
            (1, upright.clone()),
            (3, imageops::rotate180(&upright)),
            (6, imageops::rotate270(&upright)),
            (8, imageops::rotate90(&upright)),
        ];
        for (orientation, seen) in turned {
            let pixels = to_cifar(&jpeg_held(&seen, orientation)).unwrap();
            let (red, blue) = (&pixels[..PLANE], &pixels[2 * PLANE..]);
            for x in [2, 16, 29] {
                assert!(red[2 * SIDE + x] > 200 && blue[2 * SIDE + x] < 60, "{orientation}");
                assert!(blue[29 * SIDE + x] > 200 && red[29 * SIDE + x] < 60, "{orientation}");
            }
        }
    }

    #[test]
    fn behind_what_is_transparent_is_paper() {
        let clear = RgbaImage::from_fn(64, 64, |x, _| {
            if x < 32 { Rgba([10, 20, 30, 0]) } else { Rgba([10, 20, 30, 255]) }
        });
        let mut file = Cursor::new(Vec::new());
        clear.write_to(&mut file, ImageFormat::Png).unwrap();
        let pixels = to_cifar(&file.into_inner()).unwrap();
        assert_eq!((pixels[4], pixels[28]), (255, 10));
        assert_eq!((pixels[2 * PLANE + 4], pixels[2 * PLANE + 28]), (255, 30));
    }

    #[test]
    fn a_long_narrow_photo_is_not_too_large() {
        let photo = RgbImage::from_pixel(30_000, 40, Rgb([9, 8, 7]));
        assert_eq!(to_cifar(&png(&photo)).unwrap()[0], 9);
    }

    #[test]
    fn the_centre_of_a_wide_photo_is_kept() {
        let photo = RgbImage::from_fn(200, 64, |x, _| {
            if (68..132).contains(&x) { Rgb([200, 100, 50]) } else { Rgb([0, 0, 0]) }
        });
        let pixels = to_cifar(&png(&photo)).unwrap();
        assert_eq!(pixels.len(), IMAGE_BYTES);
        assert!(pixels[..PLANE].iter().all(|&p| p == 200));
        assert!(pixels[2 * PLANE..].iter().all(|&p| p == 50));
    }

    #[test]
    fn an_image_of_the_right_size_is_left_alone() {
        let photo = RgbImage::from_fn(32, 32, |x, y| Rgb([x as u8, y as u8, 7]));
        let pixels = to_cifar(&png(&photo)).unwrap();
        assert_eq!(pixels[5], 5);
        assert_eq!(pixels[PLANE + 3 * SIDE], 3);
    }

    #[test]
    fn what_is_no_photo_is_refused() {
        assert_eq!(to_cifar(b""), Err(PhotoError::Empty));
        assert_eq!(to_cifar(b"Dear diary, today"), Err(PhotoError::UnknownFormat));
        let file = png(&RgbImage::new(64, 64));
        assert!(matches!(to_cifar(&file[..60]), Err(PhotoError::Damaged(_))));
    }

    #[test]
    fn a_gigantic_claim_is_refused_before_decoding() {
        let mut file = png(&RgbImage::new(1, 1));
        // IHDR's width and height, then its checksum.
        file[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let crc = crc32(&file[12..29]);
        file[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(to_cifar(&file), Err(PhotoError::TooLarge));
    }

    /// PNG's checksum (ISO 3309), bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
