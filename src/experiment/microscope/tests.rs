//! Three images: {0, 2} of class 0, {1} of class 1, {0, 1, 2} of class 2; two test images.

use proptest::prelude::*;

use super::course::BarOf;
use super::*;
use crate::protocol::{SetsInfo, SetsParts};

fn sets(epoch: usize, confidences: [u8; 6]) -> (Sight, Vec<u8>) {
    let info = SetsInfo { epoch, classes: 3, train_images: 3, candidates: 6, test_images: 2 };
    let parts = SetsParts {
        labels: &[0, 1, 2],
        sizes: &[2, 1, 3],
        candidates: &[0, 2, 1, 0, 1, 2],
        confidences: &confidences,
        test_labels: &[0, 1],
    };
    (Sight::Sets(info), parts.to_payload())
}

fn begun() -> Story {
    let mut story = Story::default();
    let (sight, payload) = sets(0, [128, 128, 255, 85, 85, 85]);
    story.apply(&sight, payload);
    story
}

fn end(story: &mut Story, epoch: usize, confidences: [u8; 6], answers: [u8; 2]) {
    story.apply(&Sight::Epoch { epoch }, [&confidences[..], &answers[..]].concat());
}

/// Two epochs: the first image is decided, the last one wrongly.
fn told() -> Story {
    let mut story = begun();
    end(&mut story, 1, [200, 55, 255, 100, 75, 80], [1, 1]);
    end(&mut story, 2, [240, 15, 255, 10, 235, 10], [0, 1]);
    story
}

#[test]
fn a_story_is_told_epoch_by_epoch() {
    let story = told();
    assert_eq!((story.len(), story.epoch_at(2), story.begins_late()), (3, Some(2), None));
    assert_eq!((story.row(0, 1), story.row(2, 2)), (&[200, 55][..], &[10, 235, 10][..]));
    assert_eq!((story.row(7, 1), story.row(0, 9)), (&[][..], &[][..]));
    assert_eq!(story.found(2, 1), Some((0, 100)));
    let decisions = |image| [0, 1, 2].map(|position| story.decision(image, position));
    assert_eq!(decisions(0), [Decision::Undecided, Decision::Undecided, Decision::Decided]);
    assert_eq!(decisions(1), [Decision::Decided; 3]);
    assert_eq!(decisions(2)[2], Decision::Wrong);
    assert_eq!(story.decisions(2), [2, 0, 1]);
    assert!(!story.is_thinned());
}

#[test]
fn images_are_chosen_by_the_last_epoch() {
    let story = told();
    let select = |choice: Choice| story.select(&choice);
    assert_eq!(select(Choice::default()), [2, 0, 1], "what moved most comes first");
    assert_eq!(select(Choice { sort: Sort::Number, ..Choice::default() }), [0, 1, 2]);
    assert_eq!(select(Choice { sort: Sort::Unsure, ..Choice::default() }), [2, 0, 1]);
    let wrong = StateFilter::Only(Decision::Wrong);
    assert_eq!(select(Choice { state: wrong, ..Choice::default() }), [2]);
    assert_eq!(select(Choice { class: Some(1), ..Choice::default() }), [1]);
    assert_eq!(select(Choice { size: Some(2), ..Choice::default() }), [0]);
    let cell = Choice { class: Some(2), found: Some(1), ..Choice::default() };
    assert_eq!((select(cell), select(Choice { found: Some(2), ..cell })), (vec![2], vec![]));
    assert_eq!(story.sets().sizes(), [1, 2, 3]);
    for filter in StateFilter::ALL {
        assert_eq!(StateFilter::parse(filter.name()), Some(filter));
    }
    for sort in Sort::ALL {
        assert_eq!(Sort::parse(sort.name()), Some(sort));
    }
}

#[test]
fn many_candidates_share_a_bar() {
    let story = told();
    let bars = story.bars(2, 2, 2);
    assert_eq!((bars[0].what, bars[1].what), (BarOf::Truth(2), BarOf::Others(2)));
    assert!((bars[1].share - 245.0 / 255.0).abs() < 1e-6);
    let what: Vec<BarOf> = story.bars(2, 2, 3).iter().map(|bar| bar.what).collect();
    assert_eq!(what, [BarOf::Rival(0), BarOf::Rival(1), BarOf::Truth(2)]);
    assert!(story.bars(9, 2, 3).is_empty());
}

#[test]
fn a_card_says_what_it_shows() {
    let names = ["cat", "<dog>"].map(str::to_owned);
    let card = told().card(2, 2, &names);
    assert_eq!(card.label, "Image 2, true label 2: wrongly decided, most trusted <dog>");
    assert_eq!(card.bars.matches("scope-bar").count(), 3);
    assert_eq!(card.bars.matches("is-true").count(), 1);
    assert!(card.bars.contains("&lt;dog&gt;") && !card.bars.contains("<dog>"));
    assert!(told().card(9, 2, &names).bars.is_empty());
}

#[test]
fn the_course_of_an_image() {
    let course = told().course(2);
    assert_eq!(course.epochs, [0, 1, 2]);
    assert_eq!((course.lines[0].class, course.lines[0].is_true), (1, false));
    assert_eq!(course.lines[0].shares[2], 235.0 / 255.0);
    assert_eq!((course.led_since, course.decision), (Some(2), Some(Decision::Wrong)));
    assert_eq!(told().course(0).led_since, Some(0));
    assert!(told().course(9).lines.is_empty());
}

