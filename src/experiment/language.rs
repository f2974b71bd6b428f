//! The languages of the page: English, in which the texts stand in the sources, and Chinese
//! (`locales/zh.json`). `t!` gives a text in the language that is set for the whole program; the
//! command line never sets one and so speaks English.

use std::borrow::Cow;
use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tr::{Translator, set_translator, tr, unset_translator};

/// A text in the language that is set: `t!("Learning rate")`, with values as in
/// `t!("Epoch {epoch} of {epochs}", epoch = 1, epochs)`, and counted as in
/// `t!("{n} image" | "{n} images" % count)`.
///
/// Each text must be a literal: `tests/languages.rs` looks whether it has a translation. It is the
/// crate's `tr!`, with the lookup in one place and not in each place of use, for the page's size.
macro_rules! t {
    ($one:literal | $many:literal % $n:expr $(, $($values:tt)+)?) => {{
        let number = $n as u64;
        tr::tr!($one | $many % number, n = $crate::experiment::words::count(number) $(, $($values)+)?)
    }};
    ($text:literal $(, $($values:tt)+)?) => {
        tr::runtime_format!($crate::experiment::language::translated($text) $(, $($values)+)?)
    };
}

/// A language that the page speaks; its name is `lang=` in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: &'static [Self] = &[Self::English, Self::Chinese];

    /// The name in a link.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// Its own name for itself.
    pub const fn title(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// The tag for `<html lang>`: a reader's voice and the shapes of characters hang on it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The first that the page speaks of what a browser prefers: `["fr", "zh-TW", "en"]`.
    pub fn preferred<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Self {
        let known = |tag: T| tag.as_ref().split('-').next().and_then(|name| name.parse().ok());
        tags.into_iter().find_map(known).unwrap_or_default()
    }

    /// Sets the language of the whole program.
    pub fn speak(self) {
        match self {
            Self::English => unset_translator!(),
            Self::Chinese => set_translator!(Catalog::chinese()),
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let known = |language: &Self| language.name().eq_ignore_ascii_case(name);
        Self::ALL.iter().copied().find(known).ok_or_else(|| UnknownLanguage(name.to_owned()))
    }
}

/// A name that is none of a language of this page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", t!("“{name}” is not a language of this page; it has en and zh", name = .0))]
pub struct UnknownLanguage(String);

/// A text, translated. For texts of tables; elsewhere `t!` says more.
pub fn translated(english: &str) -> String {
    tr!(english)
}

/// The classes of the built-in shapes and of CIFAR-10. Others, such as those of a visitor's own
/// network, are called what they are called.
const CLASSES: &str = "disc ring square triangle cross bar stripes checks dots waves \
    airplane automobile bird cat deer dog frog horse ship truck";

/// The classes whose names are translated.
pub fn classes() -> impl Iterator<Item = &'static str> {
    CLASSES.split_whitespace()
}

/// The name of a class for a person; files and exports have the name itself.
pub fn class_title(name: &str) -> String {
    if classes().any(|it| it == name) { translated(name) } else { name.to_owned() }
}

/// The same of all classes of a run.
pub fn class_titles(names: &[String]) -> Vec<String> {
    names.iter().map(|name| class_title(name)).collect()
}

/// English texts with their translations.
pub struct Catalog(HashMap<String, String>);

impl Catalog {
    pub fn chinese() -> Self {
        // A test reads the same file; one that were damaged would leave the page in English.
        Self(serde_json::from_str(include_str!("../../locales/zh.json")).unwrap_or_default())
    }

    pub fn get(&self, english: &str) -> Option<&str> {
        self.0.get(english).map(String::as_str)
    }

    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(english, text)| (english.as_str(), text.as_str()))
    }
}

impl Translator for Catalog {
    fn translate<'a>(&'a self, english: &'a str, _: Option<&'a str>) -> Cow<'a, str> {
        self.get(english).unwrap_or(english).into()
    }

    /// Chinese has one form for all numbers: that of the English plural.
    fn ntranslate<'a>(
        &'a self,
        _: u64,
        _: &'a str,
        many: &'a str,
        context: Option<&'a str>,
    ) -> Cow<'a, str> {
        self.translate(many, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_is_preferred() {
        assert_eq!(Language::preferred(["fr-CH", "zh-TW", "en"]), Language::Chinese);
        assert_eq!(Language::preferred(["en-US", "zh"]), Language::English);
        assert_eq!(Language::preferred(["ZH"]), Language::Chinese);
        assert_eq!(Language::preferred([""; 0]), Language::English);
        assert!("klingon".parse::<Language>().is_err());
    }

    #[test]
    fn texts_are_filled_and_counted() {
        let epochs = 4;
        assert_eq!(t!("Epoch {epoch} of {epochs}", epoch = 1, epochs), "Epoch 1 of 4");
        assert_eq!(t!("{n} image" | "{n} images" % 1), "1 image");
        let counted = t!("{n} image of {name}" | "{n} images of {name}" % 1_200, name = "a");
        assert_eq!(counted, "1,200 images of a");
    }

    #[test]
    fn a_catalog_knows_its_texts_and_leaves_others() {
        let catalog = Catalog(HashMap::from([("Seed".to_owned(), "随机种子".to_owned())]));
        assert_eq!(catalog.translate("Seed", None), "随机种子");
        assert_eq!(catalog.ntranslate(1, "One", "Many", None), "Many");
    }
}
