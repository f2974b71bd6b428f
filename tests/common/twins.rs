//! Our operations against their twins in Burn's own, on random shapes of the kind that networks
//! have and some that none has: outputs and all gradients.

use burn::tensor::{Device, Tensor, TensorData};
use proden::ops::shape::{ConvGeometry, ConvShape};
use proden::ops::{self, DescentRates, reference};
use rand::{Rng, RngExt};

/// What an error may be: a few times the rounding of sums this long.
const BOUND: f32 = 2e-5;

/// The largest error of an operation's outputs and gradients so far, as a share of the largest
/// entry of the twin's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Worst(pub f32);

impl Worst {
    async fn compare(&mut self, ours: Tensor<4>, twin: Tensor<4>, what: &str) {
        assert_eq!(ours.dims(), twin.dims(), "{what}");
        let (ours, twin) = (read(ours).await, read(twin).await);
        let largest = twin.iter().fold(f32::MIN_POSITIVE, |max, v| max.max(v.abs()));
        for (at, (a, b)) in ours.iter().zip(&twin).enumerate() {
            let error = (a - b).abs() / largest;
            assert!(error < BOUND, "{what} at {at}: {a}, not {b} (of {largest})");
            self.0 = self.0.max(error);
        }
    }
}

async fn read(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data_async().await.expect("a read").iter().collect()
}

fn uniform(random: &mut impl Rng, shape: [usize; 4]) -> TensorData {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| random.random_range(-1.0..1.0)).collect();
    TensorData::new(values, shape)
}

/// A convolution of random sizes on `device` against its twin on `twin_device`.
pub async fn conv(random: &mut impl Rng, device: &Device, twin_device: &Device, worst: &mut Worst) {
    let shape = random_conv(random);
    conv_of(shape, random, device, twin_device, worst).await;
}

fn random_conv(random: &mut impl Rng) -> ConvShape {
    let kernel = if random.random_bool(0.8) { 3 } else { 1 };
    let stride = random.random_range(1..=2);
    let padding = if kernel == 3 { random.random_range(0..=1) } else { 0 };
    // Planes of networks for 32x32 images: all have a multiple of four pixels.
    let padding = if stride == 2 { kernel / 2 } else { padding };
    let side = match (kernel, stride, padding) {
        (3, 1, 0) => [4, 6, 8][random.random_range(0..3)],
        (_, 2, _) => [8, 16][random.random_range(0..2)],
        _ => [4, 8, 16][random.random_range(0..3)],
    };
    let x = [random.random_range(1..=3), random.random_range(1..=40), side, side];
    let channels_out = random.random_range(1..=70);
    let geometry = ConvGeometry { stride, padding };
    ConvShape::of(x, [channels_out, x[1], kernel, kernel], geometry)
}

/// Convolutions that fill the tiles of graphics cards, and ones that do not quite.
#[cfg(feature = "gpu")]
pub async fn wide_convs(
    random: &mut impl Rng,
    device: &Device,
    twin_device: &Device,
    worst: &mut Worst,
) {
    for (channels_in, channels_out, side, stride, padding) in [
        (3, 128, 8, 1, 1),
        (128, 128, 8, 1, 1),
        (32, 256, 6, 1, 0),
        (64, 128, 8, 2, 1),
        (132, 67, 4, 1, 1),
    ] {
        let x = [3, channels_in, side, side];
        let geometry = ConvGeometry { stride, padding };
        let shape = ConvShape::of(x, [channels_out, channels_in, 3, 3], geometry);
        conv_of(shape, random, device, twin_device, worst).await;
    }
}

