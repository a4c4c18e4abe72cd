//! `stanchion request`

use super::exception::Answering;
use super::judging::{Judging, kind_and_name};
use super::{Ended, Terminal};
use crate::draft::Wanted;

/// Ask for an exception for what fails now on a workload
///
/// Judges, and writes a RiskException for everything that fails on it and isn't excepted, ready for Git: each control by its
/// id, for this workload alone, bounded by its tier. What isn't given is asked for on a terminal. Somebody else has to
/// approve it before it counts.
///
/// Exit codes: 0 written, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  stanchion request deployment/ledger -n payments manifests/ --standards policy/ --write ledger.yaml")]
pub(super) struct Args {
    /// The object, as kubectl names it; its namespace is given by -n
    #[arg(value_name = "KIND/NAME")]
    workload: String,

    #[command(flatten)]
    judging: Judging,

    /// Ask for this control alone, or for those of a family such as `pod.*`
    #[arg(long, value_name = "ID")]
    control: Option<String>,

    #[command(flatten)]
    answering: Answering,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (kind, name) = kind_and_name(&args.workload)?;
    let (sources, mut judged) = args.judging.judge_for_one(terminal)?;
    let wanted =
        Wanted::Object { kind, namespace: &sources.namespace, name, control: args.control.as_deref() };
    args.answering.write(&sources, &mut judged, wanted, terminal)
}
