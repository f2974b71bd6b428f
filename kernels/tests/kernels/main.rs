//! The kernels against their definitions.

mod common;
mod conv;
mod definition;
mod job;
mod norm;
mod pool;
