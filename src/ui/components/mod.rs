//! The parts that pages are made of. They read the shared state and hold no arithmetic.

pub mod charts;
pub mod controls;
pub mod drop_zone;
pub mod epoch_table;
pub mod error_box;
pub mod field;
pub mod header;
pub mod numbers;
pub mod prediction;
pub mod samples;
pub mod settings_form;
pub mod status;
