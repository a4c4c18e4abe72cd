//! An audit as reports that cluster dashboards read: `PolicyReport` of wgpolicyk8s.io/v1alpha2, or `Report` of
//! openreports.io/v1alpha1.
//!
//! A result refers to its subject, so that a report has no `scope`. One report a namespace and one for what is in none, each split before it grows beyond what etcd keeps. Findings are
//! listed, passes are counted. By the words of both specifications:
//!
//! | judgement | result | why |
//! | --- | --- | --- |
//! | a finding | `fail` | the requirements are not met |
//! | an excepted finding | `skip` | left out by somebody's decision, which is among its properties |
//! | unknown, error | `error` | it could not be evaluated; never `pass`, and not `skip`, which nobody looks at |

mod result;
mod split;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::result::{Reference, ReportResult, results};
use self::split::{Part, parts};
use super::json::AuditReport;

/// The label by which our reports are known.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Who makes the reports.
pub const SOURCE: &str = "stanchion";

/// Whose kinds the reports are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `PolicyReport` and `ClusterPolicyReport` of wgpolicyk8s.io/v1alpha2.
    PolicyReport,
    /// `Report` and `ClusterReport` of openreports.io/v1alpha1.
    OpenReports,
}

/// One report. Both dialects have the same fields, but for `source`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The dialect's group and version.
    pub api_version: &'static str,
    /// The dialect's kind, with or without `Cluster`.
    pub kind: &'static str,
    /// Its name and labels.
    pub metadata: Metadata,
    /// Who made it; OpenReports alone has it here, and both have it with each result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// How many results there are of each kind, passes included.
    pub summary: Summary,
    /// What was found, the worst first.
    pub results: Vec<ReportResult>,
}

/// Metadata of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// `stanchion`, `stanchion-2`, …
    pub name: String,
    /// The namespace; none for what is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// [`MANAGED_BY`].
    pub labels: BTreeMap<&'static str, &'static str>,
}

/// Numbers of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Controls that hold.
    pub pass: u64,
    /// Findings, those included that an audit counts and doesn't list.
    pub fail: u64,
    /// Always 0: every finding counts.
    pub warn: u64,
    /// What can't be said.
    pub error: u64,
    /// Excepted findings.
    pub skip: u64,
}

/// The reports of an audit: what is in no namespace first, then by namespace.
#[must_use]
pub fn reports(report: &AuditReport, dialect: Dialect) -> Vec<Report> {
    let mut namespaces: BTreeMap<Option<&str>, (Summary, Vec<ReportResult>)> = BTreeMap::new();
    for subject in &report.subjects {
        let (counted, found) = namespaces.entry(subject.namespace.as_deref()).or_default();
        counted.pass += subject.passes;
        counted.fail += subject.unlisted_findings;
        found.extend(results(report, subject));
    }
    namespaces
        .into_iter()
        .flat_map(|(namespace, (counted, results))| {
            let parts = parts(counted, results).into_iter().enumerate();
            parts.map(move |(index, part)| one(dialect, namespace, index, part))
        })
        .collect()
}

fn one(dialect: Dialect, namespace: Option<&str>, index: usize, part: Part) -> Report {
    let (api_version, kind, cluster_kind) = match dialect {
        Dialect::PolicyReport => ("wgpolicyk8s.io/v1alpha2", "PolicyReport", "ClusterPolicyReport"),
        Dialect::OpenReports => ("openreports.io/v1alpha1", "Report", "ClusterReport"),
    };
    let name = if index == 0 { SOURCE.to_owned() } else { format!("{SOURCE}-{}", index + 1) };
    Report {
        api_version,
        kind: if namespace.is_some() { kind } else { cluster_kind },
        metadata: Metadata {
            name,
            namespace: namespace.map(str::to_owned),
            labels: BTreeMap::from([(MANAGED_BY, SOURCE)]),
        },
        source: (dialect == Dialect::OpenReports).then_some(SOURCE),
        summary: part.summary,
        results: part.results,
    }
}

/// The reports as documents of one YAML stream.
///
/// # Errors
///
/// If a report can't be written as YAML, which none is known to cause.
pub fn yaml(reports: &[Report]) -> Result<String, serde_saphyr::ser::Error> {
    let documents = reports.iter().map(|report| {
        let text = serde_saphyr::to_string(report)?;
        Ok(format!("---\n{}\n", text.strip_prefix("---\n").unwrap_or(&text).trim_end()))
    });
    documents.collect()
}
