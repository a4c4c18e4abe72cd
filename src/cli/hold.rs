//! `stanchion hold`

use serde_json::json;

use super::change::ChangeArgs;
use super::{Ended, Terminal};
use crate::api::HOLD;
use crate::report::table::clean;

/// Keep a standard in the cluster from going on by itself, or let it go on again
///
/// Every tier stays at the stage that it has reached. It writes an annotation of the SecurityStandard and not its spec, so
/// that what Git holds stays as it is. It takes the verb `hold` on securitystandards.
///
/// Exit codes: 0 done, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  kubectl stanchion hold image-integrity --reason 'the registry moves this week'
  stanchion hold image-integrity --release"
)]
pub(super) struct Args {
    /// The SecurityStandard
    #[arg(value_name = "NAME")]
    standard: String,

    /// Why, for everybody who asks what blocks it
    #[arg(long, value_name = "TEXT", required_unless_present = "release")]
    reason: Option<String>,

    /// Let it go on again
    #[arg(long, conflicts_with = "reason")]
    release: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let cluster = args.change.connect()?;
    let standard = cluster.standard(&args.standard)?;
    let changed =
        cluster.change_standard(&standard, json!({"metadata": {"annotations": {HOLD: args.reason}}}))?;
    if args.release && changed.spec.rollout.as_ref().is_some_and(|rollout| rollout.hold) {
        terminal.note("its spec says `rollout.hold: true` as well, which stays");
    }
    let happened = args.reason.as_ref().map_or_else(|| "goes on".to_owned(), |it| format!("held: {it}"));
    let called = format!("securitystandard.stanchion.dev/{}", args.standard);
    terminal.print(&args.change.done(&called, &clean(&happened)))?;
    Ok(Ended::Clean)
}
