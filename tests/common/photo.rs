//! A photo.

/// A PNG file.
pub fn image_file() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let photo = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 90]));
    photo.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}
