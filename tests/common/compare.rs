//! How far two tensors are apart: a number that is none, or a shape that differs, is no small
//! difference but a fault.

use burn::tensor::TensorData;
use proden::model::weights::HostTensor;

/// The largest difference between two entries.
///
/// # Panics
/// When the shapes differ, or an entry is not finite.
pub fn largest_error(name: &str, found: &HostTensor, expected: &HostTensor) -> f32 {
    assert_eq!(found.shape, expected.shape, "the shape of {name}");
    for tensor in [found, expected] {
        let numbers = tensor.shape.iter().product::<usize>();
        assert_eq!(tensor.values.len(), numbers, "the size of {name}");
        assert!(tensor.values.iter().all(|value| value.is_finite()), "{name} is not finite");
    }
    let errors = found.values.iter().zip(&expected.values).map(|(a, b)| (a - b).abs());
    errors.fold(0.0, f32::max)
}

/// The largest entry, without its sign.
pub fn largest(tensor: &HostTensor) -> f32 {
    tensor.values.iter().fold(0.0, |max: f32, value| max.max(value.abs()))
}

/// How far a number is from another, of that.
///
/// # Panics
/// When one is not finite.
pub fn relative_error(name: &str, found: f64, expected: f64) -> f64 {
    assert!(found.is_finite() && expected.is_finite(), "{name}: {found}, not {expected}");
    (found / expected - 1.0).abs()
}

/// What was read from a device.
pub fn host(data: &TensorData) -> HostTensor {
    HostTensor { shape: data.shape().iter().copied().collect(), values: data.iter().collect() }
}
