//! `stanchion exception canonical`

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::approve::to_the_second;
use super::subject::{SubjectArgs, called};
use crate::api::Approval;
use crate::cli::{Ended, Terminal, moment};
use crate::engine::approval::content;

/// Print what an approval of an exception is a signature over
///
/// For `ssh-keygen -Y sign` and `ssh-keygen -Y verify`: docs/approvals.md has the whole lines. Of an approval that is there,
/// its own time and comment are taken.
///
/// Exit codes: 0 printed, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  stanchion exception canonical legacy-ledger.yaml --by ana@example.com --at 2026-11-23T12:00:00Z")]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,

    /// The approver
    #[arg(long, value_name = "NAME")]
    by: String,

    /// When they approve it; by default as their approval says
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Timestamp>,

    /// What they add, with --at
    #[arg(long, value_name = "TEXT", requires = "at")]
    comment: Option<String>,

    /// Print their signature instead
    #[arg(long, conflicts_with = "at")]
    signature: bool,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let subject = args.subject.find(terminal)?;
    let called = called(&subject.exception);
    let known = subject.exception.spec.approvals.iter().find(|it| it.by == args.by);
    if args.signature {
        let signature = known.and_then(|it| it.signature.as_deref());
        let signature = signature.with_context(|| format!("{called}: `{}` has not signed it", args.by))?;
        terminal.print(&format!("{}\n", signature.trim_end()))?;
        return Ok(Ended::Clean);
    }
    let approval = match (args.at, known) {
        (Some(at), _) => Approval {
            by: args.by.clone(),
            at: Some(to_the_second(at)),
            comment: args.comment.clone(),
            signature: None,
        },
        (None, Some(known)) => known.clone(),
        (None, None) => bail!("{called}: `{}` has not approved it: give --at", args.by),
    };
    let bytes = content(&subject.exception, &approval)?;
    terminal.print(std::str::from_utf8(&bytes)?)?;
    Ok(Ended::Clean)
}
