//! The command line: the one place that prints, reads files and looks at the clock.
//!
//! A subcommand is one file and one line in the list below. It has an `Args`, whose doc comment is its help, and a
//! `run` that says how it ended.

mod audit;
mod completions;
mod config;
#[cfg(feature = "operator")]
mod controller;
mod crds;
mod diff;
mod exception;
mod explain;
mod files;
mod filters;
mod fix;
mod lint;
mod man;
mod moment;
mod output;
mod presets;
mod sources;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::terminal::Terminal;

/// How a subcommand ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// All is well.
    Clean,
    /// Something was found.
    Findings,
    /// It could not do its work, or not all of it.
    Failed,
}

impl Ended {
    const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }
}

/// Keeps security guardrails standing in Kubernetes.
///
/// Start with `stanchion audit` on a folder of manifests. It needs no cluster and no configuration.
#[derive(Debug, Parser)]
#[command(name = "stanchion", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Example:\n  stanchion audit manifests/")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

macro_rules! subcommands {
    ($($(#[$attribute:meta])* $name:ident => $module:ident,)+) => {
        #[derive(Debug, Subcommand)]
        enum Command { $($(#[$attribute])* $name($module::Args),)+ }

        impl Command {
            fn run(&self, terminal: &mut Terminal) -> anyhow::Result<Ended> {
                match self { $($(#[$attribute])* Self::$name(args) => $module::run(args, terminal),)+ }
            }
        }
    };
}

subcommands! {
    Audit => audit,
    Diff => diff,
    Lint => lint,
    Exception => exception,
    Explain => explain,
    Crds => crds,
    Completions => completions,
    Man => man,
    #[cfg(feature = "operator")]
    Controller => controller,
}

/// Does what the command line asks for, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut terminal = Terminal::new();
    let ended = cli.command.run(&mut terminal).unwrap_or_else(|error| {
        terminal.complain(&format!("{error:#}"));
        Ended::Failed
    });
    ExitCode::from(ended.code())
}

/// The command line as data: for its reference, and for completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
