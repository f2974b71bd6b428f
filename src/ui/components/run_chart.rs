//! The curves of several runs in one chart: kept ones, the one under way, and the one that was
//! sent in a link. Drawn as plain SVG paths in a box that stretches, so that twenty runs cost the
//! main thread no more than a few strings; the labels are ordinary text beside it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use crate::experiment::language::translated;
use crate::experiment::runs::default_name;
use crate::experiment::runs::table::{self, Axes, Curve, Measure};
use crate::ui::state::{App, app};

/// A curve to draw.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    name: String,
    /// None for the one that was sent.
    colour: Option<usize>,
    is_under_way: bool,
    curve: Curve,
}

#[component]
pub fn RunChart() -> impl IntoView {
    let app = app();
    let measure = RwSignal::new(Measure::TestAccuracy);
    let lines = lines(app, measure);
    let axes =
        Memo::new(move |_| lines.with(|lines| Axes::around(lines.iter().map(|line| &line.curve))));
    // The epoch under the pointer.
    let epoch = RwSignal::new(None::<f64>);
    let is_empty = move || lines.with(Vec::is_empty);
    view! {
        <figure class="run-chart" data-testid="chart-runs" data-lines=move || lines.with(Vec::len) hidden=is_empty>
            <figcaption>
                <Measures measure />
            </figcaption>
            <Plot lines axes measure epoch />
            <ul class="run-legend">{move || legend(lines, measure, epoch)}</ul>
        </figure>
    }
}

/// What is drawn: the measure of each run that is shown.
fn lines(app: App, measure: RwSignal<Measure>) -> Memo<Vec<Line>> {
    // The run changes many times a second, its epochs do not.
    let under_way = Memo::new(move |_| {
        app.run.with(|run| (run.status.is_active(), run.epochs.len(), run.epochs.last().copied()))
    });
    Memo::new(move |_| {
        let (is_active, ..) = under_way.get();
        let (measure, current) = (measure.get(), app.runs.current.get());
        let mut lines = app.runs.shelf.with(|shelf| {
            let kept =
                shelf.shown().into_iter().filter(|run| !(is_active && Some(run.id) == current));
            let line = |run: &crate::experiment::runs::RunRecord| Line {
                name: run.name.clone(),
                colour: Some(run.colour),
                is_under_way: false,
                curve: table::curve(&run.outcome.history, measure),
            };
            kept.map(line).collect::<Vec<_>>()
        });
        if is_active {
            lines.extend(line_under_way(app, measure));
        }
        lines.extend(app.shared.received.with(|received| {
            let curve = received.as_ref()?.result.curve(measure);
            Some(Line { name: t!("Shared result"), colour: None, is_under_way: false, curve })
        }));
        lines.retain(|line| !line.curve.is_empty());
        lines
    })
}

fn line_under_way(app: App, measure: Measure) -> Option<Line> {
    let known = app.runs.shelf.with(|shelf| {
        let kept = app.runs.current.get().and_then(|id| shelf.get(id));
        kept.map_or((None, shelf.free_colour()), |run| (Some(run.name.clone()), run.colour))
    });
    app.run.with_untracked(|run| {
        let (name, colour) = known;
        Some(Line {
            name: name
                .unwrap_or_else(|| run.experiment.as_ref().map(default_name).unwrap_or_default()),
            colour: Some(colour),
            is_under_way: true,
            curve: table::curve(&run.epochs, measure),
        })
    })
}

#[component]
fn Measures(measure: RwSignal<Measure>) -> impl IntoView {
    let choice = |&it: &Measure| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="run-measure"
                    class="visually-hidden"
                    prop:checked=move || measure.get() == it
                    on:change=move |_| measure.set(it)
                />
                <span>{translated(it.title())}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments" data-testid="measure">
            <legend class="visually-hidden">{t!("What the chart shows")}</legend>
            {Measure::ALL.iter().map(choice).collect_view()}
        </fieldset>
    }
}

#[component]
fn Plot(
    lines: Memo<Vec<Line>>,
    axes: Memo<Axes>,
    measure: RwSignal<Measure>,
    epoch: RwSignal<Option<f64>>,
) -> impl IntoView {
    let point = move |event: PointerEvent| {
        let target = event.current_target().and_then(|it| it.dyn_into::<Element>().ok());
        if let Some(target) = target {
            let frame = target.get_bounding_client_rect();
            let across = (f64::from(event.client_x()) - frame.left()) / frame.width().max(1.0);
            epoch.set(Some(axes.with_untracked(|axes| axes.epoch_at(across))));
        }
    };
    let label = move || {
        lines.with(|lines| {
            let measure = translated(measure.get().title());
            t!(
                "{measure} of {n} run over the epochs"
                    | "{measure} of {n} runs over the epochs" % lines.len(),
                measure
            )
        })
    };
    let value_ticks = move || {
        axes.with(|axes| {
            let tick = |&value: &f64| {
                view! { <span style=("--at", axes.down(value).to_string())>{measure.get().tick(value)}</span> }
            };
            axes.value_ticks.iter().map(tick).collect_view()
        })
    };
    let epoch_ticks = move || {
        axes.with(|axes| {
            let tick = |&epoch: &f64| {
                view! { <span style=("--at", axes.across(epoch).to_string())>{epoch}</span> }
            };
            axes.epoch_ticks.iter().map(tick).collect_view()
        })
    };
    let paths = move || {
        axes.with(|axes| {
            let path = |line: &Line| {
                view! { <path d=axes.path(&line.curve) data-colour=line.colour class:is-live=line.is_under_way /> }
            };
            lines.with(|lines| lines.iter().map(path).collect_view())
        })
    };
    let grid = move || {
        axes.with(|axes| {
            let line = |&value: &f64| format!("M0 {:.1}H1000", axes.down(value) * 1e3);
            axes.value_ticks.iter().map(line).collect::<String>()
        })
    };
    let rule = move || {
        let at = epoch.get()?;
        Some(axes.with(|axes| format!("M{:.1} 0V1000", axes.across(at) * 1e3)))
    };
    view! {
        <div class="run-plot">
            <div class="run-values" aria-hidden="true">{value_ticks}</div>
            <div class="run-curves" on:pointermove=point on:pointerleave=move |_| epoch.set(None)>
                <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=label>
                    <path class="run-grid" d=grid />
                    <path class="run-rule" d=rule />
                    {paths}
                </svg>
            </div>
            <div class="run-epochs" aria-hidden="true">{epoch_ticks}</div>
            <p class="run-axis">{t!("Epochs")}</p>
        </div>
    }
}

/// The runs with their values: at the epoch under the pointer, or else at the end.
fn legend(
    lines: Memo<Vec<Line>>,
    measure: RwSignal<Measure>,
    epoch: RwSignal<Option<f64>>,
) -> impl IntoView {
    let (measure, epoch) = (measure.get(), epoch.get());
    let item = |line: &Line| {
        let value = table::value_at(&line.curve, epoch.unwrap_or(f64::INFINITY));
        view! {
            <li>
                <span class="swatch" data-colour=line.colour class:is-sent=line.colour.is_none()></span>
                <span class="run-legend-name">{line.name.clone()}</span>
                <span class="run-legend-value">{value.map(|value| measure.text(value))}</span>
            </li>
        }
    };
    let at = epoch
        .map(|epoch| view! { <li class="run-legend-epoch">{t!("At epoch {epoch}:", epoch)}</li> });
    (at, lines.with(|lines| lines.iter().map(item).collect_view()))
}
