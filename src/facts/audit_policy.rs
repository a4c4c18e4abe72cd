//! Audit policies: what an API server writes down of requests (`audit.k8s.io/v1`). They stand in files alone: no API
//! server serves them.

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::text::Text;

/// An audit `Policy`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditPolicy {
    /// Mostly empty.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// The first rule that matches a request says how much is written down; a request that none matches isn't.
    #[serde(deserialize_with = "list")]
    pub rules: List<AuditRule>,
    /// Stages that are never written down.
    #[serde(deserialize_with = "list")]
    pub omit_stages: List<Text>,
}

/// One rule. What it lists must all match; an empty list matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditRule {
    /// `None`, `Metadata`, `Request` or `RequestResponse`.
    #[serde(deserialize_with = "null_as_default")]
    pub level: Text,
    /// Users.
    #[serde(deserialize_with = "list")]
    pub users: List<Text>,
    /// Groups.
    #[serde(deserialize_with = "list")]
    pub user_groups: List<Text>,
    /// Verbs.
    #[serde(deserialize_with = "list")]
    pub verbs: List<Text>,
    /// Resources.
    #[serde(deserialize_with = "list")]
    pub resources: List<AuditResources>,
    /// Namespaces; the empty string is what has none.
    #[serde(deserialize_with = "list")]
    pub namespaces: List<Text>,
    /// Paths that are no resources.
    #[serde(rename = "nonResourceURLs", deserialize_with = "list")]
    pub non_resource_urls: List<Text>,
    /// Stages that are not written down.
    #[serde(deserialize_with = "list")]
    pub omit_stages: List<Text>,
}

/// One entry of `resources` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditResources {
    /// The API group; empty means core.
    #[serde(deserialize_with = "null_as_default")]
    pub group: Text,
    /// Resources and subresources; empty means all of the group.
    #[serde(deserialize_with = "list")]
    pub resources: List<Text>,
    /// Names; empty means any.
    #[serde(deserialize_with = "list")]
    pub resource_names: List<Text>,
}
