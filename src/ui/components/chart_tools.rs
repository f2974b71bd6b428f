//! How the curves are drawn, and the run as a file for other programs.

use js_sys::Uint8Array;
use leptos::prelude::*;

use super::charts::View;
use crate::experiment::curves::MAX_SMOOTHING;
use crate::experiment::export::{self, Format};
use crate::experiment::figure;
use crate::protocol::Failure;
use crate::ui::files::download;
use crate::ui::state::{App, app};

#[component]
pub fn Tools(view: View) -> impl IntoView {
    let app = app();
    let is_empty = Memo::new(move |_| app.run.with(|run| run.epochs.is_empty()));
    let smooth = move |event| {
        view.smoothing.set(event_target_value(&event).parse().unwrap_or_default());
    };
    view! {
        <div class="chart-tools">
            <label class="tool">
                <input
                    type="checkbox"
                    data-testid="chart-log"
                    prop:checked=move || view.log_loss.get()
                    on:change=move |event| view.log_loss.set(event_target_checked(&event))
                />
                {t!("Logarithmic loss")}
            </label>
            <label class="tool">
                {t!("Smoothing")}
                <input
                    type="range"
                    data-testid="chart-smoothing"
                    min="0"
                    max=MAX_SMOOTHING
                    step="0.05"
                    prop:value=move || view.smoothing.get().to_string()
                    on:input=smooth
                />
                <output>{move || view.smoothing.get().to_string()}</output>
            </label>
            <div class="exports" role="group" aria-label=t!("Save the epochs of this run")>
                <span class="hint" aria-hidden="true">{t!("Save as")}</span>
                {Format::ALL.map(|format| view! {
                    <button
                        type="button"
                        class="button small"
                        data-testid=format!("export-{}", format.name())
                        disabled=is_empty
                        aria-label=t!("Save as {format}", format = format.name().to_uppercase())
                        on:click=move |_| save(app, format, view)
                    >
                        {format.name().to_uppercase()}
                    </button>
                }).collect_view()}
            </div>
        </div>
    }
}

fn save(app: App, format: Format, view: View) {
    let (name, text) = app.run.with_untracked(|run| {
        let text = match format {
            Format::Csv => export::csv(&run.epochs),
            Format::Json => export::json(run),
            Format::Svg => figure::of_run(run, view.log_loss.get_untracked()),
        };
        (export::file_name(format, run), text)
    });
    if !download(&name, &Uint8Array::from(text.as_bytes())) {
        let fault = t!("The browser does not take “{name}” as a download.", name);
        let failure = Failure::new(fault, t!("Free some memory or space, then save again."));
        app.held.update(|held| held.refuse(failure));
    }
}
