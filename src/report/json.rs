//! An audit as programs read it: versioned types, and nothing of the engine in them.
//!
//! `audit.stanchion.dev/v1` only ever grows: fields are added, never renamed, removed or given another meaning.
//! `docs/reference/audit.schema.json` is made from these types. The table is made from them too, so that both say the
//! same.

mod build;
mod control;
mod framework;
mod measure;
mod subject;
mod view;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use build::{Input, Scope};
pub(super) use build::{exception_report, sentence};
pub use framework::{ClauseName, ClauseReport, FrameworkReport, UnaskedClause};
pub use measure::{MeasureReport, Verdict};
pub(super) use subject::report as subject_report;

use crate::api::{Action, Severity};
use crate::facts::ObjectKind;

/// `apiVersion` of an audit.
pub const API_VERSION: &str = "audit.stanchion.dev/v1";
/// `kind` of an audit.
pub const KIND: &str = "AuditReport";

/// What `stanchion audit -o json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// `audit.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `AuditReport`
    pub kind: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The time that it was judged for, in UTC.
    pub at: String,
    /// The cluster that was judged; absent if files were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// The numbers to look at first.
    pub summary: Summary,
    /// What it was narrowed to, and every number with it; absent if it wasn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Filters>,
    /// What it was compared with; absent unless `--new-since` gives it. Findings, unknowns, and the numbers of the
    /// summary that count findings, are then those that are worse; the posture is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<SinceReport>,
    /// How many subjects came out how.
    pub posture: Posture,
    /// The same by the clauses of a framework; absent unless `--framework` asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<FrameworkReport>,
    /// Everything that was judged, the worst first.
    pub subjects: Vec<SubjectReport>,
    /// Every exception that was read, by namespace and name.
    pub exceptions: Vec<ExceptionReport>,
    /// What could not be used, in the order of the files. With any of these the exit code is 2.
    pub problems: Vec<Problem>,
    /// What was left aside, and why.
    pub skipped: Vec<Skipped>,
}

/// The cluster that was judged. What is in it stands in no file, so that it has no `location`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    /// The address of its API server.
    pub server: String,
}

/// What made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// `stanchion`
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What an audit was narrowed to. Lists that narrow nothing are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Filters {
    /// Controls, by id or as `pod.*` by family.
    pub controls: Vec<String>,
    /// The severity from which on controls count; null for all.
    pub severity: Option<Severity>,
    /// Tiers.
    pub tiers: Vec<String>,
    /// Namespaces.
    pub namespaces: Vec<String>,
    /// Owners.
    pub owners: Vec<String>,
}

/// What an audit was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SinceReport {
    /// The time that the audit before was judged for.
    pub at: String,
    /// Findings that stood then and still do; they are not listed.
    pub standing: u64,
}

impl Tool {
    /// This program.
    #[must_use]
    pub const fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

/// The numbers to look at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Kubernetes objects in them and in the cluster, those included that no control looks at.
    pub objects: u64,
    /// Subjects judged.
    pub subjects: u64,
    /// Workloads left out because no standard judges their namespace: the cluster's own, such as `kube-system`.
    pub exempt: u64,
    /// Subjects with a finding that is not excused.
    pub failing_subjects: u64,
    /// Findings that are not excused. What several standards find is one finding.
    pub findings: u64,
    /// The same by severity.
    pub by_severity: BySeverity,
    /// Findings that an exception excuses.
    pub excepted: u64,
    /// Judgements that could not be made.
    pub unknown: u64,
    /// What could not be used.
    pub problems: u64,
    /// What was left aside.
    pub skipped: u64,
    /// The severity from which on a finding makes the exit code 1; absent for `--fail-on never`.
    pub fail_on: Option<Severity>,
    /// The exit code: 0 clean, 1 findings, 2 something could not be used.
    pub exit_code: u8,
}

/// Numbers of findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BySeverity {
    /// Hands over the node, the cluster or its secrets.
    pub critical: u64,
    /// Opens a way in, or a way on.
    pub high: u64,
    /// Weakens a defence.
    pub medium: u64,
    /// Worth fixing when the workload is touched anyway.
    pub low: u64,
}

/// How many subjects came out how.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posture {
    /// All subjects, by all standards together.
    pub total: Counts,
    /// By tier, the most critical first; subjects in none are listed under `unclassified`.
    pub tiers: Vec<TierPosture>,
    /// What the targets of tiers are about, of all tiers together.
    pub measures: Vec<MeasureReport>,
    /// By control, whichever standards ask for it: the gravest severity, and each subject once.
    pub controls: Vec<ControlPosture>,
    /// By standard.
    pub standards: Vec<StandardPosture>,
    /// By owner.
    pub owners: Vec<OwnerPosture>,
}

/// How many subjects came out how. A subject is as good as its worst control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All that were judged.
    pub evaluated: u64,
    /// Nothing found.
    pub compliant: u64,
    /// Found, and all of it excused for now.
    pub excepted: u64,
    /// Found, and not excused.
    pub failing: u64,
    /// It can't be said.
    pub unknown: u64,
    /// Compliant of all evaluated, in percent to one decimal, rounded down; null of nothing.
    pub compliance: Option<f64>,
    /// Compliant or excepted of all evaluated, likewise.
    pub effective: Option<f64>,
}

/// The posture of one tier.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierPosture {
    /// The tier, or `unclassified`.
    pub name: String,
    /// 0 is the most critical; null for `unclassified`.
    pub level: Option<i32>,
    /// How many workloads are in it, judged or not.
    pub workloads: u64,
    /// Its subjects.
    #[serde(flatten)]
    pub counts: Counts,
    /// Its workloads against its targets; empty for `unclassified`.
    pub measures: Vec<MeasureReport>,
}

