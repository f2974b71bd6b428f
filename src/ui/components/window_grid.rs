//! A grid of thousands of cells of which only those on the screen are in the page.
//!
//! The cells that are there are slots: what one shows follows from how far the grid is scrolled.
//! So scrolling builds nothing; the row that comes is written into the slots of the row that goes,
//! and CSS `order` puts them in their place. One slot at a time can be reached with the Tab key, the
//! arrow keys lead on from it.

use std::ops::Range;
use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use crate::experiment::grid::{Grid, Step, Window};
use crate::ui::measure::watched_size;

/// Slots are built a few at a time: all at once would hold the main thread for too long.
const SLOTS_AT_ONCE: usize = 6;
const BUILD_PAUSE: Duration = Duration::from_millis(16);
/// How long the grid must rest before what its cells need is asked for.
const REST: Duration = Duration::from_millis(60);

/// A place for a cell.
#[derive(Clone, Copy)]
pub struct Slot {
    /// The position of the cell that it shows; None while there is none for it.
    pub position: Memo<Option<usize>>,
    /// Whether the Tab key leads to it.
    pub is_tab_stop: Memo<bool>,
    active: RwSignal<usize>,
}

impl Slot {
    /// `tabindex` for the one element of the cell that takes the focus.
    pub fn tab_index(self) -> &'static str {
        if self.is_tab_stop.get() { "0" } else { "-1" }
    }

    /// Makes it the one from which the arrow keys lead on.
    pub fn activate(self) {
        if let Some(position) = self.position.get_untracked() {
            self.active.set(position);
        }
    }
}

/// The least width and the height of a cell, gaps among them.
#[derive(Clone, Copy)]
pub struct CellSize {
    pub width_px: f64,
    pub height_px: f64,
}

#[component]
pub fn WindowGrid(
    #[prop(into)] total: Signal<usize>,
    size: CellSize,
    #[prop(into)] label: String,
    /// Draws a slot. Its first element in the order of the page takes the focus.
    cell: fn(Slot) -> AnyView,
    /// Told which cells are there, whenever the grid rests.
    #[prop(into)]
    on_rest: Callback<Range<usize>>,
) -> impl IntoView {
    let frame = NodeRef::<leptos::html::Div>::new();
    let list = NodeRef::<leptos::html::Ul>::new();
    let frame_size = watched_size(frame);
    let scroll = RwSignal::new(0.0);
    let active = RwSignal::new(0);
    let grid = Memo::new(move |_| {
        let (width_px, _) = frame_size.get();
        Grid::new(total.get(), width_px, size.width_px, size.height_px)
    });
    let view_px = Memo::new(move |_| frame_size.get().1);
    let window = Memo::new(move |_| match view_px.get() {
        // Not on the screen yet.
        0.0 => Window::default(),
        view_px => grid.get().window(scroll.get(), view_px),
    });
    let slots = built_slots(window);
    tell_when_at_rest(window, on_rest);
    let tab_stop = Memo::new(move |_| {
        let Window { first, cells, .. } = window.get();
        active.get().clamp(first, first + cells.saturating_sub(1))
    });
    let step = move |event: KeyboardEvent| {
        let (Some(step), Some(frame)) = (Step::of_key(&event.key()), frame.get_untracked()) else {
            return;
        };
        event.prevent_default();
        let (grid, view_px) = (grid.get_untracked(), view_px.get_untracked());
        let next = grid.step(tab_stop.get_untracked(), step, view_px);
        let to = grid.scroll_to(next, f64::from(frame.scroll_top()), view_px);
        active.set(next);
        frame.set_scroll_top(to as i32);
        scroll.set(f64::from(frame.scroll_top()));
        if let Some(slot) = window.get_untracked().slot(next) {
            focus_slot(list, slot);
        }
    };
    let slot = move |index: usize| Slot {
        position: Memo::new(move |_| window.get().position(index)),
        is_tab_stop: Memo::new(move |_| window.get().slot(tab_stop.get()) == Some(index)),
        active,
    };
    view! {
        <div
            class="window-grid"
            node_ref=frame
            on:scroll=move |_| {
                if let Some(frame) = frame.get_untracked() {
                    scroll.set(f64::from(frame.scroll_top()));
                }
            }
            on:keydown=step
        >
            <div class="window-space" style:height=move || format!("{}px", grid.get().height_px())>
                <ul
                    class="window-list"
                    node_ref=list
                    aria-label=label
                    style:transform=move || format!("translateY({}px)", window.get().top_px)
                    style=("--columns", move || grid.get().columns.to_string())
                    style=("--row", format!("{}px", size.height_px))
                >
                    <For each=move || 0..slots.get() key=|index| *index let:index>
                        {list_item(slot(index), total, cell)}
                    </For>
                </ul>
            </div>
        </div>
    }
}

fn list_item(slot: Slot, total: Signal<usize>, cell: fn(Slot) -> AnyView) -> impl IntoView {
    let position = slot.position;
    view! {
        <li
            hidden=move || position.get().is_none()
            style:order=move || position.get().unwrap_or_default().to_string()
            aria-posinset=move || position.get().map(|position| position + 1)
            aria-setsize=total
            on:focusin=move |_| slot.activate()
        >
            {cell(slot)}
        </li>
    }
}

/// The number of slots that are built, which grows to what the window has and never falls.
fn built_slots(window: Memo<Window>) -> RwSignal<usize> {
    fn build(slots: RwSignal<usize>, window: Memo<Window>) {
        // The grid may be gone.
        let (Some(built), Some(wanted)) =
            (slots.try_get_untracked(), window.try_get_untracked().map(|window| window.slots))
        else {
            return;
        };
        if built < wanted {
            slots.set((built + SLOTS_AT_ONCE).min(wanted));
            set_timeout(move || build(slots, window), BUILD_PAUSE);
        }
    }
    let slots = RwSignal::new(0);
    let is_enough = Memo::new(move |_| slots.get() >= window.get().slots);
    Effect::new(move |was_enough: Option<bool>| {
        let is_enough = is_enough.get();
        if !is_enough && was_enough != Some(false) {
            build(slots, window);
        }
        is_enough
    });
    slots
}

fn tell_when_at_rest(window: Memo<Window>, on_rest: Callback<Range<usize>>) {
    let range = move || {
        let Window { first, cells, .. } = window.try_get_untracked()?;
        Some(first..first + cells)
    };
    let waits = StoredValue::new(false);
    Effect::new(move || {
        window.get();
        if waits.get_value() {
            return;
        }
        waits.set_value(true);
        let rest = move || {
            if let (None, Some(range)) = (waits.try_set_value(false), range()) {
                on_rest.run(range);
            }
        };
        set_timeout(rest, REST);
    });
}

fn focus_slot(list: NodeRef<leptos::html::Ul>, index: usize) {
    let slot = list.get_untracked().and_then(|list| list.children().item(index as u32));
    let cell = slot.and_then(|slot| slot.first_element_child());
    if let Some(cell) = cell.and_then(|cell| cell.dyn_into::<HtmlElement>().ok()) {
        // The browser would scroll to where the slot stood a moment ago.
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = cell.focus_with_options(&options);
    }
}
