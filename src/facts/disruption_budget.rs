//! Pod disruption budgets: how much of a workload may be taken away at once.

use serde::Deserialize;

use super::decode::null_as_default;
use super::meta::Meta;
use super::selector::Selector;

/// A `PodDisruptionBudget` (policy/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DisruptionBudget {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// Which pods it protects.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: DisruptionBudgetSpec,
}

/// The part of `PodDisruptionBudgetSpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DisruptionBudgetSpec {
    /// Absent selects no pod, empty selects every pod of the namespace (policy/v1).
    pub selector: Option<Selector>,
}