/// Of this shape, with random numbers.
async fn conv_of(
    shape: ConvShape,
    random: &mut impl Rng,
    device: &Device,
    twin_device: &Device,
    worst: &mut Worst,
) {
    let x = uniform(random, shape.input_shape());
    let weight = uniform(random, shape.weight_shape());
    let direction = uniform(random, shape.output_shape());
    let geometry = shape.geometry();
    let run = |device: &Device, is_ours: bool| {
        let device = device.clone().autodiff();
        let x = Tensor::<4>::from_data(x.clone(), &device).require_grad();
        let weight = Tensor::<4>::from_data(weight.clone(), &device).require_grad();
        let conv = if is_ours { ops::conv } else { reference::conv };
        let y = conv(x.clone(), weight.clone(), geometry);
        let direction = Tensor::<4>::from_data(direction.clone(), &device);
        let mut gradients = (y.clone() * direction).sum().backward();
        let mut gradient_of = |input: Tensor<4>| input.grad_remove(&mut gradients).expect("one");
        [("output", y.inner()), ("input", gradient_of(x)), ("weight", gradient_of(weight))]
    };
    let (ours, twin) = (run(device, true), run(twin_device, false));
    for ((name, ours), (_, twin)) in ours.into_iter().zip(twin) {
        worst.compare(ours, twin, &format!("{name}, {shape:?}")).await;
    }
}

/// Batch norm of random sizes on `device` against its twin on `twin_device`.
pub async fn norm(random: &mut impl Rng, device: &Device, twin_device: &Device, worst: &mut Worst) {
    let side = [2, 4, 6, 8, 16][random.random_range(0..5)];
    let shape = [random.random_range(2..=5), random.random_range(1..=20), side, side];
    let slope = [0.0, 0.01, 1.0][random.random_range(0..3)];
    let with_shortcut = random.random_bool(0.5);
    let what = format!("{shape:?}, slope {slope}, shortcut {with_shortcut}");
    let data: [TensorData; 3] = std::array::from_fn(|_| uniform(random, shape));
    let [gamma, beta]: [TensorData; 2] =
        std::array::from_fn(|_| uniform(random, [1, shape[1], 1, 1]));

    let run = |device: &Device, is_ours: bool| {
        let device = device.clone().autodiff();
        let leaf = |data: &TensorData| Tensor::<4>::from_data(data.clone(), &device).require_grad();
        let (x, shortcut) = (leaf(&data[0]), leaf(&data[1]));
        let (gamma, beta) = (leaf(&gamma), leaf(&beta));
        let flat = |t: &Tensor<4>| t.clone().reshape([shape[1]]);
        let added = with_shortcut.then(|| shortcut.clone());
        let y = if is_ours {
            ops::norm(x.clone(), flat(&gamma), flat(&beta), added, slope).output
        } else {
            reference::norm(x.clone(), flat(&gamma), flat(&beta), added, slope)
        };
        let direction = Tensor::<4>::from_data(data[2].clone(), &device);
        let mut gradients = (y.clone() * direction).sum().backward();
        let mut results = vec![("output", y.inner())];
        for (name, input) in [("input", x), ("gamma", gamma), ("beta", beta)] {
            results.push((name, input.grad_remove(&mut gradients).expect("a gradient")));
        }
        if with_shortcut {
            results.push(("shortcut", shortcut.grad_remove(&mut gradients).expect("a gradient")));
        }
        results
    };
    let (ours, twin) = (run(device, true), run(twin_device, false));
    for ((name, ours), (_, twin)) in ours.into_iter().zip(twin) {
        worst.compare(ours, twin, &format!("{name}, {what}")).await;
    }
}

