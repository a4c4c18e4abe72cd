//! The posture alone: the numbers of an audit without its findings.

mod table;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::table::table;
use super::json::{AuditReport, ClusterReport, FrameworkReport, Posture, Problem, Tool};

/// `apiVersion` of a posture.
pub const API_VERSION: &str = "posture.stanchion.dev/v1";
/// `kind` of a posture.
pub const KIND: &str = "PostureReport";

/// What `stanchion posture -o json` writes. It only ever grows, as an audit does.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostureReport {
    /// `posture.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `PostureReport`
    pub kind: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The time that it was judged for, in UTC.
    pub at: String,
    /// The cluster that was judged; absent if files were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// Workloads left out because no standard judges their namespace: the cluster's own, such as `kube-system`.
    pub exempt: u64,
    /// How many subjects came out how: the same as in an audit.
    pub posture: Posture,
    /// The same by the clauses of frameworks: of all, or of the one that was asked for.
    pub frameworks: Vec<FrameworkReport>,
    /// What could not be used, in the order of the files. With any of these the exit code is 2.
    pub problems: Vec<Problem>,
}

impl PostureReport {
    /// The numbers of an audit.
    #[must_use]
    pub fn new(audit: AuditReport, frameworks: Vec<FrameworkReport>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: KIND,
            tool: audit.tool,
            at: audit.at,
            cluster: audit.cluster,
            exempt: audit.summary.exempt,
            posture: audit.posture,
            frameworks,
            problems: audit.problems,
        }
    }
}
