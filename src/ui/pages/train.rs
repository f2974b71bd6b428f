//! The Train page: settings on one side, what comes of them on the other.

use leptos::prelude::*;

use crate::protocol::Failure;
use crate::ui::components::candidates::CandidateSets;
use crate::ui::components::charts::Charts;
use crate::ui::components::confusion::ConfusionSection;
use crate::ui::components::controls::Controls;
use crate::ui::components::epoch_table::EpochTable;
use crate::ui::components::error_box::ErrorBox;
use crate::ui::components::file_controls::FileControls;
use crate::ui::components::forecast::ForecastLine;
use crate::ui::components::interrupted::{Interrupted, KeptSoFar};
use crate::ui::components::microscope::Microscope;
use crate::ui::components::numbers::Numbers;
use crate::ui::components::runs::RunsSection;
use crate::ui::components::samples::Samples;
use crate::ui::components::settings_form::{Presets, SettingsForm};
use crate::ui::components::share::Share;
use crate::ui::components::shared_result::SharedResultCard;
use crate::ui::components::status::StatusPanel;
use crate::ui::components::way_out::WayOutOffer;
use crate::ui::state::app;
use crate::ui::{name_page, screen};

#[component]
pub fn TrainPage() -> impl IntoView {
    name_page(t!("Train"));
    let app = app();
    if app.form.take_autostart() {
        app.start_by_itself(app.form.experiment.get_untracked());
    }
    let failures = Memo::new(move |_| {
        let of_run: Option<Failure> = app.run.with(|run| run.failure.clone());
        let of_file = app.held.with(|held| held.failure.clone());
        let of_data = app.kept.with(|kept| kept.failure.clone());
        let (of_link, of_runs) = (app.shared.failure.get(), app.runs.failure.get());
        let of_keeping = app.survival.failure.get();
        [of_run, of_file, of_data, of_link, of_runs, of_keeping]
            .into_iter()
            .flatten()
            .chain(app.form.problems())
            .collect::<Vec<_>>()
    });
    // On a phone the settings begin folded, so that the results are not far below.
    let is_open = RwSignal::new(!screen::is_phone());
    view! {
        <div class="train-page">
            <section class="intro">
                <h1>{t!("Learn from ambiguous labels")}</h1>
                <p>
                    {t!("Every training image carries a set of candidate labels, and only one of them is true. PRODEN trains a network and finds the true ones along the way: here, in your browser, on your own device.")}
                    " "
                    <a href="about">{t!("How it works")}</a>
                </p>
            </section>
            <div class="run-panel card">
                <ErrorBox failures />
                <WayOutOffer />
                <Controls />
                <Interrupted />
                <StatusPanel />
                <KeptSoFar />
                <ForecastLine />
                <Numbers />
                <Share />
                <FileControls />
            </div>
            <aside class="settings-panel card">
                <h2>
                    <span>{t!("Settings")}</span>
                    <button
                        type="button"
                        class="text-button settings-toggle"
                        aria-expanded=move || if is_open.get() { "true" } else { "false" }
                        on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                    >
                        {move || if is_open.get() { t!("Hide") } else { t!("Show") }}
                    </button>
                </h2>
                <div class="settings-body" class:is-open=is_open>
                    <Presets />
                    <SettingsForm />
                </div>
            </aside>
            <div class="results">
                <SharedResultCard />
                <Charts />
                <CandidateSets />
                <RunsSection />
                <Samples />
                <Microscope />
                <ConfusionSection />
                <EpochTable />
            </div>
        </div>
    }
}
