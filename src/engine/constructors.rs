//! The constructors of crates that register things before `main`: CubeCL's compiler does, through
//! the crate `inventory`.

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// Runs them. To be called before anything else in the program; a second time does nothing.
///
/// A module that never mentions its constructors is taken by the linker for a command, which runs once
/// and ends: then a call of all of them stands before every exported function, and each way from
/// JavaScript into the engine takes a millisecond, a thousand times a training step.
pub fn run() {
    // SAFETY: the linker makes it, without arguments; those of `inventory`, the only ones here, may
    // be called again.
    unsafe { __wasm_call_ctors() };
}
