//! Which classes are taken for which: in the network's answers to the test images, and in the
//! labels found for the training images. The images behind a number are one click away.

use leptos::prelude::*;

use super::test_images::TestImages;
use crate::experiment::confusion::Confusion;
use crate::experiment::words;
use crate::ui::components::field::focus;
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
            .with(|run| run.info.as_ref().map(|info| info.class_names.clone()))
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
        <section class="card confusion" aria-label="Mix-ups" data-testid="confusion">
            <h2>"Which classes are mixed up"</h2>
            <div class="confusion-tabs" role="group" aria-label="Whose labels">
                <Tab of this=Of::Test text="Test images" test_id="confusion-test" />
                <Tab of this=Of::Found text="Found labels" test_id="confusion-found" />
            </div>
            <p class="hint">
                {move || match of.get() {
                    Of::Test => "What the network says of the test images, after the last epoch. Each row is a true class; choose a number to see the images.",
                    Of::Found => "The label trusted most in each training image, after the last epoch. Each row is a true class; choose a number to see the images in the microscope.",
                }}
            </p>
            <p class="placeholder" hidden=move || !is_empty.get()>"The table appears here after the first epoch."</p>
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
fn Tab(of: RwSignal<Of>, this: Of, text: &'static str, test_id: &'static str) -> impl IntoView {
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

/// A row a true class, a column an answer, and the accuracy of each class at the end.
#[component]
fn Table(
    names: Memo<Vec<String>>,
    confusion: Memo<Confusion>,
    open: Callback<Cell>,
) -> impl IntoView {
    let classes = move || confusion.with(Confusion::all_classes);
    let name = move |class: u8| names.with(|names| names.get(usize::from(class)).cloned());
    let row = move |label: u8| {
        let cells = classes().map(|answer| view! { <NumberCell confusion label answer open /> });
        view! {
            <tr>
                <th scope="row">{move || name(label)}</th>
                {cells.collect_view()}
                <ClassAccuracy confusion label />
            </tr>
        }
    };
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Table of mix-ups">
            <table
                class="confusion-table"
                data-testid="confusion-matrix"
                data-value=move || confusion.with(Confusion::accuracy).unwrap_or_default()
            >
                <thead>
                    <tr>
                        <th scope="col"><span class="visually-hidden">"True class"</span></th>
                        {move || classes().map(|class| view! { <th scope="col"><span>{name(class)}</span></th> }).collect_view()}
                        <th scope="col"><span>"Accuracy"</span></th>
                    </tr>
                </thead>
                <tbody>{move || classes().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn NumberCell(
    confusion: Memo<Confusion>,
    label: u8,
    answer: u8,
    open: Callback<Cell>,
) -> impl IntoView {
    let count = Memo::new(move |_| confusion.with(|confusion| confusion.count(label, answer)));
    let share = Memo::new(move |_| confusion.with(|confusion| confusion.share(label, answer)));
    view! {
        <td class:is-right=label == answer style=("--share", move || share.get().to_string())>
            <button
                type="button"
                data-testid="confusion-cell"
                data-label=label
                data-answer=answer
                data-value=count
                disabled=move || count.get() == 0
                title=move || format!("{} of this class", words::percent(share.get()))
                on:click=move |_| open.run((label, answer))
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
                            {format!("{} as {}", name(label), name(answer))}
                        </button>
                        " "{words::counted(mixup.images as usize, "image", "images")}
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
                <h3>"Commonest mix-ups"</h3>
                <ol data-testid="confusion-mixups">{mixups}</ol>
            </div>
            <div>
                <h3>"Accuracy of each class"</h3>
                <div class="table-frame" tabindex="0" role="region" aria-label="Accuracy of each class">
                    <table class="confusion-table">{classes}</table>
                </div>
            </div>
        </div>
    }
}
