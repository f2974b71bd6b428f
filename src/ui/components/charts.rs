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
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::run::{LossPoint, RunState};
use crate::experiment::words;
use crate::ui::state::app;

const REDRAW_PERIOD: Duration = Duration::from_millis(600);
const HEIGHT_PX: f64 = 268.0;
const FONT_HEIGHT_PX: f64 = 12.0;
/// Of a monospaced character of that height.
const FONT_WIDTH_PX: f64 = 7.25;
const PADDING_PX: f64 = 4.0;
/// Epochs get dots while they are few: one alone would not show as a line.
const MAX_DOTTED: usize = 30;
const Y_LABEL_CHARS: usize = 5;
/// What stands left of the plot: the axis' title and its labels.
const LEFT_PX: f64 = FONT_HEIGHT_PX + Y_LABEL_CHARS as f64 * FONT_WIDTH_PX + 4.0 * PADDING_PX;

// Each has a contrast of 3:1 and more with the light and with the dark background.
const BLUE: Colour = Colour::from_rgb(0x3B, 0x7D, 0xE8);
const TEAL: Colour = Colour::from_rgb(0x0F, 0x96, 0x88);
const AMBER: Colour = Colour::from_rgb(0xC9, 0x72, 0x0E);

/// What a chart draws.
#[derive(Clone)]
struct Curves<T: 'static> {
    points: Vec<T>,
    /// Where the axis of epochs ends.
    end: f64,
    /// Where the vertical axis ends.
    top: f64,
}

#[component]
pub fn LossChart() -> impl IntoView {
    let curves = redrawn(Duration::ZERO, |run| Curves {
        points: display::thin_losses(&run.losses, MAX_POINTS),
        end: end_of_epochs(run),
        top: display::loss_axis(run.losses.iter().map(|point| point.loss).fold(0.0, f64::max)),
    });
    let draw = move |width| {
        let line = Line::new(|point: &LossPoint| point.loss).with_name("Training loss");
        let series = Series::new(|point: &LossPoint| point.at_epoch).line(styled(line, BLUE));
        plot(width, curves, series, "Loss", words::significant)
    };
    view! {
        <figure class="chart card" data-testid="chart-loss">
            <figcaption>
                <h2>"Loss"</h2>
                <ul class="legend"><li class="is-blue">"Training loss"</li></ul>
            </figcaption>
            {framed(curves, draw)}
        </figure>
    }
}

#[component]
pub fn AccuracyChart() -> impl IntoView {
    let curves = redrawn(REDRAW_PERIOD / 2, |run| Curves {
        points: display::thin(&run.epochs, MAX_POINTS),
        end: end_of_epochs(run),
        top: 1.0,
    });
    let draw = move |width| {
        let test = Line::new(|epoch: &EpochMetrics| epoch.test_accuracy).with_name("1");
        let label = Line::new(|epoch: &EpochMetrics| epoch.label_accuracy).with_name("2");
        let confidence = Line::new(|epoch: &EpochMetrics| epoch.mean_confidence).with_name("3");
        let dots = Marker::from_shape(MarkerShape::Circle).with_scale(0.4);
        let shape = dots.shape;
        Effect::new(move || {
            let few = curves.with(|curves| curves.points.len() <= MAX_DOTTED);
            shape.set(if few { MarkerShape::Circle } else { MarkerShape::None });
        });
        let [test, label, confidence] =
            [test, label, confidence].map(|line| line.with_marker(dots.clone()));
        let series = Series::new(|epoch: &EpochMetrics| epoch.epoch as f64)
            .line(styled(test, BLUE))
            .line(styled(label, TEAL))
            .line(styled(confidence, AMBER));
        plot(width, curves, series, "Share", |share| format!("{:.0}%", share * 100.0))
    };
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
            {framed(curves, draw)}
        </figure>
    }
}

