//! Every text of the program has a Chinese translation with the same values in it, and no
//! translation is left of a text that is gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proden::experiment::language::{Catalog, classes};
use proden::experiment::preset::PRESETS;
use proden::experiment::runs::summary::COLUMNS;
use proden::experiment::runs::table::Measure;
use proden::experiment::{Group as SettingGroup, Kind, Setting};
use syn::LitStr;

/// A text as the sources have it; of a counted one the plural, which is the key.
type Text = String;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    entries
        .flat_map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { sources(&path) } else { vec![path] }
        })
        .collect()
}

/// The literal that a token is, or the group without delimiters around it.
fn literal(token: &TokenTree) -> Option<Text> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

/// What is translated in `t!(...)`.
fn key(arguments: &Group) -> Text {
    let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let at = match tokens.get(1) {
        Some(TokenTree::Punct(bar)) if bar.as_char() == '|' => 2,
        _ => 0,
    };
    let text = tokens.get(at).and_then(literal);
    text.unwrap_or_else(|| panic!("t!({}) needs a literal text", arguments.stream()))
}

/// All texts in `t!(...)`, however deep in other macros.
fn collect(tokens: TokenStream, texts: &mut BTreeSet<Text>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if group.delimiter() == Delimiter::Parenthesis
            && let [.., TokenTree::Ident(name), TokenTree::Punct(mark)] = &tokens[..at]
            && name == "t"
            && mark.as_char() == '!'
        {
            texts.insert(key(group));
        }
        collect(group.stream(), texts);
    }
}

/// The texts of the tables, which are translated where they are shown.
fn of_tables() -> impl Iterator<Item = Text> {
    let groups = SettingGroup::ALL.iter().map(|group| group.title());
    let settings =
        Setting::ALL.iter().flat_map(|setting| [setting.label(), setting.help(), setting.source()]);
    let options = Setting::ALL.iter().flat_map(|setting| match setting.kind() {
        Kind::Choice(options) => options.iter().map(|&(_, title)| title).collect(),
        Kind::Real { .. } | Kind::Whole { .. } | Kind::Url | Kind::Flag => Vec::new(),
    });
    let presets = PRESETS.iter().flat_map(|preset| [preset.name, preset.about]);
    let measures = Measure::ALL.iter().map(|measure| measure.title());
    let columns = COLUMNS.iter().map(|column| column.title);
    let all = groups.chain(settings).chain(options).chain(presets);
    all.chain(measures).chain(columns).chain(classes()).map(str::to_owned)
}

fn texts() -> BTreeSet<Text> {
    let mut texts: BTreeSet<Text> = of_tables().collect();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = fs::read_to_string(&path).expect("a source file");
        // The texts of a module's own tests stand for nothing.
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let tokens = source.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        collect(tokens, &mut texts);
    }
    texts
}

/// The places for values: `{name}`, each once, or `{}` as often as it stands there.
fn places(text: &str) -> Vec<&str> {
    let mut places: Vec<_> =
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
    places.sort_unstable();
    places
}

#[test]
fn every_text_is_translated() {
    let catalog = Catalog::chinese();
    let missing: Vec<_> = texts().into_iter().filter(|text| catalog.get(text).is_none()).collect();
    assert!(missing.is_empty(), "locales/zh.json lacks {}: {missing:#?}", missing.len());
}

#[test]
fn no_translation_is_left_over() {
    let (texts, catalog) = (texts(), Catalog::chinese());
    let unused: Vec<_> = catalog.texts().filter(|(text, _)| !texts.contains(*text)).collect();
    assert!(unused.is_empty(), "locales/zh.json has {} too many: {unused:#?}", unused.len());
}

#[test]
fn translations_take_the_same_values() {
    let catalog = Catalog::chinese();
    for (english, chinese) in catalog.texts() {
        assert_eq!(places(english), places(chinese), "{english:?}: {chinese:?}");
        assert!(!chinese.trim().is_empty(), "{english:?} has an empty translation");
    }
}

#[test]
fn texts_are_found_wherever_they_stand() {
    let mut found = BTreeSet::new();
    let source = r#"view! { <p title=t!("a \"b\"")>{move || t!("{n} c" | "{n} d" % n, e = t!("f {g}", g = 1))}</p> } // t!("h")"#;
    collect(source.parse().unwrap(), &mut found);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a \"b\"", "f {g}", "{n} d"]);
}
