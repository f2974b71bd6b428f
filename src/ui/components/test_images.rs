//! The test images behind a cell of the table of mix-ups.

use leptos::prelude::*;

use super::confusion::Cell;
use super::window_grid::{CellSize, Slot, WindowGrid};
use crate::protocol::ImageSource;
use crate::ui::pixels::Thumbnail;
use crate::ui::state::app;

const PICTURE: CellSize = CellSize { width_px: 76.0, height_px: 92.0 };

/// The images, for the slots of the grid.
#[derive(Clone, Copy)]
struct Behind(Memo<Vec<u32>>);

#[component]
pub fn TestImages(cell: RwSignal<Option<Cell>>, names: Memo<Vec<String>>) -> impl IntoView {
    let app = app();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let images = Memo::new(move |_| match cell.get() {
        Some((label, answer)) => app.scope.story.with(|story| story.test_images(label, answer)),
        None => Vec::new(),
    });
    provide_context(Behind(images));
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match (cell.get(), dialog.open()) {
            // Fails only for a dialog that is open or not in the page.
            (Some(_), false) => drop(dialog.show_modal()),
            (None, true) => dialog.close(),
            (Some(_), true) | (None, false) => {}
        }
    });
    let name = move |class: u8| {
        names.with(|names| names.get(usize::from(class)).cloned()).unwrap_or_default()
    };
    let title = move || {
        let (label, answer) = cell.get()?;
        Some(t!(
            "{n} test image of {label}, answered {answer}"
                | "{n} test images of {label}, answered {answer}" % images.with(Vec::len),
            label = name(label),
            answer = name(answer)
        ))
    };
    let total = Memo::new(move |_| images.with(Vec::len));
    let on_rest = move |range: std::ops::Range<usize>| {
        let wanted = images.with_untracked(|images| images.get(range).map(<[u32]>::to_vec));
        app.want_pictures(ImageSource::Test, wanted.unwrap_or_default());
    };
    view! {
        <dialog
            class="detail"
            node_ref=dialog
            data-testid="cell-images"
            aria-labelledby="cell-title"
            on:close=move |_| cell.set(None)
        >
            <header class="detail-head">
                <h2 id="cell-title">{title}</h2>
                <button type="button" class="button small" autofocus on:click=move |_| cell.set(None)>{t!("Close")}</button>
            </header>
            <Show when=move || cell.get().is_some()>
                <div class="cell-pictures">
                    <WindowGrid total size=PICTURE label=t!("Test images") cell=picture on_rest />
                </div>
            </Show>
        </dialog>
    }
}

fn picture(slot: Slot) -> AnyView {
    let Behind(images) = expect_context();
    let image = Memo::new(move |_| {
        slot.position.get().and_then(|position| images.with(|images| images.get(position).copied()))
    });
    let label = move || image.get().map(|image| t!("Test image {image}", image));
    view! {
        <figure class="cell-picture" tabindex=move || slot.tab_index() data-testid="cell-image" data-index=image aria-label=label>
            <Thumbnail source=ImageSource::Test index=image />
            <figcaption aria-hidden="true">{image}</figcaption>
        </figure>
    }
    .into_any()
}
