//! Sizes that an operation is called with. Tensors are f32, contiguous, NCHW.

/// A two-dimensional convolution with square kernel, equal strides and zero padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvShape {
    pub batch: usize,
    pub channels_in: usize,
    pub height: usize,
    pub width: usize,
    pub channels_out: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl ConvShape {
    /// Rows of the output; 0 if the kernel is larger than the padded input.
    pub fn output_height(&self) -> usize {
        self.output_length(self.height)
    }

    /// Columns of the output; 0 if the kernel is larger than the padded input.
    pub fn output_width(&self) -> usize {
        self.output_length(self.width)
    }

    /// Elements of the input, `[batch, channels_in, height, width]`.
    pub fn input_len(&self) -> usize {
        self.batch * self.channels_in * self.height * self.width
    }

    /// Elements of the weight, `[channels_out, channels_in, kernel, kernel]`.
    pub fn weight_len(&self) -> usize {
        self.channels_out * self.channels_in * self.kernel * self.kernel
    }

    /// Elements of the output, `[batch, channels_out, output_height, output_width]`.
    pub fn output_len(&self) -> usize {
        self.batch * self.channels_out * self.output_height() * self.output_width()
    }

    fn output_length(&self, input: usize) -> usize {
        match (input + 2 * self.padding).checked_sub(self.kernel) {
            Some(room) => room / self.stride + 1,
            None => 0,
        }
    }
}

/// A batch norm: `batch` images of `channels` planes with `plane` pixels each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NormShape {
    pub batch: usize,
    pub channels: usize,
    pub plane: usize,
}

impl NormShape {
    /// Elements of the input and of the output.
    pub fn len(&self) -> usize {
        self.batch * self.channels * self.plane
    }

    /// Whether there is nothing to normalise.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
