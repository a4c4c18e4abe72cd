//! What is found on one subject, as results of a report: the one place that knows how they are written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::SOURCE;
use crate::engine::catalogue;
use crate::report::json::{AuditReport, ExcusedBy, FindingReport, Outcome, SubjectReport, UnknownReport};
use crate::report::table::clean;
use crate::report::wording::{ends, excuse, sentence, severity};

/// No text in a result is longer, so that no result is too large for a report.
const LONGEST: usize = 1_024;

/// One result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportResult {
    /// `stanchion`
    pub source: &'static str,
    /// The control.
    pub policy: &'static str,
    /// The family of the control.
    pub category: &'static str,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: &'static str,
    /// `fail`, `skip` or `error`.
    pub result: &'static str,
    /// Always: everything that is judged counts.
    pub scored: bool,
    /// The time that it was judged for.
    pub timestamp: Moment,
    /// What is wrong, or why it can't be said.
    pub message: String,
    /// The subject.
    pub resources: [Reference; 1],
    /// What has no field of its own.
    pub properties: BTreeMap<&'static str, String>,
}

/// A moment as both dialects write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Since 1970.
    pub seconds: i64,
    /// Of the second that has begun.
    pub nanos: i32,
}

/// A reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: &'static str,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl Reference {
    fn subject(it: &SubjectReport) -> Self {
        let namespace = it.namespace.as_deref().map(bounded);
        let (api_version, kind) = (it.subject.api_version(), it.subject.api_kind());
        Self { api_version, kind, namespace, name: bounded(&it.name) }
    }
}

/// What a report says of a subject, the worst first. Passes are not listed.
#[must_use]
pub fn results(report: &AuditReport, subject: &SubjectReport) -> Vec<ReportResult> {
    let timestamp = moment(&report.at);
    let resources = [Reference::subject(subject)];
    let result = |control, word, result, message: &str, properties| ReportResult {
        source: SOURCE,
        policy: control,
        category: catalogue::find(control).map_or("", |control| control.family()),
        severity: word,
        result,
        scored: true,
        timestamp,
        message: bounded(message),
        resources: resources.clone(),
        properties,
    };
    let findings = subject.findings.iter().map(|it| {
        let (ending, message) = match &it.exception {
            None => ("fail", sentence(it)),
            Some(by) => ("skip", format!("{}; {}", sentence(it), excuse(report, by))),
        };
        result(it.control, severity(it.severity), ending, &message, of_finding(report, subject, it))
    });
    let unknowns = subject.unknowns.iter().map(|it| {
        let message = format!("can't be judged: {}", it.reason);
        result(it.control, severity(it.severity), "error", &message, of_unknown(subject, it))
    });
    findings.chain(unknowns).collect()
}

fn of_subject(subject: &SubjectReport) -> BTreeMap<&'static str, String> {
    let mut properties = BTreeMap::new();
    let known = [("tier", &subject.tier), ("owner", &subject.owner)];
    properties.extend(known.into_iter().filter_map(|(name, value)| Some((name, bounded(value.as_ref()?)))));
    properties
}

fn of_finding(
    report: &AuditReport,
    subject: &SubjectReport,
    finding: &FindingReport,
) -> BTreeMap<&'static str, String> {
    let mut properties = of_subject(subject);
    let mut put = |name, value: &str| {
        if !value.is_empty() {
            properties.insert(name, bounded(value));
        }
    };
    put("path", &finding.path);
    put("fix", &finding.fix);
    put("fingerprint", &finding.fingerprint);
    put("container", finding.container.as_deref().unwrap_or_default());
    let standards: Vec<&str> = finding.standards.iter().map(|it| it.name.as_str()).collect();
    put("standards", &standards.join(","));
    if let Some(by) = &finding.exception {
        properties.extend(of_exception(report, by));
    }
    properties
}

/// Who decided that it is left out, until when, and what it is without that.
fn of_exception(report: &AuditReport, by: &ExcusedBy) -> [(&'static str, String); 4] {
    [
        ("exception", bounded(&format!("{}/{}", by.namespace, by.name))),
        ("exceptionOwner", bounded(&by.owner)),
        ("exceptionExpires", ends(report, by).unwrap_or_default().to_owned()),
        ("underlyingResult", "fail".to_owned()),
    ]
}

fn of_unknown(subject: &SubjectReport, unknown: &UnknownReport) -> BTreeMap<&'static str, String> {
    let mut properties = of_subject(subject);
    let outcome = if unknown.outcome == Outcome::Error { "error" } else { "unknown" };
    properties.insert("outcome", outcome.to_owned());
    properties
}

fn moment(at: &str) -> Moment {
    let at: Timestamp = at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    Moment { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// Harmless, and not too long.
fn bounded(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => format!("{}…", clean(start)),
        None => clean(text).into_owned(),
    }
}
