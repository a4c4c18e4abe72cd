//! What the operator says about a tier.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Percent, shapes::ConditionShape};

/// What the operator sees in the tier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceTierStatus {
    /// The generation that this status was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Evaluated` and `TargetsMet`, always all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<ConditionShape>",
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// How many workloads are in the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub workloads: Option<i64>,
    /// How many services are in the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub services: Option<i64>,
    /// Workloads that pass every control that applies to them, in percent. Absent: nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub compliance: Option<Percent>,
    /// Workloads that pass every control of the family `image`, in percent. Absent: nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub image_compliance: Option<Percent>,
    /// Workloads whose service account passes every control of the family `iam`, in percent. Absent: nothing was
    /// measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub iam_least_privilege: Option<Percent>,
    /// Workloads whose logs are shipped, in percent. Absent: nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub logging_coverage: Option<Percent>,
    /// Services with a threat model that is not too old, of those that a standard asks for one by the controls
    /// `service.threat-model-missing` and `service.threat-model-stale`, in percent. Absent: nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub threat_models: Option<Percent>,
    /// Vulnerabilities that are gone or within their time, in percent. Absent: nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub sla_compliance: Option<Percent>,
    /// The exceptions that touch the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TierExceptions")]
    pub exceptions: Option<TierExceptions>,
    /// The open vulnerabilities in the tier. Absent: no scanner reports any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TierVulnerabilities")]
    pub vulnerabilities: Option<TierVulnerabilities>,
    /// How many targets are met of how many that are set, for example `5/6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 7), regex(pattern = "^[0-9]{1,3}/[0-9]{1,3}$"))]
    pub targets_met: Option<String>,
}

/// The exceptions that touch a tier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TierExceptions {
    /// How many are active.
    #[schemars(range(min = 0))]
    pub active: i64,
    /// For how many days the oldest active one has been active, its renewals counted in. Absent: none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub oldest_days: Option<i64>,
    /// How many end within the week.
    #[schemars(range(min = 0))]
    pub expiring_soon: i64,
}

/// The open vulnerabilities in a tier, each counted once a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TierVulnerabilities {
    /// How many critical ones are open.
    #[schemars(range(min = 0))]
    pub critical: i64,
    /// How many high ones are open.
    #[schemars(range(min = 0))]
    pub high: i64,
    /// How many medium ones are open.
    #[schemars(range(min = 0))]
    pub medium: i64,
    /// How many of these are past their time.
    #[schemars(range(min = 0))]
    pub overdue: i64,
    /// For how many days the oldest of these has been open. Absent: none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub oldest_days: Option<i64>,
}
