//! CPU kernels for training small convolutional networks: convolutions and their gradients,
//! batch norm with its activation, max pooling, the linear map, the loss. Plain functions on f32 slices,
//! NCHW; SIMD by AVX2 or wasm's simd128; on all cores natively, in the browser with the help of a
//! [`crew`]. Results depend neither on the number of threads nor on the instruction set: they are the same
//! to the bit natively and in every browser.

mod algorithm;
pub mod conv;
pub mod crew;
pub mod descent;
mod direct;
pub mod job;
mod layout;
pub mod linear;
pub mod loss;
pub mod norm;
mod parallel;
pub mod pool;
mod product;
pub mod running;
mod scratch;
pub mod shape;
mod vector;
mod winograd;

pub use winograd::transform::{POINTS as WINOGRAD_POINTS, SCALES as WINOGRAD_SCALES};
