//! A thread of the crew: a worker of the engine's worker, with a copy of the engine of its own in which
//! nothing runs but the kernels.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

use super::board::Board;
use super::{NAME, READY};
use crate::engine::host::scope;
use crate::ops::cpu::job::Part;

/// Whether this worker was made to be a helper.
pub fn is_one() -> bool {
    scope().name() == NAME
}

/// Starts to do what the engine that made this worker announces.
pub fn start() {
    let mut helper = Helper::default();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let outcome = match message.data().dyn_into::<Array>() {
            Ok(message) => helper.hear(&message),
            Err(other) => Err(other),
        };
        if outcome.is_err() {
            // The engine does itself what is not done in time, and then does without helpers.
            scope().close();
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It is needed as long as the worker lives.
    on_message.forget();
    let _ = scope().post_message(&READY.into());
}

/// What is kept from one job to the next, so that memory is asked for once.
#[derive(Default)]
struct Helper {
    board: Option<Board>,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Helper {
    /// A message: a board to work on from now on, or a job's number and the number of its parts.
    fn hear(&mut self, message: &Array) -> Result<(), JsValue> {
        if let Some(board) = Board::from_message(message) {
            self.board = Some(board);
            return Ok(());
        }
        let number = |index| message.get(index).as_f64().unwrap_or_default() as u32;
        let (job, parts) = (number(0), number(1) as usize);
        let Some(board) = self.board.clone() else {
            return Ok(());
        };
        // The weight is that of all parts.
        let mut has_right = false;
        while let Some(index) = board.take(job, parts)? {
            let announced = board.job()?;
            let part = announced.part(index);
            self.read(&board, &part, announced.left_len(), has_right);
            has_right = !announced.sums_parts();
            board.finish(&announced, index, &part.run_own(&self.left, &self.right))?;
        }
        Ok(())
    }

    fn read(&mut self, board: &Board, part: &Part, left_len: usize, has_right: bool) {
        self.left.resize(part.left.len(), 0.0);
        board.read(part.left.start, &mut self.left);
        if !has_right {
            self.right.resize(part.right.len(), 0.0);
            board.read(left_len + part.right.start, &mut self.right);
        }
    }
}
