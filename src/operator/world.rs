//! The world: all facts of the cluster as the watches know them, and what people wrote.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta, Time};
use kube::ResourceExt;
use serde::Deserialize;

use super::observed;
use super::watch::Key;
use crate::api::{Action, GROUP, Kind, RiskException, SecurityStandard, ServiceTier};
use crate::engine::approval::Rules;
use crate::facts::object::{Object, ObjectKind};
use crate::facts::{Change, CustomKinds, Inventory, Known, Meta, SubjectKey, WorkloadKind};

/// All that posture is made from. Every method that changes it says whether posture can depend on the change.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Facts that controls look at.
    pub(super) inventory: Inventory,
    /// What must hold.
    pub(super) standards: BTreeMap<Key, SecurityStandard>,
    /// What matters how much.
    pub(super) tiers: BTreeMap<Key, ServiceTier>,
    /// What is excused.
    pub(super) exceptions: BTreeMap<Key, RiskException>,
    /// Objects that can't be decoded.
    pub(super) malformed: BTreeMap<(ObjectKind, Key), Malformed>,
    /// Kinds that may not be listed or watched, with the verb that is missing. What was known of them stays.
    pub(super) denied: BTreeMap<ObjectKind, &'static str>,
    synced: BTreeSet<ObjectKind>,
    /// Whether the API server holds its rules.
    pub(super) rules: Rules,
    /// Whether that has to be known, and isn't yet.
    awaits_rules: bool,
    /// How many facts of each kind there are.
    held: BTreeMap<ObjectKind, u64>,
    /// What changed since it was last asked for; nothing is noted before that.
    changes: Option<Changes>,
}

/// What is different since an evaluation.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Facts, each as it was then: however often an object changes, it is noted once.
    facts: BTreeMap<SubjectKey, Change>,
    /// Objects of ours with another spec, be they there still or not.
    pub(super) decided: BTreeSet<(Kind, Key)>,
    /// Standards and exceptions with another status.
    pub(super) recorded: BTreeSet<(Kind, Key)>,
    /// Everything must be judged again.
    pub(super) anew: bool,
}

impl Changes {
    /// The facts, each as it was.
    pub(super) fn facts(self) -> Vec<Change> {
        self.facts.into_values().collect()
    }
}

/// What a complete list of a kind makes of what was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retained {
    /// Whether posture can depend on it.
    pub(super) changed: bool,
    /// How many objects are gone.
    pub(super) gone: usize,
}

/// What is different about an object of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    Nothing,
    Status,
    /// Or it is gone, or another one has its name.
    Spec,
}

/// An object that can't be decoded, and what is needed to say so in its status.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Malformed {
    /// Why.
    pub(super) message: String,
    /// Its version.
    pub(super) version: Option<String>,
    /// Its generation.
    pub(super) generation: i64,
    /// The conditions that it has.
    pub(super) conditions: Vec<Condition>,
}

impl World {
    /// An empty one, which has these kinds of workloads, too.
    pub(super) fn with_kinds(kinds: CustomKinds) -> Self {
        Self { inventory: Inventory::with_kinds(kinds), ..Self::default() }
    }

    /// The same where approvals rest on the rules of the API server: these have to be known, too.
    pub(super) fn awaiting_rules(self) -> Self {
        Self { awaits_rules: true, ..self }
    }

    /// The API server holds its rules, or doesn't.
    pub(super) fn set_rules(&mut self, rules: &Rules) -> bool {
        let is_news = self.awaits_rules || self.rules != *rules;
        self.awaits_rules = false;
        self.rules.clone_from(rules);
        is_news
    }

    /// Whether every kind has been listed once, or may not be: what depends on it is unknown then, and the rest goes on.
    /// Without our own kinds there is nothing to go on with.
    pub(super) fn is_synced(&self) -> bool {
        let may_be_missing = |kind| self.denied.contains_key(&kind) && !observed::is_ours(kind);
        !self.awaits_rules
            && observed::kinds(self.inventory.kinds())
                .all(|kind| self.synced.contains(&kind) || may_be_missing(kind))
    }

    /// The API server refuses this verb for the kind, until it is listed again.
    pub(super) fn deny(&mut self, kind: ObjectKind, verb: &'static str) -> bool {
        let is_news = self.denied.insert(kind, verb) != Some(verb);
        if is_news {
            self.inventory.leave_unread(kind);
            self.begin_anew();
        }
        is_news
    }

    /// Which kinds are known is different, and with it what can be said of anything.
    fn begin_anew(&mut self) {
        if let Some(changes) = &mut self.changes {
            changes.anew = true;
        }
    }

