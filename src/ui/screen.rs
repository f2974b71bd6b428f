//! What the page needs to know of the screen beyond its style sheet.

use leptos::prelude::window;

/// Whether the window is as narrow as a phone's when this is asked.
pub fn is_phone() -> bool {
    let query = window().match_media("(max-width: 699px)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Whether the visitor has asked the system for less motion.
pub fn wants_less_motion() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}
