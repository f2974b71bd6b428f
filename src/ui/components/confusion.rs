//! Which classes are taken for which: in the network's answers to the test images, and in the
//! labels found for the training images. The images behind a number are one click away.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::test_images::TestImages;
use crate::experiment::confusion::Confusion;
use crate::experiment::grid::Step;
use crate::experiment::language::class_titles;
use crate::experiment::words;
use crate::ui::components::field::{focus, focus_quietly};
use crate::ui::state::app;

/// With more classes than this a table cannot be read; the commonest mix-ups are listed instead.
const MAX_TABLE: usize = 20;
const MAX_MIXUPS: usize = 24;

/// Whose labels are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Test,
    Found,
}

/// A cell that was clicked: a true label, and what was made of it.
pub type Cell = (u8, u8);

#[component]
pub fn ConfusionSection() -> impl IntoView {
    let app = app();
    let of = RwSignal::new(Of::Test);
    let cell = RwSignal::new(None::<Cell>);
    let names = Memo::new(move |_| {
        app.run
            .with(|run| run.info.as_ref().map(|info| class_titles(&info.class_names)))
            .unwrap_or_default()
    });
    let confusion = Memo::new(move |_| {
        let classes = names.with(Vec::len);
        app.scope.story.with(|story| match of.get() {
            Of::Test => story.test_answers(classes),
            Of::Found => story.found_labels(classes),
        })
    });
    let is_empty = Memo::new(move |_| confusion.with(|confusion| confusion.total() == 0));
    let open = Callback::new(move |(label, answer): Cell| match of.get_untracked() {
        Of::Test => cell.set(Some((label, answer))),
        Of::Found => {
            app.scope.look_behind(label, answer);
            focus("microscope");
        }
    });
    let is_table = Memo::new(move |_| names.with(Vec::len) <= MAX_TABLE);
    view! {
        <section class="card confusion" aria-label=t!("Mix-ups") data-testid="confusion">
            <h2>{t!("Which classes are mixed up")}</h2>
            <div class="confusion-tabs" role="group" aria-label=t!("Whose labels")>
                <Tab of this=Of::Test text=t!("Test images") test_id="confusion-test" />
                <Tab of this=Of::Found text=t!("Found labels") test_id="confusion-found" />
            </div>
            <p class="hint">
                {move || match of.get() {
                    Of::Test => t!("What the network says of the test images, after the last epoch. Each row is a true class; choose a number to see the images."),
                    Of::Found => t!("The label trusted most in each training image, after the last epoch. Each row is a true class; choose a number to see the images in the microscope."),
                }}
            </p>
            <p class="placeholder" hidden=move || !is_empty.get()>{t!("The table appears here after the first epoch.")}</p>
            <Show when=move || !is_empty.get()>
                <Show when=move || is_table.get() fallback=move || view! { <Mixups names confusion open /> }>
                    <Table names confusion open />
                </Show>
            </Show>
            <TestImages cell names />
        </section>
    }
}

#[component]
fn Tab(of: RwSignal<Of>, this: Of, text: String, test_id: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button small"
            data-testid=test_id
            aria-pressed=move || if of.get() == this { "true" } else { "false" }
            on:click=move |_| of.set(this)
        >
            {text}
        </button>
    }
}

