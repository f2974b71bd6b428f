//! The command line.

fn main() -> anyhow::Result<()> {
    proden::cli::main()
}
