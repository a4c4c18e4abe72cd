//! `stanchion completions`

use clap_complete::Shell;

use super::terminal::Terminal;
use super::{Ended, command};

/// Print the completions of a shell
///
/// Put them where the shell looks for them, or load them when it starts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion completions bash > ~/.local/share/bash-completion/completions/stanchion
  stanchion completions zsh > ~/.zfunc/_stanchion
  stanchion completions fish > ~/.config/fish/completions/stanchion.fish")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "stanchion", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Ended::Clean)
}
