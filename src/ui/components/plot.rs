//! One chart: its curves as the chart crate draws them, in a frame that says which epoch is read.

use std::time::Duration;

use leptos::ev::PointerEvent;
use leptos::prelude::*;
use leptos_chartistry::*;

use super::charts::{Drawing, View};
use crate::experiment::curves::Span;
use crate::experiment::display::{self, DIVISIONS};
use crate::experiment::run::RunState;
use crate::experiment::words;
use crate::ui::measure::watched_size;
use crate::ui::state::app;

const REDRAW_PERIOD: Duration = Duration::from_millis(600);
const HEIGHT_PX: f64 = 268.0;
const FONT_HEIGHT_PX: f64 = 12.0;
/// Of a monospaced character of that height.
const FONT_WIDTH_PX: f64 = 7.25;
const PADDING_PX: f64 = 4.0;
/// Points get dots while they are few: one alone would not show as a line.
const MAX_DOTTED: usize = 12;
const Y_LABEL_CHARS: usize = 6;
/// What stands left of the plot: the axis' title and its labels.
const LEFT_PX: f64 = FONT_HEIGHT_PX + Y_LABEL_CHARS as f64 * FONT_WIDTH_PX + 4.0 * PADDING_PX;

/// A point of each of a chart's lines. One type for all charts: the chart crate is generic over
/// it, and twice the code would take twice the time to load.
#[derive(Clone, Copy)]
pub struct Point {
    pub at_epoch: f64,
    pub values: [f64; 3],
}

/// What a chart draws.
#[derive(Clone)]
pub struct Curves {
    pub points: Vec<Point>,
    /// Where the axis of epochs ends.
    pub end: f64,
    /// Where the vertical axis begins and ends.
    pub bottom: f64,
    pub top: f64,
}

/// What never changes in a chart.
#[derive(Clone, Copy)]
pub struct Plan {
    pub take: fn(&RunState, Drawing) -> Curves,
    pub lines: &'static [Colour],
    pub y_title: fn() -> String,
    pub y_text: fn(f64, Drawing) -> String,
    /// Whether it has something new after each report, and not only after each epoch.
    pub is_by_step: bool,
    /// Keeps the charts' work out of the same task.
    pub offset: Duration,
}

/// The curves of the run, taken anew once in a while if there is something new, and at once when
/// they are to be drawn in another way.
fn redrawn(plan: Plan, view: View) -> RwSignal<Curves> {
    let run = app().run;
    let take = move || run.with_untracked(|run| (plan.take)(run, untrack(|| view.drawing())));
    let curves = RwSignal::new(take());
    // The last epoch tells two runs of the same length apart.
    let size = Memo::new(move |_| {
        run.with(|run| {
            let losses = if plan.is_by_step { run.losses.len() } else { 0 };
            (losses, run.epochs.last().copied(), run.status)
        })
    });
    let waits = StoredValue::new(false);
    Effect::new(move |before: Option<()>| {
        // Read, not only tracked: a memo that nobody reads listens to nothing.
        size.get();
        if before.is_none() || waits.get_value() {
            return;
        }
        waits.set_value(true);
        let redraw = move || {
            // The page may have been left meanwhile.
            if waits.try_set_value(false).is_none() {
                curves.set(take());
            }
        };
        set_timeout(redraw, REDRAW_PERIOD + plan.offset);
    });
    Effect::new(move |before: Option<Drawing>| {
        let drawing = view.drawing();
        if before.is_some_and(|before| before != drawing) {
            curves.set(take());
        }
        drawing
    });
    curves
}

/// The chart in a frame whose width it takes. It is there before there are data, and is built in
/// the task that builds the page: to build it takes longer than to draw it, and is better done
/// while nobody waits for an answer.
#[component]
pub fn Framed(plan: Plan, view: View) -> impl IntoView {
    let run = app().run;
    let curves = redrawn(plan, view);
    let frame = NodeRef::<leptos::html::Div>::new();
    let size = watched_size(frame);
    let width = Memo::new(move |_| size.get().0);
    let has_room = Memo::new(move |_| width.get() > LEFT_PX);
    let is_empty = Memo::new(move |_| curves.with(|curves| curves.points.is_empty()));
    let span = move || Span {
        left_px: LEFT_PX,
        right_px: width.get(),
        end_epoch: curves.with(|curves| curves.end),
    };
    let hover = move |event: PointerEvent| {
        let Some(frame) = frame.get_untracked() else { return };
        let x_px = f64::from(event.client_x()) - frame.get_bounding_client_rect().left();
        let epochs = run.with_untracked(|run| run.epochs.len());
        view.hovered.set(untrack(|| span().epoch_at(x_px, epochs)));
    };
    let guide = move || {
        let epoch = view.hovered.get().or_else(|| view.pinned.get())?;
        Some(format!("{}px", span().x_px(epoch)))
    };
    view! {
        <div
            class="chart-frame"
            class:is-empty=is_empty
            node_ref=frame
            on:pointermove=hover
            on:pointerdown=hover
            on:pointerleave=move |_| view.hovered.set(None)
        >
            <Show when=move || has_room.get()>
                <Plot plan view width curves />
            </Show>
            <span class="chart-guide" aria-hidden="true" hidden=move || guide().is_none() style:left=move || guide().unwrap_or_default()></span>
            <p class="placeholder" hidden=move || !is_empty.get()>
                {t!("The curve appears here once training is under way.")}
            </p>
        </div>
    }
}

