//! `stanchion exception`

mod list;
mod new;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;

use super::config::{ConfigArgs, Given};
use super::sources::Sources;
use super::terminal::Terminal;
use super::{Ended, files, moment, presets};
use crate::engine::evaluate::{Assessment, assess};
use crate::engine::policy::Policy;
use crate::load::Collection;

/// Write exceptions for findings, list them, and check that they hold
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion exception list manifests/")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(Box<new::Args>),
    List(list::Args),
    Verify(verify::Args),
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    match &args.command {
        Command::New(args) => new::run(args, terminal),
        Command::List(args) => list::run(args, terminal),
        Command::Verify(args) => verify::run(args, terminal),
    }
}

/// What is judged, as of when.
#[derive(Debug, clap::Args)]
pub(super) struct Judging {
    /// Files or folders with the manifests, exceptions among them; `-` reads standard input. Unless given, the `paths` of
    /// the configuration file
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Files or folders with SecurityStandards, ServiceTiers and RiskExceptions to judge by; can be given several times
    #[arg(long, value_name = "PATH")]
    standards: Vec<PathBuf>,

    /// A standard that comes with stanchion; can be given several times
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(presets::names()))]
    preset: Vec<String>,

    /// Judge as of this moment instead of now: 2027-01-15 (midnight UTC) or 2027-01-15T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Timestamp>,

    /// The namespace of objects that name none; unless given or configured, default
    #[arg(short = 'n', long, value_name = "NAME")]
    default_namespace: Option<String>,

    /// A namespace that is not judged; can be given several times
    ///
    /// Given once or more, these are the only ones: `--exempt-namespace ''` judges all. Unless given or configured, they
    /// are kube-node-lease, kube-public, kube-system and stanchion-system.
    #[arg(long, value_name = "NAME")]
    exempt_namespace: Option<Vec<String>>,

    #[command(flatten)]
    config: ConfigArgs,
}

/// What was read, and what became of it.
pub(super) struct Judged {
    pub(super) sources: Sources,
    pub(super) collection: Collection,
    pub(super) policy: Policy,
    pub(super) assessment: Assessment,
}

impl Judging {
    /// Reads everything, and judges it.
    pub(super) fn judge(&self, terminal: &mut Terminal) -> anyhow::Result<Judged> {
        let sources = self.config.load(&self.paths, terminal)?.sources(Given {
            paths: &self.paths,
            standards: &self.standards,
            presets: &self.preset,
            namespace: self.default_namespace.as_deref(),
            exempt: self.exempt_namespace.as_deref(),
        })?;
        let mut collection = sources.collect(&files::Contents::new(), Some(terminal));
        let policy = collection.compile(sources.policy.clone());
        let assessment = assess(&policy, &collection.inventory, self.at.unwrap_or_else(moment::now));
        Ok(Judged { sources, collection, policy, assessment })
    }
}

/// Says on standard error what could not be used, and whether exceptions are judged without any workload.
fn tell_what_is_missing(collection: &Collection, terminal: &mut Terminal) {
    for problem in &collection.problems {
        terminal.note(&problem.to_string());
    }
    if !collection.exceptions.is_empty() && collection.inventory.workloads().next().is_none() {
        terminal
            .note("no workload among the files: give the manifests too, to see what the exceptions cover");
    }
}
