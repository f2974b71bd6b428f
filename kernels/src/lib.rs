//! CPU kernels for training small convolutional networks: convolutions and their gradients,
//! batch norm with its activation, max pooling. Plain functions on f32 slices, NCHW; SIMD by
//! AVX2 or wasm's simd128, all cores natively, one thread in the browser. Results do not depend
//! on the number of threads.

pub mod conv;
pub mod descent;
mod direct;
mod layout;
pub mod norm;
mod parallel;
pub mod pool;
mod product;
pub mod running;
mod scratch;
pub mod shape;
mod vector;
mod winograd;
