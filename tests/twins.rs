//! Our operations against their twins in Burn's own, on the CPU.

#[path = "common/twins.rs"]
mod twins;

use std::io::{self, Write};

use burn::tensor::Device;
use futures_executor::block_on;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use twins::Worst;

#[test]
fn our_kernels_do_what_burns_do() {
    let device = Device::flex();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let [mut of_conv, mut of_norm, mut of_pool, mut of_head, mut of_descent, mut of_loss] =
        [Worst::default(); 6];
    for _ in 0..300 {
        block_on(twins::conv(&mut random, &device, &device, &mut of_conv));
        block_on(twins::norm(&mut random, &device, &device, &mut of_norm));
        block_on(twins::pool(&mut random, &device, &device, &mut of_pool));
    }
    for _ in 0..300 {
        block_on(twins::head(&mut random, &device, &device, &mut of_head));
        block_on(twins::descent(&mut random, &device, &device, &mut of_descent));
        block_on(twins::partial_loss(&mut random, &device, &device, &mut of_loss));
    }
    let told = format!(
        "300 shapes each: largest error of a convolution {:.1e}, of a batch norm {:.1e}, of a max pool \
         {:.1e}, of a linear map {:.1e}, of a step of descent {:.1e}, of a loss {:.1e}",
        of_conv.0, of_norm.0, of_pool.0, of_head.0, of_descent.0, of_loss.0
    );
    // Not println!, which a test that passes keeps to itself.
    writeln!(io::stderr(), "{told}").expect("stderr");
}

#[test]
fn the_first_of_equals_gets_the_gradient_of_a_pool() {
    block_on(twins::ties(&Device::flex()));
}

/// On whatever card (or its emulation) there is.
#[cfg(feature = "wgpu")]
#[test]
fn our_kernels_do_what_burns_do_on_the_graphics_card() {
    block_on(async {
        let device = Device::wgpu_options().init_async().await.expect("an adapter");
        let told = twins::on_the_card(&mut ChaCha8Rng::seed_from_u64(5), &device).await;
        writeln!(io::stderr(), "{told}").expect("stderr");
    });
}
