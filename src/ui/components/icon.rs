//! Small pictures on buttons.

use leptos::prelude::*;

pub const PLAY: &str = "M8 5v14l11-7z";
pub const GO_ON: &str = "M5 5h3.500v14H5zM11 5v14l10-7z";
pub const PAUSE: &str = "M7 5h4v14H7zM13 5h4v14h-4z";
pub const STOP: &str = "M6 6h12v12H6z";
pub const SHARE: &str = "M14 4l7 7-7 7v-4.2C8.5 13.8 5 15.600 3 19c.6-5.600 4-9.800 11-10.800z";
pub const SAVE: &str = "M11 3.500h2v8.700l3.300-3.300 1.400 1.400L12 16l-5.700-5.700 1.400-1.400 3.300 3.300zM4 18h16v2.500H4z";
pub const OPEN: &str = "M3 5h7l2 2.500h7v3H7.500L4.200 19H3zM8.800 12H22l-2.800 7H6z";

#[component]
pub fn Icon(path: &'static str) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=path fill="currentColor" /></svg> }
}
