//! Between NCHW, in which tensors come, and channels-last, in which the kernels work: there the
//! channels of a pixel are neighbours, so that every vector is full whatever the plane's width.

use crate::vector::Vector;

/// A channels-last image with a border: `[rows, columns, stride]`, of which the tensor's plane
/// is the part that begins at (`top`, `left`).
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub rows: usize,
    pub columns: usize,
    /// Floats from pixel to pixel: at least the number of channels.
    pub stride: usize,
    pub top: usize,
    pub left: usize,
}

impl Frame {
    pub fn len(&self) -> usize {
        self.rows * self.columns * self.stride
    }
}

/// The part of an NCHW tensor that is one image: `[channels, height, width]`.
#[derive(Debug, Clone, Copy)]
pub struct Planes {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Planes {
    pub fn len(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Copies an image into a frame and clears all of the frame around it, unused lanes too.
/// The plane may reach beyond the frame's right and lower edge; that part is left out.
#[inline(always)]
pub fn stage<V: Vector>(image: &[f32], planes: Planes, staged: &mut [f32], frame: Frame) {
    assert!(image.len() >= planes.len() && staged.len() >= frame.len());
    assert!(planes.channels <= frame.stride);
    let height = planes.height.min(frame.rows - frame.top);
    let width = planes.width.min(frame.columns - frame.left);
    let row_len = frame.columns * frame.stride;
    let (before, after) = (frame.left * frame.stride, (frame.left + width) * frame.stride);

    staged[..frame.top * row_len].fill(0.0);
    staged[(frame.top + height) * row_len..frame.len()].fill(0.0);
    for y in 0..height {
        let row = &mut staged[(frame.top + y) * row_len..][..row_len];
        row[..before].fill(0.0);
        row[after..].fill(0.0);
        let source = &image[y * planes.width..];
        // SAFETY: the largest index read is that of the last channel's pixel in this row.
        unsafe {
            interleave::<V>(
                (source.as_ptr(), planes.height * planes.width),
                planes.channels,
                width,
                (row[before..].as_mut_ptr(), frame.stride),
            );
        }
    }
}

/// Copies the plane within a frame out to an image.
#[inline(always)]
pub fn unstage<V: Vector>(staged: &[f32], frame: Frame, image: &mut [f32], planes: Planes) {
    assert!(image.len() >= planes.len() && staged.len() >= frame.len());
    assert!(frame.top + planes.height <= frame.rows && frame.left + planes.width <= frame.columns);
    assert!(planes.channels <= frame.stride);
    for y in 0..planes.height {
        let source = &staged[((frame.top + y) * frame.columns + frame.left) * frame.stride..];
        // SAFETY: the assertions; the largest index written is that of the last channel's pixel.
        unsafe {
            deinterleave::<V>(
                (source.as_ptr(), frame.stride),
                planes.channels,
                planes.width,
                (image[y * planes.width..].as_mut_ptr(), planes.height * planes.width),
            );
        }
    }
}

/// Transposes `[channels, pixels]`, rows `source_stride` apart, to `[pixels, target_stride]`,
/// and clears the lanes from `channels` to `target_stride`.
///
/// # Safety
/// All those elements can be read and written.
#[inline(always)]
pub unsafe fn interleave<V: Vector>(
    (source, source_stride): (*const f32, usize),
    channels: usize,
    pixels: usize,
    (target, target_stride): (*mut f32, usize),
) {
    let whole = channels - channels % V::LANES;
    for channel in (0..whole).step_by(V::LANES) {
        // SAFETY: the caller's promise.
        let (source, target) =
            unsafe { (source.add(channel * source_stride), target.add(channel)) };
        let mut pixel = 0;
        while pixel + 4 <= pixels {
            unsafe {
                let columns = V::load_columns(source.add(pixel), source_stride);
                for (index, column) in columns.into_iter().enumerate() {
                    column.store(target.add((pixel + index) * target_stride));
                }
            }
            pixel += 4;
        }
        for pixel in pixel..pixels {
            for lane in 0..V::LANES {
                unsafe {
                    *target.add(pixel * target_stride + lane) =
                        *source.add(lane * source_stride + pixel);
                }
            }
        }
    }
    for pixel in 0..pixels {
        for channel in whole..channels {
            unsafe {
                *target.add(pixel * target_stride + channel) =
                    *source.add(channel * source_stride + pixel);
            }
        }
        for channel in channels..target_stride {
            unsafe { *target.add(pixel * target_stride + channel) = 0.0 }
        }
    }
}

/// Transposes `[pixels, source_stride]` to `[channels, pixels]`, rows `target_stride` apart.
///
/// # Safety
/// All those elements can be read and written.
#[inline(always)]
pub unsafe fn deinterleave<V: Vector>(
    (source, source_stride): (*const f32, usize),
    channels: usize,
    pixels: usize,
    (target, target_stride): (*mut f32, usize),
) {
    let whole = channels - channels % V::LANES;
    for channel in (0..whole).step_by(V::LANES) {
        // SAFETY: the caller's promise.
        let (source, target) =
            unsafe { (source.add(channel), target.add(channel * target_stride)) };
        let mut pixel = 0;
        while pixel + 4 <= pixels {
            unsafe {
                let load = |index: usize| V::load(source.add((pixel + index) * source_stride));
                let columns = [load(0), load(1), load(2), load(3)];
                V::store_columns(columns, target.add(pixel), target_stride);
            }
            pixel += 4;
        }
        for pixel in pixel..pixels {
            for lane in 0..V::LANES {
                unsafe {
                    *target.add(lane * target_stride + pixel) =
                        *source.add(pixel * source_stride + lane);
                }
            }
        }
    }
    for pixel in 0..pixels {
        for channel in whole..channels {
            unsafe {
                *target.add(channel * target_stride + pixel) =
                    *source.add(pixel * source_stride + channel);
            }
        }
    }
}
