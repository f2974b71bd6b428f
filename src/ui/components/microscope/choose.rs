//! Which images the microscope shows, and in what order.

use leptos::prelude::*;

use crate::experiment::language::class_titles;
use crate::experiment::microscope::{Choice, Decision, Sort, StateFilter};
use crate::ui::state::app;

/// A menu of the toolbar.
#[derive(Clone, Copy)]
struct Menu {
    test_id: &'static str,
    label: fn() -> String,
    value: fn(&Choice) -> String,
    choose: fn(&mut Choice, &str),
}

const STATE: Menu = Menu {
    test_id: "microscope-filter",
    label: || t!("Show"),
    value: |choice| choice.state.name().to_owned(),
    choose: |choice, name| choice.state = StateFilter::parse(name).unwrap_or_default(),
};
const CLASS: Menu = Menu {
    test_id: "microscope-filter-class",
    label: || t!("True label"),
    value: |choice| optional(choice.class.map(usize::from)),
    choose: |choice, name| choice.class = name.parse().ok(),
};
const FOUND: Menu = Menu {
    test_id: "microscope-filter-found",
    label: || t!("Found label"),
    value: |choice| optional(choice.found.map(usize::from)),
    choose: |choice, name| choice.found = name.parse().ok(),
};
const SIZE: Menu = Menu {
    test_id: "microscope-filter-size",
    label: || t!("Candidates"),
    value: |choice| optional(choice.size),
    choose: |choice, name| choice.size = name.parse().ok(),
};
const SORT: Menu = Menu {
    test_id: "microscope-sort",
    label: || t!("Order"),
    value: |choice| choice.sort.name().to_owned(),
    choose: |choice, name| choice.sort = Sort::parse(name).unwrap_or_default(),
};

impl Menu {
    /// `entries` are (value, text).
    fn view(self, entries: Signal<Vec<(String, String)>>) -> AnyView {
        let choice = app().scope.choice;
        let value = Memo::new(move |_| choice.with(self.value));
        let options = move || {
            let chosen = value.get();
            let entry = |(value, text): (String, String)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{text}</option> }
            };
            entries.get().into_iter().map(entry).collect_view()
        };
        let choose = move |event| {
            let name = event_target_value(&event);
            choice.update(|choice| (self.choose)(choice, &name));
        };
        view! {
            <label class="menu">
                <span>{(self.label)()}</span>
                <select data-testid=self.test_id prop:value=value on:change=choose>{options}</select>
            </label>
        }
        .into_any()
    }
}

#[component]
pub fn Choose() -> impl IntoView {
    let app = app();
    let scope = app.scope;
    let states = StateFilter::ALL.map(|it| (it.name().to_owned(), state_text(it)));
    let sorts = Sort::ALL.map(|it| (it.name().to_owned(), sort_text(it)));
    let names =
        move || app.run.with(|run| run.info.as_ref().map(|info| class_titles(&info.class_names)));
    let classes = Memo::new(move |_| {
        with_any(t!("Any class"), names().unwrap_or_default().into_iter().enumerate())
    });
    let sizes = Memo::new(move |_| {
        let sizes = scope.story.with(|story| story.sets().sizes().to_vec());
        with_any(t!("Any size"), sizes.into_iter().map(|size| (size, size.to_string())))
    });
    let is_narrowed = Memo::new(move |_| scope.choice.with(|choice| *choice != choice.all()));
    view! {
        <div class="microscope-tools" role="group" aria-label=t!("Which images")>
            {STATE.view(Signal::stored(states.to_vec()))}
            {CLASS.view(classes.into())}
            {FOUND.view(classes.into())}
            {SIZE.view(sizes.into())}
            {SORT.view(Signal::stored(sorts.to_vec()))}
            <button
                type="button"
                class="button small"
                data-testid="microscope-reset"
                disabled=move || !is_narrowed.get()
                on:click=move |_| scope.choice.update(|choice| *choice = choice.all())
            >
                {t!("Show all")}
            </button>
        </div>
    }
    .into_any()
}

/// A menu's value for what may be any.
fn optional(value: Option<usize>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A menu's entries, the first of which stands for any.
fn with_any(any: String, entries: impl Iterator<Item = (usize, String)>) -> Vec<(String, String)> {
    let entries = entries.map(|(value, text)| (value.to_string(), text));
    std::iter::once((String::new(), any)).chain(entries).collect()
}

fn state_text(filter: StateFilter) -> String {
    match filter {
        StateFilter::All => t!("All images"),
        StateFilter::Only(Decision::Undecided) => t!("Undecided"),
        StateFilter::Only(Decision::Wrong) => t!("Wrongly decided"),
        StateFilter::Only(Decision::Decided) => t!("Rightly decided"),
    }
}

fn sort_text(sort: Sort) -> String {
    match sort {
        Sort::Changed => t!("Changed most"),
        Sort::Unsure => t!("Least sure"),
        Sort::Number => t!("By number"),
    }
}
