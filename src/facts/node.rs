//! Nodes: where pods run.

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::scheduling::Taint;

/// A Node (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Name, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What keeps pods away.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: NodeSpec,
}

/// The part of core/v1 `NodeSpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Taints: only pods that tolerate them come here.
    #[serde(deserialize_with = "list")]
    pub taints: List<Taint>,
    /// Closed for new pods, as `kubectl cordon` does.
    #[serde(deserialize_with = "null_as_default")]
    pub unschedulable: bool,
}
