//! A golden start: before a graphics card is trusted with hours of training it computes one small
//! step, whose numbers the CPU knows. A card or a driver that computes wrongly is found out in a moment.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::ops;
use crate::ops::shape::ConvGeometry;

/// What an error may be, as a share of the largest number of its tensor. Rounding stays a hundred
/// times below it.
const BOUND: f32 = 1e-3;

/// Why a device is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Deviation {
    #[error("{}", t!("its {what} is off by {error}", what, error = format!("{error:.0e}")))]
    Wrong {
        what: String,
        /// A share of the largest number.
        error: f32,
    },
    #[error("{}", t!("it gave no answer: {error}", error = format!("{error:?}")))]
    Silent { error: ExecutionError },
}

/// Computes the step on `device`, which is without autodiff, and on the CPU.
///
/// # Errors
/// When their numbers differ by more than rounding explains, or the device fails.
pub async fn check(device: &Device) -> Result<(), Deviation> {
    let ours = step(device).await.map_err(|error| Deviation::Silent { error })?;
    let expected = step(&Device::flex()).await.map_err(|error| Deviation::Silent { error })?;
    compare(&ours, &expected)
}

type Numbers = [(String, Vec<f32>); 4];

fn compare(ours: &Numbers, expected: &Numbers) -> Result<(), Deviation> {
    for ((what, ours), (_, expected)) in ours.iter().zip(expected) {
        let largest = expected.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
        let errors = ours.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest);
        // Not f32::max, which passes over what is no number.
        let error =
            errors.fold(0.0_f32, |most, it| if most.is_nan() || it <= most { most } else { it });
        if ours.len() != expected.len() || error.is_nan() || error > BOUND {
            return Err(Deviation::Wrong { what: what.clone(), error });
        }
    }
    Ok(())
}

/// Numbers between -1 and 1, the same everywhere.
fn spread<const D: usize>(shape: [usize; D], first: usize, device: &Device) -> Tensor<D> {
    let count = shape.iter().product::<usize>();
    let values = (first..first + count).map(|at| (at * 7919 % 1009) as f32 / 504.5 - 1.0);
    Tensor::from_data(TensorData::new(values.collect::<Vec<_>>(), shape), device)
}

/// Convolution, batch norm with leaky ReLU, max pool, means, linear map, loss, and the way back.
async fn step(device: &Device) -> Result<Numbers, ExecutionError> {
    const CLASSES: usize = 10;
    let (plain, device) = (device, device.clone().autodiff());
    let x = spread([2, 3, 16, 16], 1, &device);
    let directly = spread([CLASSES, 3, 3, 3], 2, &device).require_grad();
    let weight = spread([CLASSES, CLASSES, 3, 3], 900, &device).require_grad();
    let gamma = spread([CLASSES], 500, &device).require_grad();
    let beta = spread([CLASSES], 600, &device);
    // The first has a stride and is computed directly; the second as the large ones are that take most of the time.
    always_filter(true);
    let y = ops::conv(x, directly.clone(), ConvGeometry { stride: 2, padding: 1 });
    let y = ops::conv(y, weight.clone(), ConvGeometry { stride: 1, padding: 1 });
    let y = ops::max_pool(ops::norm(y, gamma.clone(), beta, None, 0.01).output);
    let [batch, channels, ..] = y.dims();
    let means = ops::plane_means(y);
    let map = spread([CLASSES, channels], 700, &device);
    let bias = spread([CLASSES], 800, &device);
    let logits = ops::linear(means, map, bias);
    let confidences = spread([batch, CLASSES], 3, plain);
    let candidates = Tensor::ones([batch, CLASSES], plain);
    let loss = ops::partial_loss(logits, confidences, candidates).per_image;
    let loss = ops::mean(loss);
    let mut gradients = loss.backward();
    always_filter(false);
    let of_directly = directly.grad_remove(&mut gradients);
    let of_weight = weight.grad_remove(&mut gradients);
    let of_gamma = gamma.grad_remove(&mut gradients);
    Ok([
        (t!("loss"), numbers(Some(loss.inner())).await?),
        (t!("gradient of a convolution"), numbers(of_weight).await?),
        (t!("gradient of a convolution"), numbers(of_directly).await?),
        (t!("gradient of a batch norm"), numbers(of_gamma).await?),
    ])
}

/// Whether convolutions on a graphics card go through Winograd's filters wherever they can, or where that pays.
fn always_filter(always: bool) {
    #[cfg(feature = "gpu")]
    {
        use crate::ops::gpu::algorithm::{Algorithm, use_always};
        use_always(always.then_some(Algorithm::Winograd4));
    }
    #[cfg(not(feature = "gpu"))]
    let _ = always;
}

async fn numbers<const D: usize>(tensor: Option<Tensor<D>>) -> Result<Vec<f32>, ExecutionError> {
    match tensor {
        Some(tensor) => Ok(tensor.into_data_async().await?.iter().collect()),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    #[test]
    fn a_device_is_trusted_that_computes_as_the_cpu_does() {
        block_on(check(&Device::flex())).unwrap();
    }

    #[test]
    fn a_device_that_computes_wrongly_is_named() {
        let right = block_on(step(&Device::flex())).unwrap();
        for (wrong, told) in [(1e3, "off by"), (f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
            let mut numbers = right.clone();
            numbers[1].1[7] = wrong;
            let deviation = compare(&numbers, &right).unwrap_err().to_string();
            assert!(deviation.contains("gradient of a convolution"), "{deviation}");
            assert!(deviation.contains(told), "{deviation}");
        }
        let mut dead = right.clone();
        dead.iter_mut().for_each(|(_, numbers)| numbers.fill(0.0));
        assert!(compare(&dead, &right).is_err(), "a card that computes nothing");
        let mut short = right.clone();
        short[3].1.pop();
        assert!(compare(&short, &right).is_err());
        let mut rounded = right.clone();
        rounded[0].1[0] *= 1.0 + 1e-6;
        assert!(compare(&rounded, &right).is_ok());
    }
}
