//! Network policies: which traffic pods may have (`networking.k8s.io/v1`).

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::selector::Selector;
use super::service::PortRef;
use super::text::{Text, TextMap};

/// A `NetworkPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicy {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What it lets through.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: NetworkPolicySpec,
}

/// `NetworkPolicySpec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// The pods of its namespace that it isolates; empty means all of them.
    #[serde(deserialize_with = "null_as_default")]
    pub pod_selector: Selector,
    /// `Ingress`, `Egress` or both; empty leaves it to the rules: see [`NetworkPolicy::isolates`].
    #[serde(deserialize_with = "list")]
    pub policy_types: List<Text>,
    /// What may come in.
    #[serde(deserialize_with = "list")]
    pub ingress: List<IngressAllowance>,
    /// What may go out.
    #[serde(deserialize_with = "list")]
    pub egress: List<EgressAllowance>,
}

/// One entry of `ingress`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressAllowance {
    /// From where; empty means from everywhere.
    #[serde(deserialize_with = "list")]
    pub from: List<Peer>,
    /// On which ports; empty means on all.
    #[serde(deserialize_with = "list")]
    pub ports: List<AllowedPort>,
}

/// One entry of `egress`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EgressAllowance {
    /// To where; empty means to everywhere.
    #[serde(deserialize_with = "list")]
    pub to: List<Peer>,
    /// On which ports; empty means on all.
    #[serde(deserialize_with = "list")]
    pub ports: List<AllowedPort>,
}

/// One entry of `from` or `to`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Peer {
    /// Pods, of the policy's namespace unless `namespaceSelector` is there too.
    pub pod_selector: Option<Selector>,
    /// Namespaces; an empty selector means all.
    pub namespace_selector: Option<Selector>,
    /// Addresses.
    pub ip_block: Option<IpBlock>,
}

/// `ipBlock` of a peer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IpBlock {
    /// The addresses.
    #[serde(deserialize_with = "null_as_default")]
    pub cidr: Text,
    /// Those left out.
    #[serde(deserialize_with = "list")]
    pub except: List<Text>,
}

/// One entry of `ports` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedPort {
    /// The port; absent means all.
    pub port: Option<PortRef>,
    /// The last port of a range that begins with `port`.
    pub end_port: Option<i32>,
    /// `TCP`, `UDP` or `SCTP`; absent means `TCP`.
    pub protocol: Option<Text>,
}

/// A direction of traffic, as a pod sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the pod.
    Ingress,
    /// From the pod.
    Egress,
}

impl Direction {
    /// The name in `policyTypes`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

impl NetworkPolicy {
    /// Whether it isolates its pods in a direction, so that only what rules list gets through. Without `policyTypes`
    /// that is always ingress, and egress where there are rules for it (`SetDefaults_NetworkPolicy` of the API server).
    #[must_use]
    pub fn isolates(&self, direction: Direction) -> bool {
        let types = &self.spec.policy_types;
        if types.is_empty() {
            return direction == Direction::Ingress || !self.spec.egress.is_empty();
        }
        types.iter().any(|known| *known == direction.as_str())
    }

    /// Whether pods with these labels, of its own namespace, are among those that it isolates.
    #[must_use]
    pub fn selects(&self, labels: &TextMap) -> bool {
        self.spec.pod_selector.matches(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(spec: &serde_json::Value) -> NetworkPolicy {
        serde_json::from_value(serde_json::json!({"metadata": {"name": "a"}, "spec": spec})).unwrap()
    }

    #[test]
    fn without_types_ingress_is_isolated_and_egress_where_it_has_rules() {
        let silent = policy(&serde_json::json!({"podSelector": {}}));
        assert!(silent.isolates(Direction::Ingress) && !silent.isolates(Direction::Egress));
        let ruled = policy(&serde_json::json!({"podSelector": {}, "egress": [{}]}));
        assert!(ruled.isolates(Direction::Ingress) && ruled.isolates(Direction::Egress));
        let egress = policy(&serde_json::json!({"podSelector": {}, "policyTypes": ["Egress"]}));
        assert!(!egress.isolates(Direction::Ingress) && egress.isolates(Direction::Egress));
    }
}
