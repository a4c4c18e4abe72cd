//! Findings that are alike, together: first by control, then by what is said of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::api::Severity;
use crate::engine::catalogue;
use crate::report::json::{
    AuditReport, ExcusedBy, FindingReport, Location, Outcome, SubjectReport, UnknownReport,
};

/// Everything of one control and severity.
pub(super) struct Group<'a> {
    pub(super) severity: Severity,
    pub(super) control: &'a str,
    pub(super) title: &'a str,
    /// What is said, and where it is so, the most frequent first.
    pub(super) causes: Vec<Cause<'a>>,
}

/// What is said in the same words.
pub(super) struct Cause<'a> {
    pub(super) message: &'a str,
    /// What to do; nothing for what could not be judged.
    pub(super) fix: Option<&'a str>,
    pub(super) places: Vec<Place<'a>>,
}

/// One place where it is so.
pub(super) struct Place<'a> {
    pub(super) subject: &'a SubjectReport,
    pub(super) container: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) location: Option<&'a Location>,
    pub(super) outcome: Outcome,
    pub(super) exception: Option<&'a ExcusedBy>,
}

impl Group<'_> {
    pub(super) fn family(&self) -> &str {
        self.control.split_once('.').map_or(self.control, |(family, _)| family)
    }

    pub(super) fn places(&self) -> usize {
        self.causes.iter().map(|cause| cause.places.len()).sum()
    }
}

/// The worst findings, at most so many: what is not excused before what is, by severity, by tier.
pub(super) fn findings(report: &AuditReport, most: usize) -> Vec<Group<'_>> {
    let mut found: Vec<(&SubjectReport, &FindingReport)> =
        report.subjects.iter().flat_map(|it| it.findings.iter().map(move |finding| (it, finding))).collect();
    // Subjects are in order already; a stable sort keeps it.
    found.sort_by_key(|(subject, finding)| {
        (finding.exception.is_some(), Reverse(finding.severity), subject.level.unwrap_or(i32::MAX))
    });
    found.truncate(most);
    let entries = found.into_iter().map(|(subject, finding)| {
        let place = Place {
            subject,
            container: finding.container.as_deref(),
            path: &finding.path,
            location: finding.location.as_ref(),
            outcome: finding.outcome,
            exception: finding.exception.as_ref(),
        };
        ((finding.severity, finding.control), (&*finding.message, Some(&*finding.fix)), place)
    });
    grouped(entries)
}

/// What could not be judged, at most so many.
pub(super) fn unknowns(report: &AuditReport, most: usize) -> Vec<Group<'_>> {
    let mut found: Vec<(&SubjectReport, &UnknownReport)> =
        report.subjects.iter().flat_map(|it| it.unknowns.iter().map(move |unknown| (it, unknown))).collect();
    found.sort_by_key(|(subject, unknown)| (Reverse(unknown.severity), subject.level.unwrap_or(i32::MAX)));
    found.truncate(most);
    let entries = found.into_iter().map(|(subject, unknown)| {
        let place = Place {
            subject,
            container: None,
            path: "",
            location: subject.location.as_ref(),
            outcome: unknown.outcome,
            exception: None,
        };
        ((unknown.severity, unknown.control), (unknown.reason.as_str(), None), place)
    });
    grouped(entries)
}

type Said<'a> = (&'a str, Option<&'a str>);

/// Groups, the gravest first and of those the largest first.
fn grouped<'a>(entries: impl Iterator<Item = ((Severity, &'a str), Said<'a>, Place<'a>)>) -> Vec<Group<'a>> {
    let mut found: BTreeMap<(Severity, &str), BTreeMap<Said<'_>, Vec<Place<'_>>>> = BTreeMap::new();
    for (control, said, place) in entries {
        found.entry(control).or_default().entry(said).or_default().push(place);
    }
    let mut groups: Vec<Group<'_>> = found
        .into_iter()
        .map(|((severity, control), causes)| {
            let mut causes: Vec<Cause<'_>> =
                causes.into_iter().map(|((message, fix), places)| Cause { message, fix, places }).collect();
            causes.sort_by_key(|cause| Reverse(cause.places.len()));
            Group { severity, control, title: catalogue::find(control).map_or("", |it| it.title), causes }
        })
        .collect();
    groups.sort_by_key(|group| (Reverse((group.severity, group.places())), group.control));
    groups
}
