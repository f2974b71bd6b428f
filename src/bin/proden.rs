//! The command line.

fn main() -> std::process::ExitCode {
    proden::cli::main()
}
