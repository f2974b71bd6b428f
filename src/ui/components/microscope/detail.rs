//! One training image, large, with the course of each candidate.

use std::cmp::Ordering;

use leptos::prelude::*;

use super::card::class_name;
use crate::experiment::course_figure;
use crate::experiment::microscope::{Course, Decision};
use crate::protocol::ImageSource;
use crate::ui::pixels::Thumbnail;
use crate::ui::state::{App, app};

#[component]
pub fn Detail() -> impl IntoView {
    let app = app();
    let scope = app.scope;
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let image = scope.opened;
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match (image.get(), dialog.open()) {
            // Fails only for a dialog that is open or not in the page.
            (Some(_), false) => drop(dialog.show_modal()),
            (None, true) => dialog.close(),
            (Some(_), true) | (None, false) => {}
        }
    });
    Effect::new(move || app.want_pictures(ImageSource::Train, image.get()));
    view! {
        <dialog
            class="detail"
            node_ref=dialog
            data-testid="microscope-detail"
            data-index=move || image.get()
            aria-labelledby="detail-title"
            on:close=move |_| image.set(None)
        >
            <Show when=move || image.get().is_some()>
                <Body />
            </Show>
        </dialog>
    }
}

#[component]
fn Body() -> impl IntoView {
    let app = app();
    let (scope, image) = (app.scope, app.scope.opened);
    let course = Memo::new(move |_| match image.get() {
        Some(image) => scope.story.with(|story| story.course(image as usize)),
        None => Course::default(),
    });
    let epoch = Memo::new(move |_| scope.story.with(|story| story.epoch_at(scope.position.get())));
    let chart = move || {
        course.with(|course| course_figure::html(course, epoch.get(), |it| class_name(app, it)))
    };
    let title = move || image.get().map(|image| t!("Training image {image}", image));
    let go = move |to: Ordering| {
        let order = scope.order.get_untracked();
        if let Some(next) = image.get_untracked().and_then(|at| neighbour(&order, at, to)) {
            image.set(Some(next));
        }
    };
    view! {
        <header class="detail-head">
            <h2 id="detail-title">{title}</h2>
            <button type="button" class="button small" data-testid="detail-previous" on:click=move |_| go(Ordering::Less)>{t!("Previous")}</button>
            <button type="button" class="button small" data-testid="detail-next" on:click=move |_| go(Ordering::Greater)>{t!("Next")}</button>
            <button type="button" class="button small" data-testid="detail-close" autofocus on:click=move |_| image.set(None)>{t!("Close")}</button>
        </header>
        <div class="detail-body">
            <Thumbnail source=ImageSource::Train index=image />
            <p class="detail-story" data-testid="detail-story">{move || course.with(|course| told(app, course))}</p>
            <div class="course" inner_html=chart></div>
        </div>
    }
}

/// The image before or after one in the order of the grid; the first one if it has left the grid.
fn neighbour(order: &[u32], image: u32, to: Ordering) -> Option<u32> {
    let Some(position) = order.iter().position(|&other| other == image) else {
        return order.first().copied();
    };
    let next = match to {
        Ordering::Less => position.checked_sub(1)?,
        Ordering::Equal => position,
        Ordering::Greater => position + 1,
    };
    order.get(next).copied()
}

/// The course in words.
fn told(app: App, course: &Course) -> String {
    let name = |class| class_name(app, class);
    let (Some(leader), Some(decision)) = (course.lines.first(), course.decision) else {
        return String::new();
    };
    let Some(truth) = course.lines.iter().find(|line| line.is_true) else {
        return String::new();
    };
    if course.lines.len() == 1 {
        let label = name(truth.class);
        return t!("The only candidate is {label}: there was nothing to find.", label);
    }
    let candidates = course.lines.len();
    let is_true = leader.is_true;
    let leader = capitalised(&name(leader.class));
    let since = match course.led_since {
        Some(epoch) if epoch > 0 => t!("{leader} has led since epoch {epoch}.", leader, epoch),
        _ => t!("{leader} has led from the beginning.", leader),
    };
    let verdict = match (decision, is_true) {
        (Decision::Decided, _) => t!("It is decided, and rightly."),
        (Decision::Wrong, _) => t!("It is decided, but wrongly."),
        (Decision::Undecided, true) => t!("It is not decided yet, but leans to the truth."),
        (Decision::Undecided, false) => t!("It is not decided yet, and leans to a false label."),
    };
    t!(
        "One of {candidates} candidates is true: {label}. {since} {verdict}",
        candidates,
        label = name(truth.class),
        since,
        verdict
    )
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
