//! The command line: the one place that prints, reads files and looks at the clock.
//!
//! A subcommand is one file and one line in the list below. It has an `Args`, whose doc comment is its help, and a
//! `run` that says how it ended.

#[cfg(feature = "operator")]
mod approve;
mod audit;
#[cfg(feature = "operator")]
mod change;
#[cfg_attr(not(feature = "operator"), path = "cli/no_cluster.rs")]
mod cluster;
mod completions;
mod config;
#[cfg(feature = "operator")]
mod controller;
mod crds;
mod diff;
mod edits;
mod exception;
mod explain;
mod files;
mod filters;
mod fix;
#[cfg(feature = "operator")]
mod hold;
mod judging;
mod lint;
#[cfg(feature = "operator")]
mod log;
mod man;
mod moment;
#[cfg(feature = "operator")]
mod operator;
mod output;
mod posture;
mod presets;
#[cfg(feature = "operator")]
mod promote;
mod request;
#[cfg(feature = "operator")]
mod revoke;
#[cfg(feature = "operator")]
mod run;
mod sources;
mod terminal;
mod trust;
#[cfg(feature = "operator")]
mod webhook;
mod why;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::exception::list as exceptions;
use self::terminal::Terminal;

/// The name by which kubectl finds a plugin.
const PLUGIN: &str = "kubectl-stanchion";

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
    Posture => posture,
    Why => why,
    Diff => diff,
    Lint => lint,
    Exception => exception,
    Exceptions => exceptions,
    Request => request,
    #[cfg(feature = "operator")]
    Approve => approve,
    #[cfg(feature = "operator")]
    Revoke => revoke,
    #[cfg(feature = "operator")]
    Promote => promote,
    #[cfg(feature = "operator")]
    Hold => hold,
    Explain => explain,
    Crds => crds,
    Completions => completions,
    Man => man,
    #[cfg(feature = "operator")]
    Controller => controller,
    #[cfg(feature = "operator")]
    Webhook => webhook,
    #[cfg(feature = "operator")]
    Run => run,
}

/// Does what the command line asks for, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let matches = called(command(), env::args_os().next()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let mut terminal = Terminal::new();
    let ended = cli.command.run(&mut terminal).unwrap_or_else(|error| {
        terminal.complain(&format!("{error:#}"));
        Ended::Failed
    });
    ExitCode::from(ended.code())
}

/// The command by the name that it is called by: kubectl runs a plugin `kubectl-stanchion` for `kubectl stanchion`.
fn called(command: clap::Command, program: Option<OsString>) -> clap::Command {
    let is_plugin = program.is_some_and(|it| Path::new(&it).file_stem() == Some(OsStr::new(PLUGIN)));
    if is_plugin { command.bin_name(PLUGIN.replace('-', " ")) } else { command }
}

/// The command line as data: for its reference, and for completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
