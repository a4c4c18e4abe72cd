//! Pods and the workload at the top of their owners: what its template can't tell.

use std::collections::BTreeMap;

use crate::facts::{Inventory, ObjectKind, Owned, SubjectKey, Text, Workload};

/// A debug container in a pod that a workload made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugContainer {
    /// The pod.
    pub pod: Text,
    /// The container.
    pub name: Text,
    /// Its image, as the runtime writes it.
    pub image: Text,
}

/// The debug containers of all pods that a workload made, by that workload.
#[derive(Debug, Default)]
pub struct DebuggedPods {
    by_owner: BTreeMap<SubjectKey, Vec<DebugContainer>>,
}

impl DebuggedPods {
    /// Those of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        let mut pods = Self::default();
        for (key, owned) in inventory.owned() {
            pods.take(inventory, key, owned);
        }
        pods
    }

    /// Whether nobody debugs anything.
    pub(super) fn is_empty(&self) -> bool {
        self.by_owner.is_empty()
    }

    /// Looks at the pods of a namespace again.
    pub fn refresh(&mut self, inventory: &Inventory, namespace: &Text) {
        self.by_owner.retain(|owner, _| owner.namespace != *namespace);
        for (key, owned) in inventory.owned_in(namespace) {
            self.take(inventory, key, owned);
        }
    }

    /// The debug containers of a workload's pods, by pod.
    #[must_use]
    pub fn of(&self, workload: &Workload) -> &[DebugContainer] {
        if self.by_owner.is_empty() {
            return &[];
        }
        let key = SubjectKey::of(ObjectKind::Workload(workload.kind), &workload.meta);
        self.by_owner.get(&key).map_or(&[], Vec::as_slice)
    }

    fn take(&mut self, inventory: &Inventory, key: &SubjectKey, owned: &Owned) {
        let statuses = owned.running().ephemeral_container_statuses.iter();
        let mut found = statuses
            .map(|container| DebugContainer {
                pod: key.name.clone(),
                name: container.name.clone(),
                image: container.image.clone(),
            })
            .peekable();
        if found.peek().is_some() {
            self.by_owner.entry(inventory.top_owner(key)).or_default().extend(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::{Object, WorkloadKind};

    #[test]
    fn a_debug_container_belongs_to_the_workload_at_the_top() {
        let mut inventory = Inventory::default();
        let owned = |name: &str, kind: &str, owner: &str| {
            json!({
                "metadata": {"name": name, "namespace": "shop", "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": kind, "name": owner, "controller": true}]},
                "status": {"ephemeralContainerStatuses": [{"name": "debugger-x", "image": "busybox:1"}]},
            })
        };
        let mut put = |kind, object| {
            inventory.put(Object::decode(ObjectKind::Workload(kind), &object).unwrap());
        };
        let mut set = owned("cart-1", "Deployment", "cart");
        set["status"] = json!({});
        put(WorkloadKind::ReplicaSet, set);
        put(WorkloadKind::Pod, owned("cart-1-x", "ReplicaSet", "cart-1"));
        put(WorkloadKind::Deployment, json!({"metadata": {"name": "cart", "namespace": "shop"}}));
        let debugged = DebuggedPods::of_all(&inventory);
        let (_, deployment) = inventory.workloads().next().unwrap();
        let found = debugged.of(deployment);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].pod, &*found[0].name), ("cart-1-x", "debugger-x"));
    }
}
