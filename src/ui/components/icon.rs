//! Small pictures on buttons.

use leptos::prelude::*;

pub const PLAY: &str = "M8 5v14l11-7z";
pub const GO_ON: &str = "M5 5h3.500v14H5zM11 5v14l10-7z";
pub const PAUSE: &str = "M7 5h4v14H7zM13 5h4v14h-4z";
pub const STOP: &str = "M6 6h12v12H6z";
pub const SHARE: &str = "M14 4l7 7-7 7v-4.2C8.5 13.8 5 15.600 3 19c.6-5.600 4-9.800 11-10.800z";
pub const SAVE: &str = "M11 3.500h2v8.700l3.300-3.300 1.400 1.400L12 16l-5.700-5.700 1.400-1.400 3.300 3.300zM4 18h16v2.500H4z";
pub const OPEN: &str = "M3 5h7l2 2.500h7v3H7.500L4.200 19H3zM8.800 12H22l-2.800 7H6z";
pub const PIN: &str = "M14.500 3l6.500 6.500-2 .8-3.200 3.200-.6 4.800-4.200-4.200L5.500 19.600 4.400 18.500l5.500-5.500-4.200-4.200 4.800-.6 3.200-3.200z";
pub const SETTINGS: &str = "M4 6h8v2H4zM17 6h3v2h-3zM13.500 4h2v6h-2zM4 16h3v2H4zM12 16h8v2h-8zM8.500 14h2v6h-2zM4 11h16v2H4z";
pub const EDIT: &str = "M4 16.500V20h3.500L17.800 9.700l-3.500-3.500zM20.700 6.800a1 1 0 0 0 0-1.400l-2.100-2.100a1 1 0 0 0-1.400 0l-1.700 1.700 3.500 3.500z";
pub const DELETE: &str = "M9 3h6l1 2h4v2H4V5h4zM6 8.500h12L17 21H7z";

#[component]
pub fn Icon(path: &'static str) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=path fill="currentColor" /></svg> }
}