#[test]
fn answers_and_found_labels_make_tables() {
    let story = told();
    assert_eq!(story.found_labels(3).accuracy(), Some(2.0 / 3.0));
    assert_eq!(story.found_labels(3).count(2, 1), 1);
    assert_eq!(story.test_answers(3).accuracy(), Some(1.0));
    assert_eq!((story.test_images(1, 1), story.test_images(1, 0)), (vec![1], vec![]));
}

#[test]
fn a_run_that_goes_on_here_keeps_its_story() {
    let mut story = told();
    let (sight, payload) = sets(2, [240, 15, 255, 10, 235, 10]);
    story.apply(&sight, payload);
    assert_eq!((story.len(), story.begins_late()), (3, None));
    assert_eq!(story.select(&Choice::default()), [2, 0, 1]);
    end(&mut story, 3, [250, 5, 255, 10, 10, 235], [0, 1]);
    assert_eq!((story.len(), story.epoch_at(3)), (4, Some(3)));
}

#[test]
fn a_run_from_a_checkpoint_begins_its_story_there() {
    let mut story = Story::default();
    let (sight, payload) = sets(5, [240, 15, 255, 10, 235, 10]);
    story.apply(&sight, payload);
    assert_eq!((story.begins_late(), story.len()), (Some(5), 1));

    let mut other = told();
    let (sight, payload) = sets(2, [15, 240, 255, 10, 235, 10]);
    other.apply(&sight, payload);
    assert_eq!((other.begins_late(), other.len()), (Some(2), 1), "it is another run");
    let mut again = told();
    let (sight, payload) = sets(0, [128, 128, 255, 85, 85, 85]);
    again.apply(&sight, payload);
    assert_eq!((again.len(), again.select(&Choice::default())), (1, vec![0, 1, 2]));
}

#[test]
fn what_does_not_fit_is_left_out() {
    let mut story = told();
    story.apply(&Sight::Epoch { epoch: 3 }, vec![1; 3]);
    end(&mut story, 2, [0; 6], [0, 0]);
    assert_eq!(story.len(), 3);
    let (sight, payload) = sets(0, [0; 6]);
    story.apply(&sight, payload[1..].to_vec());
    assert!(story.is_empty() && story.sets().is_empty());
    end(&mut story, 1, [0; 6], [0, 0]);
    assert!(story.is_empty());
    assert_eq!((story.decisions(0), story.found(0, 0)), ([0; 3], None));
}

#[test]
fn long_runs_keep_every_second_epoch() {
    let mut story = begun();
    for epoch in 1..=9 {
        end(&mut story, epoch, [epoch as u8; 6], [0, 0]);
    }
    let before = story.select(&Choice::default());
    story.thin(6 * 6);
    let epochs: Vec<_> = (0..story.len()).filter_map(|it| story.epoch_at(it)).collect();
    assert_eq!(epochs, [0, 2, 4, 6, 8, 9]);
    assert!(story.is_thinned());
    assert_eq!(story.select(&Choice::default()), before, "how far they moved is still known");
    story.thin(1);
    assert_eq!(story.len(), 2, "the first and the last stay");
}

/// The bound: 50,000 images with 1.9 candidates each (CIFAR-10, q = 0.1), 100 epochs.
#[test]
fn a_hundred_epochs_of_cifar10_take_ten_megabytes() {
    const IMAGES: usize = 50_000;
    const EPOCHS: usize = 100;
    // 9 of 10 images have two candidates.
    let sizes: Vec<u8> = (0..IMAGES).map(|image| if image % 10 == 0 { 1 } else { 2 }).collect();
    let candidates: Vec<u8> = sizes.iter().flat_map(|&size| 0..size).collect();
    let info = SetsInfo {
        epoch: 0,
        classes: 10,
        train_images: IMAGES,
        candidates: candidates.len(),
        test_images: 10_000,
    };
    let parts = SetsParts {
        labels: &vec![0; IMAGES],
        sizes: &sizes,
        candidates: &candidates,
        confidences: &vec![128; candidates.len()],
        test_labels: &[0; 10_000],
    };
    let mut story = Story::default();
    story.apply(&Sight::Sets(info), parts.to_payload());
    for epoch in 1..=EPOCHS {
        story.apply(&Sight::Epoch { epoch }, vec![epoch as u8; candidates.len() + 10_000]);
    }
    assert_eq!(story.len(), EPOCHS + 1);
    println!("{IMAGES} images, {EPOCHS} epochs: {} bytes", story.size_bytes());
    assert!(story.size_bytes() < 11_000_000, "{} bytes", story.size_bytes());
}

proptest! {
    /// Whatever comes over the wire, nothing panics, and what is kept can be looked at.
    #[test]
    fn any_payload_is_borne(
        payload in proptest::collection::vec(0_u8..8, 0..60),
        more in proptest::collection::vec(any::<u8>(), 0..20),
        train_images in 0_usize..6,
        candidates in 0_usize..12,
        test_images in 0_usize..4,
    ) {
        let info = SetsInfo { epoch: 0, classes: 5, train_images, candidates, test_images };
        let mut story = Story::default();
        story.apply(&Sight::Sets(info), payload);
        story.apply(&Sight::Epoch { epoch: 1 }, more);
        for image in 0..=train_images {
            story.bars(image, story.last(), 3);
            story.course(image);
        }
        prop_assert!(story.select(&Choice::default()).len() <= train_images);
    }
}
