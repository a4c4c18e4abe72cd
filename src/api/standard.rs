//! [`SecurityStandard`]: what must hold, and how it rolls out.

#![expect(clippy::duplicated_attributes, reason = "several printer columns have the same type or priority")]

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Action, Date, Duration, LabelSelector, SecurityStandardStatus, Severity,
    duration::PATTERN_OR_ZERO,
    rules::{rule, stages},
    shapes::{ControlId, Parameters, Party, TierName},
    tier::is_false,
};

/// A set of controls that must hold, and how each is rolled out.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "stanchion.dev",
    version = "v1alpha1",
    kind = "SecurityStandard",
    plural = "securitystandards",
    shortname = "secstd",
    category = "stanchion",
    status = "SecurityStandardStatus",
    derive = "PartialEq",
    doc = "A SecurityStandard says which controls must hold on which workloads, and how it gets there: \
           measured first, then with warnings, then enforced, tier by tier.",
    printcolumn(name = "Compliance", type_ = "string", json_path = ".status.posture.compliance"),
    printcolumn(name = "Effective", type_ = "string", json_path = ".status.posture.effective"),
    printcolumn(name = "Failing", type_ = "integer", json_path = ".status.posture.failing"),
    printcolumn(name = "Excepted", type_ = "integer", json_path = ".status.posture.excepted"),
    printcolumn(name = "Unknown", type_ = "integer", json_path = ".status.posture.unknown"),
    printcolumn(
        name = "Enforcing",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Enforcing")].reason"#
    ),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Accepted")].reason"#
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Evaluated",
        type_ = "integer",
        json_path = ".status.posture.evaluated",
        priority = 1
    ),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner", priority = 1),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct SecurityStandardSpec {
    /// What the standard asks for, in one line, for example `Images are known, pinned and signed`. Absent: its name is
    /// shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 120))]
    pub title: Option<String>,
    /// Who answers for the standard, for example `platform-security`. Absent: nobody is named in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Party")]
    pub owner: Option<String>,
    /// Which workloads it is about. Absent or empty: every one that is not exempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Scope")]
    pub scope: Option<Scope>,
    /// The controls that must hold, 1 to 128, each listed once.
    #[schemars(
        length(min = 1, max = 128),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"])
    )]
    pub controls: Vec<ControlRef>,
    /// How it gets from being measured to being enforced. Absent: it stays at Audit, and nobody is warned or blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Rollout")]
    pub rollout: Option<Rollout>,
}

/// Which workloads a standard is about. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Selects namespaces by their labels, for example `matchLabels: {pci: "true"}`. Absent or empty: every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LabelSelector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects workloads by their own labels. Absent or empty: every workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LabelSelector")]
    pub workload_selector: Option<LabelSelector>,
    /// The names of tiers, at most 32, for example `[tier-0, tier-1]`. Absent or empty: every tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<TierName>", length(max = 32), extend("x-kubernetes-list-type" = "set"))]
    pub tiers: Vec<String>,
}

/// One control of the catalogue, as this standard asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlRef {
    /// The control's id, for example `image.mutable-tag`; `stanchion explain` lists them.
    #[schemars(with = "ControlId")]
    pub id: String,
    /// How bad a failure is here. Absent: the severity in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Severity")]
    pub severity: Option<Severity>,
    /// The control's parameters, at most 32, for example `registries: [registry.example.com/acme]`; `stanchion explain
    /// ID` lists them. What is absent has the default in the catalogue.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "Parameters")]
    pub parameters: Map<String, Value>,
}

/// How a standard gets from being measured to being enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// The plan of every tier without one of its own: one to three stages, upwards from Audit. Absent: Audit, for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 3),
        extend("x-kubernetes-list-type" = "atomic", "x-kubernetes-validations" = stages())
    )]
    pub stages: Vec<Stage>,
    /// Days on which nothing is promoted, at most 32 periods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub freezes: Vec<Freeze>,
    /// Plans for single tiers, at most 32, each tier listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub tiers: Vec<TierPlan>,
    /// Spares what already fails when Deny begins. Absent: Deny stops every failing workload that is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Ratchet")]
    pub ratchet: Option<Ratchet>,
    /// Goes back to Warn when too much is denied. Absent: the defaults of its fields; it can't be switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CircuitBreaker")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Whether every tier stays at the stage it is at, whatever the plan says. Absent: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hold: bool,
}

/// One stage of a rollout, and what must be so before the next one begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// What happens in this stage to a workload that fails.
    pub action: Action,
    /// How long the stage lasts at least, for example `14d`; `0m` for no wait. Needed in every stage but the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration", extend("pattern" = PATTERN_OR_ZERO))]
    pub soak: Option<Duration>,
    /// What must have been reached before the next stage begins. Absent: time alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PromoteAt")]
    pub promote_at: Option<PromoteAt>,
    /// The first day, from midnight UTC, on which the next stage may begin, for example `2026-12-07`. Absent: any day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Date")]
    pub not_before: Option<Date>,
}

/// What a tier must have reached before its next stage begins. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(
    "has(self.compliance) || has(self.failing)",
    "promoteAt asks for nothing: give compliance, failing or both, or remove it",
)]))]
pub struct PromoteAt {
    /// The least compliance in whole percent, for example 90, as in `status.tiers`. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub compliance: Option<i32>,
    /// The most workloads that may still fail, for example 5. Absent: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 1_000_000))]
    pub failing: Option<i32>,
}

/// Days on which nothing is promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(
    "self.to >= self.from",
    "a freeze ends after it begins: to must be the same day as from, or a later one",
)]))]
pub struct Freeze {
    /// The first day, from midnight UTC, for example `2026-12-18`.
    pub from: Date,
    /// The last day, which still belongs to the freeze, for example `2027-01-04`.
    pub to: Date,
    /// Why, for those who wait, for example `year end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    pub reason: Option<String>,
}

/// The plan of one tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierPlan {
    /// The tier's name, for example `tier-2`.
    #[schemars(with = "TierName")]
    pub name: String,
    /// Its stages, one to three, upwards from Audit.
    #[schemars(
        length(min = 1, max = 3),
        extend("x-kubernetes-list-type" = "atomic", "x-kubernetes-validations" = stages())
    )]
    pub stages: Vec<Stage>,
}

/// Lets what already fails go on failing for a while, so that Deny stops only what makes a workload worse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ratchet {
    /// The day, from midnight UTC, on which this ends and Deny holds for everything, for example `2027-06-30`.
    pub until: Date,
}

/// Puts a tier back to Warn when more is denied than anybody can have meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CircuitBreaker {
    /// The most denials within the window, from 1 to 100000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_denials: i32,
    /// The length of the window.
    pub window: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { max_denials: 25, window: Duration::minutes(10) }
    }
}
