//! `stanchion diff`

use std::path::PathBuf;

use super::output::{self, PlainFormat};
use super::terminal::Terminal;
use super::{Ended, filters};
use crate::report::diff::{AuditDiff, render};

/// Say what is different between two audits
///
/// Both are reports that `stanchion audit -o json` wrote. What was deleted, excepted or is no longer judged is told
/// apart from what was fixed.
///
/// Exit codes: 0 nothing is worse, 1 something is, 2 a report can't be used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion diff monday.json friday.json")]
pub(super) struct Args {
    /// The report of before
    before: PathBuf,

    /// The report of after
    after: PathBuf,

    /// How to print the result
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: PlainFormat,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let diff = AuditDiff::new(&filters::read(&args.before)?, &filters::read(&args.after)?);
    let text = match args.output {
        PlainFormat::Table => render(&diff),
        PlainFormat::Json => output::json(&diff)?,
    };
    terminal.print(&text)?;
    Ok(if diff.is_worse() { Ended::Findings } else { Ended::Clean })
}
