//! Light or dark: the system's choice until the visitor makes one, which is remembered.

use leptos::prelude::*;
use web_sys::Storage;

const KEY: &str = "proden-theme";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub const fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    /// The theme in force: remembered, or the system's.
    pub fn current() -> Self {
        remembered().unwrap_or_else(|| {
            let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
            if query.is_some_and(|query| query.matches()) { Self::Dark } else { Self::Light }
        })
    }

    /// Puts it in force and remembers it, where the browser lets us.
    pub fn choose(self) {
        self.apply();
        if let Some(storage) = storage() {
            let _ = storage.set_item(KEY, self.name());
        }
    }

    fn apply(self) {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// Puts a remembered theme in force; without one the style sheet follows the system.
pub fn restore() {
    if let Some(theme) = remembered() {
        theme.apply();
    }
}

fn remembered() -> Option<Theme> {
    match storage()?.get_item(KEY).ok()??.as_str() {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

/// Reading the property alone throws where storage is forbidden.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
