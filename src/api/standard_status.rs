//! What the operator says about a standard.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Action, Date, Percent, Severity,
    shapes::{ConditionShape, Observed, Spec},
};

/// Where the standard stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityStandardStatus {
    /// The generation that this status was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Evaluated`, `Compliant` and `Enforcing`, always all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<ConditionShape>",
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// When the numbers below last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub last_evaluated: Option<Time>,
    /// When the operator last looked, at most a day ago while it runs. Time in which it didn't is no soak time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub last_watched: Option<Time>,
    /// Since when the operator looks again, after it didn't for more than 36 hours or its clock was set. For a day after that
    /// nothing is promoted. Absent: it has looked for longer than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub watched_since: Option<Time>,
    /// The last generation that could be used, while the newest can't: it stays in force. Absent: the newest is in force, or
    /// none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "InForce")]
    pub in_force: Option<InForce>,
    /// How many workloads hold the standard. Absent: they were not counted yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Posture")]
    pub posture: Option<Posture>,
    /// The same, control by control.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 128),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"])
    )]
    pub controls: Vec<ControlStatus>,
    /// The stage at which each tier stands, and what blocks the next one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub tiers: Vec<TierStage>,
    /// The workloads that most need work, at most 20; the whole list is in the reports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub top_failures: Vec<TopFailure>,
    /// The compliance at the end of each day, at most the last 30.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 30),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["date"])
    )]
    pub trend: Vec<TrendPoint>,
}

/// A generation of a standard that stays in force. This is state: with it lost, nothing is in force until the standard is
/// mended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InForce {
    /// Its `metadata.generation`.
    #[schemars(range(min = 0))]
    pub generation: i64,
    /// Its `spec`.
    #[schemars(with = "Spec")]
    pub spec: Map<String, Value>,
}

/// How many workloads hold a standard. Each evaluated one is counted in exactly one of the four that follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Posture {
    /// Workloads that the standard is about.
    #[schemars(range(min = 0))]
    pub evaluated: i64,
    /// Those that pass every control.
    #[schemars(range(min = 0))]
    pub compliant: i64,
    /// Those that fail, but only where an exception covers it.
    #[schemars(range(min = 0))]
    pub excepted: i64,
    /// Those that fail without an exception.
    #[schemars(range(min = 0))]
    pub failing: i64,
    /// Those of which something could not be told.
    #[schemars(range(min = 0))]
    pub unknown: i64,
    /// Compliant of evaluated, in percent. Excepted is not compliant, unknown is not compliant. Absent: nothing was
    /// evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub compliance: Option<Percent>,
    /// Compliant and excepted of evaluated, in percent. Absent: nothing was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub effective: Option<Percent>,
}

/// How one control stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlStatus {
    /// The control's id.
    #[schemars(length(max = 64))]
    pub id: String,
    /// How bad a failure is, as this standard has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Severity")]
    pub severity: Option<Severity>,
    /// Subjects that the control applies to.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub evaluated: i64,
    /// Those that pass.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub passing: i64,
    /// Those that fail without an exception.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub failing: i64,
    /// Those that fail under an exception.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub excepted: i64,
    /// Those for which it could not be told.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub unknown: i64,
}

/// The stage at which a tier stands. This is state: with it lost, the tier begins again at its first stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierStage {
    /// The tier's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Which stage of its plan the tier is at; 0 is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 2))]
    pub stage: Option<i32>,
    /// What happens now to a workload that fails: the stage's action, or less while the circuit breaker is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Action")]
    pub action: Option<Action>,
    /// Since when the tier is at this stage, without the time in which no operator looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub since: Option<Time>,
    /// When the circuit breaker put the tier back to this stage: more was denied than anybody can have meant. Absent: it did
    /// not, or the tier has been at Deny since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub tripped: Option<Time>,
    /// The tier's compliance with this standard, in percent. Absent: nothing was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Percent")]
    pub compliance: Option<Percent>,
    /// How many workloads would be denied today, were they applied anew and the action Deny. Absent: it is Deny, or the plan
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub would_deny: Option<i64>,
    /// How many objects fail that were made or changed while the webhook did not answer, and that Deny would have refused.
    /// Absent: none, or the action is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub unanswered: Option<i64>,
    /// The action of the next stage. Absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Action")]
    pub next: Option<Action>,
    /// The earliest moment at which the calendar lets the next stage begin. Absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub promotable_from: Option<Time>,
    /// Until then Deny spares an update that makes nothing worse (`rollout.ratchet`). Absent: nothing is spared, or not any
    /// more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Observed")]
    pub ratchet_until: Option<Time>,
    /// Whose workloads fail and so stand before the next stage, those with the most first, at most 5. Absent: none fails, or
    /// there is no next stage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub owners: Vec<FailingOwner>,
    /// What still blocks the next stage, in words, at most 10, for example `compliance 84.0 is below 90`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub blocked_by: Vec<String>,
}

/// Somebody whose workloads fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailingOwner {
    /// Who answers for them. Absent: nobody is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 63))]
    pub owner: Option<String>,
    /// How many fail.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub failing: i64,
}

/// A workload that needs work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopFailure {
    /// The workload as kind, namespace and name, for example `Deployment payments/ledger`.
    #[schemars(length(max = 600))]
    pub subject: String,
    /// The tier it is in. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 63))]
    pub tier: Option<String>,
    /// The controls that it fails, the gravest first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 64)), extend("x-kubernetes-list-type" = "atomic"))]
    pub controls: Vec<String>,
    /// Who answers for it. Absent: nobody is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 253))]
    pub owner: Option<String>,
}

/// The compliance at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrendPoint {
    /// The day, in UTC.
    pub date: Date,
    /// The compliance in percent.
    pub compliance: Percent,
}
