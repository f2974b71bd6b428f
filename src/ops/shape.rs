//! The sizes of what the operations work on.

use burn::tensor::Shape;

/// How a square kernel goes over an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvGeometry {
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
}

/// The sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvShape {
    pub batch: usize,
    pub channels_in: usize,
    /// Of the input image.
    pub height: usize,
    pub width: usize,
    pub channels_out: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl ConvShape {
    /// Of input `[batch, channels_in, height, width]` and weights
    /// `[channels_out, channels_in, kernel, kernel]`.
    pub fn of(x: &Shape, weight: &Shape, ConvGeometry { stride, padding }: ConvGeometry) -> Self {
        Self {
            batch: x[0],
            channels_in: x[1],
            height: x[2],
            width: x[3],
            channels_out: weight[0],
            kernel: weight[2],
            stride,
            padding,
        }
    }

    pub const fn geometry(&self) -> ConvGeometry {
        ConvGeometry { stride: self.stride, padding: self.padding }
    }

    pub const fn output_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    pub const fn output_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    pub const fn input_shape(&self) -> [usize; 4] {
        [self.batch, self.channels_in, self.height, self.width]
    }

    pub const fn weight_shape(&self) -> [usize; 4] {
        [self.channels_out, self.channels_in, self.kernel, self.kernel]
    }

    pub const fn output_shape(&self) -> [usize; 4] {
        [self.batch, self.channels_out, self.output_height(), self.output_width()]
    }

    /// Weights in a plane of the kernel.
    pub const fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Multiplications and additions of a pass, forward or either gradient.
    pub const fn flops(&self) -> usize {
        let [batch, channels_out, height, width] = self.output_shape();
        2 * batch * channels_out * height * width * self.channels_in * self.taps()
    }
}

/// The sizes of a tensor that is normalised, `[batch, channels, plane]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NormShape {
    pub batch: usize,
    pub channels: usize,
    /// Numbers of an image's channel.
    pub plane: usize,
}

impl NormShape {
    /// Of `[batch, channels, height, width]`.
    pub fn of(x: &Shape) -> Self {
        Self { batch: x[0], channels: x[1], plane: x[2] * x[3] }
    }
}