/// Max pooling of random sizes on `device` against its twin on `twin_device`; no two numbers of a
/// window are equal.
pub async fn pool(random: &mut impl Rng, device: &Device, twin_device: &Device, worst: &mut Worst) {
    let shape = [
        random.random_range(1..=5),
        random.random_range(1..=40),
        2 * random.random_range(1..=8),
        4 * random.random_range(1..=8),
    ];
    let x = uniform(random, shape);
    let direction = uniform(random, [shape[0], shape[1], shape[2] / 2, shape[3] / 2]);
    let run = |device: &Device, is_ours: bool| {
        let device = device.clone().autodiff();
        let x = Tensor::<4>::from_data(x.clone(), &device).require_grad();
        let pool = if is_ours { ops::max_pool } else { reference::max_pool };
        let y = pool(x.clone());
        let direction = Tensor::<4>::from_data(direction.clone(), &device);
        let mut gradients = (y.clone() * direction).sum().backward();
        [("output", y.inner()), ("input", x.grad_remove(&mut gradients).expect("a gradient"))]
    };
    for ((name, ours), (_, twin)) in run(device, true).into_iter().zip(run(twin_device, false)) {
        worst.compare(ours, twin, &format!("{name} of a pool of {shape:?}")).await;
    }
}

/// A network's last steps, the means of planes and the linear map, on random sizes, against Burn's own
/// operations.
pub async fn head(random: &mut impl Rng, device: &Device, twin_device: &Device, worst: &mut Worst) {
    let [batch, features] = std::array::from_fn(|_| random.random_range(1..=70));
    let (classes, plane) = (random.random_range(2..=101), random.random_range(1..=70));
    let [x, weight, bias, direction] = [
        [batch, features, plane, 1],
        [classes, features, 1, 1],
        [classes, 1, 1, 1],
        [batch, classes, 1, 1],
    ]
    .map(|shape| uniform(random, shape));
    let run = |device: &Device, is_ours: bool| {
        let device = device.clone().autodiff();
        let leaf = |data: &TensorData| Tensor::<4>::from_data(data.clone(), &device).require_grad();
        let (x, weight, bias) = (leaf(&x), leaf(&weight), leaf(&bias));
        let matrix = weight.clone().reshape([classes, features]);
        let row = bias.clone().reshape([classes]);
        let y = if is_ours {
            ops::linear(ops::plane_means(x.clone()), matrix, row)
        } else {
            reference::linear(reference::plane_means(x.clone()), matrix, row)
        };
        let y = y.reshape([batch, classes, 1, 1]);
        let direction = Tensor::<4>::from_data(direction.clone(), &device);
        let mut gradients = (y.clone() * direction).sum().backward();
        let mut results = vec![("output", y.inner())];
        for (name, input) in [("input", x), ("weight", weight), ("bias", bias)] {
            results.push((name, input.grad_remove(&mut gradients).expect("a gradient")));
        }
        results
    };
    for ((name, ours), (_, twin)) in run(device, true).into_iter().zip(run(twin_device, false)) {
        let what = format!("{name} of {batch} x {features} x {plane}, {classes} classes");
        worst.compare(ours, twin, &what).await;
    }
}

/// A step of gradient descent on a parameter of a random size, with and without gradient and velocity,
/// against Burn's own operations.
pub async fn descent(
    random: &mut impl Rng,
    device: &Device,
    twin_device: &Device,
    worst: &mut Worst,
) {
    let shape = std::array::from_fn(|_| random.random_range(1..=9));
    let data: [TensorData; 3] = std::array::from_fn(|_| uniform(random, shape));
    let [has_gradient, has_velocity] = std::array::from_fn(|_| random.random_bool(0.7));
    let rates = DescentRates { lr: 0.05, momentum: 0.9, decay: 0.001 };
    let tensors =
        |device: &Device| data.clone().map(|values| Tensor::<4>::from_data(values, device));
    let count: usize = shape.iter().product();

    let [value, gradient, velocity] = tensors(device);
    let velocity = has_velocity.then(|| velocity.reshape([count]));
    let ours = ops::descend(value, has_gradient.then_some(gradient), velocity, rates);
    let [value, gradient, velocity] = tensors(twin_device);
    let mut moved = value.clone().mul_scalar(rates.decay);
    if has_gradient {
        moved = moved + gradient;
    }
    if has_velocity {
        moved = moved + velocity.mul_scalar(rates.momentum);
    }
    let what = format!("descent of {shape:?}, gradient {has_gradient}, velocity {has_velocity}");
    worst.compare(ours.1.reshape(shape), moved.clone(), &format!("velocity, {what}")).await;
    worst.compare(ours.0, value - moved.mul_scalar(rates.lr), &format!("value, {what}")).await;
}

