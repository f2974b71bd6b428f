//! The command line as a user meets it: the built program, its files, its output, its exit codes.

mod cifar100;
mod data;
mod networks;
mod publish;
mod server;
mod support;
mod train;
