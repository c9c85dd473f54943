//! The `openclaw` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    openclaw::cli::run()
}
