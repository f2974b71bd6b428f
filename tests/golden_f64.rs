//! Computed in float64 as PyTorch's, our numbers are PyTorch's but for the rounding of its files:
//! what is between the two in float32 is rounding, not another algorithm.
//!
//! A file of its own: the device's type of numbers holds for the whole program.

#[allow(dead_code, reason = "each test takes what it needs")]
mod common;
#[path = "common/reference.rs"]
mod reference;
#[path = "common/tell.rs"]
mod tell;

use burn::tensor::{Device, FloatDType};
use common::NETWORKS;
use futures_executor::block_on;
use reference::golden;
use tell::tell;

#[test]
fn training_follows_pytorch_to_the_last_digits() {
    let mut device = Device::flex();
    device.configure(FloatDType::F64).expect("nothing was computed before");
    for golden in NETWORKS.into_iter().filter_map(golden) {
        tell(&format!("in float64 {}", block_on(golden.exact().check(&device))));
    }
}
