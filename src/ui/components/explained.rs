//! Links from where something is shown to where it is explained.

use leptos::prelude::*;

/// A section of the About page; its name is the id of its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    PartialLabels,
    Method,
    WorkedBatch,
    Measured,
    Browser,
}

impl Section {
    pub const fn id(self) -> &'static str {
        match self {
            Self::PartialLabels => "partial-labels",
            Self::Method => "method",
            Self::WorkedBatch => "worked-batch",
            Self::Measured => "measured",
            Self::Browser => "browser",
        }
    }
}

/// “What is this?”, with the name of what it is for those who hear only the link.
#[component]
pub fn Explained(section: Section, of: String) -> impl IntoView {
    view! {
        <a class="explained" href=format!("about#{}", section.id())>
            {t!("What is this?")}
            <span class="visually-hidden">" ("{of}")"</span>
        </a>
    }
}
