//! The training engine: takes [`Command`](crate::protocol::Command)s, gives
//! [`Event`](crate::protocol::Event)s. The same session runs in the browser's worker, on the
//! command line and in native tests; only [`host`], [`device`], [`source`] and [`store`] know which
//! it is.

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod adapter;
pub mod checkpoints;
#[cfg(all(feature = "engine", target_family = "wasm"))]
pub mod constructors;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod crew;
pub mod device;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod draft;
mod end;
pub mod files;
#[cfg(any(feature = "gpu", test))]
mod golden;
pub mod host;
mod inbox;
pub mod keep;
pub mod load;
mod nearest;
pub mod networks;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod opfs;
mod prepare;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod receive;
mod report;
mod run;
pub mod session;
mod sight;
pub mod source;
pub mod store;
pub mod trained;
#[cfg(all(feature = "engine", target_family = "wasm"))]
pub mod worker;
