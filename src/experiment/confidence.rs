//! A confidence as one byte: what the label microscope keeps of every candidate and epoch.

/// From this byte on, an image counts as decided: a confidence of 0.9.
pub const SURE: u8 = 230;
/// What [`SURE`] means, for a person.
pub const SURE_TEXT: &str = "90 %";

/// A confidence in units of 1/255, rounded.
pub fn to_byte(confidence: f32) -> u8 {
    // Saturates, also from what is no number.
    (confidence * 255.0).round() as u8
}

/// The confidence that a byte stands for.
pub fn share(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// The confidences of the candidates alone, image by image: u8 `[candidates]`.
///
/// `members` is 1 for a candidate and `confidences` holds w_ij, both `[images, classes]`. Of each
/// set the first of the largest bytes is the first of the largest confidences: where rounding
/// would make a smaller one that comes before it equal, that one is rounded down. So the labels
/// found from the bytes are those found from the confidences.
pub fn candidate_bytes(members: &[u8], confidences: &[f32], classes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (set, row) in members.chunks_exact(classes).zip(confidences.chunks_exact(classes)) {
        let start = bytes.len();
        let of_set = || set.iter().zip(row).filter(|&(&member, _)| member == 1).map(|(_, &w)| w);
        let leading = of_set().fold(f32::NEG_INFINITY, f32::max);
        let leader = to_byte(leading);
        let first = of_set().position(|w| w == leading).unwrap_or_default();
        bytes.extend(of_set().map(to_byte));
        for byte in &mut bytes[start..start + first] {
            *byte = (*byte).min(leader.saturating_sub(1));
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_stand_for_confidences() {
        assert_eq!((to_byte(0.0), to_byte(1.0), to_byte(f32::NAN)), (0, 255, 0));
        assert!(share(SURE) > 0.9 && share(SURE - 1) < 0.9);
        for byte in 0..=u8::MAX {
            assert_eq!(to_byte(share(byte)), byte);
        }
    }

    #[test]
    fn only_candidates_are_kept() {
        let bytes = candidate_bytes(&[1, 0, 1, 0, 1, 0], &[0.2, 0.0, 0.8, 0.0, 1.0, 0.0], 3);
        assert_eq!(bytes, [51, 204, 255]);
    }

    #[test]
    fn a_near_tie_keeps_its_leader() {
        assert_eq!(candidate_bytes(&[1, 1], &[0.499_9, 0.500_1], 2), [127, 128]);
        assert_eq!(candidate_bytes(&[1, 1, 1], &[0.333_3, 0.333_4, 0.333_3], 3), [84, 85, 85]);
        assert_eq!(candidate_bytes(&[1, 1], &[0.5, 0.5], 2), [128, 128]);
    }

    proptest! {
        #[test]
        fn found_labels_survive(raw in proptest::collection::vec(0.0_f32..1.0, 2..12)) {
            let sum: f32 = raw.iter().sum::<f32>().max(1e-6);
            let row: Vec<f32> = raw.iter().map(|w| w / sum).collect();
            let bytes = candidate_bytes(&vec![1; row.len()], &row, row.len());
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let exact = row.iter().position(|&w| w == largest);
            let largest = bytes.iter().copied().max().unwrap();
            prop_assert_eq!(bytes.iter().position(|&byte| byte == largest), exact);
            for (byte, w) in bytes.iter().zip(&row) {
                prop_assert!((share(*byte) - w).abs() <= 1.5 / 255.0);
            }
        }
    }
}
