//! The charts of a run as one SVG file, for a report: black on white, and lines differ in their
//! dashes too.

use std::fmt::Write;

use super::curves::{self, axis_label};
use super::run::RunState;
use super::words;

const WIDTH: f64 = 640.0;
const PANEL_HEIGHT: f64 = 250.0;
const TITLE_HEIGHT: f64 = 40.0;
/// What stands around the plot of a panel: left, top, right, bottom.
const MARGINS: [f64; 4] = [64.0, 44.0, 16.0, 40.0];
/// Labels on the axis of epochs, beside the first.
const MAX_LABELS: usize = 10;
/// Divisions of a vertical axis.
const DIVISIONS: usize = 5;

/// A rectangle to draw curves into, and the values at its edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: (f64, f64),
    pub y: (f64, f64),
}

impl Frame {
    pub fn x_of(&self, x: f64) -> f64 {
        self.left + self.width * (x - self.x.0) / positive(self.x.1 - self.x.0)
    }

    pub fn y_of(&self, y: f64) -> f64 {
        self.top + self.height * (1.0 - (y - self.y.0) / positive(self.y.1 - self.y.0))
    }

    /// The `d` of a path through the points, which leaves out what is no number.
    pub fn path(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (x, y) in points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            // Writing into a String cannot fail.
            let _ = write!(path, "{command}{:.1} {:.1}", self.x_of(x), self.y_of(y));
        }
        path
    }
}

fn positive(span: f64) -> f64 {
    if span > 0.0 { span } else { 1.0 }
}

struct Line {
    name: &'static str,
    colour: &'static str,
    /// Lengths of dashes and gaps; empty for none.
    dashes: &'static str,
    points: Vec<(f64, f64)>,
}

struct Panel {
    title: &'static str,
    lines: Vec<Line>,
    y: (f64, f64),
    /// The value that stands at a height of the axis.
    value_at: fn(f64) -> f64,
}

/// The charts of a run, one below the other: loss, accuracy, learning rate. The loss on a
/// logarithmic axis where `log` says so.
pub fn of_run(run: &RunState, log: bool) -> String {
    let last = run.epochs.last().map_or(1, |epoch| epoch.epoch);
    let panels = [loss_panel(run, log), accuracy_panel(run), rate_panel(run)];
    let height = TITLE_HEIGHT + PANEL_HEIGHT * panels.len() as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let title = run.experiment.as_ref().map_or_else(String::new, |it| {
        format!(
            "{} · {}, width {} · {}, q = {}",
            it.method, it.model, it.width, it.dataset, it.rate
        )
    });
    let _ = writeln!(
        text,
        "<title>{0}</title>\n<text x=\"{1}\" y=\"26\" font-size=\"15\">{0}</text>",
        words::escaped(&title),
        MARGINS[0]
    );
    for (index, panel) in panels.iter().enumerate() {
        draw(&mut text, panel, TITLE_HEIGHT + PANEL_HEIGHT * index as f64, last as f64);
    }
    text + "</svg>\n"
}

fn loss_panel(run: &RunState, log: bool) -> Panel {
    let losses = || run.losses.iter().map(|point| point.loss);
    let scaled = |loss: f64| if log { curves::log_loss(loss) } else { loss };
    let largest = losses().filter(|loss| loss.is_finite()).fold(0.0, f64::max);
    Panel {
        title: if log { "Training loss (logarithmic)" } else { "Training loss" },
        lines: vec![Line {
            name: "Training loss",
            colour: "#3b7de8",
            dashes: "",
            points: run.losses.iter().map(|it| (it.at_epoch, scaled(it.loss))).collect(),
        }],
        y: if log { curves::log_axis(losses()) } else { (0.0, super::display::loss_axis(largest)) },
        value_at: if log { |y| 10_f64.powf(y) } else { |y| y },
    }
}

fn accuracy_panel(run: &RunState) -> Panel {
    let line = |name, colour, dashes, of: fn(&super::metrics::EpochMetrics) -> f64| Line {
        name,
        colour,
        dashes,
        points: run.epochs.iter().map(|epoch| (epoch.epoch as f64, of(epoch))).collect(),
    };
    Panel {
        title: "Accuracy and confidence",
        lines: vec![
            line("Test accuracy", "#3b7de8", "", |epoch| epoch.test_accuracy),
            line("Label accuracy", "#0f9688", "7 3", |epoch| epoch.label_accuracy),
            line("Mean confidence", "#c9720e", "2 3", |epoch| epoch.mean_confidence),
        ],
        y: (0.0, 1.0),
        value_at: |y| y,
    }
}

fn rate_panel(run: &RunState) -> Panel {
    let largest = run.epochs.iter().map(|epoch| epoch.lr).fold(0.0, f64::max);
    Panel {
        title: "Learning rate",
        lines: vec![Line {
            name: "Learning rate",
            colour: "#8a4fc7",
            dashes: "",
            points: run.epochs.iter().map(|epoch| (epoch.epoch as f64, epoch.lr)).collect(),
        }],
        y: (0.0, super::display::loss_axis(largest)),
        value_at: |y| y,
    }
}

