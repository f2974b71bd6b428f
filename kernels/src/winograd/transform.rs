//! Winograd's minimal filtering `F(O, 3)`: O outputs of a three-tap filter with O + 2 products
//! instead of 3·O, nested to two dimensions (Lavin and Gray 2016). All four matrices follow from
//! the points 0, ±a, ±b, ∞ at which the polynomials are multiplied.

use crate::vector::Vector;

/// One-dimensional transforms between I = O + 2 points, O outputs and 3 taps.
pub trait Transform<const I: usize, const O: usize>: Copy + Send + Sync + 'static {
    /// Bᵀ: input to points.
    fn input<V: Vector>(x: [V; I]) -> [V; I];
    /// Aᵀ: points to outputs.
    fn output<V: Vector>(m: [V; I]) -> [V; O];
    /// A: output gradients to points.
    fn output_gradient<V: Vector>(y: [V; O]) -> [V; I];
    /// G: taps to points.
    fn taps<V: Vector>(g: [V; 3]) -> [V; I];
    /// Gᵀ: points to tap gradients.
    fn taps_gradient<V: Vector>(u: [V; I]) -> [V; 3];
}

/// F(2, 3) with the points 0, ±1, ∞: 2.25 times fewer products in two dimensions.
#[derive(Clone, Copy)]
pub struct F2;

impl Transform<4, 2> for F2 {
    #[inline(always)]
    fn input<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 4] {
        [a - c, b + c, c - b, d - b]
    }

    #[inline(always)]
    fn output<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 2] {
        [a + b + c, b - c + d]
    }

    #[inline(always)]
    fn output_gradient<V: Vector>([a, b]: [V; 2]) -> [V; 4] {
        [a, a + b, a - b, b]
    }

    #[inline(always)]
    fn taps<V: Vector>([a, b, c]: [V; 3]) -> [V; 4] {
        let half = V::splat(0.5);
        let (even, odd) = ((a + c) * half, b * half);
        [a, even + odd, even - odd, c]
    }

    #[inline(always)]
    fn taps_gradient<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 3] {
        let half = V::splat(0.5);
        let (even, odd) = ((b + c) * half, (b - c) * half);
        [a + even, odd, even + d]
    }
}

/// F(4, 3): 4 times fewer products in two dimensions.
#[derive(Clone, Copy)]
pub struct F4;

/// The points ±a and ±b of [`F4`]: of small fractions, whose squares are exact, those with the least
/// rounding error; a quarter of that of the usual 1 and 2.
pub const POINTS: [f32; 2] = [0.625, 1.5];
const A: f32 = POINTS[0];
const B: f32 = POINTS[1];
const A2: f32 = A * A;
const B2: f32 = B * B;
/// Denominators of Lagrange's interpolation at 0, ±a, ±b.
pub const SCALES: [f32; 3] =
    [1.0 / (A2 * B2), 1.0 / (2.0 * A2 * (A2 - B2)), 1.0 / (2.0 * B2 * (B2 - A2))];
const SCALE_0: f32 = SCALES[0];
const SCALE_A: f32 = SCALES[1];
const SCALE_B: f32 = SCALES[2];

impl Transform<6, 4> for F4 {
    #[inline(always)]
    fn input<V: Vector>(x: [V; 6]) -> [V; 6] {
        let (a2, b2) = (V::splat(-A2), V::splat(-B2));
        let (both, product) = (V::splat(-A2 - B2), V::splat(A2 * B2));
        let (even_a, odd_a) = (x[4].add_product(b2, x[2]), x[3].add_product(b2, x[1]));
        let (even_b, odd_b) = (x[4].add_product(a2, x[2]), x[3].add_product(a2, x[1]));
        let (odd_a, odd_b) = (odd_a * V::splat(A), odd_b * V::splat(B));
        [
            x[4].add_product(both, x[2]).add_product(product, x[0]),
            even_a + odd_a,
            even_a - odd_a,
            even_b + odd_b,
            even_b - odd_b,
            x[5].add_product(both, x[3]).add_product(product, x[1]),
        ]
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; 6]) -> [V; 4] {
        let (even_a, odd_a) = (m[1] + m[2], (m[1] - m[2]) * V::splat(A));
        let (even_b, odd_b) = (m[3] + m[4], (m[3] - m[4]) * V::splat(B));
        let (a2, b2) = (V::splat(A2), V::splat(B2));
        [
            m[0] + even_a + even_b,
            odd_a + odd_b,
            (even_a * a2).add_product(b2, even_b),
            (odd_a * a2).add_product(b2, odd_b) + m[5],
        ]
    }

    #[inline(always)]
    fn output_gradient<V: Vector>(y: [V; 4]) -> [V; 6] {
        let (a2, b2) = (V::splat(A2), V::splat(B2));
        let (even_a, odd_a) = (y[0].add_product(a2, y[2]), y[1].add_product(a2, y[3]));
        let (even_b, odd_b) = (y[0].add_product(b2, y[2]), y[1].add_product(b2, y[3]));
        let (odd_a, odd_b) = (odd_a * V::splat(A), odd_b * V::splat(B));
        [y[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y[3]]
    }

    #[inline(always)]
    fn taps<V: Vector>([a, b, c]: [V; 3]) -> [V; 6] {
        let (even_a, odd_a) = (a.add_product(V::splat(A2), c), b * V::splat(A));
        let (even_b, odd_b) = (a.add_product(V::splat(B2), c), b * V::splat(B));
        let (scale_a, scale_b) = (V::splat(SCALE_A), V::splat(SCALE_B));
        [
            a * V::splat(SCALE_0),
            (even_a + odd_a) * scale_a,
            (even_a - odd_a) * scale_a,
            (even_b + odd_b) * scale_b,
            (even_b - odd_b) * scale_b,
            c,
        ]
    }

    #[inline(always)]
    fn taps_gradient<V: Vector>(u: [V; 6]) -> [V; 3] {
        let (scale_a, scale_b) = (V::splat(SCALE_A), V::splat(SCALE_B));
        let (even_a, odd_a) = ((u[1] + u[2]) * scale_a, (u[1] - u[2]) * scale_a);
        let (even_b, odd_b) = ((u[3] + u[4]) * scale_b, (u[3] - u[4]) * scale_b);
        [
            (even_a + even_b).add_product(V::splat(SCALE_0), u[0]),
            (odd_a * V::splat(A)).add_product(V::splat(B), odd_b),
            (even_a * V::splat(A2)).add_product(V::splat(B2), even_b) + u[5],
        ]
    }
}

/// Applies a transform to the columns and then to the rows of an M by M square of `$load`ed
/// vectors, and `$store`s the N by N result. A macro, because a closure, or what
/// `std::array::from_fn` makes of one, is not compiled with the vector's instructions.
macro_rules! planar {
    (
        $V:ty, $M:expr, $N:expr, $transform:expr,
        |$y:ident, $x:ident| $load:expr,
        |$row:ident, $column:ident, $value:ident| $store:expr
    ) => {{
        let mut half = [[<$V>::splat(0.0); $M]; $N];
        for $x in 0..$M {
            let mut line = [<$V>::splat(0.0); $M];
            for $y in 0..$M {
                line[$y] = $load;
            }
            let line = $transform(line);
            for $y in 0..$N {
                half[$y][$x] = line[$y];
            }
        }
        for $row in 0..$N {
            let line = $transform(half[$row]);
            for $column in 0..$N {
                let $value = line[$column];
                $store;
            }
        }
    }};
}
pub(super) use planar;
