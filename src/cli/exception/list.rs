//! `stanchion exception list`, and `stanchion exceptions`, which is the same

use super::{Judging, tell_what_is_missing};
use crate::cli::output::{self, PlainFormat};
use crate::cli::{Ended, Terminal};
use crate::report::exceptions::{ExceptionList, table};

/// List exceptions by the day on which they end, and say which do nothing and why
///
/// Exit codes: 0 listed, 2 something could not be read or used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion exceptions manifests/ --standards policy/
  stanchion exception list manifests/ --standards policy/ --at 2027-01-15")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    judging: Judging,

    /// How to write the result
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: PlainFormat,
}

pub(in crate::cli) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (_, judged) = args.judging.judge_all(terminal)?;
    let list = ExceptionList::new(judged.input());
    match args.output {
        PlainFormat::Table => terminal.print(&table(&list))?,
        PlainFormat::Json => terminal.print(&output::json(&list)?)?,
    }
    tell_what_is_missing(&judged.collection, terminal);
    Ok(if judged.collection.problems.is_empty() { Ended::Clean } else { Ended::Failed })
}
