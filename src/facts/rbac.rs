//! RBAC: roles, bindings, and who is bound (`rbac.authorization.k8s.io/v1`).

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::selector::Selector;
use super::text::Text;

/// Whether a role is of one namespace or of the cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKind {
    /// Of one namespace.
    #[default]
    Role,
    /// Of the cluster; a `RoleBinding` grants it in one namespace.
    ClusterRole,
}

/// Whether a binding grants in one namespace or everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingKind {
    /// In its own namespace.
    #[default]
    RoleBinding,
    /// Everywhere.
    ClusterRoleBinding,
}

impl RoleKind {
    /// The kind's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
        }
    }
}

impl BindingKind {
    /// The kind's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoleBinding => "RoleBinding",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
        }
    }
}

/// A Role or a `ClusterRole`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Which of the two.
    pub kind: RoleKind,
    /// Name, namespace, labels, annotations.
    pub metadata: Meta,
    /// What it allows. Of an aggregated role, what the API server filled in: see [`Role::aggregation`].
    pub rules: List<Rule>,
    /// Selects the `ClusterRole`s whose rules this one collects; nothing for a role with rules of its own.
    pub aggregation: Option<List<Selector>>,
}

/// One rule: everything that it lists, combined.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// Verbs; `*` is every one.
    #[serde(deserialize_with = "list")]
    pub verbs: List<Text>,
    /// API groups; the empty string is the core group, `*` every one.
    #[serde(deserialize_with = "list")]
    pub api_groups: List<Text>,
    /// Resources, with subresources as `pods/log`; `*` is every one, `*/scale` one subresource of every resource.
    #[serde(deserialize_with = "list")]
    pub resources: List<Text>,
    /// The names that it is limited to; empty means any.
    #[serde(deserialize_with = "list")]
    pub resource_names: List<Text>,
    /// Paths that are no resources; `*` at the end is any rest.
    #[serde(rename = "nonResourceURLs", deserialize_with = "list")]
    pub non_resource_urls: List<Text>,
}

/// A `RoleBinding` or a `ClusterRoleBinding`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    /// Which of the two.
    pub kind: BindingKind,
    /// Name, namespace, labels, annotations.
    pub metadata: Meta,
    /// What it grants.
    pub role_ref: RoleRef,
    /// Whom it grants it to.
    pub subjects: List<RbacSubject>,
}

/// `roleRef` of a binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleRef {
    /// `rbac.authorization.k8s.io`.
    #[serde(deserialize_with = "null_as_default")]
    pub api_group: Text,
    /// `Role` or `ClusterRole`.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: Text,
    /// The role's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
}

/// One entry of `subjects` of a binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RbacSubject {
    /// `User`, `Group` or `ServiceAccount`.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: Text,
    /// The API group of the kind; empty for service accounts.
    #[serde(deserialize_with = "null_as_default")]
    pub api_group: Text,
    /// The name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The namespace of a service account.
    pub namespace: Option<Text>,
}

/// `ServiceAccount shop/cart`, `Group system:authenticated`
impl fmt::Display for RbacSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) if self.kind == "ServiceAccount" => {
                write!(f, "ServiceAccount {namespace}/{}", self.name)
            }
            _ => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl Role {
    /// Decodes an object of this kind.
    ///
    /// # Errors
    /// Those of the deserializer: a field of the wrong type.
    pub fn decode<'de, D: Deserializer<'de>>(kind: RoleKind, deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Written {
            #[serde(deserialize_with = "null_as_default")]
            metadata: Meta,
            #[serde(deserialize_with = "list")]
            rules: List<Rule>,
            aggregation_rule: Option<Aggregation>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Aggregation {
            #[serde(deserialize_with = "list")]
            cluster_role_selectors: List<Selector>,
        }

        let Written { metadata, rules, aggregation_rule } = Written::deserialize(deserializer)?;
        let aggregation = aggregation_rule.map(|it| it.cluster_role_selectors);
        Ok(Self { kind, metadata, rules, aggregation })
    }
}

impl Binding {
    /// Decodes an object of this kind.
    ///
    /// # Errors
    /// Those of the deserializer: a field of the wrong type.
    pub fn decode<'de, D: Deserializer<'de>>(kind: BindingKind, deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Written {
            #[serde(deserialize_with = "null_as_default")]
            metadata: Meta,
            #[serde(deserialize_with = "null_as_default")]
            role_ref: RoleRef,
            #[serde(deserialize_with = "list")]
            subjects: List<RbacSubject>,
        }

        let Written { metadata, role_ref, subjects } = Written::deserialize(deserializer)?;
        Ok(Self { kind, metadata, role_ref, subjects })
    }

    /// The namespace in which it grants; nothing for everywhere.
    #[must_use]
    pub fn scope(&self) -> Option<&Text> {
        match self.kind {
            BindingKind::RoleBinding => self.metadata.namespace.as_ref(),
            BindingKind::ClusterRoleBinding => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_role_keeps_its_rules_and_whom_it_collects() {
        let role = Role::decode(
            RoleKind::ClusterRole,
            &serde_json::json!({
                "metadata": {"name": "view"},
                "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"view": "true"}}]},
                "rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"], "resources": null}],
            }),
        )
        .unwrap();
        assert_eq!(role.aggregation.unwrap().len(), 1);
        assert_eq!(role.rules[0].non_resource_urls[0], "/healthz");
        assert!(role.rules[0].resources.is_empty());
    }

    #[test]
    fn a_role_binding_grants_in_its_namespace_and_a_cluster_role_binding_everywhere() {
        let written = serde_json::json!({
            "metadata": {"name": "a", "namespace": "shop"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "cart", "namespace": "shop"}],
        });
        let binding = Binding::decode(BindingKind::RoleBinding, &written).unwrap();
        assert_eq!(binding.scope().unwrap(), "shop");
        assert_eq!(binding.subjects[0].to_string(), "ServiceAccount shop/cart");
        let everywhere = Binding::decode(BindingKind::ClusterRoleBinding, &written).unwrap();
        assert_eq!(everywhere.scope(), None);
    }
}
