//! The course of an image's candidates over the epochs, as a small line chart.

use leptos::prelude::*;

use super::card::class_name;
use crate::experiment::figure::Frame;
use crate::experiment::microscope::{Course, CourseLine};
use crate::experiment::words;
use crate::ui::components::samples::TrueMark;
use crate::ui::state::app;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
/// Lines that can be told apart; the candidates that are trusted least are left out.
const MAX_LINES: usize = 8;
/// What stands left, top, right and below the plot.
const MARGINS: [f64; 4] = [44.0, 10.0, 12.0, 38.0];

fn frame(course: &Course) -> Frame {
    let [left, top, right, below] = MARGINS;
    let ends = (course.epochs.first(), course.epochs.last());
    let (first, last) = (ends.0.copied().unwrap_or(0), ends.1.copied().unwrap_or(0));
    Frame {
        left,
        top,
        width: WIDTH - left - right,
        height: HEIGHT - top - below,
        x: (first as f64, last.max(first + 1) as f64),
        y: (0.0, 1.0),
    }
}

#[component]
pub fn CourseChart(
    course: Memo<Course>,
    /// The epoch that the microscope shows.
    epoch: Memo<Option<usize>>,
) -> impl IntoView {
    let frame = Memo::new(move |_| course.with(frame));
    let lines = move || {
        course.with(|course| {
            let frame = frame.get();
            let drawn = course.lines.iter().take(MAX_LINES).enumerate().rev();
            drawn.map(|(rank, line)| draw(&frame, &course.epochs, rank, line)).collect_view()
        })
    };
    let legend = move || {
        course.with(|course| {
            course
                .lines
                .iter()
                .take(MAX_LINES)
                .enumerate()
                .map(|(rank, line)| entry(rank, line))
                .collect_view()
        })
    };
    let left_out = move || {
        let left_out = course.with(|course| course.lines.len().saturating_sub(MAX_LINES));
        (left_out > 0).then(|| format!("and {}", words::counted(left_out, "other", "others")))
    };
    view! {
        <div class="course">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="Confidence in each candidate over the epochs">
                {axes(frame)}
                {lines}
                {move || epoch.get().map(|epoch| {
                    let frame = frame.get();
                    let x = frame.x_of(epoch as f64);
                    view! { <line class="course-now" x1=x x2=x y1=frame.top y2=frame.top + frame.height /> }
                })}
            </svg>
            <ul class="course-legend">{legend}</ul>
            <p class="hint">{left_out}</p>
        </div>
    }
}

fn axes(frame: Memo<Frame>) -> impl IntoView {
    let levels = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share: f64| {
        let frame = move || frame.get();
        let y = move || frame().y_of(share);
        view! {
            <line class="course-grid" x1=move || frame().left x2=move || frame().left + frame().width y1=y y2=y />
            <text x=move || frame().left - 6.0 y=move || y() + 4.0 text-anchor="end">{format!("{:.0}%", share * 100.0)}</text>
        }
    });
    let epochs = move || {
        let frame = frame.get();
        let (first, last) = frame.x;
        let steps = (last - first).min(5.0) as usize;
        let at = |step: usize| (first + (last - first) * step as f64 / steps as f64).round();
        (0..=steps)
            .map(|step| {
                let y = HEIGHT - MARGINS[3] + 16.0;
                view! { <text x=frame.x_of(at(step)) y=y text-anchor="middle">{at(step)}</text> }
            })
            .collect_view()
    };
    view! {
        {levels.into_iter().collect_view()}
        {epochs}
        <text x=move || frame.get().left + frame.get().width / 2.0 y=HEIGHT - 6.0 text-anchor="middle">"Epochs"</text>
    }
}

/// The true label is the thick line; the others differ in their dashes as well as in colour.
fn draw(frame: &Frame, epochs: &[usize], rank: usize, line: &CourseLine) -> impl IntoView + use<> {
    let points = epochs.iter().zip(&line.shares).map(|(&x, &y)| (x as f64, f64::from(y)));
    let path = frame.path(points);
    view! { <path class="course-line" class:is-true=line.is_true data-rank=rank d=path /> }
}

fn entry(rank: usize, line: &CourseLine) -> impl IntoView + use<> {
    let last = line.shares.last().copied().unwrap_or_default();
    let is_true = line.is_true;
    view! {
        <li class:is-true=is_true data-class=line.class data-value=last>
            <svg class="course-key" viewBox="0 0 28 8" aria-hidden="true">
                <path class="course-line" class:is-true=is_true data-rank=rank d="M0 4H28" />
            </svg>
            <span>{class_name(app(), line.class)} {is_true.then(|| view! { <TrueMark /> })}</span>
            <span class="course-share">{words::percent(f64::from(last))}</span>
        </li>
    }
}