fn end_of_epochs(run: &RunState) -> f64 {
    let total = run.info.as_ref().map_or(1, |info| info.experiment.epochs);
    let done = run.losses.last().map_or(0.0, |point| point.at_epoch).max(run.epochs.len() as f64);
    display::epoch_axis(done, total)
}

fn styled<T>(line: Line<T, f64>, colour: Colour) -> Line<T, f64> {
    line.with_colour(colour).with_width(2.0).with_interpolation(Interpolation::Linear)
}

/// The curves of the run, taken anew once in a while if there is something new.
fn redrawn<T: Send + Sync + 'static>(
    offset: Duration,
    take: fn(&RunState) -> Curves<T>,
) -> RwSignal<Curves<T>> {
    let run = app().run;
    let curves = RwSignal::new(run.with_untracked(take));
    let size = Memo::new(move |_| run.with(|run| (run.losses.len(), run.epochs.len(), run.status)));
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
                curves.set(run.with_untracked(take));
            }
        };
        set_timeout(redraw, REDRAW_PERIOD + offset);
    });
    curves
}

/// The chart in a frame whose width it takes, or what will be there.
fn framed<T: Send + Sync + 'static, V: IntoView + 'static>(
    curves: RwSignal<Curves<T>>,
    draw: impl Fn(RwSignal<f64>) -> V + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let frame = NodeRef::<leptos::html::Div>::new();
    let width = watched_width(frame);
    let is_drawn = Memo::new(move |_| {
        width.get() > LEFT_PX && !curves.with(|curves| curves.points.is_empty())
    });
    view! {
        <div class="chart-frame" node_ref=frame>
            <Show
                when=move || is_drawn.get()
                fallback=|| view! { <p class="placeholder">"The curve appears here once training is under way."</p> }
            >
                {draw(width)}
            </Show>
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
            observer.with_value(|observer| {
                if let Some(observer) = observer {
                    observer.observe(&frame);
                }
            });
        }
    });
    on_cleanup(move || {
        observer.with_value(|observer| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
    width
}

fn plot<T: Clone + Send + Sync + 'static>(
    width: RwSignal<f64>,
    curves: RwSignal<Curves<T>>,
    series: Series<T, f64, f64>,
    y_title: &'static str,
    y_text: fn(f64) -> String,
) -> impl IntoView {
    let end = Memo::new(move |_| curves.with(|curves| curves.end));
    let top = Memo::new(move |_| curves.with(|curves| curves.top));
    let series =
        series.with_x_range(0.0, end.get_untracked()).with_y_range(0.0, top.get_untracked());
    let (max_x, max_y) = (series.max_x, series.max_y);
    // Every second label: ten divisions are round where five labels have room.
    let y_labels =
        TickLabels::aligned_floats().with_min_chars(Y_LABEL_CHARS).with_format(move |value, _| {
            let position = (value / top.get() * DIVISIONS as f64).round() as usize;
            if position.is_multiple_of(2) { y_text(*value) } else { String::new() }
        });
    let x_labels = TickLabels::aligned_floats()
        .with_format(|value, _| words::significant((value * 10.0).round() / 10.0));
    let x_chars = x_labels.min_chars;
    Effect::new(move || {
        max_x.set(Some(end.get()));
        max_y.set(Some(top.get()));
        let plot_px = width.get() - LEFT_PX;
        x_chars.set(display::epoch_label_chars(
            end.get(),
            plot_px,
            FONT_WIDTH_PX,
            4.0 * PADDING_PX,
        ));
    });
    let points = Signal::derive(move || curves.with(|curves| curves.points.clone()));
    view! {
        <Chart
            aspect_ratio=Signal::derive(move || AspectRatio::from_outer_ratio(width.get(), HEIGHT_PX))
            font_height=Signal::stored(FONT_HEIGHT_PX)
            font_width=Signal::stored(FONT_WIDTH_PX)
            padding=Signal::stored(Padding::from(PADDING_PX))
            left=vec![RotatedLabel::middle(y_title).into_edge(), y_labels.clone().into_edge()]
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