    /// Adds or replaces an object.
    pub(super) fn put(&mut self, object: Object) -> bool {
        match object {
            Object::SecurityStandard(standard) => {
                let key = key_of(&standard.metadata);
                let healed = self.malformed.remove(&(ObjectKind::SecurityStandard, key.clone()));
                let difference = put_resource(&mut self.standards, *standard, |it| (&it.spec, &it.status));
                self.note(Kind::SecurityStandard, key, difference) || healed.is_some()
            }
            Object::ServiceTier(tier) => {
                let key = key_of(&tier.metadata);
                let healed = self.malformed.remove(&(ObjectKind::ServiceTier, key.clone()));
                let difference = put_resource(&mut self.tiers, *tier, |it| (&it.spec, &it.status));
                self.note(Kind::ServiceTier, key, difference) || healed.is_some()
            }
            Object::RiskException(exception) => {
                let key = key_of(&exception.metadata);
                let healed = self.malformed.remove(&(ObjectKind::RiskException, key.clone()));
                let difference = put_resource(&mut self.exceptions, *exception, |it| (&it.spec, &it.status));
                self.note(Kind::RiskException, key, difference) || healed.is_some()
            }
            fact => {
                let healed = fact.meta().is_some_and(|meta| self.heal(fact.kind(), meta));
                let change = self.inventory.put(fact);
                if let Some(Change { key, before }) = &change {
                    let there = &self.inventory;
                    let is_there = |key| there.workload(key).is_some() || there.owned_workload(key).is_some();
                    let is_custom = matches!(key.kind, ObjectKind::Workload(WorkloadKind::Custom(_)));
                    let held = self.held.entry(key.kind).or_default();
                    match before {
                        Known::Nothing => *held += 1,
                        // It has no template any more, and so is no workload.
                        _ if is_custom && !is_there(key) => *held = held.saturating_sub(1),
                        _ => {}
                    }
                }
                self.note_fact(change) || healed
            }
        }
    }

    /// What others go by of what a status has recorded: the stages of a standard, and since when an exception is uncompensated.
    pub(super) fn recorded(&self, kind: Kind, key: &Key) -> (Vec<(String, Option<Action>)>, Option<Time>) {
        let standard = self.standards.get(key).filter(|_| kind == Kind::SecurityStandard);
        let stages = standard.and_then(|it| it.status.as_ref()).into_iter().flat_map(|status| &status.tiers);
        let exception = self.exceptions.get(key).filter(|_| kind == Kind::RiskException);
        let since = exception.and_then(|it| it.status.as_ref()?.uncompensated_since.clone());
        (stages.map(|tier| (tier.name.clone(), tier.action)).collect(), since)
    }

    /// Takes the answer to our own write, if it is about an object that is there still: the watch, which is not in step
    /// with it, may have said that it is gone, or that another one has its name.
    pub(super) fn refresh(&mut self, object: Object) -> bool {
        let known = match &object {
            Object::SecurityStandard(it) => is_known(&self.standards, &it.metadata),
            Object::ServiceTier(it) => is_known(&self.tiers, &it.metadata),
            Object::RiskException(it) => is_known(&self.exceptions, &it.metadata),
            _ => false,
        };
        known && self.put(object)
    }

    /// What changed since this was last asked for, which the first time is nothing: everything is new then.
    pub(super) fn take_changes(&mut self) -> Option<Changes> {
        self.changes.replace(Changes::default())
    }

    fn note(&mut self, kind: Kind, key: Key, difference: Difference) -> bool {
        if let Some(changes) = &mut self.changes {
            match (difference, kind) {
                (Difference::Spec, _) => drop(changes.decided.insert((kind, key))),
                (Difference::Status, _) => drop(changes.recorded.insert((kind, key))),
                (Difference::Nothing, _) => {}
            }
        }
        difference != Difference::Nothing
    }

    fn note_fact(&mut self, change: Option<Change>) -> bool {
        let Some(change) = change else { return false };
        if let Some(changes) = &mut self.changes {
            changes.facts.entry(change.key.clone()).or_insert(change);
        }
        true
    }

