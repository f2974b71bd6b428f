//! Smaller settings for a run that takes long, each with the time that it may take.

use super::choices::NetworkKind;
use super::config::Experiment;
use super::forecast;
use crate::protocol::DeviceKind;

/// Runs that take longer are called long, and others are offered.
const LONG_SECS: f64 = 600.0;
/// An offer that saves less is none.
const MOST_OF_TOTAL: f64 = 0.7;
/// A run holds one image in four of its training set for the test.
const TRAIN_PER_TEST: usize = 4;

const WIDTHS: &[f64] = &[1.0, 0.5, 0.25, 0.125, 0.0625];
const IMAGES: &[usize] = &[20_000, 10_000, 5_000, 2_000, 1_000, 500];
const EPOCHS: &[usize] = &[100, 50, 20, 10, 5, 3];
/// Width, images and epochs that are small together, the largest first.
const TOGETHER: &[(f64, usize, usize)] = &[
    (0.5, 20_000, 50),
    (0.25, 10_000, 20),
    (0.25, 5_000, 10),
    (0.125, 5_000, 10),
    (0.125, 2_000, 10),
    (0.125, 2_000, 5),
    (0.0625, 1_000, 5),
    (0.0625, 500, 3),
];

/// A run under way whose time is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub experiment: Experiment,
    pub train_images: usize,
    pub test_images: usize,
    pub device: DeviceKind,
    pub total_secs: f64,
}

/// Settings that take less time.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub title: String,
    pub experiment: Experiment,
    pub expected_secs: f64,
}

/// Whether a visitor who waits that long should be offered something else.
pub fn is_long(secs: f64) -> bool {
    secs > LONG_SECS
}

impl Measured {
    /// One offer for each thing that can be made smaller; and one for all of them, where none
    /// alone makes the run short.
    pub fn offers(&self) -> Vec<Offer> {
        let narrower = WIDTHS.iter().map(|&width| self.with(width, usize::MAX, usize::MAX));
        let fewer = IMAGES.iter().map(|&images| self.with(f64::MAX, images, usize::MAX));
        let shorter = EPOCHS.iter().map(|&epochs| self.with(f64::MAX, usize::MAX, epochs));
        let alone = [self.best(narrower), self.best(fewer), self.best(shorter)];
        let mut offers: Vec<Offer> = alone.into_iter().flatten().collect();
        if offers.iter().all(|offer| offer.expected_secs > LONG_SECS) {
            let all =
                TOGETHER.iter().map(|&(width, images, epochs)| self.with(width, images, epochs));
            offers.extend(self.best(all));
        }
        offers.sort_by(|a, b| a.expected_secs.total_cmp(&b.expected_secs));
        offers.dedup_by(|a, b| a.experiment == b.experiment);
        offers
    }

    /// The first that is short, or else the shortest.
    fn best(&self, offers: impl Iterator<Item = Option<Offer>>) -> Option<Offer> {
        let worth = |offer: &Offer| offer.expected_secs < self.total_secs * MOST_OF_TOTAL;
        let mut shortest: Option<Offer> = None;
        for offer in offers.flatten().filter(worth) {
            let is_short = offer.expected_secs <= LONG_SECS;
            if shortest.as_ref().is_none_or(|it| offer.expected_secs < it.expected_secs) {
                shortest = Some(offer);
            }
            if is_short {
                break;
            }
        }
        shortest
    }

    /// The run with at most that much of each; None if that is what it is.
    fn with(&self, width: f64, images: usize, epochs: usize) -> Option<Offer> {
        let mut experiment = Experiment { autostart: false, ..self.experiment.clone() };
        let mut changes = Vec::new();
        if width < experiment.width {
            experiment.width = width;
            changes.push(t!("width {width}", width));
        }
        let (mut train, mut test) = (self.train_images, self.test_images);
        if images < train {
            train = images;
            test = test.min((images / TRAIN_PER_TEST).max(1));
            (experiment.train_limit, experiment.test_limit) = (train, test);
            changes.push(t!("{n} image" | "{n} images" % train));
        }
        if epochs < experiment.epochs {
            experiment.epochs = epochs;
            changes.push(t!("{n} epoch" | "{n} epochs" % epochs));
        }
        let share = cost(&experiment, train, test, self.device)
            / cost(&self.experiment, self.train_images, self.test_images, self.device);
        (!changes.is_empty()).then(|| Offer {
            title: capitalised(&changes.join(&t!(", "))),
            experiment,
            expected_secs: self.total_secs * share,
        })
    }
}

