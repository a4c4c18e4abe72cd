//! One decoded object of any kind, and how an API version and a kind become facts.
//!
//! A new subject is one variant of [`ObjectKind`], one of [`Object`], one arm in each function here, and its map in
//! the [`Inventory`](super::Inventory).

use serde::{Deserialize, Deserializer};

use super::disruption_budget::DisruptionBudget;
use super::namespace::Namespace;
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
    /// policy/v1 `PodDisruptionBudget`
    DisruptionBudget,
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
    Namespace(Namespace),
    /// v1 `ServiceAccount`
    ServiceAccount(ServiceAccount),
    /// policy/v1 `PodDisruptionBudget`
    DisruptionBudget(DisruptionBudget),
    /// What must hold.
    SecurityStandard(Box<SecurityStandard>),
    /// What matters how much.
    ServiceTier(Box<ServiceTier>),
    /// A rail stepped over.
    RiskException(Box<RiskException>),
}

impl ObjectKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        let workloads = WorkloadKind::ALL.into_iter().map(Self::Workload);
        workloads.chain([
            Self::Namespace,
            Self::ServiceAccount,
            Self::DisruptionBudget,
            Self::SecurityStandard,
            Self::ServiceTier,
            Self::RiskException,
        ])
    }

    /// Whether objects of this kind live in a namespace.
    #[must_use]
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::SecurityStandard | Self::ServiceTier)
    }
}

/// What an object of this `apiVersion` and `kind` is to us.
#[must_use]
pub fn recognize(api_version: &str, kind: &str) -> Recognition {
    let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
    if let Some(workload) = WorkloadKind::of(group, kind) {
        return Recognition::Facts(ObjectKind::Workload(workload));
    }
    let known = match (group, kind) {
        ("", "Namespace") => ObjectKind::Namespace,
        ("", "ServiceAccount") => ObjectKind::ServiceAccount,
        ("policy", "PodDisruptionBudget") => ObjectKind::DisruptionBudget,
        (api::GROUP, "SecurityStandard") => ObjectKind::SecurityStandard,
        (api::GROUP, "ServiceTier") => ObjectKind::ServiceTier,
        (api::GROUP, "RiskException") => ObjectKind::RiskException,
        // Kubernetes' own groups have no dot, or end in `.k8s.io`, which is reserved for them (API conventions).
        _ if !group.contains('.') || group.ends_with(".k8s.io") => return Recognition::Kubernetes,
        _ => return Recognition::Foreign,
    };
    Recognition::Facts(known)
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
            ObjectKind::DisruptionBudget => Self::DisruptionBudget(Deserialize::deserialize(deserializer)?),
            ObjectKind::SecurityStandard => Self::SecurityStandard(Deserialize::deserialize(deserializer)?),
            ObjectKind::ServiceTier => Self::ServiceTier(Deserialize::deserialize(deserializer)?),
            ObjectKind::RiskException => Self::RiskException(Deserialize::deserialize(deserializer)?),
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
        assert_eq!(recognize("rbac.authorization.k8s.io/v1", "Role"), Recognition::Kubernetes);
        assert_eq!(recognize("v1", "ConfigMap"), Recognition::Kubernetes);
        assert_eq!(recognize("monitoring.coreos.com/v1", "Prometheus"), Recognition::Foreign);
    }
}