/// A row a true class, a column an answer, and the accuracy of each class at the end. One cell at a
/// time is reached with the Tab key, the arrow keys lead on from it.
#[component]
fn Table(
    names: Memo<Vec<String>>,
    confusion: Memo<Confusion>,
    open: Callback<Cell>,
) -> impl IntoView {
    // Numbers change with every epoch; the table itself, with its focus, stays.
    let classes =
        Memo::new(move |_| confusion.with(|confusion| confusion.all_classes().collect::<Vec<_>>()));
    let active = RwSignal::new((0, 0));
    let name = move |class: u8| names.with(|names| names.get(usize::from(class)).cloned());
    let row = move |label: u8| {
        let cells = classes.get().into_iter().map(move |answer| {
            view! { <NumberCell confusion cell=(label, answer) active open /> }
        });
        view! {
            <tr>
                <th scope="row">{move || name(label)}</th>
                {cells.collect_view()}
                <ClassAccuracy confusion label />
            </tr>
        }
    };
    let step = move |event: KeyboardEvent| {
        if let Some(step) = Step::of_key(&event.key()) {
            event.prevent_default();
            let next =
                confusion.with_untracked(|confusion| confusion.step(active.get_untracked(), step));
            active.set(next);
            focus_quietly(&cell_id(next));
        }
    };
    let head = move |class: u8| view! { <th scope="col"><span>{move || name(class)}</span></th> };
    view! {
        <div class="table-frame" role="region" aria-label=t!("Table of mix-ups")>
            <table
                class="confusion-table"
                role="grid"
                aria-label=t!("Table of mix-ups")
                data-testid="confusion-matrix"
                data-value=move || confusion.with(Confusion::accuracy).unwrap_or_default()
                on:keydown=step
            >
                <thead>
                    <tr>
                        <th scope="col"><span class="visually-hidden">{t!("True class")}</span></th>
                        {move || classes.get().into_iter().map(head).collect_view()}
                        <th scope="col"><span>{t!("Accuracy")}</span></th>
                    </tr>
                </thead>
                <tbody>{move || classes.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn cell_id((label, answer): Cell) -> String {
    format!("confusion-{label}-{answer}")
}

/// A cell with no image in it is in the way of the arrow keys, too, but opens nothing.
#[component]
fn NumberCell(
    confusion: Memo<Confusion>,
    cell: Cell,
    active: RwSignal<Cell>,
    open: Callback<Cell>,
) -> impl IntoView {
    let (label, answer) = cell;
    let count = Memo::new(move |_| confusion.with(|confusion| confusion.count(label, answer)));
    let share = Memo::new(move |_| confusion.with(|confusion| confusion.share(label, answer)));
    let is_empty = move || count.get() == 0;
    let press = move |_| {
        active.set(cell);
        if !untrack(is_empty) {
            open.run(cell);
        }
    };
    view! {
        <td class:is-right=label == answer style=("--share", move || share.get().to_string())>
            <button
                type="button"
                id=cell_id(cell)
                data-testid="confusion-cell"
                data-label=label
                data-answer=answer
                data-value=count
                tabindex=move || if active.get() == cell { "0" } else { "-1" }
                aria-disabled=move || is_empty().then_some("true")
                title=move || t!("{share} of this class", share = words::percent(share.get()))
                on:click=press
            >
                {count}
            </button>
        </td>
    }
}

#[component]
fn ClassAccuracy(confusion: Memo<Confusion>, label: u8) -> impl IntoView {
    let accuracy = Memo::new(move |_| confusion.with(|confusion| confusion.accuracy_of(label)));
    view! {
        <td class="class-accuracy" data-testid="class-accuracy" data-label=label data-value=accuracy>
            <span class="bar-track" aria-hidden="true">
                <span class="bar-fill" style=("--share", move || accuracy.get().unwrap_or_default().to_string())></span>
            </span>
            <span>{move || accuracy.get().map_or_else(|| "–".to_owned(), words::percent)}</span>
        </td>
    }
}

/// Many classes: the commonest mix-ups, and the accuracy of each class.
#[component]
fn Mixups(
    names: Memo<Vec<String>>,
    confusion: Memo<Confusion>,
    open: Callback<Cell>,
) -> impl IntoView {
    let name = move |class: u8| {
        names.with(|names| names.get(usize::from(class)).cloned()).unwrap_or_default()
    };
    let mixups = move || {
        let mixups = confusion.with(|confusion| confusion.mixups(MAX_MIXUPS)).into_iter();
        mixups
            .map(|mixup| {
                let (label, answer) = (mixup.label, mixup.answer);
                view! {
                    <li>
                        <button
                            type="button"
                            class="text-button"
                            data-testid="confusion-cell"
                            data-label=label
                            data-answer=answer
                            data-value=mixup.images
                            on:click=move |_| open.run((label, answer))
                        >
                            {t!("{label} as {answer}", label = name(label), answer = name(answer))}
                        </button>
                        " "{t!("{n} image" | "{n} images" % mixup.images)}
                    </li>
                }
            })
            .collect_view()
    };
    let classes = move || {
        let classes = confusion.with(Confusion::all_classes);
        let row = |label| view! { <tr><th scope="row">{name(label)}</th><ClassAccuracy confusion label /></tr> };
        classes.map(row).collect_view()
    };
    view! {
        <div class="mixups">
            <div>
                <h3>{t!("Commonest mix-ups")}</h3>
                <ol data-testid="confusion-mixups">{mixups}</ol>
            </div>
            <div>
                <h3>{t!("Accuracy of each class")}</h3>
                <div class="table-frame" tabindex="0" role="region" aria-label=t!("Accuracy of each class")>
                    <table class="confusion-table">{classes}</table>
                </div>
            </div>
        </div>
    }
}
