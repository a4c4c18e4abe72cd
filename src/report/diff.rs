//! What is different between two audits: worse, better, and what only looks better.
//!
//! A finding that is gone is `fixed` only if its subject is still there and its control is still judged: what was
//! deleted, excused or not looked at any more was not fixed.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Counts;
use super::past::{PastAudit, PastFinding, PastSubject};
use super::table::{clean, plural, severity_word};
use crate::api::Severity;

/// `apiVersion` of a comparison.
pub const API_VERSION: &str = "diff.stanchion.dev/v1";
/// `kind` of a comparison.
pub const KIND: &str = "AuditDiff";

/// What `stanchion diff -o json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditDiff {
    /// `diff.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `AuditDiff`
    pub kind: &'static str,
    /// The earlier audit.
    pub before: Side,
    /// The later audit.
    pub after: Side,
    /// What is different, the worst kind of change first.
    pub changes: Vec<FindingChange>,
}

/// One of the two audits.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// The time that it was judged for.
    pub at: String,
    /// All its subjects.
    pub posture: Counts,
    /// Findings that nothing excuses.
    pub findings: u64,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It was not there.
    New,
    /// It was excused, and isn't any more.
    NoLongerExcepted,
    /// It was there with a lesser severity.
    Graver,
    /// It is excused now; the defect is still there.
    Excepted,
    /// It is there with a lesser severity.
    Lesser,
    /// Its control is judged no more.
    NoLongerJudged,
    /// Its subject is gone.
    SubjectGone,
    /// It is gone, and its subject was judged.
    Fixed,
}

impl Change {
    /// Every change, the worst first, with a heading and whether it is a step back.
    const ALL: [(Self, &'static str); 8] = [
        (Self::New, "New"),
        (Self::NoLongerExcepted, "No longer excepted"),
        (Self::Graver, "Graver than before"),
        (Self::Excepted, "Excepted now, not fixed"),
        (Self::Lesser, "Less grave than before"),
        (Self::NoLongerJudged, "No longer judged, not fixed"),
        (Self::SubjectGone, "Gone with its object"),
        (Self::Fixed, "Fixed"),
    ];

    /// Whether it is a step back.
    #[must_use]
    pub const fn is_worse(self) -> bool {
        matches!(self, Self::New | Self::NoLongerExcepted | Self::Graver)
    }
}

/// A finding that one of the audits has and the other hasn't, or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingChange {
    /// What became of it.
    pub change: Change,
    /// How bad it is, or was.
    pub severity: Severity,
    /// The control.
    pub control: String,
    /// The subject's kind.
    pub kind: String,
    /// The subject's namespace; null for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The subject's name.
    pub name: String,
    /// The container that has it; null if it is the whole subject's.
    pub container: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Tells the finding from all others.
    pub fingerprint: String,
    /// The exception that covers it now, or covered it; null if none does or did.
    pub exception: Option<String>,
}

impl AuditDiff {
    /// Compares two audits.
    #[must_use]
    pub fn new(before: &PastAudit, after: &PastAudit) -> Self {
        let (was, is) = (before.findings(), after.findings());
        let subjects = after.subjects_by_name();
        let controls = after.controls();
        let mut changes: Vec<FindingChange> = is
            .iter()
            .filter_map(|(key, (subject, finding))| {
                let change = change(was.get(key).map(|(_, was)| *was), finding)?;
                Some(FindingChange::new(change, subject, finding))
            })
            .collect();
        for (_, (subject, finding)) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
            let change = if !controls.contains(finding.control.as_str()) {
                Change::NoLongerJudged
            } else if subjects.contains_key(&subject.called()) {
                Change::Fixed
            } else {
                Change::SubjectGone
            };
            changes.push(FindingChange::new(change, subject, finding));
        }
        changes.sort_by(|one, other| {
            let key = |it: &FindingChange| (it.change, std::cmp::Reverse(it.severity));
            let name = |it: &FindingChange| (it.namespace.clone(), it.name.clone(), it.control.clone());
            key(one).cmp(&key(other)).then_with(|| name(one).cmp(&name(other)))
        });
        Self {
            api_version: API_VERSION,
            kind: KIND,
            before: Side::new(before),
            after: Side::new(after),
            changes,
        }
    }

    /// Whether anything is worse.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.changes.iter().any(|it| it.change.is_worse())
    }
}