/// The loss of a random batch, its gradient, and the new confidences, against Burn's own operations.
pub async fn partial_loss(
    random: &mut impl Rng,
    device: &Device,
    twin_device: &Device,
    worst: &mut Worst,
) {
    let shape = [random.random_range(1..=70), random.random_range(2..=101)];
    let count = shape[0] * shape[1];
    // As far apart as a network that is sure says them, and further.
    let spread = [1.0, 10.0, 100.0][random.random_range(0..3)];
    let logits: Vec<f32> = (0..count).map(|_| random.random_range(-spread..spread)).collect();
    // A set has one candidate at least.
    let members = |at: usize| at % shape[1] == (at / shape[1]) % shape[1];
    let candidates: Vec<f32> =
        (0..count).map(|at| f32::from(members(at) || random.random_bool(0.3))).collect();
    let confidences: Vec<f32> =
        candidates.iter().map(|member| member * random.random_range(0.0..1.0)).collect();
    let direction: Vec<f32> = (0..shape[0]).map(|_| random.random_range(-1.0..1.0)).collect();
    let run = |device: &Device, is_ours: bool| {
        let tensor = |values: &Vec<f32>, device: &Device| {
            Tensor::<2>::from_data(TensorData::new(values.clone(), shape), device)
        };
        let trains = device.clone().autodiff();
        let logits = tensor(&logits, &trains).require_grad();
        let (confidences, candidates) = (tensor(&confidences, device), tensor(&candidates, device));
        let (per_image, renewed) = if is_ours {
            let made = ops::partial_loss(logits.clone(), confidences, candidates);
            (made.per_image, made.renewed)
        } else {
            reference::partial_loss(logits.clone(), confidences, candidates)
        };
        let direction = TensorData::new(direction.clone(), [shape[0]]);
        let direction = Tensor::<1>::from_data(direction, &trains);
        let mut gradients = (per_image.clone() * direction).sum().backward();
        let gradient = logits.grad_remove(&mut gradients).expect("a gradient");
        [
            ("loss", per_image.inner().reshape([shape[0], 1, 1, 1])),
            ("gradient", gradient.reshape([shape[0], shape[1], 1, 1])),
            ("confidences", renewed.reshape([shape[0], shape[1], 1, 1])),
        ]
    };
    for ((name, ours), (_, twin)) in run(device, true).into_iter().zip(run(twin_device, false)) {
        worst.compare(ours, twin, &format!("{name} of {shape:?}, spread {spread}")).await;
    }
}

