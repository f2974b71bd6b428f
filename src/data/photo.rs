//! From a visitor's photo to what the networks were trained on: a centred square, turned as
//! the camera was held, scaled to 32x32 with an antialiasing filter.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use super::images::{CHANNELS, IMAGE_BYTES, PLANE, SIDE};

/// The largest photo that is decoded.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The longest side that is decoded.
const MAX_SIDE: u32 = 20_000;
/// Memory for decoding: the largest photo in four bytes a pixel, and some working space.
const MAX_DECODE_BYTES: u64 = MAX_PIXELS * 4 + 64 * 1024 * 1024;

/// Why a file is no photo that can be classified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    #[error("the file is empty")]
    Empty,
    #[error("the file is no JPEG, PNG or WebP image")]
    UnknownFormat,
    #[error("the image is larger than 50 megapixels")]
    TooLarge,
    #[error("the image is damaged ({0})")]
    Damaged(String),
}

/// Decodes a JPEG, PNG or WebP file and crops and scales it: u8 `[3, 32, 32]`.
///
/// # Errors
/// When the file is none of these, too large to decode, or damaged.
pub fn to_cifar(file: &[u8]) -> Result<Vec<u8>, PhotoError> {
    Ok(planes(&centre_square(decode(file)?)))
}

fn decode(file: &[u8]) -> Result<DynamicImage, PhotoError> {
    if file.is_empty() {
        return Err(PhotoError::Empty);
    }
    let damaged = |error: image::ImageError| match error {
        // A decoder may refuse a size before it tells it.
        image::ImageError::Limits(_) => PhotoError::TooLarge,
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
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width > MAX_SIDE || height > MAX_SIDE {
        return Err(PhotoError::TooLarge);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    decoder.set_limits(limits).map_err(damaged)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The largest centred square, scaled to 32x32.
fn centre_square(image: DynamicImage) -> image::RgbImage {
    let side = image.width().min(image.height());
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let square = image.crop_imm(left, top, side, side).to_rgb8();
    image::imageops::resize(&square, SIDE as u32, SIDE as u32, FilterType::CatmullRom)
}

/// Interleaved pixels as planes R, G, B.
fn planes(image: &image::RgbImage) -> Vec<u8> {
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
    use image::{ImageFormat, Rgb, RgbImage};

    fn png(image: &RgbImage) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, ImageFormat::Png).unwrap();
        file.into_inner()
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
