//! PRODEN in the browser: partial-label learning on Burn, behind a Leptos page.
//!
//! The layers, from the ground up; a module imports only from those above it in this list
//! (ARCHITECTURE.md has the reasons):
//! `experiment`, `protocol` | `data` | `ops` | `model` | `train` | `engine` | `ui`, `cli`.

#[macro_use]
pub mod experiment;
pub mod protocol;

#[cfg(feature = "core")]
pub mod data;
#[cfg(feature = "core")]
pub mod engine;
#[cfg(feature = "core")]
pub mod model;
#[cfg(feature = "core")]
pub mod ops;
#[cfg(feature = "core")]
pub mod train;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(all(feature = "ui", target_family = "wasm"))]
pub mod ui;
