//! The parts that pages are made of. They read the shared state and hold no arithmetic.

pub mod candidates;
pub mod charts;
pub mod controls;
pub mod drop_area;
pub mod epoch_table;
pub mod error_box;
pub mod field;
pub mod file_controls;
pub mod header;
pub mod icon;
pub mod kept_data;
pub mod network_in_use;
pub mod numbers;
pub mod photo_drop;
pub mod prediction;
pub mod samples;
pub mod settings_form;
pub mod status;
