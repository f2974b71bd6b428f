//! The kernels against their definitions.

mod common;
mod conv;
mod definition;
mod norm;
mod pool;
