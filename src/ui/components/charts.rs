//! Loss and accuracy over the epochs, growing while the run goes on.
//!
//! Drawing a chart is the dearest thing that the main thread does, so the charts take new data
//! twice a second at most, thinned to what can be told apart, and not both in the same task.

use std::time::Duration;

use leptos::prelude::*;
use leptos_chartistry::*;
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

use crate::experiment::display::{self, DIVISIONS, MAX_POINTS};
use crate::experiment::run::RunState;
use crate::experiment::words;
use crate::ui::state::app;

const REDRAW_PERIOD: Duration = Duration::from_millis(600);
const HEIGHT_PX: f64 = 268.0;
const FONT_HEIGHT_PX: f64 = 12.0;
/// Of a monospaced character of that height.
const FONT_WIDTH_PX: f64 = 7.25;
const PADDING_PX: f64 = 4.0;
/// Points get dots while they are few: one alone would not show as a line.
const MAX_DOTTED: usize = 12;
const Y_LABEL_CHARS: usize = 5;
/// What stands left of the plot: the axis' title and its labels.
const LEFT_PX: f64 = FONT_HEIGHT_PX + Y_LABEL_CHARS as f64 * FONT_WIDTH_PX + 4.0 * PADDING_PX;

// Each has a contrast of 3:1 and more with the light and with the dark background.
const BLUE: Colour = Colour::from_rgb(0x3B, 0x7D, 0xE8);
const TEAL: Colour = Colour::from_rgb(0x0F, 0x96, 0x88);
const AMBER: Colour = Colour::from_rgb(0xC9, 0x72, 0x0E);

/// A point of each of a chart's lines. One type for both charts: the chart crate is generic over
/// it, and twice the code would take twice the time to load.
#[derive(Clone)]
struct Point {
    at_epoch: f64,
    values: [f64; 3],
}

/// What a chart draws.
#[derive(Clone)]
struct Curves {
    points: Vec<Point>,
    /// Where the axis of epochs ends.
    end: f64,
    /// Where the vertical axis ends.
    top: f64,
}

/// What never changes in a chart.
#[derive(Clone, Copy)]
struct Plan {
    take: fn(&RunState) -> Curves,
    lines: &'static [Colour],
    y_title: &'static str,
    y_text: fn(f64) -> String,
    /// Keeps the charts' work out of the same task.
    offset: Duration,
}

const LOSS: Plan = Plan {
    take: |run| Curves {
        points: display::thin_losses(&run.losses, MAX_POINTS)
            .into_iter()
            .map(|point| Point { at_epoch: point.at_epoch, values: [point.loss; 3] })
            .collect(),
        end: end_of_epochs(run),
        top: display::loss_axis(run.losses.iter().map(|point| point.loss).fold(0.0, f64::max)),
    },
    lines: &[BLUE],
    y_title: "Loss",
    y_text: words::significant,
    offset: Duration::ZERO,
};

const ACCURACY: Plan = Plan {
    take: |run| Curves {
        points: display::thin(&run.epochs, MAX_POINTS)
            .into_iter()
            .map(|epoch| Point {
                at_epoch: epoch.epoch as f64,
                values: [epoch.test_accuracy, epoch.label_accuracy, epoch.mean_confidence],
            })
            .collect(),
        end: end_of_epochs(run),
        top: 1.0,
    },
    lines: &[BLUE, TEAL, AMBER],
    y_title: "Share",
    y_text: |share| format!("{:.0}%", share * 100.0),
    offset: Duration::from_millis(300),
};

#[component]
pub fn LossChart() -> impl IntoView {
    view! {
        <figure class="chart card" data-testid="chart-loss">
            <figcaption>
                <h2>"Loss"</h2>
                <ul class="legend"><li class="is-blue">"Training loss"</li></ul>
            </figcaption>
            <Framed plan=LOSS />
        </figure>
    }
}

#[component]
pub fn AccuracyChart() -> impl IntoView {
    view! {
        <figure class="chart card" data-testid="chart-accuracy">
            <figcaption>
                <h2>"Accuracy"</h2>
                <ul class="legend">
                    <li class="is-blue">"Test accuracy"</li>
                    <li class="is-teal">"Label accuracy"</li>
                    <li class="is-amber">"Mean confidence"</li>
                </ul>
            </figcaption>
            <Framed plan=ACCURACY />
        </figure>
    }
}

