//! `stanchion exception verify`

use super::{Judging, tell_what_is_missing};
use crate::cli::{Ended, Terminal};
use crate::report::exceptions::{ExceptionList, verdict};

/// Check that every exception is accepted, approved, active and effective, and say why if one isn't
///
/// Unless --trust says otherwise, names of approvers count as written: what files in Git amount to. With `--trust signed`
/// only good signatures by the tier's approvers do, and each approval that doesn't count is told with its reason.
///
/// Exit codes: 0 all of them are, 1 at least one is not, 2 something could not be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion exception verify manifests/ --standards policy/")]
pub(super) struct Args {
    #[command(flatten)]
    judging: Judging,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (_, judged) = args.judging.judge_all(terminal)?;
    let list = ExceptionList::new(judged.input());
    terminal.print(&verdict(&list))?;
    tell_what_is_missing(&judged.collection, terminal);
    Ok(match list.exit_code() {
        0 => Ended::Clean,
        1 => Ended::Findings,
        _ => Ended::Failed,
    })
}
