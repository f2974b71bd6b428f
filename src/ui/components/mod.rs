//! The parts that pages are made of. They read the shared state and hold no arithmetic.

pub mod candidates;
pub mod chart_reader;
pub mod chart_tools;
pub mod charts;
pub mod confusion;
pub mod controls;
pub mod drop_area;
pub mod epoch_table;
pub mod error_box;
pub mod field;
pub mod file_controls;
pub mod header;
pub mod icon;
pub mod kept_data;
pub mod microscope;
pub mod network_in_use;
pub mod numbers;
pub mod photo_drop;
pub mod plot;
pub mod prediction;
pub mod samples;
pub mod settings_form;
pub mod status;
pub mod test_images;
pub mod window_grid;
