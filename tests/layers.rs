//! What a network starts from and what dropout takes, against PyTorch's definitions: bounds and
//! standard deviations of the draws.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use futures_executor::block_on;
use proden::data::random::{Stream, stream};
use proden::experiment::NetworkKind;
use proden::model::NetworkConfig;
use proden::model::layers::dropout_channels;
use proden::model::weights::{self, HostTensor};

/// Initial weights of a network, by their PyTorch names.
fn initial(kind: NetworkKind, width: f64) -> BTreeMap<String, HostTensor> {
    let config = NetworkConfig { kind, classes: 10, width, dropout: true, seed: 1 };
    block_on(weights::export(&config.init(&Device::flex()))).unwrap()
}

fn std(values: &[f32]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = values.iter().map(|&value| (f64::from(value) - mean).powi(2));
    (squares.sum::<f64>() / count).sqrt()
}

/// Asserts a standard deviation within four standard errors, those of a normal distribution (of a
/// uniform one they are smaller).
#[track_caller]
fn assert_std(name: &str, values: &[f32], expected: f64) {
    let tolerance = 4.0 * expected / (2.0 * values.len() as f64).sqrt();
    let found = std(values);
    assert!((found - expected).abs() < tolerance, "{name}: {found}, not {expected}");
}

fn is_norm(name: &str, tensors: &BTreeMap<String, HostTensor>) -> bool {
    let module = name.rsplit_once('.').map_or(name, |(module, _)| module);
    tensors.contains_key(&format!("{module}.running_mean"))
}

fn assert_norm(name: &str, tensor: &HostTensor) {
    let expected = match name.rsplit('.').next() {
        Some("weight" | "running_var") => 1.0,
        _ => 0.0,
    };
    assert!(tensor.values.iter().all(|&value| value == expected), "{name}");
}

/// `nn.Conv2d` and `nn.Linear`: uniform within ±1/sqrt(fan_in), weight and bias.
#[test]
fn convolutions_and_linear_maps_start_as_in_pytorch() {
    for kind in [NetworkKind::ConvNet, NetworkKind::ResNet18] {
        let tensors = initial(kind, 0.25);
        for (name, tensor) in &tensors {
            if is_norm(name, &tensors) {
                assert_norm(name, tensor);
                continue;
            }
            let module = name.rsplit_once('.').unwrap().0;
            let fan_in: usize = tensors[&format!("{module}.weight")].shape[1..].iter().product();
            let bound = 1.0 / (fan_in as f64).sqrt();
            let largest = tensor.values.iter().fold(0.0_f64, |max, v| max.max(f64::from(v.abs())));
            assert!(largest <= bound * (1.0 + 1e-6), "{name}: {largest} beyond {bound}");
            if tensor.values.len() >= 100 {
                assert!(largest > 0.9 * bound, "{name}: {largest} of {bound}");
                assert_std(name, &tensor.values, bound / 3.0_f64.sqrt());
            }
        }
    }
}

/// The authors' ResNet-32: convolutions normal, std = sqrt(2 / (kernel² · channels_out)); the
/// linear map as in PyTorch.
#[test]
fn resnet32_starts_as_the_authors_have_it() {
    let tensors = initial(NetworkKind::ResNet32, 1.0);
    let mut convolutions = 0;
    for (name, tensor) in &tensors {
        if is_norm(name, &tensors) {
            assert_norm(name, tensor);
        } else if let [out, _, kernel, _] = tensor.shape[..] {
            convolutions += 1;
            let expected = (2.0 / (kernel * kernel * out) as f64).sqrt();
            assert_std(name, &tensor.values, expected);
            let mean = tensor.values.iter().sum::<f32>() / tensor.values.len() as f32;
            let limit = 4.0 * expected / (tensor.values.len() as f64).sqrt();
            assert!(f64::from(mean).abs() < limit, "{name}: mean {mean}");
            // A uniform distribution of this deviation ends at 1.73 of it.
            let beyond = tensor.values.iter().filter(|v| f64::from(v.abs()) > 1.8 * expected);
            assert!(beyond.count() > 0, "{name} is not normal");
        }
    }
    assert_eq!(convolutions, 1 + 30 + 2);
    let bound = 1.0 / 8.0;
    for name in ["fc.weight", "fc.bias"] {
        assert!(tensors[name].values.iter().all(|value| value.abs() <= bound), "{name}");
    }
    assert_std("fc.weight", &tensors["fc.weight"].values, f64::from(bound) / 3.0_f64.sqrt());
}

#[test]
fn a_seed_names_its_weights() {
    let of = |seed| {
        let config = NetworkConfig {
            kind: NetworkKind::ConvNet,
            classes: 10,
            width: 0.0625,
            dropout: true,
            seed,
        };
        block_on(weights::export(&config.init(&Device::flex()))).unwrap()
    };
    assert!(of(1) == of(1));
    assert!(of(1)["c1.weight"] != of(2)["c1.weight"]);
}

/// `nn.Dropout2d`: whole channels go, what stays is scaled by 1 / (1 - rate).
#[test]
fn dropout_takes_whole_channels() {
    const RATE: f64 = 0.25;
    let (batch, channels, side) = (64, 128, 3);
    let x = Tensor::<4>::ones([batch, channels, side, side], &Device::flex());
    let random = &mut stream(1, Stream::Dropout, 0);
    let dropped = dropout_channels(x.clone(), RATE, Some(random)).into_data();
    let values: Vec<f32> = dropped.iter().collect();
    let kept = (1.0 / (1.0 - RATE)) as f32;
    let mut gone = 0;
    for channel in values.chunks_exact(side * side) {
        assert!(channel.iter().all(|value| *value == channel[0]), "{channel:?}");
        assert!(channel[0] == 0.0 || channel[0] == kept, "{}", channel[0]);
        gone += usize::from(channel[0] == 0.0);
    }
    let count = (batch * channels) as f64;
    let standard_error = (RATE * (1.0 - RATE) / count).sqrt();
    assert!((gone as f64 / count - RATE).abs() < 4.0 * standard_error, "{gone} of {count}");

    // Evaluation drops nothing.
    let whole: Vec<f32> = dropout_channels(x, RATE, None).into_data().iter().collect();
    assert!(whole.iter().all(|&value| value == 1.0));
}