/// The posture of one standard.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandardPosture {
    /// The standard.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it was read; null if it isn't known.
    pub location: Option<Location>,
    /// The subjects that it covers.
    #[serde(flatten)]
    pub counts: Counts,
    /// Its controls, in its order.
    pub controls: Vec<ControlPosture>,
}

/// The posture of one control of a standard.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlPosture {
    /// The control.
    pub id: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// The subjects that it judged.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The posture of what somebody owns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerPosture {
    /// The owner; null for what names none.
    pub owner: Option<String>,
    /// The subjects.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A subject, judged.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectReport {
    /// The kind, for renderers: programs read its name.
    #[serde(skip)]
    pub subject: ObjectKind,
    /// The kind.
    pub kind: &'static str,
    /// The namespace; null for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Its tier; null if it is in none.
    pub tier: Option<String>,
    /// The tier's level, 0 being the most critical.
    pub level: Option<i32>,
    /// Who owns it; null if nobody says so.
    pub owner: Option<String>,
    /// Where it begins.
    pub location: Option<Location>,
    /// What it comes out as: `pass`, `excepted`, `unknown`, `error`, `fail`, or `notApplicable` if no standard covers it.
    pub outcome: Outcome,
    /// How many controls pass.
    pub passes: u64,
    /// What was found, the worst first, what is excused last. Of one control at most 200.
    pub findings: Vec<FindingReport>,
    /// How many findings there are beyond those; absent for none.
    #[serde(skip_serializing_if = "is_none")]
    #[schemars(default)]
    pub unlisted_findings: u64,
    /// What could not be said, and why.
    pub unknowns: Vec<UnknownReport>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What a judgement comes out as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nothing to judge.
    NotApplicable,
    /// Judged, and nothing found.
    Pass,
    /// Found, and excused.
    Excepted,
    /// It can't be said.
    Unknown,
    /// The judgement itself failed.
    Error,
    /// Found, and not excused.
    Fail,
}

/// One defect in one place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// The control; `stanchion explain` says why it matters.
    pub control: &'static str,
    /// The defect in a few words.
    pub title: &'static str,
    /// How bad it is; the gravest of what the standards say.
    pub severity: Severity,
    /// `fail` or `excepted`.
    pub outcome: Outcome,
    /// The container that has it; null if it is the whole subject's.
    pub container: Option<String>,
    /// The field, such as `spec.template.spec.containers[0].image`.
    pub path: String,
    /// What stands there, never a secret's; null if nothing does.
    pub value: Option<String>,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// What to do about it.
    pub fix: Cow<'static, str>,
    /// A change that is right without knowing more, if there is one.
    pub patch: Option<Patch>,
    /// Tells the finding from all others, and stays the same as long as the defect does.
    pub fingerprint: String,
    /// Where the field stands, or the nearest thing around it that is there.
    pub location: Option<Location>,
    /// The standards that ask for the control here.
    pub standards: Vec<AskedBy>,
    /// What excuses it; null if nothing does.
    pub exception: Option<ExcusedBy>,
}

/// A change to an object, as in a JSON patch: a value set or, if null, removed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// Where, as a JSON pointer.
    pub path: String,
    /// The new value.
    pub value: serde_json::Value,
}

/// A standard that asks for a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedBy {
    /// The standard.
    pub name: String,
    /// How bad it says that a failure is.
    pub severity: Severity,
    /// The stage at which the subject's tier stands: what the standard's status records or, without one, the first.
    pub action: Action,
}

/// The exception that covers a finding; of several, the one that ends last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExcusedBy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Whole days until it ends, rounded up.
    pub days_left: i64,
}

/// A judgement that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnknownReport {
    /// The control.
    pub control: &'static str,
    /// How bad a failure would be.
    pub severity: Severity,
    /// `unknown`, or `error` if the judgement itself failed.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
}

/// An exception, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionReport {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Why there is one.
    pub reason: String,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// When it ends.
    pub expires_at: String,
    /// Whole days until then, rounded up; 0 once it has ended.
    pub days_left: i64,
    /// Whole days since it began; null if nothing says when.
    pub age_days: Option<i64>,
    /// Whether it lives: `Active`, `ExpiringSoon`, `NotYetValid`, `NotApproved`, `Expired`, `Revoked` or `Invalid`.
    pub state: String,
    /// Whether it does anything: `Effective`, or the reason why not.
    pub effect: String,
    /// What somebody should do about it; null if nothing.
    pub attention: Option<String>,
    /// Approvals that it needs.
    pub required_approvals: u32,
    /// Approvals that count.
    pub valid_approvals: u32,
    /// The workloads that would fail without it.
    pub covers: Vec<String>,
    /// How many findings it covers.
    pub findings: u64,
    /// Where it was read.
    pub location: Option<Location>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The file, as it was named or found.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Something that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The file; `<stdin>` is standard input, and `<cluster>` what is in a cluster.
    pub file: String,
    /// The line, from 1; null if it is about the whole file.
    pub line: Option<u32>,
    /// The column in characters, from 1; likewise.
    pub column: Option<u32>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Something that was left aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The file; `<stdin>` is standard input, and `<cluster>` what is in a cluster.
    pub file: String,
    /// The line, from 1; null if it is the whole file.
    pub line: Option<u32>,
    /// Kind and name, if it is an object.
    pub object: Option<String>,
    /// Why.
    pub reason: String,
}
