//! Loss, accuracy and learning rate over the epochs, growing while the run goes on.
//!
//! Drawing a chart is the dearest thing that the main thread does, so the charts take new data
//! twice a second at most, thinned to what can be told apart, and no two in the same task.

use std::time::Duration;

use leptos::prelude::*;
use leptos_chartistry::Colour;

use super::chart_reader::Reader;
use super::chart_tools::Tools;
use super::plot::{Curves, Framed, Plan, Point};
use crate::experiment::curves::{self, axis_label};
use crate::experiment::display::{self, MAX_POINTS};
use crate::experiment::metrics::EpochMetrics;
use crate::experiment::run::{LossPoint, RunState};

// Each has a contrast of 3:1 and more with the light and with the dark background.
const BLUE: Colour = Colour::from_rgb(0x3B, 0x7D, 0xE8);
const TEAL: Colour = Colour::from_rgb(0x0F, 0x96, 0x88);
const AMBER: Colour = Colour::from_rgb(0xC9, 0x72, 0x0E);
const VIOLET: Colour = Colour::from_rgb(0x9A, 0x63, 0xD6);
/// Behind a smoothed curve; it carries nothing that the other does not.
const PALE: Colour = Colour::from_rgb(0x9D, 0xB4, 0xD8);

/// How the visitor wants the curves drawn, and which epoch is read. A handle that copies.
#[derive(Clone, Copy)]
pub struct View {
    pub log_loss: RwSignal<bool>,
    /// The weight of the past, from 0 to below 1.
    pub smoothing: RwSignal<f64>,
    /// The epoch under the pointer.
    pub hovered: RwSignal<Option<usize>>,
    /// The epoch that was gone to with the slider.
    pub pinned: RwSignal<Option<usize>>,
}

/// What of that a curve depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawing {
    pub log_loss: bool,
    pub smoothing: f64,
}

impl View {
    fn new() -> Self {
        Self {
            log_loss: RwSignal::new(false),
            smoothing: RwSignal::new(0.0),
            hovered: RwSignal::new(None),
            pinned: RwSignal::new(None),
        }
    }

    pub fn drawing(self) -> Drawing {
        Drawing { log_loss: self.log_loss.get(), smoothing: self.smoothing.get() }
    }
}

const LOSS: Plan = Plan {
    take: take_loss,
    lines: &[PALE, BLUE],
    y_title: || t!("Loss"),
    y_text: |value, drawing| axis_label(if drawing.log_loss { 10_f64.powf(value) } else { value }),
    is_by_step: true,
    offset: Duration::ZERO,
};

const ACCURACY: Plan = Plan {
    take: |run, drawing| {
        let of: [fn(&EpochMetrics) -> f64; 3] = [
            |epoch| epoch.test_accuracy,
            |epoch| epoch.label_accuracy,
            |epoch| epoch.mean_confidence,
        ];
        Curves {
            points: by_epoch(run, of, drawing.smoothing),
            end: end(run),
            bottom: 0.0,
            top: 1.0,
        }
    },
    lines: &[BLUE, TEAL, AMBER],
    y_title: || t!("Share"),
    y_text: |share, _| format!("{:.0}%", share * 100.0),
    is_by_step: false,
    offset: Duration::from_millis(200),
};

const RATE: Plan = Plan {
    take: |run, _| Curves {
        points: by_epoch(run, [|epoch: &EpochMetrics| epoch.lr; 3], 0.0),
        end: end(run),
        bottom: 0.0,
        top: display::loss_axis(run.epochs.iter().map(|epoch| epoch.lr).fold(0.0, f64::max)),
    },
    lines: &[VIOLET],
    y_title: || t!("Learning rate"),
    y_text: |rate, _| axis_label(rate),
    is_by_step: false,
    offset: Duration::from_millis(400),
};

fn take_loss(run: &RunState, drawing: Drawing) -> Curves {
    let losses = || run.losses.iter().map(|point| point.loss);
    let (bottom, top) = match drawing.log_loss {
        true => curves::log_axis(losses()),
        false => (0.0, display::loss_axis(losses().fold(0.0, f64::max))),
    };
    let thinned = display::thin_losses(&run.losses, MAX_POINTS);
    let raw: Vec<f64> = thinned.iter().map(|point| point.loss).collect();
    let smoothed = curves::smooth(&raw, drawing.smoothing);
    let scaled = |loss: f64| if drawing.log_loss { curves::log_loss(loss) } else { loss };
    let point = |(index, it): (usize, &LossPoint)| {
        let (raw, smoothed) = (scaled(raw[index]), scaled(smoothed[index]));
        Point { at_epoch: it.at_epoch, values: [raw, smoothed, smoothed] }
    };
    let points = thinned.iter().enumerate().map(point).collect();
    Curves { points, end: end(run), bottom, top }
}

/// Three numbers of every epoch, smoothed.
fn by_epoch(run: &RunState, of: [fn(&EpochMetrics) -> f64; 3], smoothing: f64) -> Vec<Point> {
    let smoothed = of.map(|of| {
        let values: Vec<f64> = run.epochs.iter().map(of).collect();
        curves::smooth(&values, smoothing)
    });
    let point = |(index, epoch): (usize, &EpochMetrics)| Point {
        at_epoch: epoch.epoch as f64,
        values: [smoothed[0][index], smoothed[1][index], smoothed[2][index]],
    };
    let points: Vec<Point> = run.epochs.iter().enumerate().map(point).collect();
    display::thin(&points, MAX_POINTS)
}

/// Where the axis of epochs ends.
fn end(run: &RunState) -> f64 {
    let total = run.experiment.as_ref().map_or(1, |experiment| experiment.epochs);
    let done = run.losses.last().map_or(0.0, |point| point.at_epoch).max(run.epochs.len() as f64);
    display::epoch_axis(done, total)
}

/// All charts of the run, how they are drawn, and what they are at one epoch.
#[component]
pub fn Charts() -> impl IntoView {
    let view = View::new();
    view! {
        <section class="charts-section" aria-label=t!("Curves")>
            <div class="charts">
                <figure class="chart card" data-testid="chart-loss">
                    <figcaption>
                        <h2>{t!("Loss")}</h2>
                        <ul class="legend"><li class="is-blue">{t!("Training loss")}{smoothed_note(view)}</li></ul>
                    </figcaption>
                    <Framed plan=LOSS view />
                </figure>
                <figure class="chart card" data-testid="chart-accuracy">
                    <figcaption>
                        <h2>{t!("Accuracy")}</h2>
                        <ul class="legend">
                            <li class="is-blue">{t!("Test accuracy")}</li>
                            <li class="is-teal">{t!("Label accuracy")}</li>
                            <li class="is-amber">{t!("Mean confidence")}{smoothed_note(view)}</li>
                        </ul>
                    </figcaption>
                    <Framed plan=ACCURACY view />
                </figure>
                <figure class="chart card" data-testid="chart-lr">
                    <figcaption>
                        <h2>{t!("Learning rate")}</h2>
                        <ul class="legend"><li class="is-violet">{t!("Of each epoch")}</li></ul>
                    </figcaption>
                    <Framed plan=RATE view />
                </figure>
                <div class="card chart-panel">
                    <Reader view />
                    <Tools view />
                </div>
            </div>
        </section>
    }
}

fn smoothed_note(view: View) -> impl IntoView {
    move || (view.smoothing.get() > 0.0).then(|| t!(" (smoothed)"))
}
