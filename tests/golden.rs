//! Our numbers are PyTorch's: the reference runs on the CPU, natively.

#[allow(dead_code, reason = "each test takes what it needs")]
mod common;
#[path = "common/reference.rs"]
mod reference;
#[path = "common/tell.rs"]
mod tell;

use burn::tensor::Device;
use common::NETWORKS;
use common::compare::{largest_error, relative_error};
use futures_executor::block_on;
use proden::experiment::NetworkKind;
use proden::model::NetworkConfig;
use proden::model::weights::{self, HostTensor};
use reference::golden;
use tell::tell;

#[test]
fn training_follows_pytorch() {
    for golden in NETWORKS.into_iter().filter_map(golden) {
        tell(&block_on(golden.check(&Device::flex())));
    }
}

/// Why WebGPU has wider bounds: see `common::CONVNET_BEYOND_THE_TIE`.
#[test]
fn the_last_bit_decides_a_near_tie() {
    if let Some(golden) = golden(NETWORKS[0]) {
        tell(&format!("nudged {}", block_on(golden.nudged().check(&Device::flex()))));
    }
}

fn tensor(values: &[f32]) -> HostTensor {
    HostTensor { shape: vec![values.len()], values: values.to_vec() }
}

#[test]
fn differences_are_measured() {
    assert_eq!(largest_error("x", &tensor(&[1.0, 2.0]), &tensor(&[1.5, 1.0])), 1.0);
    assert_eq!(relative_error("x", 3.0, 2.0), 0.5);
}

#[test]
#[should_panic(expected = "x is not finite")]
fn no_number_is_no_small_difference() {
    largest_error("x", &tensor(&[1.0, f32::NAN]), &tensor(&[1.0, 2.0]));
}

#[test]
#[should_panic(expected = "the shape of x")]
fn a_missing_entry_is_no_small_difference() {
    largest_error("x", &tensor(&[1.0]), &tensor(&[1.0, 2.0]));
}

#[test]
#[should_panic(expected = "the loss: NaN, not 2")]
fn a_loss_that_is_no_number_is_far_off() {
    relative_error("the loss", f64::NAN, 2.0);
}

#[test]
fn published_networks_have_the_published_sizes() {
    let device = Device::flex().autodiff();
    for (kind, parameters) in [
        (NetworkKind::ConvNet, 4_434_570),
        (NetworkKind::ResNet18, 11_173_962),
        (NetworkKind::ResNet32, 466_906),
    ] {
        let config = NetworkConfig { kind, classes: 10, width: 1.0, dropout: true, seed: 1 };
        assert_eq!(weights::parameters(&config.init(&device)), parameters, "{kind}");
    }
}

#[test]
fn foreign_weights_are_refused_by_name() {
    let kind = NetworkKind::ResNet32;
    let config = NetworkConfig { kind, classes: 10, width: 0.25, dropout: true, seed: 1 };
    let device = Device::flex();
    let export = || block_on(weights::export(&config.init(&device))).unwrap();
    let import = |tensors| weights::import(config.init(&device), &tensors).map(drop);

    let whole = export();
    assert!(whole.contains_key("layer2.0.downsample.1.running_var"));
    assert_eq!(import(whole.clone()), Ok(()));

    let mut missing = whole.clone();
    missing.remove("fc.bias");
    assert_eq!(import(missing), Err(weights::WeightsError::Missing("fc.bias".to_owned())));

    let mut extra = whole.clone();
    extra.insert("fc.scale".to_owned(), whole["fc.bias"].clone());
    assert_eq!(import(extra), Err(weights::WeightsError::Extra("fc.scale".to_owned())));

    let mut misshapen = whole.clone();
    misshapen.insert("fc.bias".to_owned(), whole["conv1.weight"].clone());
    assert!(matches!(import(misshapen), Err(weights::WeightsError::Shape { .. })));
}
