//! What the forms of a report have in common: names, places and sentences, harmless wherever they are shown.

use std::borrow::Cow;

use super::json::{AuditReport, ExcusedBy, FindingReport, SubjectReport};
use super::table::clean;
use crate::api::Severity;

/// `critical`, `high`, `medium` or `low`.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

/// `Deployment payments/ledger`
pub(super) fn subject(subject: &SubjectReport) -> String {
    let name = match &subject.namespace {
        Some(namespace) => format!("{} {namespace}/{}", subject.kind, subject.name),
        None => format!("{} {}", subject.kind, subject.name),
    };
    clean(&name).into_owned()
}

/// `sidecar: runs privileged`
pub(super) fn sentence(finding: &FindingReport) -> String {
    let text = match &finding.container {
        Some(container) => format!("{container}: {}", finding.message),
        None => finding.message.to_string(),
    };
    clean(&text).into_owned()
}

/// `excepted by payments/legacy-root of team-payments until 2026-12-20T00:00:00Z`
pub(super) fn excuse(report: &AuditReport, by: &ExcusedBy) -> String {
    let until = ends(report, by).map_or_else(String::new, |end| format!(" until {end}"));
    clean(&format!("excepted by {}/{} of {}{until}", by.namespace, by.name, by.owner)).into_owned()
}

/// When the exception ends.
pub(super) fn ends<'a>(report: &'a AuditReport, by: &ExcusedBy) -> Option<&'a str> {
    let same = |it: &&super::json::ExceptionReport| it.namespace == by.namespace && it.name == by.name;
    report.exceptions.iter().find(same).map(|it| it.expires_at.as_str())
}

/// What was judged, as a whole.
pub(super) const fn whole(report: &AuditReport) -> &'static str {
    if report.cluster.is_some() { "the cluster" } else { "these files" }
}

/// `45 files`, `the cluster at https://10.0.0.1:6443`, `the cluster at https://10.0.0.1:6443 and 2 files`
pub(super) fn sources(report: &AuditReport, files: &str) -> String {
    match &report.cluster {
        None => files.to_owned(),
        Some(cluster) if report.summary.files == 0 => format!("the cluster at {}", clean(&cluster.server)),
        Some(cluster) => format!("the cluster at {} and {files}", clean(&cluster.server)),
    }
}

/// Whether a name is that of a file, and not what stands for standard input or a cluster.
pub(super) fn is_file(name: &str) -> bool {
    !name.starts_with('<')
}

/// A file as seen from a folder, without the dots of `./`. What stands elsewhere keeps its name.
pub(super) fn relative<'a>(file: &'a str, folder: &str) -> Cow<'a, str> {
    let inside = Some(folder.trim_end_matches('/'))
        .filter(|folder| !folder.is_empty())
        .and_then(|folder| file.strip_prefix(folder)?.strip_prefix('/'));
    let mut rest = inside.unwrap_or(file);
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter;
    }
    clean(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_seen_from_the_folder() {
        assert_eq!(relative("/repo/shop/a.yaml", "/repo/shop"), "a.yaml");
        assert_eq!(relative("/repo/shopping/a.yaml", "/repo/shop"), "/repo/shopping/a.yaml");
        assert_eq!(relative("././a.yaml", ""), "a.yaml");
        assert_eq!(relative("../a.yaml", "/repo"), "../a.yaml");
    }
}
