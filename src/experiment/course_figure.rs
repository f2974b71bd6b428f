//! The course of an image's candidates as a small line chart: HTML with an SVG in it, written as
//! one piece, since nothing in it is to be clicked.

use std::fmt::Write;

use super::figure::{Frame, epoch_ticks};
use super::microscope::{Course, CourseLine};
use super::words;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
/// Lines that can be told apart; the candidates that are trusted least are left out.
const MAX_LINES: usize = 8;
/// What stands left, top, right and below the plot.
const MARGINS: [f64; 4] = [44.0, 10.0, 12.0, 38.0];
/// Labels on the axis of epochs, beside the first.
const MAX_LABELS: usize = 6;

/// The chart and its legend. `now` is the epoch that is shown elsewhere.
pub fn html(course: &Course, now: Option<usize>, name: impl Fn(u8) -> String) -> String {
    let frame = frame(course);
    let label = t!("Confidence in each candidate over the epochs");
    let mut html =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">");
    axes(&mut html, &frame);
    // The most trusted is drawn last, on top.
    let drawn = course.lines.iter().take(MAX_LINES).enumerate();
    for (rank, line) in drawn.clone().rev() {
        let points = course.epochs.iter().zip(&line.shares);
        let path = frame.path(points.map(|(&x, &y)| (x as f64, f64::from(y))));
        let _ = write!(html, "<path class=\"{}\" data-rank=\"{rank}\" d=\"{path}\"/>", class(line));
    }
    if let Some(now) = now {
        let (x, bottom) = (frame.x_of(now as f64), frame.top + frame.height);
        let _ =
            write!(html, "<path class=\"course-now\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>", frame.top);
    }
    html.push_str("</svg><ul class=\"course-legend\">");
    for (rank, line) in drawn {
        entry(&mut html, rank, line, &name(line.class));
    }
    html.push_str("</ul>");
    let left_out = course.lines.len().saturating_sub(MAX_LINES);
    if left_out > 0 {
        let others = t!("and {n} other, trusted less" | "and {n} others, trusted less" % left_out);
        let _ = write!(html, "<p class=\"hint\">{others}</p>");
    }
    html
}

fn frame(course: &Course) -> Frame {
    let [left, top, right, below] = MARGINS;
    let first = course.epochs.first().copied().unwrap_or_default();
    let last = course.epochs.last().copied().unwrap_or_default();
    Frame {
        left,
        top,
        width: WIDTH - left - right,
        height: HEIGHT - top - below,
        x: (first as f64, last.max(first + 1) as f64),
        y: (0.0, 1.0),
    }
}

// Writing into a String cannot fail.
fn axes(html: &mut String, frame: &Frame) {
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (y, left) = (frame.y_of(share), frame.left);
        let _ = write!(
            html,
            "<path class=\"course-grid\" d=\"M{left} {y:.1}h{}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.0}%</text>",
            frame.width,
            left - 6.0,
            y + 4.0,
            share * 100.0
        );
    }
    let (first, last) = frame.x;
    for step in epoch_ticks((last - first) as usize, MAX_LABELS) {
        let epoch = first + step as f64;
        let (x, y) = (frame.x_of(epoch), HEIGHT - MARGINS[3] + 16.0);
        let _ = write!(html, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{epoch}</text>");
    }
    let (x, y, epochs) = (frame.left + frame.width / 2.0, HEIGHT - 6.0, t!("Epochs"));
    let _ = write!(html, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{epochs}</text>");
}

fn entry(html: &mut String, rank: usize, line: &CourseLine, name: &str) {
    let last = line.shares.last().copied().unwrap_or_default();
    let (mark, said) = match line.is_true {
        true => {
            let said = t!(" (true label)");
            (" class=\"is-true\"", format!("<span class=\"visually-hidden\">{said}</span>"))
        }
        false => ("", String::new()),
    };
    let _ = write!(
        html,
        "<li{mark} data-class=\"{}\" data-value=\"{last}\"><svg class=\"course-key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"{}\" data-rank=\"{rank}\" d=\"M0 4H28\"/></svg><span class=\"course-name\">{}{said}</span><span class=\"course-share\">{}</span></li>",
        line.class,
        class(line),
        words::escaped(name),
        words::percent(f64::from(last))
    );
}

/// The true label is the thick line; the others differ in their dashes as well as in colour.
fn class(line: &CourseLine) -> &'static str {
    if line.is_true { "course-line is-true" } else { "course-line" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(lines: u8, epochs: usize) -> Course {
        let line = |class| CourseLine { class, is_true: class == 1, shares: vec![0.5; epochs] };
        Course {
            epochs: (0..epochs).collect(),
            lines: (0..lines).map(line).collect(),
            ..Course::default()
        }
    }

    #[test]
    fn each_candidate_has_a_line_and_a_name() {
        let html = html(&course(3, 4), Some(2), |class| format!("<{class}>"));
        assert_eq!(html.matches("<li").count(), 3);
        assert_eq!(html.matches("<path class=\"course-line").count(), 6, "lines and their keys");
        assert_eq!(html.matches("course-line is-true").count(), 2);
        assert_eq!(html.matches("course-now").count(), 1);
        assert!(html.contains("&lt;2&gt;") && !html.contains("<2>"));
        assert!(html.contains(">3</text>") && !html.contains(">4</text>"), "epochs 0 to 3");
    }

    #[test]
    fn long_sets_and_short_stories_are_drawn_too() {
        let html = html(&course(12, 1), None, |class| class.to_string());
        assert_eq!(html.matches("<li").count(), MAX_LINES);
        assert!(html.contains("and 4 others") && !html.contains("NaN"));
        assert!(!super::html(&Course::default(), None, |_| String::new()).contains("NaN"));
    }
}
