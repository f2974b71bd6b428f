//! The table of kept runs: what differs between them, and the curves that are laid over one
//! another.

use super::{Outcome, RunRecord};
use crate::experiment::config::Experiment;
use crate::experiment::metrics::{EpochMetrics, Summary};
use crate::experiment::setting::Setting;
use crate::experiment::{display, words};

/// Settings that do not decide how a run goes.
const ASIDE: [Setting; 2] = [Setting::Data, Setting::Autostart];

/// The settings that differ between the runs, in the order of the form.
pub fn differing<'a>(outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Vec<Setting> {
    let differs = |setting: Setting| {
        let mut values = outcomes.clone().map(|outcome| value(outcome, setting));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let settings = Setting::ALL.iter().copied();
    settings.filter(|setting| !ASIDE.contains(setting)).filter(|&it| differs(it)).collect()
}

/// A setting of a run; of the device, which one it was and not what was asked for.
pub fn value(outcome: &Outcome, setting: Setting) -> String {
    match (setting, &outcome.device) {
        (Setting::Device, Some(device)) => device.kind.name().to_owned(),
        _ => outcome.experiment.get(setting),
    }
}

/// Whether two experiments are the same run: where the data lie and which device computes does
/// not count.
pub fn same_experiment(a: &Experiment, b: &Experiment) -> bool {
    let counts = |setting: &&Setting| !ASIDE.contains(setting) && **setting != Setting::Device;
    Setting::ALL.iter().filter(counts).all(|&setting| a.get(setting) == b.get(setting))
}

/// What the table shows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub note: String,
    pub colour: usize,
    pub pinned: bool,
    pub shown: bool,
    /// How it ended, in a word.
    pub ended: &'static str,
    /// The same with its epochs: `10 epochs`, `stopped after 3 of 10`.
    pub course: String,
    /// Best, last and mean test accuracy, and the label accuracy, where an epoch was measured.
    pub accuracies: Option<[f64; 4]>,
}

impl Row {
    pub fn of(run: &RunRecord) -> Self {
        let history = &run.outcome.history;
        let accuracies = Summary::of(history).zip(history.last());
        Self {
            name: run.name.clone(),
            note: run.note.clone(),
            colour: run.colour,
            pinned: run.pinned,
            shown: run.shown,
            ended: run.outcome.ended.word(),
            course: course(run),
            accuracies: accuracies.map(|(summary, last)| {
                [summary.best, summary.last, summary.mean_of_last_ten, last.label_accuracy]
            }),
        }
    }
}

/// A number of an epoch that runs are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    TestAccuracy,
    LabelAccuracy,
    Loss,
    MeanConfidence,
}

impl Measure {
    pub const ALL: [Self; 4] =
        [Self::TestAccuracy, Self::LabelAccuracy, Self::Loss, Self::MeanConfidence];

    pub const fn title(self) -> &'static str {
        match self {
            Self::TestAccuracy => "Test accuracy",
            Self::LabelAccuracy => "Label accuracy",
            Self::Loss => "Loss",
            Self::MeanConfidence => "Mean confidence",
        }
    }

    pub const fn of(self, epoch: &EpochMetrics) -> f64 {
        match self {
            Self::TestAccuracy => epoch.test_accuracy,
            Self::LabelAccuracy => epoch.label_accuracy,
            Self::Loss => epoch.loss,
            Self::MeanConfidence => epoch.mean_confidence,
        }
    }

    /// A value as it is written.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::TestAccuracy | Self::LabelAccuracy | Self::MeanConfidence => {
                words::percent(value)
            }
            Self::Loss => words::significant(value),
        }
    }

    /// A value on the axis.
    pub fn tick(self, value: f64) -> String {
        match self {
            Self::TestAccuracy | Self::LabelAccuracy | Self::MeanConfidence => {
                format!("{} %", words::significant((value * 1e4).round() / 1e2))
            }
            Self::Loss => words::significant(value),
        }
    }
}

