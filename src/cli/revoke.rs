//! `stanchion revoke`

use anyhow::bail;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::change::{ChangeArgs, ExceptionArgs};
use super::{Ended, Terminal, moment};
use crate::api::Revocation;
use crate::report::table::{clean, plural};

/// End an exception in the cluster at once and for good, as yourself
///
/// What it covered fails again, and is warned about or denied as its tier's stage says. It can't be taken back: who still
/// needs it asks for a new one.
///
/// Exit codes: 0 revoked, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  kubectl stanchion revoke legacy-ledger-root -n payments --reason 'the fix is out'
  stanchion revoke legacy-ledger-root -n payments --reason 'the fix is out' --dry-run"
)]
pub(super) struct Args {
    #[command(flatten)]
    exception: ExceptionArgs,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let cluster = args.change.connect()?;
    let exception = cluster.exception(args.exception.namespace(&cluster), &args.exception.name)?;
    let called = args.exception.called();
    if let Some(revoked) = &exception.spec.revoked {
        bail!("{called} was revoked already, by {}: {}", revoked.by, revoked.reason);
    }
    let me = cluster.whoami()?;
    let revoked = Revocation { by: me.clone(), at: Some(Time(moment::now())), reason: args.reason.clone() };
    cluster.change_exception(&exception, json!({"spec": {"revoked": revoked}}))?;
    let impact = exception.status.as_ref().and_then(|status| status.expiry_impact.as_ref());
    if let Some(impact) = impact.filter(|it| it.denied > 0) {
        let denied = plural(u64::try_from(impact.denied).unwrap_or(0), "workload");
        terminal.note(&format!("from now on it is denied: {denied}, such as {}", impact.subjects.join(", ")));
    }
    terminal.print(&args.change.done(&called, &clean(&format!("revoked by {me}"))))?;
    Ok(Ended::Clean)
}
