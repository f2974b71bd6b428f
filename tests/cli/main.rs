//! The command line as a user meets it: the built program, its files, its output, its exit codes.

mod data;
mod networks;
mod server;
mod support;
mod train;