/// A curve as `(epoch, value)`.
pub type Curve = Vec<(f64, f64)>;

/// The curve of a measure, thinned to what can be told apart.
pub fn curve(history: &[EpochMetrics], measure: Measure) -> Curve {
    let epochs = display::thin(history, display::MAX_POINTS);
    epochs.iter().map(|epoch| (epoch.epoch as f64, measure.of(epoch))).collect()
}

/// The value of a curve at an epoch, or at the last point before it.
pub fn value_at(curve: &Curve, epoch: f64) -> Option<f64> {
    curve.iter().take_while(|(at, _)| *at <= epoch).last().map(|&(_, value)| value)
}

/// The axes that hold some curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// The last epoch; the first one is 0, before any training.
    pub end: f64,
    pub bottom: f64,
    pub top: f64,
    pub epoch_ticks: Vec<f64>,
    pub value_ticks: Vec<f64>,
}

impl Axes {
    pub fn around<'a>(curves: impl Iterator<Item = &'a Curve>) -> Self {
        let (mut end, mut low, mut high) = (1.0_f64, f64::INFINITY, f64::NEG_INFINITY);
        for &(epoch, value) in curves.flatten() {
            if value.is_finite() {
                (end, low, high) = (end.max(epoch), low.min(value), high.max(value));
            }
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // Curves that hardly move are not blown up to fill the chart.
        let least_span = low.abs().max(high.abs()).mul_add(0.1, 1e-4);
        let step = round_step((high - low).max(least_span) / 4.0);
        let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
        // All curves on one line still want room around them.
        let top = if top > bottom { top } else { bottom + step };
        let epoch_step = round_step(end / 6.0).max(1.0);
        Self {
            end,
            bottom,
            top,
            epoch_ticks: ticks(0.0, end, epoch_step),
            value_ticks: ticks(bottom, top, step),
        }
    }

    /// Where an epoch lies between the left and the right edge, from 0 to 1.
    pub fn across(&self, epoch: f64) -> f64 {
        epoch / self.end
    }

    /// Where a value lies between the upper and the lower edge, from 0 to 1.
    pub fn down(&self, value: f64) -> f64 {
        (self.top - value) / (self.top - self.bottom)
    }

    /// The whole epoch nearest to a place between the left and the right edge.
    pub fn epoch_at(&self, across: f64) -> f64 {
        (across * self.end).round().clamp(0.0, self.end)
    }

    /// The curve as an SVG path in a box of 1000 by 1000.
    pub fn path(&self, curve: &Curve) -> String {
        let mut path = String::with_capacity(curve.len() * 12);
        for &(epoch, value) in curve.iter().filter(|(_, value)| value.is_finite()) {
            let (x, y) = (self.across(epoch) * 1e3, self.down(value) * 1e3);
            path.push(if path.is_empty() { 'M' } else { 'L' });
            path.push_str(&format!("{x:.1} {y:.1}"));
        }
        // A single point would not be drawn; a line of no length has round ends.
        if curve.len() == 1 && !path.is_empty() {
            path.push_str("h0");
        }
        path
    }
}

/// The next of 1, 2, 5, 10... above.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= step * 0.999_999);
    digit.unwrap_or(10.0) * power
}

fn ticks(from: f64, to: f64, step: f64) -> Vec<f64> {
    let count = ((to - from) / step + 1e-6).floor() as usize;
    (0..=count.min(50)).map(|n| from + n as f64 * step).collect()
}

