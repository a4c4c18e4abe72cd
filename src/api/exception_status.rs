//! What the operator says about an exception.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shapes::{ConditionShape, Observed};

/// Whether the exception counts, and what for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RiskExceptionStatus {
    /// The generation that this status was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Approved`, `Active` and `Effective`, always all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<ConditionShape>",
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// How many approvals it needs and has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ApprovalCount")]
    pub approvals: Option<ApprovalCount>,
    /// What it covers today.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Coverage")]
    pub covers: Option<Coverage>,
    /// When it last let something through, or covered a finding. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub last_used: Option<Time>,
    /// Since when it covers nothing. Absent: it covers something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub unused_since: Option<Time>,
    /// Since when a compensating control does not hold. After a day of it the exception is suspended until it does; with this
    /// lost, the day begins anew. Absent: all hold, or none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub uncompensated_since: Option<Time>,
    /// When somebody must look at it again. Absent: it ends before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub next_review: Option<Time>,
    /// How often it was renewed, under whatever name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0))]
    pub renewals: Option<i32>,
    /// Who will be denied when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExpiryImpact")]
    pub expiry_impact: Option<ExpiryImpact>,
}

/// How many approvals an exception needs and has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApprovalCount {
    /// How many the most critical tier that it touches asks for.
    #[schemars(range(min = 0))]
    pub required: i32,
    /// How many count, under the trust that is configured.
    #[schemars(range(min = 0))]
    pub valid: i32,
    /// How many are still missing.
    #[schemars(range(min = 0))]
    pub missing: i32,
}

/// What an exception covers today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Coverage {
    /// How many workloads it covers.
    #[schemars(range(min = 0))]
    pub workloads: i64,
    /// How many of their findings it covers.
    #[schemars(range(min = 0))]
    pub findings: i64,
    /// The tiers that these are in, at most 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 63)), extend("x-kubernetes-list-type" = "set"))]
    pub tiers: Vec<String>,
}

/// Who will be denied when an exception ends, as things are today and were they applied anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExpiryImpact {
    /// How many workloads.
    #[schemars(range(min = 0))]
    pub denied: i64,
    /// Some of them, at most 20, for example `Deployment payments/ledger`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 600)), extend("x-kubernetes-list-type" = "atomic"))]
    pub subjects: Vec<String>,
}
