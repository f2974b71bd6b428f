//! 3x3 convolutions of stride 1 through Winograd's minimal filtering: images and weights are brought to
//! points, multiplied there, and what comes out is brought back. Each of the three is a pass over memory,
//! but the products, which are most of the work, are up to four times fewer.

mod maps;
mod multiply;
mod points;
mod taps;

use std::sync::atomic::{AtomicUsize, Ordering};

use burn_cubecl::tensor::CubeTensor;

use super::empty;
use super::tile::Tile;
use crate::ops::shape::ConvShape;
use maps::Map;
use multiply::Product;
use points::{Cut, Order, Side};
use taps::Pairs;

pub use maps::Filter;

/// Numbers of images at the points that are kept at once; images are taken as many at a time as this allows. It
/// is what WebGPU's default limits let a kernel see of a buffer, 128 MiB.
static MOST_NUMBERS: AtomicUsize = AtomicUsize::new(32 << 20);

/// Keeps no more than `numbers` at the points: so that a test can be small.
pub fn keep_at_most(numbers: usize) {
    MOST_NUMBERS.store(numbers, Ordering::Relaxed);
}

/// Images that are taken at a time: all parts of a batch but the last are of one size.
fn images_at_once(shape: &ConvShape, filter: Filter) -> usize {
    // Tiles of a matrix product fill up with zeros what does not divide by them.
    const FILLED_UP: usize = 128;
    let channels = shape.channels_in.max(shape.channels_out).next_multiple_of(FILLED_UP);
    let most = MOST_NUMBERS.load(Ordering::Relaxed);
    let tiles = (most / filter.points() / channels).saturating_sub(FILLED_UP);
    let most = (tiles / Cut::new(shape, filter).tiles()).clamp(1, shape.batch);
    shape.batch.div_ceil(shape.batch.div_ceil(most))
}

/// The input and the output of a convolution at the points, `padded_tiles` by the channels that are given.
fn sides(shape: &ConvShape, cut: Cut, padded_tiles: usize, channels: [usize; 2]) -> [Side; 2] {
    let input = Side {
        channels: shape.channels_in,
        height: shape.height,
        width: shape.width,
        padding: shape.padding,
        cut,
        padded_tiles,
        padded_channels: channels[0],
    };
    let output = Side {
        channels: shape.channels_out,
        height: shape.output_height(),
        width: shape.output_width(),
        padding: 0,
        cut,
        padded_tiles,
        padded_channels: channels[1],
    };
    [input, output]
}

/// The convolution of `x`, whose shape is given; `turned` weights are those of the convolution whose input's
/// gradient this is.
pub fn correlate(
    x: CubeTensor,
    weight: CubeTensor,
    shape: &ConvShape,
    filter: Filter,
    turned: bool,
) -> CubeTensor {
    let (cut, images) = (Cut::new(shape, filter), images_at_once(shape, filter));
    let (points, tiles) = (filter.points(), images * cut.tiles());
    let tile = Tile::for_product(shape.channels_out, tiles);
    let depth = shape.channels_in.next_multiple_of(tile.depth);
    let rows = shape.channels_out.next_multiple_of(tile.rows);
    let columns = tiles.next_multiple_of(tile.columns);
    let product = Product { tile, points, depth, rows, columns, part: depth };
    let [input, output] = sides(shape, cut, columns, [depth, rows]);

    let taps = empty(&x, [points, depth, rows]);
    Pairs::to_points(weight, &taps, [depth, rows], filter, turned);
    let at_input = empty(&x, [points, depth, columns]);
    let at_output = empty(&x, [points, rows, columns]);
    let made = empty(&x, shape.output_shape());
    for first in (0..shape.batch).step_by(images) {
        let part = first..shape.batch.min(first + images);
        input.to_points(&x, &at_input, part.clone(), Map::Input, filter, Order::TilesLast);
        product.launch(&taps, &at_input, &at_output, false);
        output.back_from_points(&at_output, &made, part, filter);
    }
    made
}

/// The gradient of a convolution's weights, `[channels_out, channels_in, 3, 3]`.
pub fn weight_gradient(
    x: CubeTensor,
    gradient: CubeTensor,
    shape: &ConvShape,
    filter: Filter,
) -> CubeTensor {
    let (cut, images) = (Cut::new(shape, filter), images_at_once(shape, filter));
    let points = filter.points();
    let tile = Tile::for_product(shape.channels_out, shape.channels_in);
    let depth = (images * cut.tiles()).next_multiple_of(tile.depth);
    let rows = shape.channels_out.next_multiple_of(tile.rows);
    let columns = shape.channels_in.next_multiple_of(tile.columns);
    let part = tile.part_of(depth, points * (rows / tile.rows) * (columns / tile.columns));
    let product = Product { tile, points, depth, rows, columns, part };
    let [input, output] = sides(shape, cut, depth, [columns, rows]);

    let at_input = empty(&x, [points, depth, columns]);
    let at_output = empty(&x, [points, depth, rows]);
    let partial = empty(&x, [product.parts(), points, rows, columns]);
    for first in (0..shape.batch).step_by(images) {
        let part = first..shape.batch.min(first + images);
        let order = Order::ChannelsLast;
        input.to_points(&x, &at_input, part.clone(), Map::Input, filter, order);
        output.to_points(&gradient, &at_output, part, Map::OutputGradient, filter, order);
        product.launch(&at_output, &at_input, &partial, first > 0);
    }
    let made = empty(&x, shape.weight_shape());
    Pairs::gradient_from_points(partial, &made, product.parts(), [rows, columns], filter);
    made
}
