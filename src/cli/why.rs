//! `stanchion why`

use super::judging::{Judging, kind_and_name};
use super::output::{self, PlainFormat};
use super::{Ended, Terminal};
use crate::report::why::{WhyReport, table};

/// Say of one workload what every control says, and what comes of it
///
/// Its tier and owner, each standard with the stage at which it stands there, what fails and how to fix it, what is excepted
/// and for how long, what can't be said and why, what passes, and what doesn't apply.
///
/// Exit codes: 0 said, whatever was found; 2 it is not judged, or something could not be read or used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion why deployment/ledger -n payments manifests/ --standards policy/
  stanchion why deploy/ledger -n payments manifests/ --standards policy/ -o json")]
pub(super) struct Args {
    /// The object, as kubectl names it; its namespace is given by -n
    #[arg(value_name = "KIND/NAME")]
    workload: String,

    #[command(flatten)]
    judging: Judging,

    /// How to write the result; docs/reference/why.schema.json describes the JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: PlainFormat,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (kind, name) = kind_and_name(&args.workload)?;
    let (sources, judged) = args.judging.judge_for_one(terminal)?;
    let namespace = &sources.namespace;
    let (key, assessed) = judged.assessment.find(kind, namespace, name).inspect_err(|_| {
        if sources.policy.exempt_namespaces.contains(namespace.as_str()) {
            terminal
                .note(&format!("nothing in {namespace} is judged: --exempt-namespace says what is exempt"));
        }
    })?;
    let report = WhyReport::new(judged.input(), key, assessed);
    match args.output {
        PlainFormat::Table => terminal.print(&table(&report, terminal.width()))?,
        PlainFormat::Json => terminal.print(&output::json(&report)?)?,
    }
    Ok(if judged.collection.problems.is_empty() { Ended::Clean } else { Ended::Failed })
}
