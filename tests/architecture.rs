//! The house rules that a compiler does not check (ARCHITECTURE.md): who may know whom.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn dependencies(features: &str, target: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "-e", "normal", "--no-default-features"])
        .args(["--package", "proden", "--features", features, "--target", target])
        .current_dir(ROOT)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn has(tree: &str, name: &str) -> bool {
    tree.lines().any(|line| line.split(' ').next() == Some(name))
}

#[test]
fn the_page_has_no_tensor_library() {
    let tree = dependencies("ui", "wasm32-unknown-unknown");
    assert!(has(&tree, "leptos"), "{tree}");
    assert!(!tree.lines().any(|line| line.starts_with("burn") || line.starts_with("cubecl")));
    assert!(!has(&tree, "wgpu"));
}

#[test]
fn the_engine_has_no_page_and_the_command_line_no_browser() {
    let engine = dependencies("engine", "wasm32-unknown-unknown");
    assert!(has(&engine, "burn") && !has(&engine, "leptos") && !has(&engine, "clap"));
    let cli = dependencies("cli", "x86_64-unknown-linux-gnu");
    assert!(has(&cli, "burn") && has(&cli, "clap"));
    for name in ["leptos", "web-sys", "wgpu"] {
        assert!(!has(&cli, name), "{name}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    entries
        .flat_map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { sources(&path) } else { vec![path] }
        })
        .collect()
}

/// No file of these modules names what they must not know.
#[test]
fn modules_import_only_what_lies_below_them() {
    const BROWSER: [&str; 4] = ["web_sys", "js_sys", "wasm_bindgen", "leptos"];
    // Who may know which of our modules; all of them know themselves.
    let rules: [(&str, &[&str], &[&str]); 9] = [
        ("experiment", &["protocol"], &["burn", "clap"]),
        ("protocol", &["experiment"], &["burn", "clap"]),
        ("data", &["experiment", "protocol"], &["burn", "clap"]),
        ("ops", &[], &["clap"]),
        ("model", &["experiment", "protocol", "data", "ops"], &["clap"]),
        ("train", &["experiment", "protocol", "data", "ops", "model"], &["clap"]),
        ("engine", &["experiment", "protocol", "data", "ops", "model", "train"], &["clap"]),
        ("ui", &["experiment", "protocol"], &["burn", "clap"]),
        ("cli", &["experiment", "protocol", "data", "ops", "model", "train", "engine"], &[]),
    ];
    for (module, below, crates) in rules {
        let mut foreign = crates.to_vec();
        if !["engine", "ui"].contains(&module) {
            foreign.extend(BROWSER);
        }
        for path in sources(&Path::new(ROOT).join("src").join(module)) {
            let text = fs::read_to_string(&path).expect("a source file");
            let known = modules_of_ours(&text);
            let above = known.iter().find(|it| *it != module && !below.contains(&it.as_str()));
            assert_eq!(above, None, "{} knows a module that is not below it", path.display());
            let used = foreign.iter().find(|name| code(&text).contains(&format!("{name}::")));
            assert_eq!(used, None, "{} knows a crate of others", path.display());
        }
    }
}

/// A source text without its comment lines.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules at the crate's root that a source text names: in `crate::data::x` as well as in
/// `crate::{data::x, model}`.
fn modules_of_ours(text: &str) -> BTreeSet<String> {
    let text = code(text);
    let mut found = BTreeSet::new();
    for (at, path) in text.match_indices("crate::") {
        // `$crate::` is a macro's own, `my_crate::` another crate.
        if text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &text[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(first_name(rest)),
        }
    }
    found
}

/// The names that begin the members of a group of imports, to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_name(&group[start..at]));
                start = at + 1;
                if sign == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// The name of a module that a path begins with; items at the root that are none, such as macros
/// and constants, are written otherwise.
fn first_name(path: &str) -> Option<String> {
    let is_part = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    let path = path.trim_start();
    let name = &path[..path.find(|sign| !is_part(sign)).unwrap_or(path.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

#[test]
fn imports_are_found_however_they_are_written() {
    let modules = |text: &str| modules_of_ours(text).into_iter().collect::<Vec<_>>();
    assert_eq!(modules("use crate::data::images::ImageSet;"), ["data"]);
    let grouped =
        "use crate::{\n    data::{images::ImageSet, cifar},\n    engine,\n};\nuse crate::ui;";
    assert_eq!(modules(grouped), ["data", "engine", "ui"]);
    assert_eq!(modules("let x = crate::cli::FAILED;"), ["cli"]);
    assert_eq!(modules("//! See crate::train.\nuse my_crate::engine;"), [""; 0]);
}
