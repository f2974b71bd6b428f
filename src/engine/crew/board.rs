//! The memory that a crew shares: what is to be done, who does which part of it, and the numbers.
//!
//! One array of words (below) and one of floats: the left operand, the right operand, the results of
//! all parts. A job is announced under a new number, and its parts are taken by raising a count that
//! carries this number: whoever comes late for one job can take nothing of the next.

use js_sys::{Array, Atomics, Float32Array, Int32Array, SharedArrayBuffer};
use wasm_bindgen::prelude::*;

use crate::ops::cpu::job::{Job, WORDS};

/// The job's number in the upper half, the next part that nobody has taken in the lower.
const NEXT: u32 = 0;
/// Parts whose results are on the board.
const DONE: u32 = 1;
/// The job itself.
const JOB: u32 = 2;
const LENGTH: usize = JOB as usize + WORDS;

/// Job numbers begin anew after this one.
const LAST_NUMBER: u32 = (1 << 15) - 1;
const HALF: u32 = 16;

/// The shared memory, seen from one of the threads.
#[derive(Debug, Clone)]
pub struct Board {
    words: Int32Array,
    floats: Float32Array,
}

impl Board {
    /// A board with room for so many floats; None where the browser gives no such memory.
    pub fn new(floats: usize) -> Option<Self> {
        let words = shared(LENGTH)?;
        let floats = shared(floats)?;
        Some(Self { words: Int32Array::new(&words), floats: Float32Array::new(&floats) })
    }

    /// The board as a message can carry it, for [`Self::from_message`].
    pub fn to_message(&self) -> Array {
        Array::of2(&self.words, &self.floats)
    }

    /// The same board on another thread.
    pub fn from_message(message: &Array) -> Option<Self> {
        let words = message.get(0).dyn_into().ok()?;
        let floats = message.get(1).dyn_into().ok()?;
        Some(Self { words, floats })
    }

    pub fn has_room_for(&self, job: &Job) -> bool {
        self.floats.length() as usize >= floats_of(job)
    }

    /// Announces a job: its parts can be taken from now on. Nobody may be at another one.
    pub fn announce(
        &self,
        number: u32,
        job: &Job,
        left: &[f32],
        right: &[f32],
    ) -> Result<(), JsValue> {
        self.floats.subarray(0, left.len() as u32).copy_from(left);
        let (from, to) = (left.len(), left.len() + right.len());
        self.floats.subarray(from as u32, to as u32).copy_from(right);
        for (word, value) in (JOB..).zip(job.to_words()) {
            Atomics::store(&self.words, word, value)?;
        }
        Atomics::store(&self.words, DONE, 0)?;
        Atomics::store(&self.words, NEXT, (number << HALF) as i32)?;
        Ok(())
    }

    /// Takes a part of job `number` that nobody has taken, if there is one.
    pub fn take(&self, number: u32, parts: usize) -> Result<Option<usize>, JsValue> {
        loop {
            let next = Atomics::load(&self.words, NEXT)?;
            let part = next as u32 & ((1 << HALF) - 1);
            if next as u32 >> HALF != number || part as usize >= parts {
                return Ok(None);
            }
            if Atomics::compare_exchange(&self.words, NEXT, next, next + 1)? == next {
                return Ok(Some(part as usize));
            }
        }
    }

    /// The job of which a part was taken.
    pub fn job(&self) -> Result<Job, JsValue> {
        let mut words = [0; WORDS];
        for (index, word) in (JOB..).zip(&mut words) {
            *word = Atomics::load(&self.words, index)?;
        }
        Ok(Job::from_words(words))
    }

    /// Floats `from` on of the board.
    pub fn read(&self, from: usize, floats: &mut [f32]) {
        let to = from + floats.len();
        self.floats.subarray(from as u32, to as u32).copy_to(floats);
    }

    /// Puts down the result of a part that was taken.
    pub fn finish(&self, job: &Job, part: usize, result: &[f32]) -> Result<(), JsValue> {
        let from = result_at(job) + job.part(part).result.start;
        self.floats.subarray(from as u32, (from + result.len()) as u32).copy_from(result);
        Atomics::add(&self.words, DONE, 1)?;
        Atomics::notify(&self.words, DONE)?;
        Ok(())
    }

    /// The result of a part that another thread did.
    pub fn read_result(&self, job: &Job, part: usize, result: &mut [f32]) {
        self.read(result_at(job) + job.part(part).result.start, result);
    }

    /// Waits, holding this thread, until so many parts are on the board. False if for
    /// `patience_ms` none was added.
    pub fn wait(&self, parts: usize, patience_ms: f64) -> Result<bool, JsValue> {
        loop {
            let done = Atomics::load(&self.words, DONE)?;
            if done as usize >= parts {
                return Ok(true);
            }
            let word = Atomics::wait_with_timeout(&self.words, DONE, done, patience_ms)?;
            if word == "timed-out" && Atomics::load(&self.words, DONE)? == done {
                return Ok(false);
            }
        }
    }
}

/// The number of the job after job `number`.
pub fn next_number(number: u32) -> u32 {
    number % LAST_NUMBER + 1
}

/// Floats that a job takes on the board.
pub fn floats_of(job: &Job) -> usize {
    result_at(job) + job.results_len()
}

fn result_at(job: &Job) -> usize {
    job.left_len() + job.right_len()
}

/// So many words of memory, all zero.
fn shared(words: usize) -> Option<SharedArrayBuffer> {
    // Its constructor throws where there is no room, which js-sys does not tell of.
    let constructor = js_sys::Reflect::get(&js_sys::global(), &"SharedArrayBuffer".into()).ok()?;
    let constructor = constructor.dyn_into::<js_sys::Function>().ok()?;
    let bytes = Array::of1(&JsValue::from_f64(4.0 * words as f64));
    js_sys::Reflect::construct(&constructor, &bytes).ok()?.dyn_into().ok()
}
