//! `stanchion exception`

mod approve;
mod canonical;
pub(super) mod list;
mod new;
mod signer;
mod subject;
mod verify;

use clap::Subcommand;

pub(super) use self::new::Answering;
use super::Ended;
use super::judging::{Judged, Judging};
use super::terminal::Terminal;
use crate::load::Collection;

/// Write exceptions for findings, approve and list them, and check that they hold
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion exception list manifests/")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(Box<new::Args>),
    Approve(approve::Args),
    Canonical(canonical::Args),
    List(list::Args),
    Verify(verify::Args),
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    match &args.command {
        Command::New(args) => new::run(args, terminal),
        Command::Approve(args) => approve::run(args, terminal),
        Command::Canonical(args) => canonical::run(args, terminal),
        Command::List(args) => list::run(args, terminal),
        Command::Verify(args) => verify::run(args, terminal),
    }
}

/// Says on standard error what could not be used, and whether exceptions are judged without any workload.
fn tell_what_is_missing(collection: &Collection, terminal: &mut Terminal) {
    for problem in &collection.problems {
        terminal.note(&problem.to_string());
    }
    let is_of_files = collection.cluster.is_none();
    if is_of_files && !collection.exceptions.is_empty() && collection.inventory.workloads().next().is_none() {
        terminal
            .note("no workload among the files: give the manifests too, to see what the exceptions cover");
    }
}
