//! A grid of equal cells of which only those on the screen exist: its arithmetic.

/// Rows that exist above and below those on the screen.
const SPARE_ROWS: usize = 1;

/// A grid as wide as its frame allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Cells in all.
    pub total: usize,
    /// At least 1.
    pub columns: usize,
    pub row_px: f64,
}

/// The cells that exist.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Window {
    /// Position of the first cell.
    pub first: usize,
    pub cells: usize,
    /// Places for cells: all of its rows, though the last row of the grid may not be full.
    pub slots: usize,
    /// Where the first row stands.
    pub top_px: f64,
}

/// A way to go with the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Step {
    /// The way of a key, by its name in a keyboard event.
    pub fn of_key(key: &str) -> Option<Self> {
        match key {
            "ArrowLeft" => Some(Self::Left),
            "ArrowRight" => Some(Self::Right),
            "ArrowUp" => Some(Self::Up),
            "ArrowDown" => Some(Self::Down),
            "PageUp" => Some(Self::PageUp),
            "PageDown" => Some(Self::PageDown),
            "Home" => Some(Self::First),
            "End" => Some(Self::Last),
            _ => None,
        }
    }
}

impl Window {
    /// The slot in which the cell at a position is shown; None of a window without slots.
    pub fn slot(&self, position: usize) -> Option<usize> {
        position.checked_rem(self.slots)
    }

    /// The position of the cell that a slot shows; None while there is none for it. A slot keeps its
    /// cell for as long as that is there: a row that comes takes the slots of the row that goes.
    pub fn position(&self, slot: usize) -> Option<usize> {
        let from_first = (slot + self.slots - self.slot(self.first)?) % self.slots;
        (from_first < self.cells).then_some(self.first + from_first)
    }
}

impl Grid {
    /// As many columns as fit into the width, each at least `cell_px` wide.
    pub fn new(total: usize, width_px: f64, cell_px: f64, row_px: f64) -> Self {
        // The cast takes what is negative or no number for 0.
        Self { total, columns: ((width_px / cell_px) as usize).max(1), row_px }
    }

    pub fn rows(&self) -> usize {
        self.total.div_ceil(self.columns)
    }

    pub fn height_px(&self) -> f64 {
        self.rows() as f64 * self.row_px
    }

    /// The cells to be there when `view_px` of the grid are seen from `scroll_px` on. Their number
    /// stays the same while there are enough.
    pub fn window(&self, scroll_px: f64, view_px: f64) -> Window {
        let rows = (view_px / self.row_px).ceil() as usize + 1 + 2 * SPARE_ROWS;
        let rows = rows.min(self.rows());
        let first_row = ((scroll_px / self.row_px) as usize).saturating_sub(SPARE_ROWS);
        let first_row = first_row.min(self.rows() - rows);
        let first = first_row * self.columns;
        let slots = rows * self.columns;
        let cells = slots.min(self.total - first);
        Window { first, cells, slots, top_px: first_row as f64 * self.row_px }
    }

    /// The cell to which a step leads; the same one at the edges.
    pub fn step(&self, from: usize, step: Step, view_px: f64) -> usize {
        let last = self.total.saturating_sub(1);
        let page = ((view_px / self.row_px) as usize).max(1) * self.columns;
        let column = from % self.columns;
        // Stays in its column, also in a last row that is not full.
        let down = |by: usize| if from + by <= last { from + by } else { from };
        let up = |by: usize| if from >= by { from - by } else { column };
        match step {
            Step::Left => from.saturating_sub(1),
            Step::Right => (from + 1).min(last),
            Step::Up => up(self.columns),
            Step::Down => down(self.columns),
            Step::PageUp => up(page),
            Step::PageDown if from + page > last => last,
            Step::PageDown => down(page),
            Step::First => 0,
            Step::Last => last,
        }
    }

