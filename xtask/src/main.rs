//! `cargo xtask`: everything about the project that cargo alone cannot do.
//!
//! The site is two wasm binaries, a browser is needed to test it, and a bare machine has none of
//! the tools. This crate fetches them into `target/tools`, builds, serves and tests. It knows the
//! product only by its files and its output, never as a Rust dependency, so that it compiles
//! before, and without, burn and leptos.

mod browser;
mod compress;
mod data;
mod fuzz;
mod offline;
mod policy;
mod project;
mod serve;
mod site;
mod test;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, serve and test the PRODEN site")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the site into dist/
    Build,
    /// Build the site and serve it on this machine
    Serve(serve::Options),
    /// Run every check and test, then print one summary
    Test(test::Options),
    /// Time our operations against Burn's own and TensorFlow.js, threads, and visits to the page, in a browser
    Bench,
    /// Fuzz every parser of what comes from outside
    Fuzz(fuzz::Options),
    /// Lay out real CIFAR-10 files for `serve --data`
    Data(data::Options),
    /// Take the pictures of the site for the documentation
    Screenshots,
}

fn bench() -> anyhow::Result<()> {
    test::wasm::bench()?;
    test::e2e::visits()?;
    test::e2e::threads()
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Build => site::build().map(|()| ExitCode::SUCCESS),
        Task::Serve(options) => serve::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Test(options) => test::run(&options),
        Task::Bench => bench().map(|()| ExitCode::SUCCESS),
        Task::Fuzz(options) => fuzz::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Data(options) => data::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Screenshots => test::e2e::screenshots().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        // Not returned from main, which would print a backtrace of ours where a hint belongs.
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
