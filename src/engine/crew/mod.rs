//! More threads for the CPU in the browser: helpers that do parts of the convolutions.
//!
//! A page that is cross-origin isolated may share memory between workers. The engine's own memory is
//! not of that kind (Burn's and wgpu's crates do not build for it), so operands and results are copied
//! to a [`Board`] and back; the convolutions take far longer than that. What a part is depends on the
//! shape alone and the engine adds up the same parts without a crew, so helpers may come and go at any
//! time: the numbers stay the same, to the bit.

mod board;
pub mod helper;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, Worker, WorkerOptions, WorkerType};

use self::board::{Board, floats_of, next_number};
use super::host::{self, scope};
use super::source;
use crate::ops::cpu::crew;
use crate::ops::cpu::job::Job;

/// The name by which a worker knows that it is a helper.
const NAME: &str = "helper";
/// What a helper says when it can hear.
const READY: &str = "ready";
/// What helpers are made of: it takes the engine's compiled module.
const SCRIPT: &str = "helper.js";

/// More than these gain little: the engine copies what they compute.
const MOST_THREADS: usize = 8;
/// Products of two numbers below which a job is done before a helper has heard of it.
const WORTH_SHARING: u64 = 32 << 20;
/// Without a sign of life for so long, helpers are taken for dead; and for so many times as long as
/// the engine itself took for a part, where that is more.
const PATIENCE_MS: f64 = 5_000.0;
const PATIENCE_PARTS: f64 = 20.0;

/// Threads that a run on the CPU can have in this page, the engine's own among them.
pub fn threads() -> usize {
    let is_isolated =
        Reflect::get(&global(), &"crossOriginIsolated".into()).is_ok_and(|value| value.is_truthy());
    let cores = scope().navigator().hardware_concurrency() as usize;
    match cores {
        _ if !is_isolated => 1,
        0..=2 => cores.max(1),
        // One stays for the page.
        _ => (cores - 1).min(MOST_THREADS),
    }
}

/// Offers the kernels a crew, where the page can have one. It is hired with the first job worth it.
pub fn engage() {
    if threads() > 1 {
        crew::engage(Crew::default());
    }
}

#[derive(Default)]
struct Crew {
    helpers: Vec<Helper>,
    board: Option<Board>,
    /// The last job's.
    number: u32,
    /// Once it has failed, the engine does without.
    has_failed: bool,
}

impl crew::Crew for Crew {
    fn work(&mut self, job: &Job, left: &[f32], right: &[f32]) -> Option<Vec<f32>> {
        if self.has_failed || job.products() < WORTH_SHARING || job.parts() < 2 {
            return None;
        }
        if self.helpers.is_empty() {
            self.helpers = (1..threads()).filter_map(|_| Helper::hire()).collect();
        }
        if !self.helpers.iter().any(Helper::is_ready) {
            return None;
        }
        let result = self.share(job, left, right);
        if !matches!(result, Ok(Some(_))) {
            self.has_failed = true;
            self.helpers.clear();
            self.board = None;
        }
        result.ok().flatten()
    }
}

impl Crew {
    /// The job's result; None if there is no memory for it or the helpers are dead.
    fn share(
        &mut self,
        job: &Job,
        left: &[f32],
        right: &[f32],
    ) -> Result<Option<Vec<f32>>, JsValue> {
        if self.board.as_ref().is_none_or(|board| !board.has_room_for(job)) {
            self.board = Board::new(floats_of(job));
            self.helpers.iter().for_each(|helper| helper.has_board.set(false));
        }
        let Some(board) = self.board.clone() else {
            return Ok(None);
        };
        self.number = next_number(self.number);
        let (number, parts) = (self.number, job.parts());
        board.announce(number, job, left, right)?;
        let order = Array::of2(&number.into(), &(parts as u32).into());
        for helper in self.helpers.iter().filter(|helper| helper.is_ready()).take(parts - 1) {
            if !helper.has_board.replace(true) {
                helper.worker.post_message(&board.to_message())?;
            }
            helper.worker.post_message(&order)?;
        }

        let mut results: Vec<Option<Vec<f32>>> = vec![None; parts];
        let mut others = parts;
        let began = host::now_secs();
        while let Some(part) = board.take(number, parts)? {
            results[part] = Some(job.part(part).run(left, right));
            others -= 1;
        }
        let own_ms = (host::now_secs() - began) * 1e3 / (parts - others).max(1) as f64;
        if !board.wait(others, PATIENCE_MS.max(PATIENCE_PARTS * own_ms))? {
            return Ok(None);
        }
        Ok(Some(together(&board, job, results)))
    }
}

/// The job's result from the parts that the engine did and those on the board.
fn together(board: &Board, job: &Job, results: Vec<Option<Vec<f32>>>) -> Vec<f32> {
    let on_board = |part: usize| {
        let mut result = vec![0.0; job.part(part).result.len()];
        board.read_result(job, part, &mut result);
        result
    };
    if job.sums_parts() {
        let parts = results.into_iter().enumerate();
        return job.sum(parts.map(|(part, result)| result.unwrap_or_else(|| on_board(part))));
    }
    let mut whole = vec![0.0; job.result_len()];
    for (part, result) in results.into_iter().enumerate() {
        let place = &mut whole[job.part(part).result];
        match result {
            Some(result) => place.copy_from_slice(&result),
            None => board.read_result(job, part, place),
        }
    }
    whole
}

/// A worker that shares the work.
struct Helper {
    worker: Worker,
    is_ready: Rc<Cell<bool>>,
    /// Whether it was given the board that is in use.
    has_board: Cell<bool>,
}

impl Helper {
    /// None where the browser makes no such worker.
    fn hire() -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(NAME);
        // The engine's own file lies beside it.
        let address = source::absolute(SCRIPT).ok()?;
        let worker = Worker::new_with_options(&address, &options).ok()?;
        let is_ready = Rc::new(Cell::new(false));
        let on_message = {
            let is_ready = is_ready.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |_| is_ready.set(true))
        };
        let on_error = {
            let is_ready = is_ready.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
                // Else it would be an error of the engine, too, and the page would bury that.
                event.unchecked_into::<ErrorEvent>().prevent_default();
                is_ready.set(false);
            })
        };
        // They are the browser's: a message that was under way may come when the helper is gone.
        worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
        worker.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
        worker.post_message(&wasm_bindgen::module()).ok()?;
        Some(Self { worker, is_ready, has_board: Cell::new(false) })
    }

    fn is_ready(&self) -> bool {
        self.is_ready.get()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
