//! WebAssembly's fixed-width SIMD: four lanes, no fused multiply-add.

use std::arch::wasm32::*;
use std::ops::{Add, Mul, Sub};

use super::Vector;

#[derive(Clone, Copy)]
pub struct Simd128(v128);

impl Add for Simd128 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
}

impl Sub for Simd128 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
}

impl Mul for Simd128 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
}

impl Vector for Simd128 {
    const LANES: usize = 4;
    const ROWS_NARROW: usize = 8;
    const ROWS_WIDE: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }

    #[inline(always)]
    fn where_not_positive(self, negative: Self, other: Self) -> Self {
        Self(v128_bitselect(negative.0, other.0, f32x4_le(self.0, f32x4_splat(0.0))))
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller's promise; wasm loads need no alignment.
        Self(unsafe { v128_load(source.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller's promise; wasm stores need no alignment.
        unsafe { v128_store(target.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn load_columns(source: *const f32, stride: usize) -> [Self; 4] {
        // SAFETY: the caller's promise.
        let row = |row: usize| unsafe { v128_load(source.add(row * stride).cast()) };
        transpose([row(0), row(1), row(2), row(3)]).map(Self)
    }

    #[inline(always)]
    unsafe fn store_columns(columns: [Self; 4], target: *mut f32, stride: usize) {
        for (row, values) in transpose(columns.map(|column| column.0)).into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { v128_store(target.add(row * stride).cast(), values) }
        }
    }
}

#[inline(always)]
fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
    let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        i64x2_shuffle::<0, 2>(ab_low, cd_low),
        i64x2_shuffle::<1, 3>(ab_low, cd_low),
        i64x2_shuffle::<0, 2>(ab_high, cd_high),
        i64x2_shuffle::<1, 3>(ab_high, cd_high),
    ]
}