/// The work of a run, in units of its own.
fn cost(experiment: &Experiment, train: usize, test: usize, device: DeviceKind) -> f64 {
    let images = train as f64 + test as f64 / 3.0;
    experiment.epochs as f64 * images * experiment.width.powf(width_exponent(experiment, device))
}

/// How the time of an image grows with the width. On the CPU from runs of the ConvNet at widths
/// 0.125 and 1 (0.0073 and 0.27 s an image); the ResNets are alike in kind. A graphics card is not
/// kept busy by a narrow network, so there half of that is all that is promised.
const fn width_exponent(experiment: &Experiment, device: DeviceKind) -> f64 {
    match (device, experiment.model) {
        (DeviceKind::Cpu, NetworkKind::ConvNet | NetworkKind::ResNet18 | NetworkKind::ResNet32) => {
            1.7
        }
        (DeviceKind::WebGpu, _) => 0.85,
    }
}

/// What is said of a run's time.
pub fn sentence(total_secs: f64, left_secs: f64) -> String {
    let total = forecast::about(total_secs);
    // Early on the two are the same.
    if left_secs > total_secs * 0.95 {
        t!("The whole run takes {total} on this machine.", total)
    } else {
        t!(
            "The whole run takes {total} on this machine; {left} are left.",
            total,
            left = forecast::about(left_secs)
        )
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(total_secs: f64, experiment: Experiment) -> Measured {
        Measured {
            experiment,
            train_images: 50_000,
            test_images: 10_000,
            device: DeviceKind::Cpu,
            total_secs,
        }
    }

    #[test]
    fn each_offer_is_shorter_and_says_how_long() {
        let experiment = Experiment { epochs: 10, width: 0.5, ..Experiment::default() };
        let run = measured(3_600.0, experiment.clone());
        let offers = run.offers();
        let titles: Vec<&str> = offers.iter().map(|offer| offer.title.as_str()).collect();
        assert_eq!(titles, ["Width 0.125", "5,000 images", "3 epochs"]);
        // Each alone brings it below, or as near as it gets.
        assert!((offers[0].expected_secs - 3_600.0 / 4f64.powf(1.7)).abs() < 1.0);
        assert!(offers[1].expected_secs < LONG_SECS);
        assert!((offers[2].expected_secs - 1_080.0).abs() < 1.0);
        assert_eq!(offers[1].experiment.test_limit, 1_250);
        assert_eq!(offers[2].experiment, Experiment { epochs: 3, ..experiment });
    }

    #[test]
    fn where_nothing_alone_helps_all_is_made_smaller() {
        // 50,000 images at full width, 200 epochs, without a graphics card: a month.
        let experiment = Experiment { epochs: 200, width: 1.0, ..Experiment::default() };
        let offers = measured(2.7e6, experiment).offers();
        let smallest = &offers[0];
        assert!(smallest.expected_secs <= LONG_SECS, "{smallest:?}");
        assert_eq!(smallest.title, "Width 0.125, 5,000 images, 10 epochs");
        assert_eq!(offers.len(), 4);
    }

    #[test]
    fn what_is_small_already_is_not_offered() {
        let experiment = Experiment { epochs: 3, width: 0.0625, ..Experiment::default() };
        let run = Measured { train_images: 500, ..measured(10_000.0, experiment) };
        assert_eq!(run.offers(), []);
        assert!(is_long(601.0) && !is_long(300.0));
    }

    #[test]
    fn the_sentence_tells_what_is_left() {
        assert_eq!(sentence(160.0, 159.0), "The whole run takes about 2 min 30 s on this machine.");
        assert!(sentence(160.0, 80.0).ends_with("; about 1 min 20 s are left."));
    }
}
