//! One setting: label, control, help, and what is wrong with it.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::candidates::ExpectedSets;
use super::explained::{Explained, Section};
use crate::experiment::language::translated;
use crate::experiment::{Dataset, Kind, Setting};
use crate::ui::state::app;

/// A slider helps where it has few enough positions to hit one.
const MAX_SLIDER_STEPS: f64 = 40.0;

/// The id of a setting's control.
pub fn id(setting: Setting) -> String {
    format!("setting-{setting}")
}

/// Brings an element into view and gives it the focus; opens what hides it.
pub fn focus(id: &str) {
    let Some(element) = document().get_element_by_id(id) else {
        return;
    };
    if let Ok(Some(details)) = element.closest("details") {
        let _ = details.set_attribute("open", "");
    }
    if let Ok(Some(panel)) = element.closest(".settings-body") {
        let _ = panel.class_list().add_1("is-open");
    }
    element.scroll_into_view();
    focus_quietly(id);
}

/// Gives an element the focus; the browser scrolls only as far as it must.
pub fn focus_quietly(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Only what cannot take the focus refuses it.
        let _ = element.focus();
    }
}

#[component]
pub fn Field(setting: Setting) -> impl IntoView {
    let form = app().form;
    let problem = Memo::new(move |_| form.problem(setting));
    let is_wrong = move || problem.with(Option::is_some);
    // The built-in pictures need no host.
    let is_muted = Memo::new(move |_| {
        setting == Setting::Data
            && form.experiment.with(|experiment| experiment.dataset == Dataset::Synthetic)
    });
    view! {
        <div class="field" class:is-wrong=is_wrong class:is-muted=is_muted>
            <label for=id(setting)>{translated(setting.label())}</label>
            {control(setting)}
            <div class="field-about" id=help_id(setting)>
                <p class="field-help">{translated(setting.help())}</p>
                <p class="field-source">{t!("Source: {source}", source = translated(setting.source()))}</p>
            </div>
            {(setting == Setting::Rate).then(|| view! { <ExpectedSets /> })}
            {explained(setting)}
            <p class="field-problem" id=problem_id(setting) hidden=move || !is_wrong()>{problem}</p>
        </div>
    }
}

/// The settings that stand for an idea of their own.
fn explained(setting: Setting) -> Option<impl IntoView> {
    let section = match setting {
        Setting::Candidates => Section::PartialLabels,
        Setting::Method => Section::Method,
        Setting::Device => Section::Browser,
        _ => return None,
    };
    Some(view! { <p class="field-help"><Explained section of=translated(setting.label()) /></p> })
}

fn help_id(setting: Setting) -> String {
    format!("help-{setting}")
}

fn problem_id(setting: Setting) -> String {
    format!("problem-{setting}")
}

fn described_by(setting: Setting) -> String {
    format!("{} {}", problem_id(setting), help_id(setting))
}

fn control(setting: Setting) -> AnyView {
    match setting.kind() {
        Kind::Choice(options) => choice(setting, options).into_any(),
        Kind::Real { min, max, step } if (max - min) / step <= MAX_SLIDER_STEPS => view! {
            <div class="with-slider">
                {slider(setting, min, max, step)}
                {entry(setting, "decimal")}
            </div>
        }
        .into_any(),
        Kind::Real { .. } => entry(setting, "decimal").into_any(),
        Kind::Whole { .. } => entry(setting, "numeric").into_any(),
        Kind::Url => entry(setting, "url").into_any(),
        Kind::Flag => flag(setting).into_any(),
    }
}

fn choice(setting: Setting, options: &'static [(&'static str, &'static str)]) -> impl IntoView {
    let form = app().form;
    let text = Memo::new(move |_| form.text(setting));
    let options = options.iter().map(|&(name, title)| {
        view! { <option value=name prop:selected=move || text.with(|text| text == name)>{translated(title)}</option> }
    });
    view! {
        <select
            id=id(setting)
            name=setting.name()
            data-testid=id(setting)
            aria-describedby=described_by(setting)
            on:change=move |event| form.enter(setting, event_target_value(&event))
        >
            {options.collect_view()}
        </select>
    }
}

/// A text field even for numbers: a number field hides what was typed if it is none.
fn entry(setting: Setting, input_mode: &'static str) -> impl IntoView {
    let form = app().form;
    let text = Memo::new(move |_| form.text(setting));
    let is_wrong = Memo::new(move |_| form.problem(setting).is_some());
    view! {
        <input
            id=id(setting)
            name=setting.name()
            data-testid=id(setting)
            type="text"
            inputmode=input_mode
            autocomplete="off"
            spellcheck="false"
            aria-describedby=described_by(setting)
            aria-invalid=move || is_wrong.get().then_some("true")
            prop:value=text
            on:change=move |event| form.enter(setting, event_target_value(&event))
        />
    }
}

fn slider(setting: Setting, min: f64, max: f64, step: f64) -> impl IntoView {
    let form = app().form;
    let text = Memo::new(move |_| form.experiment.with(|experiment| experiment.get(setting)));
    let slide = move |event: ev::Event| form.enter(setting, event_target_value(&event));
    view! {
        <input
            type="range"
            min=min
            max=max
            step=step
            aria-label=t!("{setting} (slider)", setting = translated(setting.label()))
            prop:value=text
            on:input=slide
        />
    }
}

fn flag(setting: Setting) -> impl IntoView {
    let form = app().form;
    let is_on = Memo::new(move |_| form.text(setting) == "1");
    let enter = move |event: ev::Event| {
        let text = if event_target_checked(&event) { "1" } else { "0" };
        form.enter(setting, text.to_owned());
    };
    view! {
        <input
            id=id(setting)
            name=setting.name()
            data-testid=id(setting)
            type="checkbox"
            role="switch"
            aria-describedby=described_by(setting)
            prop:checked=is_on
            on:change=enter
        />
    }
}
