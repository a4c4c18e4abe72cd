//! Namespaces: their labels put workloads in tiers and in the scope of standards.

use serde::Deserialize;

use super::decode::null_as_default;
use super::meta::Meta;

/// A Namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    /// Name, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
}
