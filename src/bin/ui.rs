//! The page.

#[cfg(target_family = "wasm")]
fn main() {
    proden::ui::mount();
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("The page runs in a browser; `cargo xtask serve` builds and serves it.");
    std::process::exit(2);
}
