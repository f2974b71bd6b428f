//! An archive, or a file of it, in chunks of any size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proden::data::archive::Unpacker;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let name = ["cifar-10-binary.tar.gz", "data_batch_1.bin", "train.bin", "x"][usize::from(choice % 4)];
    let mut unpack = Unpacker::new(name);
    for chunk in bytes.chunks(usize::from(choice) + 1) {
        if unpack.push(chunk).is_err() {
            return;
        }
    }
    let _ = unpack.finish();
});
