//! One click that helps a run which its device has failed.

use leptos::prelude::*;

use super::small_button::SmallButton;
use crate::ui::state::app;

#[component]
pub fn WayOutOffer() -> impl IntoView {
    let app = app();
    let title = Memo::new(move |_| app.way_out().map(|way| way.title(app.can_go_on())));
    let button = move |title: String| {
        view! {
            <div class="queue-buttons">
                <SmallButton test_id="way-out" text=title press=move || app.take_way_out() is_primary=true />
            </div>
        }
    };
    move || title.get().map(button)
}