fn course(run: &RunRecord) -> String {
    let (done, planned) = (run.outcome.history.len(), run.outcome.experiment.epochs);
    match &run.outcome.ended {
        super::Ended::Finished => t!("{n} epoch" | "{n} epochs" % done),
        super::Ended::Stopped => t!("stopped after {done} of {planned}", done, planned),
        super::Ended::Failed(_) => t!("failed after {done} of {planned}", done, planned),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, record_for_tests};
    use super::*;
    use crate::experiment::Method;
    use crate::protocol::DeviceKind;

    fn experiment(rate: f64, method: Method) -> Experiment {
        Experiment { rate, method, ..Experiment::default() }
    }

    #[test]
    fn only_what_differs_is_a_column() {
        let mut runs = [
            record_for_tests(1, experiment(0.1, Method::Proden), &[]),
            record_for_tests(2, experiment(0.3, Method::Proden), &[]),
        ];
        let columns = |runs: &[RunRecord]| differing(runs.iter().map(|run| &run.outcome));
        assert_eq!(columns(&runs[..1]), []);
        assert_eq!(columns(&runs), [Setting::Rate]);
        runs[0].outcome.device.as_mut().unwrap().kind = DeviceKind::WebGpu;
        runs[1].outcome.experiment.method = Method::Average;
        runs[1].outcome.experiment.data = "elsewhere/".into();
        assert_eq!(columns(&runs), [Setting::Rate, Setting::Method, Setting::Device]);
        assert_eq!(value(&runs[0].outcome, Setting::Device), "webgpu");
        assert_eq!(columns(&[]), []);
    }

    #[test]
    fn the_same_experiment_may_run_elsewhere() {
        let a = experiment(0.1, Method::Proden);
        let b = Experiment { data: "x/".into(), autostart: true, ..a.clone() };
        assert!(same_experiment(&a, &b));
        assert!(!same_experiment(&a, &experiment(0.1, Method::Average)));
    }

    #[test]
    fn axes_are_round_and_hold_all() {
        let curves = [vec![(1.0, 0.312), (10.0, 0.928)], vec![(1.0, 0.4)]];
        let axes = Axes::around(curves.iter());
        assert_eq!((axes.end, axes.bottom, axes.top), (10.0, 0.2, 1.0));
        assert_eq!(axes.value_ticks.len(), 5);
        assert_eq!(axes.epoch_ticks, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(axes.path(&vec![(0.0, 1.0), (10.0, 0.2)]), "M0.0 0.0L1000.0 1000.0");
        assert_eq!(axes.path(&vec![(5.0, 0.6)]), "M500.0 500.0h0");
        assert_eq!(axes.path(&vec![(5.0, f64::NAN)]), "");
        assert_eq!((axes.epoch_at(0.44), axes.epoch_at(7.0)), (4.0, 10.0));
        assert_eq!((value_at(&curves[0], 9.0), value_at(&curves[0], 0.0)), (Some(0.312), None));
    }

    #[test]
    fn strange_curves_have_axes_too() {
        for curves in
            [vec![], vec![vec![(1.0, 0.5)]], vec![vec![(1.0, f64::NAN)]], vec![vec![(2.0, -1e30)]]]
        {
            let axes = Axes::around(curves.iter());
            assert!(axes.top > axes.bottom && axes.end >= 1.0, "{axes:?}");
            assert!(axes.value_ticks.len() > 1 && axes.value_ticks.len() < 60, "{axes:?}");
        }
    }

    #[test]
    fn values_read_well() {
        assert_eq!(Measure::TestAccuracy.tick(0.825), "82.5 %");
        assert_eq!(Measure::Loss.tick(0.5), "0.5");
        let mut run = record_for_tests(1, Experiment::default(), &[0.25, 0.75]);
        let row = Row::of(&run);
        assert_eq!(
            (row.course.as_str(), row.accuracies),
            ("2 epochs", Some([0.75, 0.75, 0.5, 0.5]))
        );
        run.outcome.ended = Ended::Stopped;
        assert_eq!(Row::of(&run).course, "stopped after 2 of 10");
    }

    #[test]
    fn long_curves_are_thinned() {
        let accuracies = vec![0.5; 1_000];
        let run = record_for_tests(1, Experiment::default(), &accuracies);
        let curve = curve(&run.outcome.history, Measure::TestAccuracy);
        assert!(curve.len() <= 300 && curve.last() == Some(&(1_000.0, 0.5)));
    }
}
