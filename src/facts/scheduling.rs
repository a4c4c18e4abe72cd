//! Where pods may run: node selectors, required node affinity, taints and tolerations, with the scheduler's meaning.

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::text::Text;

/// One entry of `taints` of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// The key.
    #[serde(deserialize_with = "null_as_default")]
    pub key: Text,
    /// The value.
    #[serde(deserialize_with = "null_as_default")]
    pub value: Text,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "null_as_default")]
    pub effect: Text,
}

/// One entry of `tolerations` of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// The key; empty, with `Exists`, means every taint.
    #[serde(deserialize_with = "null_as_default")]
    pub key: Text,
    /// `Exists`, `Equal`, `Lt` or `Gt`; absent means `Equal`.
    pub operator: Option<Text>,
    /// The value.
    #[serde(deserialize_with = "null_as_default")]
    pub value: Text,
    /// The effect; empty means every one.
    #[serde(deserialize_with = "null_as_default")]
    pub effect: Text,
}

/// `affinity` of a pod: what is required of nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// `nodeAffinity`.
    pub node_affinity: Option<NodeAffinity>,
}

/// `nodeAffinity` of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAffinity {
    /// The nodes that it may be scheduled to.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
}

/// A selector of nodes: any of its terms must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms; none match no node.
    #[serde(deserialize_with = "list")]
    pub node_selector_terms: List<NodeSelectorTerm>,
}

/// One term: all of its requirements must hold. An empty one matches no node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// Requirements on labels.
    #[serde(deserialize_with = "list")]
    pub match_expressions: List<NodeRequirement>,
    /// Requirements on fields; `metadata.name` is the only one.
    #[serde(deserialize_with = "list")]
    pub match_fields: List<NodeRequirement>,
}

/// One requirement of a term.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeRequirement {
    /// The label or field.
    #[serde(deserialize_with = "null_as_default")]
    pub key: Text,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    #[serde(deserialize_with = "null_as_default")]
    pub operator: Text,
    /// What it is compared with.
    #[serde(deserialize_with = "list")]
    pub values: List<Text>,
}
