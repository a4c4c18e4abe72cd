//! Network policies and what they isolate (`networking.k8s.io/v1`).
//!
//! Source: the documentation of Kubernetes, "Network Policies": a pod is isolated in a direction once any policy of its
//! namespace that selects it isolates that direction; policies only ever add to what is let through. Pods in the network of
//! their node are not isolated: the API leaves open what becomes of them, and network plugins take their traffic for the
//! node's. Policies of other API groups (Cilium, Calico, `policy.networking.k8s.io`) are not among the facts.

use std::collections::BTreeMap;

use super::filed::Filed;
use crate::facts::{Direction, Inventory, NetworkPolicy, Selector, Text, Workload};

/// What policies with one selector do to the pods that they select, in one direction. What comes later is stronger.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    /// They leave the direction alone.
    Nothing,
    /// Only what their rules list gets through.
    Isolate,
    /// A rule of this one lets everything through.
    Open(Text),
}

impl Effect {
    /// The effect of two policies together; of two that let everything through the first is named.
    fn add(&mut self, other: Self) {
        let stronger = match (&self, &other) {
            (Self::Open(_), _) | (_, Self::Nothing) | (Self::Isolate, Self::Isolate) => false,
            (Self::Nothing, _) | (Self::Isolate, Self::Open(_)) => true,
        };
        if stronger {
            *self = other;
        }
    }
}

/// The same in both directions.
#[derive(Debug)]
struct Effects {
    ingress: Effect,
    egress: Effect,
}

/// Whether a workload's pods are isolated in a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation<'a> {
    /// Only what policies list gets through.
    Isolated,
    /// Policies select them, and this one lets everything through.
    OpenedBy(&'a Text),
    /// No policy selects them.
    Unselected,
    /// They use the network of their node, which no policy isolates.
    HostNetwork,
}

/// Whether a namespace denies by default in a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultDeny<'a> {
    /// A policy isolates all pods.
    Holds,
    /// A policy isolates all pods, and this one lets everything through to all of them.
    UndoneBy(&'a Text),
    /// No policy isolates all pods.
    Missing,
}

/// All network policies, by namespace.
#[derive(Debug, Default)]
pub struct Network {
    namespaces: BTreeMap<Text, Filed<Effects>>,
}

impl Network {
    /// The policies of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        let mut namespaces: BTreeMap<Text, Vec<(Selector, Effects)>> = BTreeMap::new();
        for policy in inventory.network_policies() {
            let namespace = policy.metadata.namespace.clone().unwrap_or_default();
            namespaces.entry(namespace).or_default().push(Effects::selected(policy));
        }
        let filed = namespaces.into_iter().map(|(name, effects)| (name, Filed::new(effects, Effects::add)));
        Self { namespaces: filed.collect() }
    }

    /// Looks at the policies of a namespace again.
    pub fn refresh(&mut self, inventory: &Inventory, namespace: &Text) {
        let effects: Vec<_> = inventory.network_policies_in(namespace).map(Effects::selected).collect();
        if effects.is_empty() {
            self.namespaces.remove(namespace);
        } else {
            self.namespaces.insert(namespace.clone(), Filed::new(effects, Effects::add));
        }
    }

    /// Whether a workload's pods are isolated in a direction. The workload need not be among the facts itself.
    #[must_use]
    pub fn isolation<'a>(&'a self, workload: &'a Workload, direction: Direction) -> Isolation<'a> {
        if workload.spec().host_network {
            return Isolation::HostNetwork;
        }
        let namespace = self.namespaces.get(workload.meta.namespace.as_deref().unwrap_or_default());
        let labels = &workload.template.metadata.labels;
        let mut known = Isolation::Unselected;
        for effects in namespace.into_iter().flat_map(|filed| filed.selecting(labels)) {
            match effects.of_direction(direction) {
                Effect::Nothing => {}
                Effect::Isolate => known = Isolation::Isolated,
                Effect::Open(policy) => return Isolation::OpenedBy(policy),
            }
        }
        known
    }

    /// Whether a namespace denies by default in a direction: whether each of its pods is isolated, those to come too.
    #[must_use]
    pub fn default_deny(&self, namespace: &str, direction: Direction) -> DefaultDeny<'_> {
        // What selects every pod has one selector, and is one.
        let of_every_pod = self.namespaces.get(namespace).and_then(|filed| filed.of_every_pod().next());
        match of_every_pod.map(|effects| effects.of_direction(direction)) {
            Some(Effect::Open(policy)) => DefaultDeny::UndoneBy(policy),
            Some(Effect::Isolate) => DefaultDeny::Holds,
            Some(Effect::Nothing) | None => DefaultDeny::Missing,
        }
    }
}

