//! How many workloads mount a persistent volume claim.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Inventory, Text, Workload};

/// How many workloads mount each claim, by namespace and name.
#[derive(Debug, Default)]
pub struct Claims {
    namespaces: BTreeMap<Text, BTreeMap<Text, usize>>,
}

impl Claims {
    /// The claims that the workloads among these facts mount.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        let mut claims = Self::default();
        for (key, workload) in inventory.workloads() {
            claims.count(&key.namespace, workload);
        }
        claims
    }

    /// Looks at the workloads of a namespace again.
    pub fn refresh(&mut self, inventory: &Inventory, namespace: &Text) {
        self.namespaces.remove(namespace);
        for (_, workload) in inventory.workloads_in(namespace) {
            self.count(namespace, workload);
        }
    }

    /// How many workloads mount a claim.
    #[must_use]
    pub fn mounted_by(&self, namespace: &str, claim: &str) -> usize {
        self.namespaces.get(namespace).and_then(|claims| claims.get(claim)).copied().unwrap_or_default()
    }

    fn count(&mut self, namespace: &Text, workload: &Workload) {
        for claim in of(workload) {
            let claims = self.namespaces.entry(namespace.clone()).or_default();
            *claims.entry(claim.clone()).or_default() += 1;
        }
    }
}

/// The claims that a workload mounts, each once.
#[must_use]
pub fn of(workload: &Workload) -> BTreeSet<&Text> {
    workload.spec().volumes.iter().filter_map(|volume| volume.claim.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Object, ObjectKind, WorkloadKind};

    #[test]
    fn a_workload_counts_once_and_in_its_namespace_alone() {
        let mut inventory = Inventory::default();
        for (name, namespace) in [("a", "shop"), ("b", "shop"), ("a", "bank")] {
            let volume = serde_json::json!({"persistentVolumeClaim": {"claimName": "logs"}});
            let written = serde_json::json!({
                "metadata": {"name": name, "namespace": namespace}, "spec": {"volumes": [volume, volume]},
            });
            inventory.add(Object::decode(ObjectKind::Workload(WorkloadKind::Pod), &written).unwrap());
        }
        let claims = Claims::of_all(&inventory);
        assert_eq!(claims.mounted_by("shop", "logs"), 2);
        assert_eq!(claims.mounted_by("bank", "logs"), 1);
        assert_eq!(claims.mounted_by("bank", "data"), 0);
    }
}