#[component]
fn Plot(plan: Plan, view: View, width: Memo<f64>, curves: RwSignal<Curves>) -> impl IntoView {
    let end = Memo::new(move |_| curves.with(|curves| curves.end));
    let range = Memo::new(move |_| curves.with(|curves| (curves.bottom, curves.top)));
    let (bottom, top) = range.get_untracked();
    let series = Series::new(|point: &Point| point.at_epoch)
        .with_x_range(0.0, end.get_untracked())
        .with_y_range(bottom, top)
        .lines(lines(plan, curves));
    let (max_x, min_y, max_y) = (series.max_x, series.min_y, series.max_y);
    let y_labels = y_labels(plan, view, range);
    let x_labels = TickLabels::aligned_floats()
        .with_format(|value, _| words::significant((value * 10.0).round() / 10.0));
    let x_chars = x_labels.min_chars;
    Effect::new(move || {
        let (end, padding_px) = (end.get(), 4.0 * PADDING_PX);
        let (bottom, top) = range.get();
        max_x.set(Some(end));
        min_y.set(Some(bottom));
        max_y.set(Some(top));
        let plot_px = width.get() - LEFT_PX;
        x_chars.set(display::epoch_label_chars(end, plot_px, FONT_WIDTH_PX, padding_px));
    });
    let points = Signal::derive(move || curves.with(|curves| curves.points.clone()));
    view! {
        <Chart
            aspect_ratio=Signal::derive(move || AspectRatio::from_outer_ratio(width.get(), HEIGHT_PX))
            font_height=Signal::stored(FONT_HEIGHT_PX)
            font_width=Signal::stored(FONT_WIDTH_PX)
            padding=Signal::stored(Padding::from(PADDING_PX))
            left=vec![RotatedLabel::middle((plan.y_title)()).into_edge(), y_labels.clone().into_edge()]
            bottom=vec![x_labels.into_edge(), RotatedLabel::middle(t!("Epochs")).into_edge()]
            inner=vec![
                YGridLine::from_ticks(y_labels).into_inner(),
                AxisMarker::left_edge().with_arrow(false).into_inner(),
                AxisMarker::bottom_edge().with_arrow(false).into_inner(),
            ]
            series=series
            data=points
        />
    }
}

/// Lines in the plan's colours, with dots while the points are few.
fn lines(plan: Plan, curves: RwSignal<Curves>) -> Vec<Line<Point, f64>> {
    let dots = Marker::from_shape(MarkerShape::Circle).with_scale(0.4);
    let shape = dots.shape;
    let are_few = Memo::new(move |_| curves.with(|curves| curves.points.len() <= MAX_DOTTED));
    Effect::new(move || {
        shape.set(if are_few.get() { MarkerShape::Circle } else { MarkerShape::None });
    });
    let line = |(index, &colour): (usize, &Colour)| {
        Line::new(move |point: &Point| point.values[index])
            .with_colour(colour)
            .with_width(2.0)
            .with_interpolation(Interpolation::Linear)
            .with_marker(dots.clone())
    };
    plan.lines.iter().enumerate().map(line).collect()
}

/// Every second label: ten divisions are round where five labels have room.
fn y_labels(plan: Plan, view: View, range: Memo<(f64, f64)>) -> TickLabels<f64> {
    TickLabels::aligned_floats().with_min_chars(Y_LABEL_CHARS).with_format(move |value, _| {
        let (bottom, top) = range.get();
        let position = ((value - bottom) / (top - bottom) * DIVISIONS as f64).round() as usize;
        if position.is_multiple_of(2) {
            (plan.y_text)(*value, view.drawing())
        } else {
            String::new()
        }
    })
}
