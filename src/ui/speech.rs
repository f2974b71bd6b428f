//! The language of the page: that of the link, else what the visitor chose before, else the first
//! that the browser prefers. What was chosen, by a link or by hand, is remembered.

use leptos::prelude::*;

use super::state::App;
use super::{place, storage};
use crate::experiment::Experiment;
use crate::experiment::language::Language;
use crate::experiment::link;

/// A handle on the language.
#[derive(Clone, Copy)]
pub struct Speech {
    /// All that is drawn hangs on it.
    pub language: RwSignal<Language>,
    /// Whether it was chosen: only then it stands in links, so that others get their own.
    is_chosen: RwSignal<bool>,
}

impl Speech {
    /// Sets the language of the whole page. First of all: texts are made with it.
    pub fn from_address() -> Self {
        let of_link = link::from_query(&place::query()).language;
        let remembered = storage::get(storage::LANGUAGE).and_then(|name| name.parse().ok());
        let language = of_link.or(remembered).unwrap_or_else(of_browser);
        let speech =
            Self { language: RwSignal::new(language), is_chosen: RwSignal::new(of_link.is_some()) };
        match of_link {
            Some(language) => speech.keep(language),
            None => speak(language),
        }
        speech
    }

    /// Takes the visitor's choice, into the page's address too.
    fn choose(self, language: Language) {
        self.keep(language);
        self.is_chosen.set(true);
        place::replace_query_only(&link::in_language(&place::query(), Some(language)));
        self.language.set(language);
    }

    /// An experiment as the query of a link, which names the language if the visitor chose it.
    pub fn query_of(self, experiment: &Experiment) -> String {
        let chosen = self.is_chosen.get().then(|| self.language.get());
        link::in_language(&link::to_query(experiment), chosen)
    }

    fn keep(self, language: Language) {
        speak(language);
        // A browser that keeps nothing is asked again the next time.
        storage::put(storage::LANGUAGE, language.name());
    }
}

impl App {
    /// Speaks another language, page and engine alike.
    pub fn choose_language(self, language: Language) {
        if let Some(client) = self.client() {
            client.speak(language);
        }
        self.speech.choose(language);
    }
}

fn speak(language: Language) {
    language.speak();
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("lang", language.tag());
    }
}

fn of_browser() -> Language {
    let tags = window().navigator().languages();
    Language::preferred(tags.iter().filter_map(|tag| tag.as_string()))
}
