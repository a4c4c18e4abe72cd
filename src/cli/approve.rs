//! `stanchion approve`

use anyhow::bail;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::change::{ChangeArgs, ExceptionArgs};
use super::{Ended, Terminal, moment};
use crate::api::{Approval, RiskException};
use crate::report::table::{clean, plural};

/// Approve an exception in the cluster, as yourself
///
/// Shows what is approved, and adds your name to spec.approvals. That takes the verb `approve` on riskexceptions and isn't
/// for whoever asked for it. Where approvals are signatures, `stanchion exception approve` makes one.
///
/// Exit codes: 0 approved, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  kubectl stanchion approve legacy-ledger-root -n payments --comment 'as agreed in SEC-1234'
  stanchion approve legacy-ledger-root -n payments --dry-run"
)]
pub(super) struct Args {
    #[command(flatten)]
    exception: ExceptionArgs,

    /// What you want to add
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let cluster = args.change.connect()?;
    let exception = cluster.exception(args.exception.namespace(&cluster), &args.exception.name)?;
    let me = cluster.whoami()?;
    let called = args.exception.called();
    if exception.spec.requested_by.as_ref() == Some(&me) {
        bail!("{me} asked for {called}: somebody else has to approve it");
    }
    if let Some(revoked) = &exception.spec.revoked {
        bail!("{called} was revoked by {} ({}): it needs no approval any more", revoked.by, revoked.reason);
    }
    if exception.spec.approvals.iter().any(|it| it.by == me) {
        terminal.note(&format!("{me} has approved {called} already"));
        return Ok(Ended::Clean);
    }
    for line in in_words(&exception) {
        terminal.note(&line);
    }
    let approval = Approval {
        by: me.clone(),
        at: Some(Time(moment::now())),
        comment: args.comment.clone(),
        signature: None,
    };
    let approved = cluster.approve(&exception, &approval)?;
    let number = u64::try_from(approved.spec.approvals.len()).unwrap_or(u64::MAX);
    let required = exception.status.as_ref().and_then(|status| status.approvals.as_ref());
    let required = required.map_or_else(String::new, |it| format!(", and it needs {}", it.required));
    let happened = format!("approved by {me}: {} now{required}", plural(number, "approval"));
    terminal.print(&args.change.done(&called, &clean(&happened)))?;
    Ok(Ended::Clean)
}

/// What is approved, for whoever is about to.
fn in_words(exception: &RiskException) -> Vec<String> {
    let spec = &exception.spec;
    let target = serde_json::to_string(&spec.target).unwrap_or_default();
    let mut lines = vec![
        format!("controls: {}", spec.controls.join(", ")),
        format!("target: {target}, at most {}", spec.max_workloads()),
        format!("ends: {}", spec.expires_at.0.strftime("%Y-%m-%d %H:%M UTC")),
        format!("owner: {}", spec.owner),
        format!("reason: {}", spec.reason),
    ];
    lines.extend(spec.requested_by.iter().map(|it| format!("requested by: {it}")));
    lines.extend(spec.ticket.iter().map(|it| format!("ticket: {it}")));
    let covers = exception.status.as_ref().and_then(|status| status.covers.as_ref());
    lines.extend(covers.map(|it| {
        format!(
            "covers now: {} of {}",
            plural_of(it.findings, "finding"),
            plural_of(it.workloads, "workload")
        )
    }));
    lines
}

fn plural_of(number: i64, noun: &str) -> String {
    plural(u64::try_from(number).unwrap_or(0), noun)
}
