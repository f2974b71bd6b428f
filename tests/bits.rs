//! A run on the CPU gives the same numbers, to the bit, natively and in a browser (`browser.rs`).

#[path = "common/bits.rs"]
mod bits;

#[test]
fn a_run_is_the_same_to_the_bit_everywhere() {
    futures_executor::block_on(bits::check());
}
