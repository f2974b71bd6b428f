//! The three routes, a page each.

pub mod about;
pub mod classify;
pub mod train;
