//! A network or a run as a safetensors file: what is read can be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::model::file::ModelFile;
use proden::train::checkpoint::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = ModelFile::read(bytes) {
        let _ = model.config();
        model.to_bytes().expect("its own numbers");
    }
    if let Ok(checkpoint) = Checkpoint::read(bytes) {
        let _ = checkpoint.to_bytes();
    }
});
