//! What a program asks of WebGPU: dispatches, buffers, bytes. Natively nobody counts.

/// Counts since [`count`], or the difference of two such.
#[derive(Debug, Clone, Copy, Default)]
pub struct GpuCalls {
    pub dispatches: f64,
    pub submits: f64,
    /// Buffers made, and their bytes.
    pub buffers: f64,
    pub buffer_bytes: f64,
    pub upload_bytes: f64,
    /// The most that was held at a time, in bytes; what was only let go to the garbage collector
    /// counts as held.
    pub peak_bytes: f64,
}

/// Begins to count. Before any device is asked for.
#[cfg(target_family = "wasm")]
pub fn count() {
    use js_sys::Function;
    use wasm_bindgen::JsValue;

    Function::new_no_args(include_str!("gpu_calls.js"))
        .call0(&JsValue::NULL)
        .expect("a browser with WebGPU");
}

impl GpuCalls {
    #[cfg(not(target_family = "wasm"))]
    pub fn so_far() -> Self {
        Self::default()
    }

    #[cfg(target_family = "wasm")]
    pub fn so_far() -> Self {
        use js_sys::{Reflect, global};

        let calls = Reflect::get(&global(), &"gpuCalls".into()).expect("counted");
        let of = |name: &str| {
            Reflect::get(&calls, &name.into()).ok().and_then(|it| it.as_f64()).unwrap_or_default()
        };
        Self {
            dispatches: of("dispatches"),
            submits: of("submits"),
            buffers: of("buffers"),
            buffer_bytes: of("bufferBytes"),
            upload_bytes: of("uploadBytes"),
            peak_bytes: of("peakBytes"),
        }
    }

    /// What came since `earlier`, by the step.
    pub fn per_step(self, earlier: Self, steps: usize) -> Self {
        let per_step = |now: f64, then: f64| (now - then) / steps as f64;
        Self {
            dispatches: per_step(self.dispatches, earlier.dispatches),
            submits: per_step(self.submits, earlier.submits),
            buffers: per_step(self.buffers, earlier.buffers),
            buffer_bytes: per_step(self.buffer_bytes, earlier.buffer_bytes),
            upload_bytes: per_step(self.upload_bytes, earlier.upload_bytes),
            peak_bytes: self.peak_bytes,
        }
    }
}
