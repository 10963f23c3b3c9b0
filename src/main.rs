//! The `strikedeck` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    strikedeck::cli::main(std::env::args_os())
}