fn end_of_epochs(run: &RunState) -> f64 {
    let total = run.experiment.as_ref().map_or(1, |experiment| experiment.epochs);
    let done = run.losses.last().map_or(0.0, |point| point.at_epoch).max(run.epochs.len() as f64);
    display::epoch_axis(done, total)
}

/// The curves of the run, taken anew once in a while if there is something new.
fn redrawn(plan: Plan) -> RwSignal<Curves> {
    let run = app().run;
    let curves = RwSignal::new(run.with_untracked(plan.take));
    // The last epoch tells two runs of the same length apart.
    let size = Memo::new(move |_| {
        run.with(|run| (run.losses.len(), run.epochs.last().copied(), run.status))
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
                curves.set(run.with_untracked(plan.take));
            }
        };
        set_timeout(redraw, REDRAW_PERIOD + plan.offset);
    });
    curves
}

/// The chart in a frame whose width it takes. It is there before there are data, and is built in
/// the task that builds the page: to build it takes longer than to draw it, and is better done
/// while nobody waits for an answer.
#[component]
fn Framed(plan: Plan) -> impl IntoView {
    let curves = redrawn(plan);
    let frame = NodeRef::<leptos::html::Div>::new();
    let width = watched_width(frame);
    let has_room = Memo::new(move |_| width.get() > LEFT_PX);
    let is_empty = Memo::new(move |_| curves.with(|curves| curves.points.is_empty()));
    view! {
        <div class="chart-frame" class:is-empty=is_empty node_ref=frame>
            <Show when=move || has_room.get()>
                <Plot plan width curves />
            </Show>
            <p class="placeholder" hidden=move || !is_empty.get()>
                "The curve appears here once training is under way."
            </p>
        </div>
    }
}

/// The width of an element in pixels, 0 until it is known.
fn watched_width(frame: NodeRef<leptos::html::Div>) -> RwSignal<f64> {
    let width = RwSignal::new(0.0);
    let measure = move || {
        if let Some(frame) = frame.get_untracked() {
            width.set(f64::from(frame.client_width()));
        }
    };
    let on_resize = StoredValue::new_local(Closure::<dyn FnMut()>::new(measure));
    let observer = on_resize
        .with_value(|on_resize| ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok());
    let observer = StoredValue::new_local(observer);
    Effect::new(move || {
        if let Some(frame) = frame.get() {
            // The observer's first call would come in a task of its own.
            measure();
            observer.with_value(|observer| {
                if let Some(observer) = observer {
                    observer.observe(&frame);
                }
            });
        }
    });
    on_cleanup(move || {
        observer.try_with_value(|observer| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
    width
}

#[component]
fn Plot(plan: Plan, width: RwSignal<f64>, curves: RwSignal<Curves>) -> impl IntoView {
    let end = Memo::new(move |_| curves.with(|curves| curves.end));
    let top = Memo::new(move |_| curves.with(|curves| curves.top));
    let series = Series::new(|point: &Point| point.at_epoch)
        .with_x_range(0.0, end.get_untracked())
        .with_y_range(0.0, top.get_untracked())
        .lines(lines(plan, curves));
    let (max_x, max_y) = (series.max_x, series.max_y);
    let y_labels = y_labels(plan, top);
    let x_labels = TickLabels::aligned_floats()
        .with_format(|value, _| words::significant((value * 10.0).round() / 10.0));
    let x_chars = x_labels.min_chars;
    Effect::new(move || {
        let (end, padding_px) = (end.get(), 4.0 * PADDING_PX);
        max_x.set(Some(end));
        max_y.set(Some(top.get()));
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
            left=vec![RotatedLabel::middle(plan.y_title).into_edge(), y_labels.clone().into_edge()]
            bottom=vec![x_labels.into_edge(), RotatedLabel::middle("Epochs").into_edge()]
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
fn y_labels(plan: Plan, top: Memo<f64>) -> TickLabels<f64> {
    TickLabels::aligned_floats().with_min_chars(Y_LABEL_CHARS).with_format(move |value, _| {
        let position = (value / top.get() * DIVISIONS as f64).round() as usize;
        if position.is_multiple_of(2) { (plan.y_text)(*value) } else { String::new() }
    })
}
