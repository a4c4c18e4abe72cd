//! `stanchion posture`

use super::judging::Judging;
use super::output::{self, PlainFormat};
use super::{Ended, Terminal, audit};
use crate::engine::framework::Framework;
use crate::report::json::{AuditReport, FrameworkReport, Scope};
use crate::report::posture::{PostureReport, table};
use crate::report::table::{View, clauses, plural};

/// Say where everything stands: by tier, target, owner, standard and framework
///
/// Counts what `stanchion audit` judges and lists no findings. Compliance is given gross, and net of exceptions. What is
/// excepted or unknown is never counted as compliant.
///
/// Exit codes: 0 counted, whatever was found; 2 something could not be read or used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion posture manifests/ --standards policy/
  stanchion posture manifests/ --standards policy/ --framework soc2
  stanchion posture manifests/ --at 2027-01-15 -o json")]
pub(super) struct Args {
    #[command(flatten)]
    judging: Judging,

    /// Show the clauses of this framework in the place of all else
    #[arg(long, value_name = "NAME", value_parser = audit::framework())]
    framework: Option<Framework>,

    /// How to write the result; docs/reference/posture.schema.json describes the JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: PlainFormat,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (_, judged) = args.judging.judge_all(terminal)?;
    let (input, problems) = (judged.input(), &judged.collection.problems);
    let scope = Scope { framework: args.framework, ..Scope::default() };
    let report = AuditReport::new(input, &scope);
    let view = View { width: terminal.width(), verbose: false };
    match args.output {
        PlainFormat::Table if args.framework.is_some() => terminal.print(&clauses(&report, view))?,
        PlainFormat::Table => terminal.print(&table(&report, &FrameworkReport::all(input), view.width))?,
        PlainFormat::Json => {
            let frameworks = match &report.framework {
                Some(framework) => vec![framework.clone()],
                None => FrameworkReport::all(input),
            };
            terminal.print(&output::json(&PostureReport::new(report, frameworks))?)?;
        }
    }
    for problem in problems {
        terminal.note(&problem.to_string());
    }
    if problems.is_empty() {
        return Ok(Ended::Clean);
    }
    let problems = u64::try_from(problems.len()).unwrap_or(u64::MAX);
    terminal.complain(&format!("{}: the posture is not complete", plural(problems, "problem")));
    Ok(Ended::Failed)
}
