//! The few SIMD operations that the kernels are written in, once per instruction set. Each gives the
//! same numbers, to the bit: what a run in a browser finds can be found again on any machine.

use std::ops::{Add, Mul, Sub};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
mod portable;
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
mod wasm;

/// A register of f32 lanes. Only [`dispatch`] names implementors, after it has made sure that
/// the processor has their instructions; that is what makes the arithmetic safe to call.
pub trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Send + Sync + 'static
{
    /// Lanes: a multiple of 4.
    const LANES: usize;
    /// Rows of a register tile that is one vector wide: accumulators that hide the latency of
    /// an addition.
    const ROWS_NARROW: usize;
    /// Rows of a register tile that is two vectors wide: what the registers hold.
    const ROWS_WIDE: usize;

    fn splat(value: f32) -> Self;

    /// `self + a * b`, rounded twice: wasm has no fused form that every browser rounds alike.
    fn add_product(self, a: Self, b: Self) -> Self;

    /// Lane by lane `negative` where `self <= 0`, else (also where `self` is NaN) `other`.
    fn where_not_positive(self, negative: Self, other: Self) -> Self;

    /// # Safety
    /// `LANES` floats from `source` on can be read.
    unsafe fn load(source: *const f32) -> Self;

    /// # Safety
    /// `LANES` floats from `target` on can be written.
    unsafe fn store(self, target: *mut f32);

    /// Columns of a `[LANES, 4]` matrix whose rows are `stride` apart.
    ///
    /// # Safety
    /// Four floats from `source + row * stride` on can be read for every row.
    unsafe fn load_columns(source: *const f32, stride: usize) -> [Self; 4];

    /// The reverse of [`Vector::load_columns`].
    ///
    /// # Safety
    /// Four floats from `target + row * stride` on can be written for every row.
    unsafe fn store_columns(columns: [Self; 4], target: *mut f32, stride: usize);
}

/// Numbers that a long sum is cut into, whatever the lanes: its order must not depend on them.
pub const PARTIAL_SUMS: usize = 16;

/// Vectors that hold [`PARTIAL_SUMS`] numbers; of wide ones only the first are used.
pub type Partial<V> = [V; PARTIAL_SUMS / 4];

/// The sum of partial sums.
#[inline(always)]
pub fn total<V: Vector>(sums: Partial<V>) -> f32 {
    let mut numbers = [0.0; PARTIAL_SUMS];
    for (index, sum) in sums.into_iter().take(PARTIAL_SUMS / V::LANES).enumerate() {
        // SAFETY: so many vectors are in the numbers.
        unsafe { sum.store(numbers.as_mut_ptr().add(index * V::LANES)) }
    }
    let quarter = |at| (numbers[at] + numbers[at + 4]) + (numbers[at + 8] + numbers[at + 12]);
    (quarter(0) + quarter(2)) + (quarter(1) + quarter(3))
}

/// Work that is compiled once per instruction set.
pub trait Kernel {
    type Output;

    /// Must be `#[inline(always)]`, and so must all be that it calls with `V`: only then is it
    /// compiled with the instructions of `V`.
    fn run<V: Vector>(self) -> Self::Output;
}

/// Runs `kernel` with the widest vectors that this processor has. Call it inside each parallel
/// task: a closure that another thread runs is not compiled for the caller's instructions.
#[cfg(target_arch = "x86_64")]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    if avx2::is_available() {
        // SAFETY: the processor has AVX2.
        unsafe { avx2::run(kernel) }
    } else {
        kernel.run::<portable::Portable>()
    }
}

/// Runs `kernel` with the vectors of wasm's SIMD.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<wasm::Simd128>()
}

/// Runs `kernel` with vectors that the compiler maps to what the target has.
#[cfg(not(any(target_arch = "x86_64", all(target_family = "wasm", target_feature = "simd128"))))]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<portable::Portable>()
}

/// Lanes of the vectors that [`dispatch`] runs with: the layout of packed operands.
pub fn lanes() -> usize {
    struct Lanes;
    impl Kernel for Lanes {
        type Output = usize;
        #[inline(always)]
        fn run<V: Vector>(self) -> usize {
            V::LANES
        }
    }
    dispatch(Lanes)
}
