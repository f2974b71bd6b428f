//! Sizes that an operation is called with. Tensors are f32, contiguous, NCHW.

/// How a square kernel goes over an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvGeometry {
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
}

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
    /// Of input `[batch, channels_in, height, width]` and weights
    /// `[channels_out, channels_in, kernel, kernel]`.
    pub fn of(x: [usize; 4], weight: [usize; 4], geometry: ConvGeometry) -> Self {
        let [batch, channels_in, height, width] = x;
        let [channels_out, _, kernel, _] = weight;
        let ConvGeometry { stride, padding } = geometry;
        Self { batch, channels_in, height, width, channels_out, kernel, stride, padding }
    }

    pub fn geometry(&self) -> ConvGeometry {
        ConvGeometry { stride: self.stride, padding: self.padding }
    }

    /// `[batch, channels_in, height, width]`.
    pub fn input_shape(&self) -> [usize; 4] {
        [self.batch, self.channels_in, self.height, self.width]
    }

    /// `[channels_out, channels_in, kernel, kernel]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.channels_out, self.channels_in, self.kernel, self.kernel]
    }

    /// `[batch, channels_out, output_height, output_width]`.
    pub fn output_shape(&self) -> [usize; 4] {
        [self.batch, self.channels_out, self.output_height(), self.output_width()]
    }

    /// The convolution of stride 1 whose forward pass, with the weights turned round, is the gradient of this
    /// one's input, if there is one.
    pub fn transposed(self) -> Option<Self> {
        let padding = self.kernel.checked_sub(1 + self.padding)?;
        (self.stride == 1 && self.output_len() > 0).then(|| Self {
            channels_in: self.channels_out,
            channels_out: self.channels_in,
            height: self.output_height(),
            width: self.output_width(),
            padding,
            ..self
        })
    }

    /// Weights in a plane of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

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
        self.input_shape().iter().product()
    }

    /// Elements of the weight, `[channels_out, channels_in, kernel, kernel]`.
    pub fn weight_len(&self) -> usize {
        self.weight_shape().iter().product()
    }

    /// Elements of the output, `[batch, channels_out, output_height, output_width]`.
    pub fn output_len(&self) -> usize {
        self.output_shape().iter().product()
    }

    /// Products of two numbers that the definition of each of the three computations takes. More than
    /// a browser's `usize` holds.
    pub fn products(&self) -> u64 {
        self.output_len() as u64 * self.taps() as u64 * self.channels_in as u64
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
    /// Of `[batch, channels, height, width]`.
    pub fn of([batch, channels, height, width]: [usize; 4]) -> Self {
        Self { batch, channels, plane: height * width }
    }

    /// Elements of the input and of the output.
    pub fn len(&self) -> usize {
        self.batch * self.channels * self.plane
    }

    /// Whether there is nothing to normalise.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
