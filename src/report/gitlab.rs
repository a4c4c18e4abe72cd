//! An audit as GitLab's code quality report, which a merge request shows beside the lines it changes.
//!
//! GitLab publishes a table of fields, no schema. What it compares between branches is the fingerprint, so each entry
//! has one of its own that stays while the defect does. Excepted findings are left out: they are accepted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::json::{AuditReport, Location, SubjectReport};
use super::table::clean;
use super::wording::{relative, sentence, subject};
use crate::api::Severity;

/// What stands for a problem in place of a control.
const PROBLEM: &str = "stanchion.problem";

/// One entry of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// What is wrong and what to do.
    pub description: String,
    /// The control.
    pub check_name: String,
    /// Tells the entry from all others.
    pub fingerprint: String,
    /// `info`, `minor`, `major`, `critical` or `blocker`.
    pub severity: &'static str,
    /// Where it stands.
    pub location: Place,
}

/// A place in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, from the repository's root.
    pub path: String,
    /// The lines.
    pub lines: Lines,
}

/// Lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// The first, from 1.
    pub begin: u32,
}

/// The entries, the worst subjects first. `folder` is the repository's root, where the audit ran.
#[must_use]
pub fn issues(report: &AuditReport, folder: &str) -> Vec<Issue> {
    let mut issues = Vec::new();
    for problem in &report.problems {
        issues.push(Issue {
            description: clean(&problem.message).into_owned(),
            check_name: PROBLEM.to_owned(),
            fingerprint: fingerprint(&[PROBLEM, &problem.file, &problem.message]),
            severity: "blocker",
            location: place(&problem.file, problem.line, folder),
        });
    }
    for it in &report.subjects {
        let name = subject(it);
        for finding in it.findings.iter().filter(|finding| finding.exception.is_none()) {
            let fix = if finding.fix.is_empty() {
                String::new()
            } else {
                format!("; fix: {}", clean(&finding.fix))
            };
            issues.push(Issue {
                description: format!("{name}: {}{fix}", sentence(finding)),
                check_name: finding.control.to_owned(),
                fingerprint: finding.fingerprint.clone(),
                severity: severity(finding.severity),
                location: at(it, finding.location.as_ref(), folder),
            });
        }
        for unknown in &it.unknowns {
            issues.push(Issue {
                description: format!("{name}: can't be judged: {}", clean(&unknown.reason)),
                check_name: unknown.control.to_owned(),
                fingerprint: fingerprint(&["unknown", unknown.control, &name, &unknown.reason]),
                severity: "info",
                location: at(it, it.location.as_ref(), folder),
            });
        }
    }
    make_unique(&mut issues);
    issues
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
    }
}

/// GitLab asks for a path. What stands in no file has that of the object: `payments/Deployment/ledger`.
fn at(subject: &SubjectReport, location: Option<&Location>, folder: &str) -> Place {
    let object = || {
        let namespace = subject.namespace.iter().map(String::as_str);
        let steps: Vec<&str> = namespace.chain([subject.kind, subject.name.as_str()]).collect();
        steps.join("/")
    };
    match location {
        Some(it) => place(&it.file, Some(it.line), folder),
        None => place(&object(), None, ""),
    }
}

/// A path is relative: what stands outside the repository is named without its root.
fn place(file: &str, line: Option<u32>, folder: &str) -> Place {
    let path = relative(file, folder).trim_start_matches('/').to_owned();
    Place { path, lines: Lines { begin: line.unwrap_or(1).max(1) } }
}

/// GitLab keeps the first of several with one fingerprint. The same object in two files, a base and its overlay, has
/// the same findings: further ones are numbered.
fn make_unique(issues: &mut [Issue]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for issue in issues {
        let count = seen.entry(issue.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            issue.fingerprint = fingerprint(&[&issue.fingerprint, &count.to_string()]);
        }
    }
}

/// As long as those of findings.
fn fingerprint(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\0"));
    hash.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_that_meet_are_numbered_and_paths_are_relative() {
        let issue = |path: &str| Issue {
            description: String::new(),
            check_name: String::new(),
            fingerprint: "0123456789abcdef".to_owned(),
            severity: "minor",
            location: place(path, None, "/repository"),
        };
        let mut issues = [issue("/repository/a.yaml"), issue("/elsewhere/b.yaml"), issue("./c.yaml")];
        make_unique(&mut issues);
        let [one, two, three] = &issues;
        assert_eq!(one.fingerprint, "0123456789abcdef");
        assert!(two.fingerprint != one.fingerprint && two.fingerprint != three.fingerprint);
        let paths = issues.each_ref().map(|it| it.location.path.as_str());
        assert_eq!(paths, ["a.yaml", "elsewhere/b.yaml", "c.yaml"]);
    }
}
