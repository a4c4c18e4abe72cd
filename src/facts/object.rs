//! One decoded object of any kind, and how an API version and a kind become facts.
//!
//! A new subject is one variant of [`ObjectKind`], one of [`Object`], one arm in each function here, and its map in
//! the [`Inventory`](super::Inventory).

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::audit_policy::AuditPolicy;
use super::config_map::ConfigMap;
use super::custom::regular_plural;
use super::disruption_budget::DisruptionBudget;
use super::gateway::{Gateway, Route, RouteKind};
use super::ingress::Ingress;
use super::meta::Meta;
use super::namespace::Namespace;
use super::network_policy::NetworkPolicy;
use super::node::Node;
use super::rbac::{Binding, BindingKind, Role, RoleKind};
use super::secret::Secret;
use super::service::Service;
use super::service_account::ServiceAccount;
use super::workload::{Workload, WorkloadKind};
use crate::api::{self, RiskException, SecurityStandard, ServiceTier};

/// The kinds that become facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// Any kind with a pod template.
    Workload(WorkloadKind),
    /// v1 Namespace
    Namespace,
    /// v1 `ServiceAccount`
    ServiceAccount,
    /// rbac.authorization.k8s.io/v1 Role and `ClusterRole`
    Role(RoleKind),
    /// rbac.authorization.k8s.io/v1 `RoleBinding` and `ClusterRoleBinding`
    Binding(BindingKind),
    /// v1 Service
    Service,
    /// networking.k8s.io/v1 Ingress
    Ingress,
    /// gateway.networking.k8s.io/v1 Gateway
    Gateway,
    /// gateway.networking.k8s.io/v1 `HTTPRoute` and its like
    Route(RouteKind),
    /// networking.k8s.io/v1 `NetworkPolicy`
    NetworkPolicy,
    /// v1 `ConfigMap`
    ConfigMap,
    /// v1 Secret, without its data
    Secret,
    /// policy/v1 `PodDisruptionBudget`
    DisruptionBudget,
    /// v1 Node
    Node,
    /// audit.k8s.io/v1 Policy: a file of an API server, never an object of one
    AuditPolicy,
    /// What must hold.
    SecurityStandard,
    /// What matters how much.
    ServiceTier,
    /// A rail stepped over.
    RiskException,
}

/// What an object is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognition {
    /// It becomes facts.
    Facts(ObjectKind),
    /// A kind of Kubernetes itself that no control looks at.
    Kubernetes,
    /// A custom resource of somebody else.
    Foreign,
}

/// An object as facts.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// Any kind with a pod template.
    Workload(Box<Workload>),
    /// v1 Namespace
    Namespace(Box<Namespace>),
    /// v1 `ServiceAccount`
    ServiceAccount(Box<ServiceAccount>),
    /// A Role or a `ClusterRole`.
    Role(Box<Role>),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(Box<Binding>),
    /// v1 Service
    Service(Box<Service>),
    /// networking.k8s.io/v1 Ingress
    Ingress(Box<Ingress>),
    /// gateway.networking.k8s.io/v1 Gateway
    Gateway(Box<Gateway>),
    /// A route of a Gateway.
    Route(Box<Route>),
    /// networking.k8s.io/v1 `NetworkPolicy`
    NetworkPolicy(Box<NetworkPolicy>),
    /// v1 `ConfigMap`
    ConfigMap(Box<ConfigMap>),
    /// v1 Secret
    Secret(Box<Secret>),
    /// policy/v1 `PodDisruptionBudget`
    DisruptionBudget(Box<DisruptionBudget>),
    /// v1 Node
    Node(Box<Node>),
    /// audit.k8s.io/v1 Policy
    AuditPolicy(Box<AuditPolicy>),
    /// What must hold.
    SecurityStandard(Box<SecurityStandard>),
    /// What matters how much.
    ServiceTier(Box<ServiceTier>),
    /// A rail stepped over.
    RiskException(Box<RiskException>),
}

impl ObjectKind {
    /// Every kind that is built in; [`CustomKinds::all`](super::CustomKinds::all) has the others, too.
    pub fn all() -> impl Iterator<Item = Self> {
        let workloads = WorkloadKind::ALL.into_iter().map(Self::Workload);
        let routes = RouteKind::ALL.into_iter().map(Self::Route);
        workloads.chain(routes).chain([
            Self::Namespace,
            Self::ServiceAccount,
            Self::Role(RoleKind::Role),
            Self::Role(RoleKind::ClusterRole),
            Self::Binding(BindingKind::RoleBinding),
            Self::Binding(BindingKind::ClusterRoleBinding),
            Self::Service,
            Self::Ingress,
            Self::Gateway,
            Self::NetworkPolicy,
            Self::ConfigMap,
            Self::Secret,
            Self::DisruptionBudget,
            Self::Node,
            Self::AuditPolicy,
            Self::SecurityStandard,
            Self::ServiceTier,
            Self::RiskException,
        ])
    }

