//! Plain arrays of four, for processors that have no implementation of their own.

use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

use super::Vector;

#[derive(Clone, Copy)]
#[repr(align(16))]
pub struct Portable([f32; 4]);

impl Add for Portable {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] + other.0[lane]))
    }
}

impl Sub for Portable {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] - other.0[lane]))
    }
}

impl Mul for Portable {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] * other.0[lane]))
    }
}

impl Vector for Portable {
    const LANES: usize = 4;
    const ROWS_NARROW: usize = 8;
    const ROWS_WIDE: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }

    #[inline(always)]
    fn where_not_positive(self, negative: Self, other: Self) -> Self {
        Self(from_fn(|lane| if self.0[lane] <= 0.0 { negative.0[lane] } else { other.0[lane] }))
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { source.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { target.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn load_columns(source: *const f32, stride: usize) -> [Self; 4] {
        // SAFETY: the caller's promise.
        let rows: [Self; 4] = from_fn(|row| unsafe { Self::load(source.add(row * stride)) });
        from_fn(|column| Self(from_fn(|row| rows[row].0[column])))
    }

    #[inline(always)]
    unsafe fn store_columns(columns: [Self; 4], target: *mut f32, stride: usize) {
        for row in 0..4 {
            // SAFETY: the caller's promise.
            unsafe { Self(columns.map(|column| column.0[row])).store(target.add(row * stride)) }
        }
    }
}