/// Of equals in a window, the first gets the gradient, as in PyTorch.
pub async fn ties(device: &Device) {
    let values = [1.0, 1.0, 0.0, 2.0, 1.0, 1.0, 2.0, 2.0];
    let device = device.clone().autodiff();
    let x = Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 1, 2, 4]), &device);
    let x = x.require_grad();
    let y = ops::max_pool(x.clone());
    let gradient = x.grad(&y.sum().backward()).expect("a gradient");
    assert_eq!(read(gradient).await, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

/// More work than one dimension of a dispatch holds (65,535 workgroups): batch 256 at full width.
#[cfg(feature = "gpu")]
pub async fn a_pool_of_many(device: &Device) {
    let device = device.clone().autodiff();
    let shape = [256, 128, 32, 32];
    let x = Tensor::<4>::ones(shape, &device).require_grad();
    let y = ops::max_pool(x.clone());
    let mut gradients = y.clone().sum().backward();
    let windows = shape.iter().product::<usize>() / 4;
    for what in [y.inner(), x.grad_remove(&mut gradients).expect("a gradient")] {
        let sum = what.sum().into_data_async().await.expect("a read");
        // Both are exact in f32: a sum of 2^23 ones.
        assert_eq!(sum.iter::<f32>().next(), Some(windows as f32));
    }
}

/// Convolutions through Winograd's filters, which are chosen for large ones only, with all images at once
/// and with few of them at a time.
#[cfg(feature = "gpu")]
async fn winograd_convs(random: &mut impl Rng, device: &Device, twin_device: &Device) -> String {
    use proden::ops::gpu::algorithm::{Algorithm, filter_for, use_always};
    use proden::ops::gpu::tile::suit_software_adapter;
    use proden::ops::gpu::winograd::keep_at_most;

    const SHAPES: usize = 50;
    let mut told = String::new();
    for algorithm in [Algorithm::Winograd2, Algorithm::Winograd4] {
        use_always(Some(algorithm));
        let mut worst = Worst::default();
        for is_software in [true, false] {
            suit_software_adapter(is_software);
            for _ in 0..SHAPES {
                let mut shape = random_conv(random);
                while filter_for(&shape).is_none() {
                    shape = random_conv(random);
                }
                conv_of(shape, random, device, twin_device, &mut worst).await;
            }
            wide_convs(random, device, twin_device, &mut worst).await;
        }
        // One image at a time, and of the three of some shapes two and then one.
        for numbers in [1, 36 * 128 * 136] {
            keep_at_most(numbers);
            wide_convs(random, device, twin_device, &mut worst).await;
        }
        keep_at_most(32 << 20);
        told += &format!("{algorithm:?}, {} shapes: {:.1e}\n", 2 * SHAPES, worst.0);
    }
    use_always(None);
    told
}

/// All of this on a card, whose kernels have other tiles where it is emulated. Returns what is to
/// be told.
#[cfg(feature = "gpu")]
pub async fn on_the_card(random: &mut impl Rng, device: &Device) -> String {
    use proden::ops::gpu::algorithm::{Algorithm, use_always};
    use proden::ops::gpu::tile::{always_use_large_tile, suit_software_adapter};

    const SHAPES: usize = 100;
    let twin_device = Device::flex();
    let mut told = String::new();
    use_always(Some(Algorithm::Direct));
    for is_software in [true, false] {
        suit_software_adapter(is_software);
        let [mut of_conv, mut of_norm, mut of_pool] = [Worst::default(); 3];
        for _ in 0..SHAPES {
            conv(random, device, &twin_device, &mut of_conv).await;
            norm(random, device, &twin_device, &mut of_norm).await;
            pool(random, device, &twin_device, &mut of_pool).await;
        }
        wide_convs(random, device, &twin_device, &mut of_conv).await;
        told += &format!(
            "{SHAPES} shapes each, tiles for software {is_software}: largest error of a convolution \
             {:.1e}, of a batch norm {:.1e}, of a max pool {:.1e}\n",
            of_conv.0, of_norm.0, of_pool.0
        );
    }
    let [mut of_head, mut of_descent, mut of_loss] = [Worst::default(); 3];
    for _ in 0..SHAPES {
        head(random, device, &twin_device, &mut of_head).await;
        descent(random, device, &twin_device, &mut of_descent).await;
        partial_loss(random, device, &twin_device, &mut of_loss).await;
    }
    told += &format!(
        "of a linear map {:.1e}, of a step of descent {:.1e}, of a loss {:.1e}\n",
        of_head.0, of_descent.0, of_loss.0
    );
    always_use_large_tile();
    let mut of_conv = Worst::default();
    wide_convs(random, device, &twin_device, &mut of_conv).await;
    told += &format!("the largest tile: {:.1e}\n", of_conv.0);
    a_pool_of_many(device).await;
    told + &winograd_convs(random, device, &twin_device).await
}
