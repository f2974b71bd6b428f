//! Operations of our own.

/// Kernels for the CPU, and the shapes that all kernels are called with. A crate of its own, so
/// that it is optimised in every profile, also where the product is built for size or unoptimised.
pub use proden_kernels as cpu;
pub use proden_kernels::shape;