fn draw(text: &mut String, panel: &Panel, top: f64, last_epoch: f64) {
    let [left, above, right, below] = MARGINS;
    let frame = Frame {
        left,
        top: top + above,
        width: WIDTH - left - right,
        height: PANEL_HEIGHT - above - below,
        x: (0.0, last_epoch),
        y: panel.y,
    };
    let bottom = frame.top + frame.height;
    let _ = writeln!(
        text,
        "<g>\n<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{}</text>",
        top + 16.0,
        panel.title
    );
    for division in 0..=DIVISIONS {
        let value = panel.y.0 + (panel.y.1 - panel.y.0) * division as f64 / DIVISIONS as f64;
        let (y, label) = (frame.y_of(value), axis_label((panel.value_at)(value)));
        let _ = writeln!(
            text,
            "<path d=\"M{left} {y:.1}H{}\" stroke=\"#d5dae5\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - right,
            left - 6.0,
            y + 4.0
        );
    }
    for epoch in epoch_ticks(last_epoch as usize, MAX_LABELS) {
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{epoch}</text>",
            frame.x_of(epoch as f64),
            bottom + 16.0
        );
    }
    let _ = writeln!(
        text,
        "<path d=\"M{left} {0:.1}V{bottom:.1}H{1}\" fill=\"none\" stroke=\"#333\"/><text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"middle\">Epochs</text>",
        frame.top,
        WIDTH - right,
        left + frame.width / 2.0,
        bottom + 32.0
    );
    for (index, line) in panel.lines.iter().enumerate() {
        let path = frame.path(line.points.iter().copied());
        let style = format!(
            "fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"",
            line.colour, line.dashes
        );
        let x = left + 150.0 * index as f64;
        let y = top + 32.0;
        let _ = writeln!(
            text,
            "<path d=\"{path}\" {style}/>\n<path d=\"M{x} {0:.1}h24\" {style}/><text x=\"{1:.1}\" y=\"{y:.1}\">{2}</text>",
            y - 4.0,
            x + 30.0,
            line.name
        );
    }
    text.push_str("</g>\n");
}

/// Whole epochs, evenly spaced from 0: at most `max` beside the 0.
pub fn epoch_ticks(last: usize, max: usize) -> impl Iterator<Item = usize> {
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    let step = steps.into_iter().find(|step| last / step <= max).unwrap_or(last.div_ceil(max));
    (0..=last).step_by(step.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::super::run::info_for_tests;
    use super::*;
    use crate::protocol::{Event, StepReport};

    fn run() -> RunState {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info_for_tests()), &[]);
        for epoch in 1..=3 {
            let report = StepReport {
                epoch,
                step: 2,
                losses: vec![2.0 / epoch as f32],
                images_per_sec: 1.0,
                sample_confidences: vec![],
            };
            run.apply(&Event::Progress(report), &[]);
            let metrics = epoch_for_tests(epoch, 0.5);
            run.apply(&Event::Epoch { metrics, sample_confidences: vec![] }, &[]);
        }
        run
    }

    #[test]
    fn a_path_leads_through_its_points() {
        let frame = Frame {
            left: 10.0,
            top: 0.0,
            width: 100.0,
            height: 50.0,
            x: (0.0, 10.0),
            y: (0.0, 1.0),
        };
        let points = [(0.0, 0.0), (5.0, f64::NAN), (10.0, 1.0)];
        assert_eq!(frame.path(points), "M10.0 50.0L110.0 0.0");
        assert_eq!(frame.path([]), "");
        let flat = Frame { x: (0.0, 0.0), y: (1.0, 1.0), ..frame };
        assert!(!flat.path([(0.0, 1.0)]).contains("NaN"));
    }

    #[test]
    fn a_figure_holds_all_curves() {
        for log in [false, true] {
            let text = of_run(&run(), log);
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            for name in [
                "Training loss",
                "Test accuracy",
                "Label accuracy",
                "Mean confidence",
                "Learning rate",
                "q = 0.1",
            ] {
                assert!(text.contains(name), "{name}");
            }
            assert_eq!(text.matches("<g>").count(), 3);
            assert_eq!(text.matches("<text").count(), text.matches("</text>").count());
        }
        assert_ne!(of_run(&run(), false), of_run(&run(), true));
        assert!(!of_run(&RunState::begun(), true).contains("NaN"));
    }

    #[test]
    fn epochs_are_labelled_at_whole_steps() {
        assert_eq!(epoch_ticks(3, 10).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(epoch_ticks(25, 10).collect::<Vec<_>>(), [0, 5, 10, 15, 20, 25]);
        assert!(epoch_ticks(777, 10).count() <= 11);
    }
}
