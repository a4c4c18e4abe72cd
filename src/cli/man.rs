//! `stanchion man`

use std::path::PathBuf;

use anyhow::Context as _;

use super::terminal::Terminal;
use super::{Ended, command};

/// Print the manual page, or write one a command
///
/// Without a folder: the page of the program, to be read with `man -l -`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stanchion man | man -l -\n  stanchion man --to ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Write the pages of all commands into this folder, which must be there
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    // Commands know their full names, `stanchion-audit`, only once the whole is built.
    let mut command = command();
    command.build();
    if let Some(folder) = &args.to {
        let say = || format!("manual pages can't be written to {}", folder.display());
        clap_mangen::generate_to(command, folder).with_context(say)?;
        return Ok(Ended::Clean);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).context("the manual page can't be made")?;
    terminal.print(&String::from_utf8_lossy(&page))?;
    Ok(Ended::Clean)
}