/// What became of a finding that is there.
fn change(was: Option<&PastFinding>, is: &PastFinding) -> Option<Change> {
    match (was.map(|was| was.exception.is_some()), is.exception.is_some()) {
        (None, false) => Some(Change::New),
        (None | Some(false), true) => Some(Change::Excepted),
        (Some(true), true) => None,
        (Some(true), false) => Some(Change::NoLongerExcepted),
        (Some(false), false) => match was?.severity.cmp(&is.severity) {
            std::cmp::Ordering::Less => Some(Change::Graver),
            std::cmp::Ordering::Greater => Some(Change::Lesser),
            std::cmp::Ordering::Equal => None,
        },
    }
}

impl Side {
    fn new(audit: &PastAudit) -> Self {
        Self {
            at: audit.at.clone(),
            posture: audit.posture.total,
            findings: u64::try_from(audit.open_findings().len()).unwrap_or(u64::MAX),
        }
    }
}

impl FindingChange {
    fn new(change: Change, subject: &PastSubject, finding: &PastFinding) -> Self {
        Self {
            change,
            severity: finding.severity,
            control: finding.control.clone(),
            kind: subject.kind.clone(),
            namespace: subject.namespace.clone(),
            name: subject.name.clone(),
            container: finding.container.clone(),
            message: finding.message.clone(),
            fingerprint: finding.fingerprint.clone(),
            exception: finding.exception.as_ref().map(|it| it.name.clone()),
        }
    }

    fn line(&self) -> String {
        let namespace = self.namespace.as_ref().map_or_else(String::new, |it| format!("{}/", clean(it)));
        let container = self.container.as_ref().map_or_else(String::new, |it| format!("{}: ", clean(it)));
        let excused = self.exception.as_ref().map_or_else(String::new, |it| format!(" ({})", clean(it)));
        format!(
            "  {:8}  {}  {} {namespace}{}: {container}{}{excused}",
            severity_word(self.severity),
            clean(&self.control),
            clean(&self.kind),
            clean(&self.name),
            clean(&self.message),
        )
    }
}

/// A line of the table: its name, and what stands there for one of the audits.
type Row = (&'static str, fn(&Side) -> String);

/// The comparison for people.
#[must_use]
pub fn render(diff: &AuditDiff) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    for (change, heading) in Change::ALL {
        let changes: Vec<&FindingChange> = diff.changes.iter().filter(|it| it.change == change).collect();
        if changes.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{heading}");
        for it in changes {
            let _ = writeln!(text, "{}", it.line());
        }
        let _ = writeln!(text);
    }
    let (before, after) = (&diff.before, &diff.after);
    let _ = writeln!(text, "{:12}  {:>22}  {:>22}", "", clean(&before.at), clean(&after.at));
    let rows: [Row; 6] = [
        ("findings", |side| side.findings.to_string()),
        ("compliant", |side| format!("{} of {}", side.posture.compliant, side.posture.evaluated)),
        ("excepted", |side| side.posture.excepted.to_string()),
        ("unknown", |side| side.posture.unknown.to_string()),
        ("compliance", |side| percent(side.posture.compliance)),
        ("effective", |side| percent(side.posture.effective)),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "{name:12}  {:>22}  {:>22}", value(before), value(after));
    }
    let count = |worse: bool| diff.changes.iter().filter(|it| it.change.is_worse() == worse).count();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let fixed = diff.changes.iter().filter(|it| it.change == Change::Fixed).count();
    let worse = plural(number(count(true)), "finding");
    let _ = writeln!(text, "\n{worse} worse; {fixed} fixed.");
    text
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.1} %"))
}
