//! One batch worked through, on the About page: four pictures of a real run, and the numbers of
//! each step. Needs no engine: all was recorded.

mod choose;
mod formula;

use leptos::prelude::*;

use super::small_button::SmallButton;
use crate::experiment::explain::record::Record;
use crate::experiment::explain::step::{Sight, Step, Table, TableRow, number};
use crate::experiment::explain::toggled;
use crate::experiment::language::class_titles;
use choose::{Candidates, EpochSlider, Pictures};
use formula::formula_of;

/// What the visitor looks at; a handle that copies.
#[derive(Clone, Copy)]
pub struct Bench {
    record: StoredValue<Record>,
    /// A position in the record.
    image: RwSignal<usize>,
    /// From 0.
    pass: RwSignal<usize>,
    step: RwSignal<Step>,
    /// The candidate set of each image, `[images][classes]`.
    sets: RwSignal<Vec<Vec<bool>>>,
}

impl Bench {
    fn new() -> Self {
        let mut record = Record::built_in();
        record.class_names = class_titles(&record.class_names);
        let sets = own_sets(&record);
        Self {
            record: StoredValue::new(record),
            image: RwSignal::new(0),
            pass: RwSignal::new(0),
            step: RwSignal::new(Step::Candidates),
            sets: RwSignal::new(sets),
        }
    }

    /// What follows from what is looked at; read anew whenever that changes.
    fn look<T>(self, at: impl FnOnce(Step, &Sight) -> T) -> T {
        let (image, pass, step) = (self.image.get(), self.pass.get(), self.step.get());
        self.record.with_value(|record| {
            self.sets.with(|sets| at(step, &Sight { record, image, pass, sets }))
        })
    }

    fn toggle(self, class: usize) {
        let image = self.image.get_untracked();
        self.sets.update(|sets| sets[image] = toggled(&sets[image], class));
    }

    fn reset(self) {
        self.sets.set(self.record.with_value(own_sets));
    }
}

fn own_sets(record: &Record) -> Vec<Vec<bool>> {
    record.images.iter().map(|image| image.set(record.class_names.len())).collect()
}

#[component]
pub fn WorkedBatch() -> impl IntoView {
    let bench = Bench::new();
    view! {
        <div class="bench" data-testid="worked-batch">
            <Pictures bench />
            <EpochSlider bench />
            <Candidates bench />
            <Steps bench />
            <div class="bench-step" data-testid="bench-step" data-step=move || bench.step.get().name()>
                <h3>{move || bench.step.get().title()}</h3>
                <p>{move || bench.step.get().explanation()}</p>
                {move || formula_of(bench.step.get())}
                <Numbers bench />
                <p class="bench-outcome" role="status" data-testid="bench-outcome">
                    {move || bench.look(|step, sight| step.outcome(sight))}
                </p>
            </div>
            <Turn bench />
        </div>
    }
}

#[component]
fn Steps(bench: Bench) -> impl IntoView {
    let buttons = Step::ALL.map(|step| {
        let is_current = move || (bench.step.get() == step).then_some("step");
        view! {
            <li>
                <button type="button" class="bench-tab" aria-current=is_current on:click=move |_| bench.step.set(step)>
                    {step.word()}
                </button>
            </li>
        }
    });
    view! { <nav aria-label=t!("Steps")><ol class="bench-tabs">{buttons.collect_view()}</ol></nav> }
}

#[component]
fn Turn(bench: Bench) -> impl IntoView {
    let neighbours = Memo::new(move |_| bench.step.get().neighbours());
    let go = move |step: Option<Step>| {
        if let Some(step) = step {
            bench.step.set(step);
        }
    };
    view! {
        <div class="bench-turn">
            <SmallButton
                test_id="bench-back"
                text=t!("Back")
                press=move |()| go(neighbours.get_untracked().0)
                disabled=Signal::derive(move || neighbours.get().0.is_none())
            />
            <SmallButton
                test_id="bench-next"
                text=t!("Next step")
                is_primary=true
                press=move |()| go(neighbours.get_untracked().1)
                disabled=Signal::derive(move || neighbours.get().1.is_none())
            />
        </div>
    }
}

/// The numbers of the step, as a table.
#[component]
fn Numbers(bench: Bench) -> impl IntoView {
    let table = Memo::new(move |_| bench.look(|step, sight| (step, step.table(sight))));
    move || {
        let (step, table) = table.get();
        if table.rows.is_empty() {
            return ().into_any();
        }
        let Table { titles, rows } = table;
        let marks_truth = step != Step::Epochs;
        view! {
            <div class="table-frame" tabindex="0" role="region" aria-label=step.title()>
                <table class="run-table bench-table" data-testid="bench-table">
                    <thead>
                        <tr>{titles.into_iter().map(|title| view! { <th scope="col">{title}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody>{rows.into_iter().map(|row| table_row(row, marks_truth)).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    }
}

fn table_row(row: TableRow, marks_truth: bool) -> impl IntoView {
    let TableRow { name, numbers, is_marked, is_outside } = row;
    let is_true = is_marked && marks_truth;
    let cells =
        numbers.into_iter().map(|value| view! { <td data-value=value>{number(value)}</td> });
    view! {
        <tr class:is-true=is_true class:is-current=is_marked && !marks_truth class:is-outside=is_outside>
            <th scope="row">{name}{is_true.then(|| view! { " " <super::samples::TrueMark /> })}</th>
            {cells.collect_view()}
        </tr>
    }
}
