//! `stanchion exception new`

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::{Judged, Judging};
use crate::api;
use crate::cli::judging::kind_and_name;
use crate::cli::sources::Sources;
use crate::cli::{Ended, Terminal};
use crate::draft::{Answers, Covered, Wanted, find};
use crate::engine::evaluate::assess;
use crate::lint::{self, Context, Level};
use crate::load::{Role, Sheet};
use crate::report::table::plural;

/// The name of what is written, in messages.
const ITSELF: &str = "the new exception";
/// What the schema asks of a reason.
const SHORTEST_REASON: usize = 20;

/// Write an exception for findings that are there
///
/// Judges the manifests, finds what is to be excepted, and writes a RiskException for it as YAML, bounded by the tier. What
/// isn't given is asked for on a terminal. Somebody else has to approve it before it counts.
///
/// Exit codes: 0 written, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion exception new manifests/ --workload deployment/ledger -n payments --control pod.privileged
  stanchion exception new manifests/ --fingerprint 9fdefeece24b4c5b --days 14 --write ledger.yaml")]
pub(super) struct Args {
    #[command(flatten)]
    judging: Judging,

    /// The finding, as `stanchion audit -o json` shows it
    #[arg(long, value_name = "FINGERPRINT", required_unless_present = "workload", conflicts_with_all = ["workload", "control"])]
    fingerprint: Option<String>,

    /// The object, as KIND/NAME; its namespace is given by -n
    #[arg(long, value_name = "KIND/NAME", requires = "control")]
    workload: Option<String>,

    /// The control that may fail on it, or a family such as `pod.*`: those of its controls that fail are listed
    #[arg(long, value_name = "ID", requires = "workload")]
    control: Option<String>,

    #[command(flatten)]
    answering: Answering,
}

/// What only a person can say of an exception, and where it goes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Answering {
    /// What can't be done now and why, in 20 characters at least
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Who answers for the risk
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Where the work on it is tracked: an http or https link
    #[arg(long, value_name = "LINK")]
    ticket: Option<String>,

    /// Who asks for it, who can't approve it then; leave it out where the API server stamps it
    #[arg(long, value_name = "NAME")]
    requested_by: Option<String>,

    /// How long it lasts; by default 30 days, or less where its tier allows less
    #[arg(long, value_name = "DAYS")]
    days: Option<u16>,

    /// The exception that it continues
    #[arg(long, value_name = "NAME")]
    renews: Option<String>,

    /// Its name; by default made from what it covers and the month
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Write it to a new file instead of to standard output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let (sources, mut judged) = args.judging.judge_for_one(terminal)?;
    let wanted = args.wanted(&sources.namespace)?;
    args.answering.write(&sources, &mut judged, wanted, terminal)
}

impl Args {
    fn wanted<'a>(&'a self, namespace: &'a str) -> anyhow::Result<Wanted<'a>> {
        if let Some(fingerprint) = &self.fingerprint {
            return Ok(Wanted::Fingerprint(fingerprint));
        }
        let (kind, name) = kind_and_name(self.workload.as_deref().unwrap_or_default())?;
        Ok(Wanted::Object { kind, namespace, name, control: self.control.as_deref() })
    }
}

impl Answering {
    /// Writes an exception for what is wanted, where nothing speaks against it.
    pub(in crate::cli) fn write(
        &self,
        sources: &Sources,
        judged: &mut Judged,
        wanted: Wanted<'_>,
        terminal: &mut Terminal,
    ) -> anyhow::Result<Ended> {
        let covered = find(&judged.policy, &judged.assessment, wanted)?;
        self.check_whether_excepted(&covered)?;
        let answers = self.answers(&covered, terminal)?;
        let exception = covered.draft(answers, judged.assessment.at)?;
        let yaml = api::to_yaml(&exception)?;
        let mut clean = true;
        for (level, message) in lint_itself(sources, judged, &yaml) {
            terminal.note(&format!("{level}: {message}"));
            clean &= level != Level::Error;
        }
        if !clean {
            bail!("the exception would be refused: nothing is written");
        }
        match &self.write {
            Some(file) => save(file, &yaml)?,
            None => terminal.print(&yaml)?,
        }
        terminal.note(&format!(
            "it counts once it has {} by somebody else in spec.approvals, and ends {}",
            approvals(&covered),
            exception.spec.expires_at.0.strftime("%Y-%m-%d %H:%M UTC"),
        ));
        Ok(Ended::Clean)
    }

