//! `stanchion lint`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::config::{ConfigArgs, Given};
use super::output::PlainFormat;
use super::sources::Sources;
use super::terminal::Terminal;
use super::trust::TrustArgs;
use super::{Ended, files, moment, output};
use crate::engine::evaluate::assess;
use crate::lint::{self, Context};
use crate::load::{Collection, Role};
use crate::report::lint::{LintReport, render};

/// Check standards, tiers and exceptions before they are applied
///
/// Reads YAML and JSON files, folders with everything below them, or standard input. Errors are what an API server or
/// the operator would refuse. Warnings are what only more context shows: an exception that covers nothing, a tier that
/// never has a workload. Other objects among the files are that context. docs/lint.md lists every lint.
///
/// Exit codes: 0 clean, 1 errors, or with --strict warnings, 2 something could not be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion lint policy/ manifests/ --strict")]
pub(super) struct Args {
    /// Files or folders; `-` reads standard input. Unless given, the `paths` and `standards` of the configuration file
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Files or folders with SecurityStandards, ServiceTiers and RiskExceptions as context; can be given several times
    ///
    /// What can't be used in them is told; warnings are about the paths alone.
    #[arg(long, value_name = "PATH")]
    standards: Vec<PathBuf>,

    /// Check as of this moment instead of now: 2027-01-15 (midnight UTC) or 2027-01-15T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Timestamp>,

    /// How to write the result
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: PlainFormat,

    /// The namespace of objects that name none; unless given or configured, default
    #[arg(short = 'n', long, value_name = "NAME")]
    default_namespace: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    config: ConfigArgs,

    /// Let warnings count for the exit code
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let configuration = args.config.load(&args.paths, terminal)?;
    let mut sources = configuration.sources(Given {
        paths: &args.paths,
        standards: &args.standards,
        namespace: args.default_namespace.as_deref(),
        trust: Some(&args.trust),
        ..Given::default()
    })?;
    if args.paths.is_empty() && args.standards.is_empty() {
        // Nobody says that the configured standards are context alone.
        sources.paths.append(&mut sources.standards);
    }
    let (mut collection, files) = collect(&sources);
    let policy = collection.compile(sources.policy);
    let assessment = assess(&policy, &collection.inventory, args.at.unwrap_or_else(moment::now));
    let context =
        Context { collection: &collection, policy: &policy, assessment: &assessment, files: &files };
    let found = lint::check(context);
    let report = LintReport::new(&collection, &found, assessment.at, args.strict);
    match args.output {
        PlainFormat::Table => terminal.print(&render(&report))?,
        PlainFormat::Json => terminal.print(&output::json(&report)?)?,
    }
    Ok(match report.summary.exit_code {
        0 => Ended::Clean,
        1 => Ended::Findings,
        _ => Ended::Failed,
    })
}

/// Everything, and the names of the files to warn about.
fn collect(sources: &Sources) -> (Collection, BTreeSet<Arc<str>>) {
    let mut collection = Collection::with_kinds(sources.kinds.clone());
    let mut linted = BTreeSet::new();
    sources.read(&files::Contents::new(), |sheet, role| {
        if role == Role::Audited {
            linted.insert(Arc::clone(&sheet.name));
        }
        collection.add(sheet, role);
    });
    collection.expect_decisions();
    (collection, linted)
}
