//! The training engine: runs in a dedicated Web Worker.

#[cfg(target_family = "wasm")]
fn main() {
    proden::engine::worker::start();
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("The worker runs in a browser; natively, use the binary “proden”.");
}