    /// Where to scroll for a cell to be seen whole; the same place if it is.
    pub fn scroll_to(&self, cell: usize, scroll_px: f64, view_px: f64) -> f64 {
        let top = (cell / self.columns) as f64 * self.row_px;
        scroll_px.min(top).max(top + self.row_px - view_px).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slot_keeps_its_cell_while_the_window_moves_on() {
        let grid = Grid::new(1_000, 400.0, 100.0, 100.0);
        let shown = |scroll_px| {
            let window = grid.window(scroll_px, 300.0);
            (0..window.slots).map(|slot| window.position(slot)).collect::<Vec<_>>()
        };
        let (before, after) = (shown(1_000.0), shown(1_100.0));
        let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
        // Rows 9 to 14 become rows 10 to 15.
        assert_eq!(changed.len(), 4, "one row: {changed:?}");
        let mut positions: Vec<_> = after.into_iter().flatten().collect();
        positions.sort_unstable();
        assert_eq!(positions, (40..64).collect::<Vec<_>>());
        let few = Window { first: 40, cells: 3, slots: 24, top_px: 0.0 };
        assert_eq!((0..24).filter_map(|slot| few.position(slot)).count(), 3);
        assert_eq!((few.slot(41), few.position(17)), (Some(17), Some(41)));
        let none = Window::default();
        assert_eq!((none.position(0), none.slot(0)), (None, None));
    }

    #[test]
    fn columns_fill_the_width() {
        assert_eq!(Grid::new(10, 1_000.0, 240.0, 100.0).columns, 4);
        assert_eq!(Grid::new(10, 0.0, 240.0, 100.0).columns, 1);
        let grid = Grid::new(50_000, 1_000.0, 240.0, 100.0);
        assert_eq!((grid.rows(), grid.height_px()), (12_500, 1_250_000.0));
    }

    #[test]
    fn only_what_is_seen_exists() {
        let grid = Grid::new(50_000, 1_000.0, 240.0, 100.0);
        assert_eq!(grid.window(0.0, 450.0), Window { first: 0, cells: 32, slots: 32, top_px: 0.0 });
        assert_eq!(
            grid.window(1_050.0, 450.0),
            Window { first: 36, cells: 32, slots: 32, top_px: 900.0 }
        );
        let end = grid.window(9e9, 450.0);
        assert_eq!((end.first, end.cells), (49_968, 32));
        let few = Grid::new(5, 1_000.0, 240.0, 100.0).window(0.0, 450.0);
        assert_eq!((few.first, few.cells), (0, 5));
        assert_eq!(Grid::new(0, 1_000.0, 240.0, 100.0).window(50.0, 450.0).cells, 0);
    }

    #[test]
    fn keys_lead_through_the_grid() {
        let grid = Grid::new(10, 1_000.0, 240.0, 100.0);
        let step = |from, key| grid.step(from, Step::of_key(key).unwrap(), 200.0);
        assert_eq!((step(0, "ArrowLeft"), step(0, "ArrowRight"), step(9, "ArrowRight")), (0, 1, 9));
        assert_eq!((step(1, "ArrowDown"), step(5, "ArrowUp"), step(2, "ArrowUp")), (5, 1, 2));
        assert_eq!(step(7, "ArrowDown"), 7, "nothing is below");
        assert_eq!((step(1, "PageDown"), step(3, "PageDown"), step(9, "PageUp")), (9, 9, 1));
        assert_eq!((step(5, "Home"), step(5, "End")), (0, 9));
        assert_eq!(Step::of_key("Enter"), None);
        assert_eq!(Grid::new(0, 1.0, 1.0, 1.0).step(0, Step::Last, 1.0), 0);
    }

    #[test]
    fn a_cell_is_brought_into_view() {
        let grid = Grid::new(100, 1_000.0, 240.0, 100.0);
        assert_eq!(grid.scroll_to(0, 250.0, 300.0), 0.0);
        assert_eq!(grid.scroll_to(12, 250.0, 300.0), 250.0);
        assert_eq!(grid.scroll_to(40, 250.0, 300.0), 800.0);
    }

    proptest! {
        #[test]
        fn what_is_on_the_screen_is_in_the_window(
            total in 1_usize..5_000,
            width in 100.0_f64..2_000.0,
            scroll in 0.0_f64..1.0,
            view in 50.0_f64..900.0,
        ) {
            let grid = Grid::new(total, width, 240.0, 116.0);
            let scroll = scroll * (grid.height_px() - view).max(0.0);
            let window = grid.window(scroll, view);
            let first_seen = (scroll / 116.0) as usize * grid.columns;
            let last_seen = (((scroll + view) / 116.0).ceil() as usize * grid.columns).min(total);
            prop_assert!(window.first <= first_seen);
            prop_assert!(window.first + window.cells >= last_seen);
            prop_assert!(window.first + window.cells <= total);
        }
    }
}