    /// Keeps what can be said of an object that can't be decoded; its last good version no longer counts as a fact.
    pub(super) fn put_malformed(&mut self, kind: ObjectKind, key: Key, bytes: &str, message: &str) -> bool {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Lenient {
            metadata: Known,
            status: Conditions,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        #[serde(rename_all = "camelCase")]
        struct Known {
            generation: i64,
            resource_version: Option<String>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Conditions {
            conditions: Vec<Condition>,
        }

        let known: Lenient = serde_json::from_str(bytes).unwrap_or_default();
        let malformed = Malformed {
            message: message.to_owned(),
            version: known.metadata.resource_version,
            generation: known.metadata.generation,
            conditions: known.status.conditions,
        };
        self.forget(kind, &key);
        let before = self.malformed.insert((kind, key), malformed.clone());
        // Another version alone is no news.
        before.map(|before| Malformed { version: malformed.version.clone(), ..before }) != Some(malformed)
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, kind: ObjectKind, key: &Key) -> bool {
        let malformed = self.malformed.remove(&(kind, key.clone())).is_some();
        self.forget(kind, key) || malformed
    }

    /// Forgets what a complete list of a kind doesn't hold.
    pub(super) fn retain(&mut self, kind: ObjectKind, present: &BTreeSet<Key>) -> Retained {
        let gone: Vec<Key> = self.keys(kind).into_iter().filter(|key| !present.contains(key)).collect();
        for key in &gone {
            self.remove(kind, key);
        }
        // The first list of a kind can complete the picture, and so can one that was denied before.
        let first = self.synced.insert(kind);
        let healed = self.denied.remove(&kind).is_some();
        if healed {
            self.inventory.have_read(kind);
            self.begin_anew();
        }
        Retained { changed: first || healed || !gone.is_empty(), gone: gone.len() }
    }

    /// The objects held, of every kind that is watched.
    pub(super) fn sizes(&self) -> Vec<(ObjectKind, u64)> {
        let size = |kind| match kind {
            ObjectKind::SecurityStandard => self.standards.len() as u64,
            ObjectKind::ServiceTier => self.tiers.len() as u64,
            ObjectKind::RiskException => self.exceptions.len() as u64,
            fact => self.held.get(&fact).copied().unwrap_or_default(),
        };
        observed::kinds(self.inventory.kinds()).map(|kind| (kind, size(kind))).collect()
    }

    fn forget(&mut self, kind: ObjectKind, key: &Key) -> bool {
        let ours = match kind {
            ObjectKind::SecurityStandard => (Kind::SecurityStandard, self.standards.remove(key).is_some()),
            ObjectKind::ServiceTier => (Kind::ServiceTier, self.tiers.remove(key).is_some()),
            ObjectKind::RiskException => (Kind::RiskException, self.exceptions.remove(key).is_some()),
            fact => {
                let change = self.inventory.remove(fact, &key.0, &key.1);
                if let (Some(_), Some(held)) = (&change, self.held.get_mut(&fact)) {
                    *held = held.saturating_sub(1);
                }
                return self.note_fact(change);
            }
        };
        match ours {
            (kind, true) => self.note(kind, key.clone(), Difference::Spec),
            (_, false) => false,
        }
    }

    fn keys(&self, kind: ObjectKind) -> Vec<Key> {
        let malformed = self.malformed.keys().filter(|(of, _)| *of == kind).map(|(_, key)| key.clone());
        let held: Vec<Key> = match kind {
            ObjectKind::SecurityStandard => self.standards.keys().cloned().collect(),
            ObjectKind::ServiceTier => self.tiers.keys().cloned().collect(),
            ObjectKind::RiskException => self.exceptions.keys().cloned().collect(),
            fact => {
                let names = self.inventory.names(fact).into_iter();
                names.map(|(namespace, name)| (namespace.to_string(), name.to_string())).collect()
            }
        };
        held.into_iter().chain(malformed).collect()
    }

    fn heal(&mut self, kind: ObjectKind, meta: &Meta) -> bool {
        if self.malformed.is_empty() {
            return false;
        }
        let key = (meta.namespace.as_deref().unwrap_or_default().to_owned(), meta.name.to_string());
        self.malformed.remove(&(kind, key)).is_some()
    }
}

fn key_of(meta: &ObjectMeta) -> Key {
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

/// Whether this very object is known, and not only one of its name.
fn is_known<K: ResourceExt>(known: &BTreeMap<Key, K>, meta: &ObjectMeta) -> bool {
    known.get(&key_of(meta)).is_some_and(|known| known.meta().uid == meta.uid)
}

/// What people ask for beside a spec: annotations of ours.
fn asked(meta: &ObjectMeta) -> impl Iterator<Item = (&String, &String)> {
    let ours = |key: &str| key.strip_prefix(GROUP).is_some_and(|rest| rest.starts_with('/'));
    meta.annotations.iter().flatten().filter(move |(key, _)| ours(key))
}

/// Adds or replaces one of our own kinds, unless a newer version is known already: an event can be older than the
/// answer to our own write.
fn put_resource<K: ResourceExt, Spec: PartialEq, Status: PartialEq>(
    known: &mut BTreeMap<Key, K>,
    mut object: K,
    parts: impl Fn(&K) -> (&Spec, &Status),
) -> Difference {
    object.managed_fields_mut().clear();
    let key = key_of(object.meta());
    let version = |object: &K| object.resource_version().and_then(|version| version.parse::<u64>().ok());
    let before = known.get(&key);
    if let Some(before) = before
        && before.uid() == object.uid()
        && let (Some(before), Some(now)) = (version(before), version(&object))
        && now < before
    {
        return Difference::Nothing;
    }
    let difference = match before.map(|before| (parts(before), before.meta())) {
        // One that was made anew begins anew.
        Some(((spec, _), meta))
            if spec != parts(&object).0
                || meta.uid != object.meta().uid
                || !asked(meta).eq(asked(object.meta())) =>
        {
            Difference::Spec
        }
        Some(((_, status), _)) if status != parts(&object).1 => Difference::Status,
        Some(_) => Difference::Nothing,
        None => Difference::Spec,
    };
    known.insert(key, object);
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(image: &str) -> Object {
        let object = serde_json::json!({
            "metadata": {"name": "cart", "namespace": "shop", "resourceVersion": image.len().to_string()},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
            "status": {"replicas": image.len()},
        });
        Object::decode(ObjectKind::Workload(WorkloadKind::Deployment), &object).unwrap()
    }

    fn tier(version: &str, level: i32) -> Object {
        let object = serde_json::json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier",
            "metadata": {"name": "tier-0", "uid": "u", "resourceVersion": version},
            "spec": {"level": level, "default": true},
        });
        Object::decode(ObjectKind::ServiceTier, &object).unwrap()
    }

    #[test]
    fn a_change_that_no_fact_shows_is_no_change() {
        let mut world = World::default();
        assert!(world.put(deployment("a:1")));
        assert!(!world.put(deployment("a:1")));
        assert!(world.put(deployment("a:2")));
    }

    #[test]
    fn an_event_older_than_what_is_known_is_passed_over() {
        let mut world = World::default();
        world.put(tier("12", 1));
        assert!(!world.put(tier("9", 2)));
        assert_eq!(world.tiers.values().next().unwrap().spec.level, 1);
    }

    #[test]
    fn an_answer_that_comes_after_the_end_of_its_object_brings_nothing_back() {
        let mut world = World::default();
        let (kind, key) = (ObjectKind::ServiceTier, (String::new(), "tier-0".to_owned()));
        world.put(tier("1", 0));
        assert!(world.refresh(tier("2", 1)));
        world.remove(kind, &key);
        assert!(!world.refresh(tier("3", 2)));
        assert!(world.tiers.is_empty());
        let Object::ServiceTier(mut another) = tier("5", 3) else { panic!("it is a tier") };
        another.metadata.uid = Some("v".to_owned());
        world.put(Object::ServiceTier(another));
        assert!(!world.refresh(tier("4", 2)), "another one has its name");
        assert_eq!(world.tiers[&key].spec.level, 3);
    }

    #[test]
    fn one_that_was_made_anew_under_its_name_is_another_one() {
        let key = (Kind::ServiceTier, (String::new(), "tier-0".to_owned()));
        let mut world = World::default();
        world.put(tier("1", 0));
        world.take_changes();
        let Object::ServiceTier(mut another) = tier("5", 0) else { panic!("it is a tier") };
        another.metadata.uid = Some("v".to_owned());
        world.put(Object::ServiceTier(another));
        let changes = world.take_changes().unwrap();
        assert!(changes.decided.contains(&key), "{changes:?}");
        world.put(tier("6", 1));
        assert!(world.take_changes().unwrap().decided.contains(&key));
        world.remove(ObjectKind::ServiceTier, &key.1);
        world.put(tier("7", 1));
        assert!(world.take_changes().unwrap().decided.contains(&key), "however it is seen");
    }

    #[test]
    fn what_a_new_list_lacks_is_gone() {
        let mut world = World::default();
        let kind = ObjectKind::Workload(WorkloadKind::Deployment);
        world.put(deployment("a:1"));
        assert_eq!(world.retain(kind, &BTreeSet::new()), Retained { changed: true, gone: 1 });
        assert_eq!(world.inventory.workloads().count(), 0);
    }

    #[test]
    fn what_is_held_is_counted_by_kind() {
        let mut world = World::default();
        let kind = ObjectKind::Workload(WorkloadKind::Deployment);
        let held =
            |world: &World| world.sizes().into_iter().filter(|(_, number)| *number > 0).collect::<Vec<_>>();
        world.put(deployment("a:1"));
        world.put(deployment("a:2"));
        world.put(tier("1", 0));
        assert_eq!(held(&world), [(kind, 1), (ObjectKind::ServiceTier, 1)]);
        world.retain(kind, &BTreeSet::new());
        assert_eq!(held(&world), [(ObjectKind::ServiceTier, 1)]);
    }

    #[test]
    fn what_loses_its_template_is_not_held() {
        let declared = "argoproj.io/v1alpha1/Rollout=spec.template".parse().unwrap();
        let kinds = CustomKinds::new(vec![declared]).unwrap();
        let kind = kinds.iter().map(|kind| ObjectKind::Workload(WorkloadKind::Custom(kind))).next().unwrap();
        let mut world = World::with_kinds(kinds);
        let rollout = |containers: serde_json::Value| {
            let template = serde_json::json!({"spec": {"containers": containers}});
            let object = serde_json::json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"template": template}});
            Object::decode(kind, &object).unwrap()
        };
        let held = |world: &World| world.sizes().into_iter().find(|(of, _)| *of == kind).unwrap().1;
        assert!(world.put(rollout(serde_json::json!([{"name": "app"}]))));
        assert_eq!(held(&world), 1);
        assert!(world.put(rollout(serde_json::json!([]))));
        assert_eq!(held(&world), 0);
        assert!(!world.put(rollout(serde_json::json!([]))));
        assert!(!world.remove(kind, &("b".to_owned(), "a".to_owned())));
        assert_eq!(held(&world), 0);
    }

    #[test]
    fn what_may_not_be_looked_at_keeps_nothing_waiting_but_our_own_kinds() {
        let mut world = World::default();
        let none = BTreeSet::new();
        let others = |kind: &ObjectKind| !matches!(kind, ObjectKind::Node | ObjectKind::ServiceTier);
        for kind in observed::kinds(&CustomKinds::default()).filter(others) {
            world.retain(kind, &none);
        }
        assert!(world.deny(ObjectKind::Node, "list"));
        assert!(!world.deny(ObjectKind::Node, "list"), "it is known");
        assert!(world.deny(ObjectKind::ServiceTier, "watch"));
        assert!(!world.is_synced());
        assert!(world.retain(ObjectKind::ServiceTier, &none).changed);
        assert!(world.is_synced());
        assert!(world.take_changes().is_none(), "everything is new");
        assert_eq!(world.inventory.unread(), &BTreeSet::from([ObjectKind::Node]));
        assert!(world.retain(ObjectKind::Node, &none).changed, "the permission came back");
        assert!(world.denied.is_empty());
        assert!(world.inventory.unread().is_empty());
        assert!(world.take_changes().is_some_and(|changes| changes.anew));
    }

    #[test]
    fn approvals_wait_for_the_rules_where_they_rest_on_them() {
        let mut world = World::default().awaiting_rules();
        for kind in observed::kinds(&CustomKinds::default()) {
            world.retain(kind, &BTreeSet::new());
        }
        assert!(!world.is_synced());
        assert!(world.set_rules(&Rules::default()), "it is known now that they are not in place");
        assert!(world.is_synced());
        assert!(!world.set_rules(&Rules::default()));
        assert!(world.set_rules(&Rules::InPlace));
    }

    #[test]
    fn a_status_that_records_a_stage_is_told_from_one_that_counts() {
        let put = |world: &mut World, version: &str, status: serde_json::Value| {
            let object = serde_json::json!({
                "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard",
                "metadata": {"name": "s", "uid": "u", "resourceVersion": version},
                "spec": {"controls": [{"id": "pod.privileged"}]}, "status": status,
            });
            world.put(Object::decode(ObjectKind::SecurityStandard, &object).unwrap());
            world.recorded(Kind::SecurityStandard, &(String::new(), "s".to_owned()))
        };
        let mut world = World::default();
        let at = |action: &str, failing: u64| serde_json::json!({"tiers": [{"name": "t", "action": action, "wouldDeny": failing}]});
        let audited = put(&mut world, "1", at("Audit", 3));
        assert_eq!(put(&mut world, "2", at("Audit", 4)), audited);
        assert_ne!(put(&mut world, "3", at("Warn", 4)), audited);
    }

    #[test]
    fn a_malformed_object_is_remembered_until_it_is_mended() {
        let mut world = World::default();
        let kind = ObjectKind::Workload(WorkloadKind::Deployment);
        let key = ("shop".to_owned(), "cart".to_owned());
        assert!(world.put_malformed(kind, key, "{}", "spec: expected a map"));
        assert!(world.put(deployment("a:1")));
        assert!(world.malformed.is_empty());
    }
}
