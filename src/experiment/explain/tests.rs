use super::record::{Pass, RecordedImage};
use super::*;

/// e^z is 1, 3, 6 in the first pass and 4, 4, 8 in the second.
fn image() -> RecordedImage {
    let pass = |step, numbers: [f32; 3]| Pass { step, logits: numbers.map(f32::ln).to_vec() };
    RecordedImage {
        index: 0,
        label: 0,
        candidates: vec![0, 1],
        pixels: Vec::new(),
        passes: vec![pass(1, [1.0, 3.0, 6.0]), pass(2, [4.0, 4.0, 8.0])],
    }
}

fn assert_near(found: impl IntoIterator<Item = f64>, wanted: &[f64]) {
    let found: Vec<f64> = found.into_iter().collect();
    let is_near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(found.len() == wanted.len() && is_near, "{found:?} is not {wanted:?}");
}

#[test]
fn the_first_pass_by_hand() {
    let set = [true, true, false];
    let worked = Worked::of(&image(), 0, &set);
    let column = |number: fn(&Row) -> f64| worked.rows.iter().map(number).collect::<Vec<_>>();
    assert_near(column(|row| row.probability), &[0.1, 0.3, 0.6]);
    assert_near(column(|row| row.masked), &[0.1, 0.3, 0.0]);
    assert_near([worked.share_of_set], &[0.4]);
    assert_near(column(|row| row.renewed), &[0.25, 0.75, 0.0]);
    assert_near(column(|row| row.stored), &[0.5, 0.5, 0.0]);
    // ln 10 = 2.302585, ln(10/3) = 1.203973.
    assert_near(column(|row| row.share_of_loss), &[1.151_293, 0.601_986, 0.0]);
    assert_near([worked.loss], &[1.753_279]);
    assert_eq!(worked.leader(|row| row.probability), Some(2));
    assert_eq!(worked.leader(|row| row.renewed), Some(1));
}

#[test]
fn the_second_pass_uses_what_the_first_one_stored() {
    let set = [true, true, false];
    let worked = Worked::of(&image(), 1, &set);
    assert_near(worked.rows.iter().map(|row| row.stored), &[0.25, 0.75, 0.0]);
    // p is 1/4, 1/4, 1/2: whatever is trusted, the loss is ln 4.
    assert_near([worked.loss], &[4_f64.ln()]);
    assert_near(course(&image(), &set).concat(), &[0.25, 0.75, 0.0, 0.5, 0.5, 0.0]);
}

#[test]
fn another_set_has_other_confidences() {
    let all = Worked::of(&image(), 0, &[true; 3]);
    assert_near(all.rows.iter().map(|row| row.renewed), &[0.1, 0.3, 0.6]);
    assert_near([all.share_of_set], &[1.0]);
    let one = Worked::of(&image(), 1, &[false, false, true]);
    assert_near(one.rows.iter().map(|row| row.renewed), &[0.0, 0.0, 1.0]);
    assert_near([one.loss], &[2_f64.ln()]);
    // 0.4 ln 4 + 0.6 ln 2 of the first image, ln 2 of the second.
    let batch = [(&image(), &[true; 3][..]), (&image(), &[false, false, true][..])];
    assert_near([batch_loss(batch, 1)], &[0.831_777]);
}

#[test]
fn a_set_keeps_its_last_candidate() {
    assert_eq!(toggled(&[true, false], 1), [true, true]);
    assert_eq!(toggled(&[true, true], 0), [false, true]);
    assert_eq!(toggled(&[true, false], 0), [true, false]);
    assert_eq!(toggled(&[true, false], 7), [true, false]);
    assert!(is_alone(&[true, false], 0));
    assert!(!is_alone(&[true, true], 0) && !is_alone(&[true, false], 1));
}

#[test]
fn extreme_logits_stay_numbers() {
    let image =
        RecordedImage { passes: vec![Pass { step: 1, logits: vec![1e4, -1e4, 0.0] }], ..image() };
    let worked = Worked::of(&image, 0, &[false, true, true]);
    assert_near(worked.rows.iter().map(|row| row.renewed), &[0.0, 0.0, 1.0]);
    assert!(worked.loss.is_finite());
}
