//! A link as a QR code, drawn as one SVG path.

use qrcodegen::{QrCode, QrCodeEcc};

/// Empty modules around a code, as the standard asks.
const MARGIN: i32 = 4;

/// A QR code to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// Modules from edge to edge, the margin included.
    pub size: i32,
    /// The dark modules, an SVG path in modules.
    pub path: String,
}

/// None if the text is too long for a code.
pub fn draw(text: &str) -> Option<Drawing> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let length = (x..code.size()).take_while(|&at| code.get_module(at, y)).count() as i32;
            if length > 0 {
                path.push_str(&format!("M{} {}h{length}v1h-{length}z", x + MARGIN, y + MARGIN));
            }
            x += length.max(1);
        }
    }
    Some(Drawing { size: code.size() + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_drawn() {
        let drawing = draw("https://host.example/train?v=1").unwrap();
        assert_eq!(drawing.size, 25 + 2 * MARGIN, "version 2");
        // The upper left finder pattern's edge: seven dark modules.
        assert!(drawing.path.starts_with("M4 4h7v1h-7z"), "{}", drawing.path);
        assert_ne!(draw("https://host.example/train?v=2"), Some(drawing));
    }

    #[test]
    fn what_is_too_long_is_not() {
        assert_eq!(draw(&"x".repeat(5_000)), None);
    }
}
