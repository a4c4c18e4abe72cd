//! `stanchion audit`

use anyhow::bail;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::filters::FilterArgs;
use super::judging::{Judged, Judging};
use super::output::Output;
use super::sources::Sources;
use super::terminal::Terminal;
use super::{Ended, files, fix, output};
use crate::config::FailOn;
use crate::engine::framework::Framework;
use crate::report::json::{AuditReport, Scope};
use crate::report::table::plural;

/// Judge Kubernetes manifests and say what to fix first
///
/// Reads YAML and JSON files, folders with everything below them, or standard input. What must hold is said by the
/// SecurityStandards among the files, by --standards and by --preset; without any of these, by the Pod Security
/// Standards of Kubernetes.
///
/// Exit codes: 0 clean, 1 findings, 2 something could not be read or used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion audit manifests/
  helm template shop charts/shop | stanchion audit - -n shop
  stanchion audit manifests/ --standards policy/ --at 2027-01-15 --fail-on medium
  stanchion audit manifests/ --framework soc2
  stanchion audit manifests/ --family image --severity high --namespace shop
  stanchion audit manifests/ --new-since main.json -o table -o json=now.json
  stanchion audit manifests/ --fix --write
  stanchion audit /etc/kubernetes/manifests/ --preset logging-coverage --exempt-namespace ''")]
pub(super) struct Args {
    #[command(flatten)]
    judging: Judging,

    /// Show how what is judged stands to the clauses of a framework
    ///
    /// Counts the controls that the standards ask for by the clauses that they serve, and says which clauses nothing
    /// covers. What is judged, and the exit code, stay the same.
    #[arg(long, value_name = "NAME", value_parser = framework())]
    framework: Option<Framework>,

    /// The severity from which on a finding makes the exit code 1; unless given or configured, high
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on())]
    fail_on: Option<FailOn>,

    /// How to write the result, and where: `table`, `json=audit.json`; can be given several times
    ///
    /// Without a file it goes to standard output, which takes one.
    #[arg(short, long, value_name = "FORMAT[=FILE]", default_value = "table", value_parser = output::parser())]
    pub(super) output: Vec<Output>,

    /// Show the fixes that are safe to make, as a diff in the place of the table
    ///
    /// Those that only hold back what a workload was given by default or too generously: the fields of security
    /// contexts, a mounted token, a pull policy. Comments, order and layout of the files stay as they are. What an
    /// exception covers is not touched. `git apply` takes the diff; other outputs need a file.
    #[arg(long)]
    fix: bool,

    /// With --fix, make the fixes in the files; the exit code is then that of the fixed files
    #[arg(long, requires = "fix")]
    pub(super) write: bool,

    #[command(flatten)]
    filters: FilterArgs,

    /// Show everything: what passes, findings of low severity, what was left aside and why
    #[arg(short, long)]
    verbose: bool,
}

/// An audit to be: flags, and what the configuration fills in.
#[derive(Debug)]
pub(super) struct Audit<'a> {
    pub(super) args: &'a Args,
    pub(super) sources: Sources,
    fail_on: FailOn,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    output::check(&args.output)?;
    args.judging.check()?;
    if args.fix && args.judging.is_of_cluster() {
        bail!("--fix mends files, and a cluster has none: audit the manifests that it is made from");
    }
    if args.filters.said().is_some() {
        output::check_whole(&args.output)?;
    }
    let audit = Audit::new(args, terminal)?;
    if args.fix {
        return fix::run(&audit, terminal);
    }
    let judged = audit.judge(&files::Contents::new(), Some(terminal))?;
    let report = judged.report(&audit, &args.output, terminal)?;
    let ended = judged.end(&report, terminal);
    // The program ends here. Taking all of it apart first would take a while.
    std::mem::forget((judged, report));
    Ok(ended)
}

impl<'a> Audit<'a> {
    fn new(args: &'a Args, terminal: &mut Terminal) -> anyhow::Result<Self> {
        let (configuration, sources) = args.judging.sources(terminal)?;
        let fail_on = args.fail_on.or(configuration.fail_on()).unwrap_or_default();
        Ok(Self { args, sources, fail_on })
    }

    /// Reads and judges everything; with a terminal, says by what.
    pub(super) fn judge(
        &self,
        known: &files::Contents,
        terminal: Option<&mut Terminal>,
    ) -> anyhow::Result<Judged> {
        let Self { args, sources, .. } = self;
        let mut judged = args.judging.judge(sources, known, terminal)?;
        args.filters.narrow(&judged.policy, &mut judged.assessment)?;
        // No report looks at facts: their room is for the report.
        let facts = std::mem::take(&mut judged.collection.inventory);
        rayon::spawn(|| drop(facts));
        Ok(judged)
    }
}

impl Judged {
    /// Writes the report to these outputs.
    pub(super) fn report(
        &self,
        audit: &Audit<'_>,
        outputs: &[Output],
        terminal: &mut Terminal,
    ) -> anyhow::Result<AuditReport> {
        let (args, input) = (audit.args, self.input());
        let scope = Scope {
            fail_on: audit.fail_on.severity(),
            framework: args.framework,
            filters: args.filters.said(),
        };
        let mut report = AuditReport::new(input, &scope);
        args.filters.shorten(&mut report)?;
        output::write(outputs, &report, input, args.verbose, terminal)?;
        Ok(report)
    }

    /// How many findings nobody excuses.
    pub(super) fn open(&self) -> u64 {
        AuditReport::new(self.input(), &Scope::default()).summary.findings
    }

    /// Says what could not be used, and how the audit ends.
    pub(super) fn end(&self, report: &AuditReport, terminal: &mut Terminal) -> Ended {
        for problem in &self.collection.problems {
            terminal.note(&problem.to_string());
        }
        if !self.collection.problems.is_empty() {
            let problems = plural(report.summary.problems, "problem");
            terminal.complain(&format!("{problems}: the audit is not complete"));
        }
        match report.summary.exit_code {
            0 => Ended::Clean,
            1 => Ended::Findings,
            _ => Ended::Failed,
        }
    }
}

/// The severities by name.
fn fail_on() -> impl TypedValueParser<Value = FailOn> {
    PossibleValuesParser::new(FailOn::ALL.map(FailOn::as_str)).try_map(|name| {
        FailOn::ALL.into_iter().find(|it| it.as_str() == name).ok_or_else(|| format!("no severity `{name}`"))
    })
}

/// The frameworks by name.
pub(super) fn framework() -> impl TypedValueParser<Value = Framework> {
    let names = Framework::ALL.map(|it| PossibleValue::new(it.name()).help(it.as_str()));
    PossibleValuesParser::new(names)
        .try_map(|name| Framework::find(&name).ok_or_else(|| format!("no framework `{name}`")))
}
