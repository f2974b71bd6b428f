//! Images, labels and candidate sets, as plain arrays: pixels stay u8, and nothing here knows
//! a tensor. Where the bytes come from is the engine's business.

pub mod archive;
pub mod augment;
pub mod batches;
pub mod candidates;
pub mod cifar;
pub mod images;
pub mod photo;
pub mod random;
pub mod synthetic;
