//! The house rules that a compiler does not check (ARCHITECTURE.md): who may know whom.

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
    let above = |modules: &[&str]| -> Vec<String> {
        modules.iter().map(|module| format!("crate::{module}")).collect()
    };
    let rules: [(&str, Vec<String>); 7] = [
        (
            "experiment",
            [above(&["data", "model", "train", "engine", "ui", "cli"]), names(&["burn"])].concat(),
        ),
        (
            "data",
            [above(&["model", "train", "engine", "ui", "cli"]), names(&["burn", "clap"])].concat(),
        ),
        ("model", [above(&["train", "engine", "ui", "cli"]), names(&["clap"])].concat()),
        ("train", [above(&["engine", "ui", "cli"]), names(&["clap"])].concat()),
        ("engine", [above(&["ui", "cli"]), names(&["clap"])].concat()),
        (
            "ui",
            [above(&["data", "model", "train", "engine", "cli"]), names(&["burn", "clap"])]
                .concat(),
        ),
        ("cli", above(&["ui"])),
    ];
    for (module, mut forbidden) in rules {
        if !["engine", "ui"].contains(&module) {
            forbidden.extend(names(&BROWSER));
        }
        for path in sources(&Path::new(ROOT).join("src").join(module)) {
            let text = fs::read_to_string(&path).expect("a source file");
            for name in &forbidden {
                let used = text
                    .lines()
                    .any(|line| !line.trim_start().starts_with("//") && line.contains(name));
                assert!(!used, "{} knows {name}", path.display());
            }
        }
    }
}

/// A crate's name as it is used in a path.
fn names(crates: &[&str]) -> Vec<String> {
    crates.iter().map(|name| format!("{name}::")).collect()
}
