//! Which way a convolution is computed.

use std::sync::atomic::{AtomicU8, Ordering};

use super::tile::is_emulated;
use super::winograd::Filter;
use crate::ops::shape::ConvShape;

/// The ways to compute a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// As an implicit matrix product.
    Direct,
    /// F(2x2, 3x3), for a kernel of 3x3 and stride 1.
    Winograd2,
    /// F(4x4, 3x3), likewise.
    Winograd4,
}

/// 0 for none, or the place of the [`Algorithm`] plus one.
static ALWAYS: AtomicU8 = AtomicU8::new(0);

/// Takes one way wherever it can be taken, so that it can be tested and timed; None chooses again.
pub fn use_always(algorithm: Option<Algorithm>) {
    ALWAYS.store(algorithm.map_or(0, |algorithm| algorithm as u8 + 1), Ordering::Relaxed);
}

/// Where Winograd's filters pay.
struct Least {
    /// With fewer, bringing images to the points costs more than products are saved.
    channels: usize,
    /// With fewer, a convolution is over before two more dispatches have begun.
    products: u64,
}

/// As timed on an NVIDIA H200 (`tests/bench`): what a card can compute while it reads a number is of the
/// same order on all of them.
const ON_A_CARD: Least = Least { channels: 64, products: 1 << 28 };
/// Where the processor emulates a card, which reads and writes as fast as it computes.
const EMULATED: Least = Least { channels: 16, products: 1 << 22 };

/// Winograd's filter for a convolution that is faster so than directly.
pub fn filter_for(shape: &ConvShape) -> Option<Filter> {
    if shape.kernel != 3 || shape.stride != 1 || shape.output_len() == 0 {
        return None;
    }
    match ALWAYS.load(Ordering::Relaxed).checked_sub(1) {
        Some(way) if way == Algorithm::Winograd2 as u8 => Some(Filter::F2),
        Some(way) if way == Algorithm::Winograd4 as u8 => Some(Filter::F4),
        Some(_) => None,
        None => {
            let least = if is_emulated() { EMULATED } else { ON_A_CARD };
            let channels = shape.channels_in.min(shape.channels_out);
            let pays = channels >= least.channels && shape.products() >= least.products;
            pays.then(|| cheapest(shape)).filter(|&filter| has_room(shape, filter))
        }
    }
}

/// Whether the weights at the points fit into what WebGPU's default limits let a kernel see of a buffer.
fn has_room(shape: &ConvShape, filter: Filter) -> bool {
    const BYTES: usize = 128 << 20;
    // Tiles of a matrix product fill up with zeros what does not divide by them.
    let [rows, columns] =
        [shape.channels_out, shape.channels_in].map(|channels| channels.next_multiple_of(128));
    filter.points() * rows * columns * size_of::<f32>() <= BYTES
}

/// The filter with the fewest products; of equals the one that rounds less.
fn cheapest(shape: &ConvShape) -> Filter {
    let products = |filter: Filter| {
        let tiles = |length: usize| length.div_ceil(filter.outputs());
        filter.points() * tiles(shape.output_height()) * tiles(shape.output_width())
    };
    if products(Filter::F2) <= products(Filter::F4) { Filter::F2 } else { Filter::F4 }
}
