//! The products at the points: for each point a matrix product, whose operands both have the depth first.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::gpu::tile::Tile;
use crate::ops::gpu::{LANES, Quad, product};

/// What does not change within a launch. All are whole tiles.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
struct ProductDims {
    pub points: u32,
    pub depth: u32,
    pub rows: u32,
    pub columns: u32,
    /// How much of the depth a workgroup adds up.
    pub part: u32,
}

/// What an invocation has fetched for the next round.
#[derive(CubeType)]
struct Fetched {
    rows: Array<Quad>,
    columns: Array<Quad>,
}

/// Fetches an invocation's share of the tiles that begin at row `from` of both matrices.
#[cube]
fn fetch(
    rows: &[Quad],
    columns: &[Quad],
    fetched: &mut Fetched,
    from: u32,
    dims: &ProductDims,
    #[comptime] tile: Tile,
) {
    let (down, across) = comptime![(tile.rows / LANES, tile.columns / LANES)];
    fetch_tile(
        rows,
        &mut fetched.rows,
        from * (dims.rows / 4),
        dims.rows / 4,
        CUBE_POS_Y,
        down,
        tile,
    );
    let pitch = dims.columns / 4;
    fetch_tile(columns, &mut fetched.columns, from * pitch, pitch, CUBE_POS_X, across, tile);
}

/// Of a tile `quads` wide, the `number`th from `first` on, in a matrix whose rows are `pitch` quads apart.
#[cube]
fn fetch_tile(
    matrix: &[Quad],
    fetched: &mut Array<Quad>,
    first: u32,
    pitch: u32,
    number: u32,
    #[comptime] quads: usize,
    #[comptime] tile: Tile,
) {
    let count = comptime![tile.depth * quads];
    let first = first + number * quads as u32;
    #[unroll]
    for i in 0..comptime![count.div_ceil(tile.threads())] {
        let at = UNIT_POS_X + comptime![(i * tile.threads()) as u32];
        if comptime![count.is_multiple_of(tile.threads())] || at < count as u32 {
            let from = first + at / quads as u32 * pitch + at % quads as u32;
            fetched[i] = matrix[from as usize];
        }
    }
}

/// Puts what was fetched where the workgroup multiplies.
#[cube]
fn store(
    fetched: &Array<Quad>,
    shared: &mut Shared<[Quad]>,
    #[comptime] quads: usize,
    #[comptime] tile: Tile,
) {
    let count = comptime![tile.depth * quads];
    #[unroll]
    for i in 0..comptime![count.div_ceil(tile.threads())] {
        let at = UNIT_POS_X + comptime![(i * tile.threads()) as u32];
        if comptime![count.is_multiple_of(tile.threads())] || at < count as u32 {
            shared[at as usize] = fetched[i];
        }
    }
}

/// `rows` is `[points, depth, rows]`, `columns` `[points, depth, columns]`, `made` `[parts, points, rows,
/// columns]`; `goes_on` adds to what is there.
#[allow(clippy::collapsible_if, reason = "what is decided at compile time must stand by itself")]
#[cube(launch_unchecked)]
fn product_kernel(
    rows: &[Quad],
    columns: &[Quad],
    made: &mut [Quad],
    dims: ProductDims,
    #[comptime] tile: Tile,
    #[comptime] goes_on: bool,
) {
    let (down, across) = comptime![(tile.rows / LANES, tile.columns / LANES)];
    let mut shared_rows = Shared::<[Quad]>::new_slice(comptime![tile.depth * down]);
    let mut shared_columns = Shared::<[Quad]>::new_slice(comptime![tile.depth * across]);
    let mut fetched = Fetched {
        rows: Array::<Quad>::new(comptime![tile.row_fetches()]),
        columns: Array::<Quad>::new(comptime![tile.column_fetches()]),
    };
    let (my_row, my_column) = product::my_place(tile);
    let mut sums = product::zeros(tile);

    let begin = CUBE_POS_Z / dims.points * dims.part;
    let end = u32::min(begin + dims.part, dims.depth);
    let depth = comptime![tile.depth as u32];
    let rounds = (end - begin) / depth;
    let mut from = CUBE_POS_Z % dims.points * dims.depth + begin;
    if comptime![!tile.emulated] {
        fetch(rows, columns, &mut fetched, from, &dims, tile);
    }
    for round in 0..rounds {
        if comptime![tile.emulated] {
            fetch(rows, columns, &mut fetched, from, &dims, tile);
        }
        store(&fetched.rows, &mut shared_rows, down, tile);
        store(&fetched.columns, &mut shared_columns, across, tile);
        sync_cube();
        from += depth;
        if comptime![!tile.emulated] {
            if round + 1 < rounds {
                fetch(rows, columns, &mut fetched, from, &dims, tile);
            }
        }
        product::add_products(
            &shared_rows,
            &shared_columns,
            &mut sums,
            my_row,
            my_column,
            tile,
            (1, 1),
        );
        sync_cube();
    }
    write(&sums, made, my_row, my_column, &dims, tile, goes_on);
}

#[cube]
fn write(
    sums: &Array<Quad>,
    made: &mut [Quad],
    my_row: u32,
    my_column: u32,
    dims: &ProductDims,
    #[comptime] tile: Tile,
    #[comptime] goes_on: bool,
) {
    let thread_quads = comptime![tile.thread_columns / LANES];
    let first_row = CUBE_POS_Y * comptime![tile.rows as u32] + my_row * 4;
    let first_column = CUBE_POS_X * comptime![(tile.columns / LANES) as u32] + my_column;
    #[unroll]
    for i in 0..comptime![tile.thread_rows] {
        let row = CUBE_POS_Z * dims.rows + first_row + i as u32;
        #[unroll]
        for j in 0..thread_quads {
            let column = first_column + comptime![(j * tile.threads_across()) as u32];
            let to = (row * (dims.columns / 4) + column) as usize;
            let sum = sums[comptime![i * thread_quads + j]];
            if comptime![goes_on] {
                made[to] += sum;
            } else {
                made[to] = sum;
            }
        }
    }
}

/// A matrix product for each point.
pub struct Product {
    pub tile: Tile,
    pub points: usize,
    /// These are whole tiles.
    pub depth: usize,
    pub rows: usize,
    pub columns: usize,
    /// How much of the depth a workgroup adds up: all, or what makes enough workgroups.
    pub part: usize,
}

impl Product {
    /// Sums that are made of each number.
    pub fn parts(&self) -> usize {
        self.depth.div_ceil(self.part)
    }

    /// Multiplies `rows` `[points, depth, rows]` and `columns` `[points, depth, columns]` to `sums` `[parts,
    /// points, rows, columns]`, or adds to those if it `goes_on`.
    pub fn launch(
        &self,
        rows: &CubeTensor,
        columns: &CubeTensor,
        sums: &CubeTensor,
        goes_on: bool,
    ) {
        let cubes = CubeCount::Static(
            (self.columns / self.tile.columns) as u32,
            (self.rows / self.tile.rows) as u32,
            (self.points * self.parts()) as u32,
        );
        let dims = ProductDimsLaunch::new(
            self.points as u32,
            self.depth as u32,
            self.rows as u32,
            self.columns as u32,
            self.part as u32,
        );
        // SAFETY: all sizes are whole tiles, and the tensors are of those sizes.
        unsafe {
            product_kernel::launch_unchecked(
                &sums.client,
                cubes,
                CubeDim::new_1d(self.tile.threads() as u32),
                rows.clone().into_buffer_arg(),
                columns.clone().into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                dims,
                self.tile,
                goes_on,
            );
        }
    }
}
