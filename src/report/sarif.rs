//! An audit as SARIF 2.1.0, which code scanning services and editors read.
//!
//! - A finding is a result; one that an exception excuses is suppressed, with the exception's name, owner and end.
//! - What could not be judged or used is a notification, never a result: it is neither a pass nor a failure.
//! - A rule carries the control's own page, so that no link is needed.
//! - What can be fixed safely has a fix in lines of the file; any patch stands among a result's properties, too.
//!
//! GitHub refuses a file with more than 25,000 results or rules in a run or 20 tags on a rule, and one of more than
//! 10 MB compressed; it shows 5,000 results and 10 tags. So results are bounded, the worst first, and so are tags.

mod log;
mod rule;
mod text;

use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use log::Log;
use log::{
    ArtifactChange, ArtifactLocation, AssociatedRule, Descriptor, Driver, Fix, Invocation, LogicalLocation,
    Message, Notification, PhysicalLocation, Place, Region, Replacement, Result, ResultProperties, Rule, Run,
    RunProperties, Suppression, Tool,
};

use self::text::{escaped, uri};
use super::json::{AuditReport, FindingReport, Location, Problem, SubjectReport, UnknownReport};
use super::table::clean;
use super::wording::{self, excuse, sentence, subject};
use crate::api::Severity;
use crate::fix::Edit;
use crate::load::CLUSTER;

/// Results that GitHub takes of one run; it refuses the whole file for one more.
const MOST_RESULTS: usize = 25_000;

/// What would end findings safely, by their fingerprint and file.
pub type Edits = BTreeMap<(String, String), Vec<Edit>>;

/// What a result is made from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    report: &'a AuditReport,
    folder: &'a str,
    edits: &'a Edits,
    /// The place of each rule among the rules.
    indices: &'a BTreeMap<&'a str, usize>,
}

/// The log, with one run. `folder` is where the audit ran: files in it are named from there.
#[must_use]
pub fn log(report: &AuditReport, folder: &str, edits: &Edits) -> Log {
    let rules = rule::rules(report);
    let indices: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let scene = Scene { report, folder, edits, indices: &indices };
    let mut found: Vec<(&SubjectReport, &FindingReport)> =
        report.subjects.iter().flat_map(|it| it.findings.iter().map(move |finding| (it, finding))).collect();
    // Within a severity the order of the report stays.
    found.sort_by_key(|(_, finding)| (finding.exception.is_some(), Reverse(finding.severity)));
    let unlisted = found.len().saturating_sub(MOST_RESULTS);
    let invocation = Invocation {
        execution_successful: report.problems.is_empty(),
        exit_code: report.summary.exit_code,
        tool_execution_notifications: scene.notifications(unlisted),
    };
    let results = found.iter().take(MOST_RESULTS).map(|(it, finding)| scene.result(it, finding)).collect();
    let run = Run {
        tool: Tool { driver: driver(report, rules) },
        column_kind: "unicodeCodePoints",
        invocations: [invocation],
        results,
        properties: RunProperties { at: report.at.clone(), summary: report.summary.clone() },
    };
    Log { schema: log::SCHEMA, version: log::VERSION, runs: [run] }
}

