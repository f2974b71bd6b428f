//! AVX2: eight lanes, sixteen registers. Not its fused products, which round once where wasm rounds
//! twice.

use std::arch::x86_64::*;
use std::ops::{Add, Mul, Sub};

use super::{Kernel, Vector};

#[derive(Clone, Copy)]
pub struct Avx2(__m256);

pub fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

// SAFETY of every block here: a value of Avx2 exists only below `run`, whose caller has checked
// for the instructions; pointers are the callers' promise.

impl Add for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
}

impl Sub for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }
}

impl Mul for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }
}

impl Vector for Avx2 {
    const LANES: usize = 8;
    const ROWS_NARROW: usize = 12;
    const ROWS_WIDE: usize = 6;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }

    #[inline(always)]
    fn where_not_positive(self, negative: Self, other: Self) -> Self {
        unsafe {
            let mask = _mm256_cmp_ps::<_CMP_LE_OQ>(self.0, _mm256_setzero_ps());
            Self(_mm256_blendv_ps(other.0, negative.0, mask))
        }
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(source) })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        unsafe { _mm256_storeu_ps(target, self.0) }
    }

    #[inline(always)]
    unsafe fn load_columns(source: *const f32, stride: usize) -> [Self; 4] {
        unsafe {
            // Rows r and r + 4 share a register; what follows transposes each half.
            let pair = |row: usize| {
                _mm256_insertf128_ps::<1>(
                    _mm256_castps128_ps256(_mm_loadu_ps(source.add(row * stride))),
                    _mm_loadu_ps(source.add((row + 4) * stride)),
                )
            };
            transpose_halves([pair(0), pair(1), pair(2), pair(3)]).map(Self)
        }
    }

    #[inline(always)]
    unsafe fn store_columns(columns: [Self; 4], target: *mut f32, stride: usize) {
        unsafe {
            let rows = transpose_halves(columns.map(|column| column.0));
            for (row, pair) in rows.into_iter().enumerate() {
                _mm_storeu_ps(target.add(row * stride), _mm256_castps256_ps128(pair));
                _mm_storeu_ps(target.add((row + 4) * stride), _mm256_extractf128_ps::<1>(pair));
            }
        }
    }
}

#[inline(always)]
unsafe fn transpose_halves([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    unsafe {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }
}
