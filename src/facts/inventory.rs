//! All facts together: of a cluster, or of a set of files.

use std::collections::BTreeMap;
use std::fmt;

use super::disruption_budget::DisruptionBudget;
use super::meta::Meta;
use super::namespace::Namespace;
use super::service_account::ServiceAccount;
use super::text::{Text, TextMap};
use super::workload::{Workload, WorkloadKind};

/// The kinds that controls judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// Any kind with a pod template.
    Workload(WorkloadKind),
    /// A Namespace.
    Namespace,
    /// A `ServiceAccount`.
    ServiceAccount,
}

impl SubjectKind {
    /// The kind's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workload(kind) => kind.as_str(),
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a subject is called. Ordered by namespace, kind and name, as reports list them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The kind.
    pub kind: SubjectKind,
    /// The name.
    pub name: Text,
    /// 0, or how many definitions of the same object came before this one in the files: a base and an overlay may
    /// both hold it, and each is judged.
    pub instance: u32,
}

impl SubjectKey {
    /// The key of a namespaced or, with an empty namespace, cluster-scoped subject.
    #[must_use]
    pub fn new(namespace: impl Into<Text>, kind: SubjectKind, name: impl Into<Text>) -> Self {
        Self { namespace: namespace.into(), kind, name: name.into(), instance: 0 }
    }

    /// The key of an object with this metadata.
    #[must_use]
    pub fn of(kind: SubjectKind, meta: &Meta) -> Self {
        Self::new(meta.namespace.clone().unwrap_or_default(), kind, meta.display_name())
    }
}

/// `Deployment payments/ledger`
impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// The facts that verdicts are made from. Sorted maps throughout, so that the same facts give the same report, byte
/// for byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    workloads: BTreeMap<SubjectKey, Workload>,
    namespaces: BTreeMap<Text, Namespace>,
    service_accounts: BTreeMap<(Text, Text), ServiceAccount>,
    disruption_budgets: BTreeMap<Text, BTreeMap<Text, DisruptionBudget>>,
}

impl Inventory {
    /// Adds or replaces a workload. One that another workload owns is left out: it counts as part of its owner.
    /// Returns its key, if it was kept.
    pub fn put_workload(&mut self, workload: Workload) -> Option<SubjectKey> {
        let key = SubjectKey::of(SubjectKind::Workload(workload.kind), &workload.meta);
        if workload.owning_workload().is_some() {
            self.workloads.remove(&key);
            return None;
        }
        self.workloads.insert(key.clone(), workload);
        Some(key)
    }

    /// Adds a workload beside one of the same name, as files may hold two. Returns its key, if it was kept.
    pub fn add_workload(&mut self, workload: Workload) -> Option<SubjectKey> {
        if workload.owning_workload().is_some() {
            return None;
        }
        let mut key = SubjectKey::of(SubjectKind::Workload(workload.kind), &workload.meta);
        let last = SubjectKey { instance: u32::MAX, ..key.clone() };
        let same = self.workloads.range(key.clone()..=last).next_back();
        key.instance = same.map_or(0, |(known, _)| known.instance.saturating_add(1));
        self.workloads.insert(key.clone(), workload);
        Some(key)
    }

    /// Forgets a workload.
    pub fn remove_workload(&mut self, key: &SubjectKey) {
        self.workloads.remove(key);
    }

    /// Adds or replaces a namespace.
    pub fn put_namespace(&mut self, namespace: Namespace) {
        self.namespaces.insert(namespace.metadata.name.clone(), namespace);
    }

    /// Forgets a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        self.namespaces.remove(name);
    }

    /// Adds or replaces a service account.
    pub fn put_service_account(&mut self, account: ServiceAccount) {
        let namespace = account.metadata.namespace.clone().unwrap_or_default();
        self.service_accounts.insert((namespace, account.metadata.name.clone()), account);
    }

    /// Forgets a service account.
    pub fn remove_service_account(&mut self, namespace: &str, name: &str) {
        self.service_accounts.remove(&(namespace.into(), name.into()));
    }

    /// Adds or replaces a disruption budget.
    pub fn put_disruption_budget(&mut self, budget: DisruptionBudget) {
        let namespace = budget.metadata.namespace.clone().unwrap_or_default();
        self.disruption_budgets.entry(namespace).or_default().insert(budget.metadata.name.clone(), budget);
    }

    /// Forgets a disruption budget.
    pub fn remove_disruption_budget(&mut self, namespace: &str, name: &str) {
        if let Some(budgets) = self.disruption_budgets.get_mut(namespace) {
            budgets.remove(name);
            if budgets.is_empty() {
                self.disruption_budgets.remove(namespace);
            }
        }
    }

    /// All workloads that no other workload owns.
    pub fn workloads(&self) -> impl Iterator<Item = (&SubjectKey, &Workload)> {
        self.workloads.iter()
    }

    /// One workload.
    #[must_use]
    pub fn workload(&self, key: &SubjectKey) -> Option<&Workload> {
        self.workloads.get(key)
    }

    /// All namespaces.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.values()
    }

    /// One namespace.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces.get(name)
    }

    /// The labels of a namespace. One that the facts don't hold (a file may name a namespace that it doesn't
    /// define) has the label that the API server gives to every namespace, `kubernetes.io/metadata.name`.
    #[must_use]
    pub fn namespace_labels(&self, name: &str) -> TextMap {
        let known = self.namespaces.get(name);
        let own = known.into_iter().flat_map(|namespace| namespace.metadata.labels.iter());
        own.map(|(key, value)| (key.clone(), value.clone()))
            .chain([(Text::from("kubernetes.io/metadata.name"), Text::from(name))])
            .collect()
    }

    /// All service accounts.
    pub fn service_accounts(&self) -> impl Iterator<Item = &ServiceAccount> {
        self.service_accounts.values()
    }

    /// One service account.
    #[must_use]
    pub fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccount> {
        self.service_accounts.get(&(namespace.into(), name.into()))
    }

    /// All disruption budgets.
    pub fn all_disruption_budgets(&self) -> impl Iterator<Item = &DisruptionBudget> {
        self.disruption_budgets.values().flat_map(BTreeMap::values)
    }

    /// The disruption budgets of a namespace.
    pub fn disruption_budgets(&self, namespace: &str) -> impl Iterator<Item = &DisruptionBudget> {
        self.disruption_budgets.get(namespace).into_iter().flat_map(BTreeMap::values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(name: &str) -> Workload {
        let object = serde_json::json!({"metadata": {"name": name, "namespace": "shop"}});
        Workload::decode(WorkloadKind::Deployment, &object).unwrap()
    }

    #[test]
    fn a_second_definition_of_the_same_object_is_kept_beside_the_first() {
        let mut inventory = Inventory::default();
        let first = inventory.add_workload(deployment("cart")).unwrap();
        let second = inventory.add_workload(deployment("cart")).unwrap();
        assert_ne!(first, second);
        assert_eq!(first.to_string(), "Deployment shop/cart");
        assert_eq!(second.to_string(), first.to_string());
        assert_eq!(inventory.workloads().count(), 2);
    }

    #[test]
    fn an_update_replaces_what_was_known() {
        let mut inventory = Inventory::default();
        inventory.put_workload(deployment("cart"));
        inventory.put_workload(deployment("cart"));
        assert_eq!(inventory.workloads().count(), 1);
    }

    #[test]
    fn every_namespace_has_the_label_of_its_name() {
        let labels = Inventory::default().namespace_labels("shop");
        assert_eq!(labels.get("kubernetes.io/metadata.name").unwrap(), "shop");
    }
}