fn driver(report: &AuditReport, rules: Vec<Rule>) -> Driver {
    let (name, version) = (report.tool.name, report.tool.version);
    Driver { name, version, semantic_version: version, rules }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

impl Scene<'_> {
    fn result(self, it: &SubjectReport, finding: &FindingReport) -> Result {
        let fix =
            if finding.fix.is_empty() { String::new() } else { format!(". To fix: {}", clean(&finding.fix)) };
        let suppression =
            |by| Suppression { kind: "external", status: "accepted", justification: excuse(self.report, by) };
        let fingerprint = finding.fingerprint.clone();
        Result {
            rule_id: finding.control,
            rule_index: self.indices.get(finding.control).copied(),
            kind: "fail",
            level: level(finding.severity),
            message: message(&format!("{}: {}{fix}", subject(it), sentence(finding))),
            locations: vec![self.place(it, finding.container.as_deref(), finding.location.as_ref())],
            // GitHub goes by the first; without it, it makes one from the text of the line.
            partial_fingerprints: BTreeMap::from([
                ("primaryLocationLineHash", fingerprint.clone()),
                ("stanchion/v1", fingerprint),
            ]),
            suppressions: finding.exception.iter().map(suppression).collect(),
            fixes: self.fix(finding).into_iter().collect(),
            properties: properties(it, finding),
        }
    }

    /// What ends it, if that can be made without a look.
    fn fix(self, finding: &FindingReport) -> Option<Fix> {
        let file = &finding.location.as_ref()?.file;
        let edits = self.edits.get(&(finding.fingerprint.clone(), file.clone()))?;
        let change = ArtifactChange {
            artifact_location: ArtifactLocation { uri: uri(file, self.folder) },
            replacements: edits.iter().map(replacement).collect(),
        };
        Some(Fix { description: message(&clean(&finding.fix)), artifact_changes: [change] })
    }

    /// Where it stands: in which file, and of which object.
    fn place(self, it: &SubjectReport, container: Option<&str>, location: Option<&Location>) -> Place {
        let namespace = it.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let object = clean(&format!("{namespace}{}/{}", it.kind, it.name)).into_owned();
        let mut logical = vec![LogicalLocation {
            name: clean(&it.name).into_owned(),
            fully_qualified_name: object.clone(),
            kind: it.kind,
        }];
        if let Some(container) = container {
            let name = clean(container).into_owned();
            let fully_qualified_name = format!("{object}/{name}");
            logical.insert(0, LogicalLocation { name, fully_qualified_name, kind: "container" });
        }
        let physical = |at: &Location| self.physical(&at.file, Some((at.line, Some(at.column))));
        Place { physical_location: location.map(physical), logical_locations: logical }
    }

    /// Where a problem stands; nowhere in a cluster.
    fn place_of(self, problem: &Problem) -> Option<Place> {
        let at = problem.line.map(|line| (line, problem.column));
        let physical = || self.physical(&problem.file, at);
        let place = || Place { physical_location: Some(physical()), logical_locations: Vec::new() };
        (problem.file != CLUSTER).then(place)
    }

    fn physical(self, file: &str, at: Option<(u32, Option<u32>)>) -> PhysicalLocation {
        let region =
            at.map(|(start_line, start_column)| Region { start_line, start_column, ..Region::default() });
        PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(file, self.folder) }, region }
    }

    /// What could not be used, what could not be judged, and what is not listed.
    fn notifications(self, unlisted: usize) -> Vec<Notification> {
        let problems = self.report.problems.iter().map(|problem| Notification {
            descriptor: Descriptor { id: "problem" },
            level: "error",
            message: message(&clean(&problem.message)),
            locations: self.place_of(problem).into_iter().collect(),
            associated_rule: None,
        });
        let mut notifications: Vec<Notification> = problems.collect();
        for it in &self.report.subjects {
            notifications.extend(it.unknowns.iter().map(|unknown| self.unknown(it, unknown)));
            if it.unlisted_findings > 0 {
                let more = it.unlisted_findings;
                notifications.push(note(&format!("{more} more findings of {} are not listed", subject(it))));
            }
        }
        if unlisted > 0 {
            let bound = format!("a run may have {MOST_RESULTS}");
            notifications.push(note(&format!("{unlisted} more results are not listed: {bound}")));
        }
        notifications
    }

    fn unknown(self, it: &SubjectReport, unknown: &UnknownReport) -> Notification {
        let index = self.indices.get(unknown.control).copied();
        Notification {
            descriptor: Descriptor { id: "unknown" },
            level: "warning",
            message: message(&format!("{}: can't be judged: {}", subject(it), clean(&unknown.reason))),
            locations: vec![self.place(it, None, it.location.as_ref())],
            associated_rule: Some(AssociatedRule { id: unknown.control, index }),
        }
    }
}

/// Whole lines, up to the beginning of the one after them; where there is none, to the end of the last.
fn replacement(edit: &Edit) -> Replacement {
    let after = edit.first.saturating_add(edit.lines);
    let (end_line, end_column) =
        if edit.open_end { (after.saturating_sub(1), None) } else { (after, Some(1)) };
    let deleted_region =
        Region { start_line: edit.first, start_column: Some(1), end_line: Some(end_line), end_column };
    // The text of a file, not a message: nothing in it is a placeholder.
    Replacement { deleted_region, inserted_content: Message { text: edit.text.clone() } }
}

fn properties(it: &SubjectReport, finding: &FindingReport) -> ResultProperties {
    ResultProperties {
        severity: wording::severity(finding.severity),
        path: clean(&finding.path).into_owned(),
        value: finding.value.clone(),
        fix: finding.fix.to_string(),
        patch: finding.patch.clone(),
        tier: it.tier.clone(),
        owner: it.owner.clone(),
        standards: finding.standards.clone(),
        exception: finding.exception.clone(),
    }
}

fn message(text: &str) -> Message {
    Message { text: escaped(text) }
}

fn note(text: &str) -> Notification {
    Notification {
        descriptor: Descriptor { id: "unlisted" },
        level: "note",
        message: message(text),
        locations: Vec::new(),
        associated_rule: None,
    }
}