impl Effects {
    /// Which pods a policy selects, and what it does to them.
    fn selected(policy: &NetworkPolicy) -> (Selector, Self) {
        (policy.spec.pod_selector.clone(), Self::of(policy))
    }

    fn of(policy: &NetworkPolicy) -> Self {
        let spec = &policy.spec;
        let effect = |direction, opens: bool| match (policy.isolates(direction), opens) {
            (false, _) => Effect::Nothing,
            (true, false) => Effect::Isolate,
            (true, true) => Effect::Open(policy.metadata.display_name()),
        };
        let everything_in = spec.ingress.iter().any(|rule| rule.from.is_empty() && rule.ports.is_empty());
        let everything_out = spec.egress.iter().any(|rule| rule.to.is_empty() && rule.ports.is_empty());
        Self {
            ingress: effect(Direction::Ingress, everything_in),
            egress: effect(Direction::Egress, everything_out),
        }
    }

    fn add(&mut self, other: Self) {
        self.ingress.add(other.ingress);
        self.egress.add(other.egress);
    }

    const fn of_direction(&self, direction: Direction) -> &Effect {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::{Object, ObjectKind, WorkloadKind};

    fn network(policies: &[Value]) -> Network {
        let mut inventory = Inventory::default();
        for (number, spec) in policies.iter().enumerate() {
            let name = format!("p{number}");
            let policy = json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec});
            inventory.put(Object::decode(ObjectKind::NetworkPolicy, &policy).unwrap());
        }
        Network::of_all(&inventory)
    }

    fn pod(namespace: &str, spec: &Value) -> Workload {
        let pod = json!({"metadata": {"name": "a", "namespace": namespace, "labels": {"app": "cart"}}, "spec": spec});
        Workload::decode(WorkloadKind::Pod, &pod).unwrap()
    }

    fn ingress(policies: &[Value]) -> String {
        let network = network(policies);
        format!("{:?}", network.isolation(&pod("shop", &json!({})), Direction::Ingress))
    }

    #[test]
    fn a_pod_is_isolated_once_any_policy_of_its_namespace_selects_it() {
        assert_eq!(ingress(&[]), "Unselected");
        assert_eq!(ingress(&[json!({"podSelector": {"matchLabels": {"app": "other"}}})]), "Unselected");
        assert_eq!(ingress(&[json!({"podSelector": {"matchLabels": {"app": "cart"}}})]), "Isolated");
        assert_eq!(ingress(&[json!({"podSelector": {}})]), "Isolated");
        assert_eq!(ingress(&[json!({"podSelector": {}, "policyTypes": ["Egress"]})]), "Unselected");
        let network = network(&[json!({"podSelector": {}})]);
        assert_eq!(network.isolation(&pod("other", &json!({})), Direction::Ingress), Isolation::Unselected);
        assert_eq!(
            network.isolation(&pod("shop", &json!({"hostNetwork": true})), Direction::Ingress),
            Isolation::HostNetwork
        );
    }

    #[test]
    fn a_rule_for_everything_undoes_all_the_others() {
        let deny = json!({"podSelector": {}});
        assert_eq!(ingress(&[deny.clone(), json!({"podSelector": {}, "ingress": [{}]})]), "OpenedBy(\"p1\")");
        let narrow = json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}, {"ports": [{"port": 80}]}]});
        assert_eq!(ingress(&[deny, narrow]), "Isolated");
    }

    #[test]
    fn a_namespace_denies_by_default_with_a_policy_for_all_pods() {
        let deny = |policies: &[Value], direction| {
            let network = network(policies);
            format!("{:?}", network.default_deny("shop", direction))
        };
        let both = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
        assert_eq!(deny(std::slice::from_ref(&both), Direction::Ingress), "Holds");
        assert_eq!(deny(std::slice::from_ref(&both), Direction::Egress), "Holds");
        assert_eq!(deny(&[json!({"podSelector": {}})], Direction::Egress), "Missing");
        let one = json!({"podSelector": {"matchLabels": {"app": "cart"}}});
        assert_eq!(deny(&[one], Direction::Ingress), "Missing");
        let out = json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]});
        assert_eq!(deny(&[both, out], Direction::Egress), "UndoneBy(\"p1\")");
    }
}
