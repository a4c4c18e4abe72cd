//! `stanchion`: see [`stanchion::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    stanchion::cli::main()
}