    /// What only a person can say: given, or asked for.
    fn answers(&self, covered: &Covered, terminal: &mut Terminal) -> anyhow::Result<Answers> {
        let mut answers = Answers {
            name: self.name.clone(),
            reason: self.reason.clone().unwrap_or_default(),
            owner: self.owner.clone().unwrap_or_default(),
            ticket: self.ticket.clone(),
            requested_by: self.requested_by.clone(),
            renews: self.renews.clone(),
            days: self.days,
        };
        let missing = [("--reason", answers.reason.is_empty()), ("--owner", answers.owner.is_empty())];
        let missing: Vec<&str> = missing.iter().filter(|(_, is)| *is).map(|(flag, _)| *flag).collect();
        if missing.is_empty() {
            return Ok(answers);
        }
        if !terminal.can_ask() {
            bail!("nobody to ask here: give {}", missing.join(" and "));
        }
        introduce(covered, terminal);
        if answers.reason.is_empty() {
            let question = "What can't be done now, and why";
            answers.reason = insist(question, SHORTEST_REASON, terminal)?;
        }
        if answers.owner.is_empty() {
            answers.owner = insist("Who answers for it", 1, terminal)?;
        }
        if answers.ticket.is_none() {
            let given = terminal.ask("Where it is tracked, a link (none: leave empty)")?;
            answers.ticket = given.filter(|ticket| !ticket.is_empty());
        }
        Ok(answers)
    }

    /// A second exception for what one covers already would only blur when it ends.
    fn check_whether_excepted(&self, covered: &Covered) -> anyhow::Result<()> {
        match covered.excepted_by.first() {
            Some((namespace, name)) if self.renews.is_none() => {
                bail!("{namespace}/{name} excepts this already: give --renews {name} to continue it")
            }
            _ => Ok(()),
        }
    }
}

/// Says what is about to be excepted, and how far that may go.
fn introduce(covered: &Covered, terminal: &mut Terminal) {
    let controls: Vec<&str> = covered.controls.iter().copied().collect();
    let tier = covered.tier.as_ref().map_or_else(|| "no tier".to_owned(), |tier| format!("tier {tier}"));
    terminal.note(&format!("{} may fail {} ({tier})", covered.subject, controls.join(", ")));
    terminal.note(&format!(
        "for {} at most, and with {} by somebody else",
        covered.bounds.max_duration,
        approvals(covered)
    ));
}

fn approvals(covered: &Covered) -> String {
    plural(u64::try_from(covered.bounds.required_approvals).unwrap_or(0), "approval")
}

/// Asks until there is an answer of some length.
fn insist(question: &str, shortest: usize, terminal: &mut Terminal) -> anyhow::Result<String> {
    loop {
        let Some(answer) = terminal.ask(question)? else { bail!("no answer: nothing is written") };
        if answer.chars().count() >= shortest {
            return Ok(answer);
        }
        terminal.note(&format!("at least {}, please", plural(u64::try_from(shortest)?, "character")));
    }
}

/// What `stanchion lint` would say of it, beside everything else; approvals can't be there yet.
fn lint_itself(sources: &Sources, judged: &mut Judged, yaml: &str) -> Vec<(Level, String)> {
    let Judged { collection, assessment, .. } = judged;
    collection.problems.clear();
    collection.add(Sheet::read(ITSELF, yaml.as_bytes(), &sources.settings()), Role::Audited);
    let policy = collection.compile(sources.policy.clone());
    let assessment = assess(&policy, &collection.inventory, assessment.at);
    let files = BTreeSet::from([Arc::from(ITSELF)]);
    let context = Context { collection, policy: &policy, assessment: &assessment, files: &files };
    let found = lint::check(context)
        .into_iter()
        .filter(|it| it.file.as_ref() == ITSELF && it.lint != &lint::EXCEPTION_NOT_APPROVED);
    found.map(|it| (it.lint.level, format!("{} [{}]", it.message, it.lint.name))).collect()
}

/// Writes a file that isn't there yet.
fn save(file: &Path, text: &str) -> anyhow::Result<()> {
    let new = std::fs::File::create_new(file);
    let mut new = new.with_context(|| {
        format!("{} can't be written: it must not be there yet, and its folder must", file.display())
    })?;
    new.write_all(text.as_bytes()).with_context(|| format!("{} can't be written", file.display()))
}