    /// What reports call it: the kind's name in the API, as far as that is no other's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workload(kind) => kind.as_str(),
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::Role(kind) => kind.as_str(),
            Self::Binding(kind) => kind.as_str(),
            Self::Service => "Service",
            Self::Ingress => "Ingress",
            Self::Gateway => "Gateway",
            Self::Route(kind) => kind.as_str(),
            Self::NetworkPolicy => "NetworkPolicy",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::DisruptionBudget => "PodDisruptionBudget",
            Self::Node => "Node",
            Self::AuditPolicy => "Policy",
            Self::SecurityStandard => "SecurityStandard",
            Self::ServiceTier => "ServiceTier",
            Self::RiskException => "RiskException",
        }
    }

    /// The kind's API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Workload(kind) => kind.group(),
            Self::Namespace
            | Self::ServiceAccount
            | Self::Service
            | Self::ConfigMap
            | Self::Secret
            | Self::Node => "",
            Self::Role(_) | Self::Binding(_) => "rbac.authorization.k8s.io",
            Self::Ingress | Self::NetworkPolicy => "networking.k8s.io",
            Self::Gateway | Self::Route(_) => "gateway.networking.k8s.io",
            Self::DisruptionBudget => "policy",
            Self::AuditPolicy => "audit.k8s.io",
            Self::SecurityStandard | Self::ServiceTier | Self::RiskException => api::GROUP,
        }
    }

    /// The API version in which it is read, and which reports name.
    #[must_use]
    pub fn api_version(self) -> String {
        let version = match self {
            Self::SecurityStandard | Self::ServiceTier | Self::RiskException => api::VERSION,
            Self::Workload(WorkloadKind::Custom(kind)) => kind.version(),
            // Every other kind has been at v1 for long.
            _ => "v1",
        };
        match self.group() {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        }
    }

    /// The kind's name in the API.
    #[must_use]
    pub fn api_kind(self) -> &'static str {
        match self {
            Self::Workload(WorkloadKind::Custom(kind)) => kind.kind(),
            kind => kind.as_str(),
        }
    }

    /// Its resource, as the API server and permissions name it.
    #[must_use]
    pub fn plural(self) -> String {
        match self {
            Self::Workload(WorkloadKind::Custom(kind)) => kind.plural().to_owned(),
            kind => regular_plural(kind.as_str()),
        }
    }

    /// Whether objects of this kind live in a namespace.
    #[must_use]
    pub const fn is_namespaced(self) -> bool {
        !matches!(
            self,
            Self::Namespace
                | Self::Role(RoleKind::ClusterRole)
                | Self::Binding(BindingKind::ClusterRoleBinding)
                | Self::Node
                | Self::AuditPolicy
                | Self::SecurityStandard
                | Self::ServiceTier
        )
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an object of this `apiVersion` and `kind` is to us, of the kinds that are built in. Any version counts, as far as its fields are the same.
#[must_use]
pub fn recognize(api_version: &str, kind: &str) -> Recognition {
    let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
    let known = match (group, kind) {
        // Removed from the API server in 1.22, yet still written in files.
        ("extensions", "Ingress") => Some(ObjectKind::Ingress),
        ("extensions", "NetworkPolicy") => Some(ObjectKind::NetworkPolicy),
        _ => WorkloadKind::of(group, kind)
            .map(ObjectKind::Workload)
            .or_else(|| ObjectKind::all().find(|known| known.group() == group && known.as_str() == kind)),
    };
    match known {
        Some(kind) => Recognition::Facts(kind),
        // Kubernetes' own groups have no dot, or end in `.k8s.io`, which is reserved for them (API conventions).
        None if !group.contains('.') || group.ends_with(".k8s.io") => Recognition::Kubernetes,
        None => Recognition::Foreign,
    }
}

impl Object {
    /// Decodes an object of this kind.
    ///
    /// # Errors
    /// Those of the deserializer: a field of the wrong type, or a required one that is missing.
    pub fn decode<'de, D: Deserializer<'de>>(kind: ObjectKind, deserializer: D) -> Result<Self, D::Error> {
        Ok(match kind {
            ObjectKind::Workload(kind) => Self::Workload(Box::new(Workload::decode(kind, deserializer)?)),
            ObjectKind::Namespace => Self::Namespace(Deserialize::deserialize(deserializer)?),
            ObjectKind::ServiceAccount => Self::ServiceAccount(Deserialize::deserialize(deserializer)?),
            ObjectKind::Role(kind) => Self::Role(Box::new(Role::decode(kind, deserializer)?)),
            ObjectKind::Binding(kind) => Self::Binding(Box::new(Binding::decode(kind, deserializer)?)),
            ObjectKind::Service => Self::Service(Deserialize::deserialize(deserializer)?),
            ObjectKind::Ingress => Self::Ingress(Deserialize::deserialize(deserializer)?),
            ObjectKind::Gateway => Self::Gateway(Deserialize::deserialize(deserializer)?),
            ObjectKind::Route(kind) => Self::Route(Box::new(Route::decode(kind, deserializer)?)),
            ObjectKind::NetworkPolicy => Self::NetworkPolicy(Deserialize::deserialize(deserializer)?),
            ObjectKind::ConfigMap => Self::ConfigMap(Deserialize::deserialize(deserializer)?),
            ObjectKind::Secret => Self::Secret(Deserialize::deserialize(deserializer)?),
            ObjectKind::DisruptionBudget => Self::DisruptionBudget(Deserialize::deserialize(deserializer)?),
            ObjectKind::Node => Self::Node(Deserialize::deserialize(deserializer)?),
            ObjectKind::AuditPolicy => Self::AuditPolicy(Deserialize::deserialize(deserializer)?),
            ObjectKind::SecurityStandard => Self::SecurityStandard(Deserialize::deserialize(deserializer)?),
            ObjectKind::ServiceTier => Self::ServiceTier(Deserialize::deserialize(deserializer)?),
            ObjectKind::RiskException => Self::RiskException(Deserialize::deserialize(deserializer)?),
        })
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Workload(workload) => ObjectKind::Workload(workload.kind),
            Self::Namespace(_) => ObjectKind::Namespace,
            Self::ServiceAccount(_) => ObjectKind::ServiceAccount,
            Self::Role(role) => ObjectKind::Role(role.kind),
            Self::Binding(binding) => ObjectKind::Binding(binding.kind),
            Self::Service(_) => ObjectKind::Service,
            Self::Ingress(_) => ObjectKind::Ingress,
            Self::Gateway(_) => ObjectKind::Gateway,
            Self::Route(route) => ObjectKind::Route(route.kind),
            Self::NetworkPolicy(_) => ObjectKind::NetworkPolicy,
            Self::ConfigMap(_) => ObjectKind::ConfigMap,
            Self::Secret(_) => ObjectKind::Secret,
            Self::DisruptionBudget(_) => ObjectKind::DisruptionBudget,
            Self::Node(_) => ObjectKind::Node,
            Self::AuditPolicy(_) => ObjectKind::AuditPolicy,
            Self::SecurityStandard(_) => ObjectKind::SecurityStandard,
            Self::ServiceTier(_) => ObjectKind::ServiceTier,
            Self::RiskException(_) => ObjectKind::RiskException,
        }
    }

    /// Its metadata; nothing for our own kinds, which are no facts.
    #[must_use]
    pub const fn meta(&self) -> Option<&Meta> {
        Some(match self {
            Self::Workload(it) => &it.meta,
            Self::Namespace(it) => &it.metadata,
            Self::ServiceAccount(it) => &it.metadata,
            Self::Role(it) => &it.metadata,
            Self::Binding(it) => &it.metadata,
            Self::Service(it) => &it.metadata,
            Self::Ingress(it) => &it.metadata,
            Self::Gateway(it) => &it.metadata,
            Self::Route(it) => &it.metadata,
            Self::NetworkPolicy(it) => &it.metadata,
            Self::ConfigMap(it) => &it.metadata,
            Self::Secret(it) => &it.metadata,
            Self::DisruptionBudget(it) => &it.metadata,
            Self::Node(it) => &it.metadata,
            Self::AuditPolicy(it) => &it.metadata,
            Self::SecurityStandard(_) | Self::ServiceTier(_) | Self::RiskException(_) => return None,
        })
    }

    /// The same, to change it.
    pub const fn meta_mut(&mut self) -> Option<&mut Meta> {
        Some(match self {
            Self::Workload(it) => &mut it.meta,
            Self::Namespace(it) => &mut it.metadata,
            Self::ServiceAccount(it) => &mut it.metadata,
            Self::Role(it) => &mut it.metadata,
            Self::Binding(it) => &mut it.metadata,
            Self::Service(it) => &mut it.metadata,
            Self::Ingress(it) => &mut it.metadata,
            Self::Gateway(it) => &mut it.metadata,
            Self::Route(it) => &mut it.metadata,
            Self::NetworkPolicy(it) => &mut it.metadata,
            Self::ConfigMap(it) => &mut it.metadata,
            Self::Secret(it) => &mut it.metadata,
            Self::DisruptionBudget(it) => &mut it.metadata,
            Self::Node(it) => &mut it.metadata,
            Self::AuditPolicy(it) => &mut it.metadata,
            Self::SecurityStandard(_) | Self::ServiceTier(_) | Self::RiskException(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_by_group() {
        let deployment = Recognition::Facts(ObjectKind::Workload(WorkloadKind::Deployment));
        assert_eq!(recognize("apps/v1", "Deployment"), deployment);
        assert_eq!(recognize("extensions/v1beta1", "Deployment"), deployment);
        assert_eq!(recognize("example.com/v1", "Deployment"), Recognition::Foreign);
        let role = Recognition::Facts(ObjectKind::Role(RoleKind::Role));
        assert_eq!(recognize("rbac.authorization.k8s.io/v1", "Role"), role);
        assert_eq!(recognize("example.com/v1", "Role"), Recognition::Foreign);
        assert_eq!(recognize("audit.k8s.io/v1", "Policy"), Recognition::Facts(ObjectKind::AuditPolicy));
        assert_eq!(recognize("v1", "Policy"), Recognition::Kubernetes);
        assert_eq!(recognize("v1", "LimitRange"), Recognition::Kubernetes);
        assert_eq!(recognize("monitoring.coreos.com/v1", "Prometheus"), Recognition::Foreign);
    }
}
