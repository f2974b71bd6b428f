//! The training engine: takes [`Command`](crate::protocol::Command)s, gives
//! [`Event`](crate::protocol::Event)s. The same session runs in the browser's worker, on the
//! command line and in native tests; only [`host`], [`device`] and [`source`] know which it is.

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod adapter;
pub mod device;
pub mod files;
pub mod host;
mod inbox;
mod keep;
pub mod load;
mod prepare;
mod report;
mod run;
pub mod session;
pub mod source;
pub mod trained;
#[cfg(all(feature = "engine", target_family = "wasm"))]
pub mod worker;
