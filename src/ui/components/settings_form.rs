//! The form with all settings, in groups; the presets above it.

use leptos::prelude::*;

use super::field::Field;
use super::kept_data::KeptDataPanel;
use crate::experiment::language::translated;
use crate::experiment::preset::{PRESETS, Preset};
use crate::experiment::{Group, Setting};
use crate::ui::state::app;

/// Groups that a newcomer wants to see; the others open on a click.
const fn is_open_at_first(group: Group) -> bool {
    match group {
        Group::Data | Group::Labels | Group::Network => true,
        Group::Optimisation | Group::Run => false,
    }
}

#[component]
pub fn SettingsForm() -> impl IntoView {
    let run = app().run;
    let is_active = Memo::new(move |_| run.with(|run| run.status.is_active()));
    let groups = Group::ALL.iter().map(|&group| view! { <GroupOfFields group /> });
    view! {
        <form class="settings" aria-label=t!("Settings") on:submit=|event| event.prevent_default()>
            <p class="hint" hidden=move || !is_active.get()>
                {t!("The settings are locked while a run is on. Stop it to change them.")}
            </p>
            <fieldset class="settings-fields" disabled=is_active>
                {groups.collect_view()}
            </fieldset>
        </form>
    }
}

#[component]
fn GroupOfFields(group: Group) -> impl IntoView {
    let fields = Setting::ALL.iter().filter(|setting| setting.group() == group);
    view! {
        <details class="group" open=is_open_at_first(group)>
            <summary>{translated(group.title())}</summary>
            <div class="group-fields">
                {fields.map(|&setting| view! { <Field setting /> }).collect_view()}
                {(group == Group::Data).then(|| view! { <KeptDataPanel /> })}
            </div>
        </details>
    }
}

#[component]
pub fn Presets() -> impl IntoView {
    let run = app().run;
    let is_active = Memo::new(move |_| run.with(|run| run.status.is_active()));
    view! {
        <fieldset class="presets" disabled=is_active>
            <legend>{t!("Begin with a preset")}</legend>
            {PRESETS.iter().map(preset_button).collect_view()}
        </fieldset>
    }
}

fn preset_button(preset: &'static Preset) -> impl IntoView {
    let form = app().form;
    let is_set = Memo::new(move |_| form.experiment.with(|it| *it == (preset.experiment)()));
    view! {
        <button
            type="button"
            class="preset"
            aria-pressed=move || if is_set.get() { "true" } else { "false" }
            on:click=move |_| form.replace((preset.experiment)())
        >
            <strong>{translated(preset.name)}</strong>
            <span>{translated(preset.about)}</span>
        </button>
    }
}
