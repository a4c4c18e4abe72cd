//! Subjects among the facts, and their tiers.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::api::Date;
use crate::engine::control::{Scene, Subject, SubjectType};
use crate::engine::exception::HOME;
use crate::engine::policy::Policy;
use crate::engine::tier::{CompiledTier, Placement};
use crate::facts::{Inventory, List, Meta, Object, ObjectKind, SubjectKey, Text, TextMap, Workload};
use crate::relations::Relations;

/// The label that the API server gives to every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A subject with its tier.
pub(super) struct Placed<'a> {
    pub(super) key: SubjectKey,
    pub(super) subject: Subject<'a>,
    pub(super) meta: &'a Meta,
    pub(super) namespace: TextMap,
    pub(super) tier: Option<&'a CompiledTier>,
    pub(super) placement: Placement,
    pub(super) overlaps: List<Text>,
    pub(super) owner: Option<Text>,
}

impl<'a> Placed<'a> {
    fn new(
        policy: &'a Policy,
        inventory: &Inventory,
        key: SubjectKey,
        subject: Subject<'a>,
        namespace: TextMap,
    ) -> Self {
        let meta = subject.meta();
        let found = policy.tiers.resolve(&namespace, &meta.labels);
        let home = inventory.namespace(&key.namespace).map(|namespace| &namespace.metadata);
        Self {
            key,
            subject,
            meta,
            namespace,
            tier: found.tier,
            placement: found.placement,
            overlaps: found.overlaps.iter().map(|tier| tier.name.clone()).collect(),
            owner: policy.settings.owner(meta, home),
        }
    }

    /// What it is judged by.
    pub(super) fn scene<'s>(&'s self, relations: &'s Relations<'s>, now: Timestamp) -> Scene<'s> {
        Scene { relations, tier: self.tier, owner: self.owner.as_ref(), today: Date::of(now) }
    }
}

/// The labels of the namespace at hand. Subjects come sorted by namespace, so one is remembered.
struct NamespaceLabels<'a> {
    inventory: &'a Inventory,
    last: Option<(Text, TextMap)>,
}

impl<'a> NamespaceLabels<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, last: None }
    }

    fn of(&mut self, name: &Text) -> TextMap {
        if let Some((known, labels)) = &self.last
            && known == name
        {
            return labels.clone();
        }
        let labels = self.inventory.namespace_labels(name);
        self.last = Some((name.clone(), labels.clone()));
        labels
    }
}

/// Finds subjects among facts, and their tiers.
pub(super) struct Placing<'a> {
    policy: &'a Policy,
    inventory: &'a Inventory,
    labels: NamespaceLabels<'a>,
    /// What some control judges.
    wanted: BTreeSet<SubjectType>,
}

impl<'a> Placing<'a> {
    pub(super) fn new(policy: &'a Policy, inventory: &'a Inventory) -> Self {
        let controls = policy.standards.iter().flat_map(|standard| &standard.controls);
        let wanted = controls.map(|it| it.control.subject).collect();
        Self { policy, inventory, labels: NamespaceLabels::new(inventory), wanted }
    }

    /// Every subject that some control judges and that isn't exempt, sorted by key. Workloads are subjects even if
    /// nothing judges them: tiers count them.
    pub(super) fn all(mut self) -> Vec<Placed<'a>> {
        let inventory = self.inventory;
        let mut placed: Vec<Placed<'_>> = Vec::new();
        for (key, workload) in inventory.workloads() {
            placed.extend(self.workload(key, workload));
        }
        for object in inventory.others() {
            placed.extend(self.object(object));
        }
        placed.sort_by(|a, b| a.key.cmp(&b.key));
        placed
    }

    /// What an exception of a namespace could be meant for: what is in the namespace, the namespace itself, and for
    /// [`HOME`] what is of the cluster.
    pub(super) fn within_reach_of(mut self, namespace: &Text) -> Vec<Placed<'a>> {
        let inventory = self.inventory;
        let mut placed: Vec<Placed<'_>> = Vec::new();
        placed.extend(self.one(&SubjectKey::new("", ObjectKind::Namespace, namespace.clone())));
        if *namespace == HOME {
            let of_cluster = inventory.others_in("");
            placed.extend(
                of_cluster.filter(|it| it.kind() != ObjectKind::Namespace).filter_map(|it| self.object(it)),
            );
        }
        for (key, workload) in inventory.workloads_in(namespace) {
            placed.extend(self.workload(key, workload));
        }
        for object in inventory.others_in(namespace) {
            placed.extend(self.object(object));
        }
        placed.sort_by(|a, b| a.key.cmp(&b.key));
        placed
    }

    /// One of them, if it is one.
    pub(super) fn one(&mut self, key: &SubjectKey) -> Option<Placed<'a>> {
        if let ObjectKind::Workload(_) = key.kind {
            return self.workload(key, self.inventory.workload(key)?);
        }
        self.object(self.inventory.get(key.kind, &key.namespace, &key.name)?)
    }

    /// An object that need not be among the facts, in the place of the one that is.
    pub(super) fn supposed(&mut self, object: &'a Object) -> Option<Placed<'a>> {
        match object {
            Object::Workload(workload) => {
                self.workload(&SubjectKey::of(object.kind(), &workload.meta), workload)
            }
            Object::Namespace(it) => {
                // What it says of itself is newer than what is known of it.
                let placed = self.object(object)?;
                let own = it.metadata.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
                let name = (Text::from(NAME_LABEL), it.metadata.name.clone());
                let labels: TextMap = own.chain([name]).collect();
                Some(Placed::new(self.policy, self.inventory, placed.key, placed.subject, labels))
            }
            _ => self.object(object),
        }
    }

    fn workload(&mut self, key: &SubjectKey, workload: &'a Workload) -> Option<Placed<'a>> {
        if self.policy.settings.exempt_namespaces.contains(&key.namespace) {
            return None;
        }
        let namespace = self.labels.of(&key.namespace);
        Some(Placed::new(self.policy, self.inventory, key.clone(), Subject::Workload(workload), namespace))
    }

    fn object(&mut self, object: &'a Object) -> Option<Placed<'a>> {
        let subject = Subject::of(object).filter(|subject| self.wanted.contains(&subject.kind()))?;
        let key = SubjectKey::of(object.kind(), subject.meta());
        let home = home_of(object, &key);
        if self.policy.settings.exempt_namespaces.contains(home) {
            return None;
        }
        let namespace = if home.is_empty() { TextMap::default() } else { self.labels.of(home) };
        Some(Placed::new(self.policy, self.inventory, key, subject, namespace))
    }
}

/// How many workloads are in exempt namespaces.
pub(super) fn exempt(policy: &Policy, inventory: &Inventory) -> u64 {
    let namespaces = policy.settings.exempt_namespaces.iter();
    let workloads = namespaces.map(|namespace| inventory.workloads_in(namespace).count());
    u64::try_from(workloads.sum::<usize>()).unwrap_or(u64::MAX)
}

/// The namespace that an object belongs to: its own, or itself if it is one. Empty for what is of the cluster.
fn home_of<'a>(object: &Object, key: &'a SubjectKey) -> &'a Text {
    if matches!(object, Object::Namespace(_)) { &key.name } else { &key.namespace }
}
