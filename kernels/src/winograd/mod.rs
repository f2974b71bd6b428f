//! 3x3 convolutions of stride 1 through Winograd's minimal filtering.

mod correlate;
mod gradient;
pub mod transform;
mod weight;

pub use correlate::correlate;
pub use gradient::weight_gradient;
pub use transform::{F2, F4, Transform};
pub use weight::Taps;

use crate::layout::{Frame, Planes};
use crate::scratch::LINE;
use crate::shape::ConvShape;

/// How an image is cut into tiles of O by O outputs.
#[derive(Debug, Clone, Copy)]
struct Grid<const I: usize, const O: usize> {
    input: Planes,
    output: Planes,
    padding: usize,
    rows: usize,
    columns: usize,
    lanes: usize,
}

impl<const I: usize, const O: usize> Grid<I, O> {
    /// Points of a tile.
    const POINTS: usize = I * I;

    fn new(shape: ConvShape, lanes: usize) -> Self {
        let (height, width) = (shape.output_height(), shape.output_width());
        let plane = |channels, height, width| Planes { channels, height, width };
        Self {
            input: plane(shape.channels_in, shape.height, shape.width),
            output: plane(shape.channels_out, height, width),
            padding: shape.padding,
            rows: height.div_ceil(O),
            columns: width.div_ceil(O),
            lanes,
        }
    }

    /// Tiles of an image.
    fn tiles(&self) -> usize {
        self.rows * self.columns
    }

    /// The input with its padding and with zeros up to the last tile's edge.
    fn input_frame(&self) -> Frame {
        Frame {
            rows: self.rows * O + 2,
            columns: self.columns * O + 2,
            stride: self.input.channels.next_multiple_of(self.lanes),
            top: self.padding,
            left: self.padding,
        }
    }

    /// The output up to the last tile's edge.
    fn output_frame(&self) -> Frame {
        Frame {
            rows: self.rows * O,
            columns: self.columns * O,
            stride: self.output.channels.next_multiple_of(self.lanes),
            top: 0,
            left: 0,
        }
    }

    /// Offset of a tile's first pixel in a row of images with this frame, where a tile is O
    /// pixels from the next one.
    #[inline(always)]
    fn origin(&self, tile: usize, frame: Frame) -> usize {
        let (image, tile) = (tile / self.tiles(), tile % self.tiles());
        let (row, column) = (tile / self.columns, tile % self.columns);
        image * frame.len() + (row * O * frame.columns + column * O) * frame.stride
    }
}

/// Floats from point to point of `tiles` tiles with `channels` each. The extra line keeps the
/// points of one tile, which are written together, out of one set of the cache.
fn point_stride(tiles: usize, channels: usize) -> usize {
    tiles * channels + LINE
}
