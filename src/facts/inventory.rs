//! All facts together: of a cluster, or of a set of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::config_map::ConfigMap;
use super::custom::CustomKinds;
use super::disruption_budget::DisruptionBudget;
use super::gateway::{Gateway, Route, RouteKind};
use super::ingress::Ingress;
use super::meta::Meta;
use super::namespace::Namespace;
use super::network_policy::NetworkPolicy;
use super::node::Node;
use super::object::{Object, ObjectKind};
use super::owned::{Common, Owned};
use super::rbac::{Binding, BindingKind, Role, RoleKind};
use super::secret::Secret;
use super::service::Service;
use super::service_account::ServiceAccount;
use super::shared::Pool;
use super::text::{Text, TextMap};
use super::workload::{Workload, WorkloadKind};

/// What a subject is called. Ordered by namespace, kind and name, as reports list them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The kind.
    pub kind: ObjectKind,
    /// The name.
    pub name: Text,
    /// 0, or how many definitions of the same object came before this one in the files: a base and an overlay may
    /// both hold it, and each is judged.
    pub instance: u32,
}

impl SubjectKey {
    /// The key of a namespaced or, with an empty namespace, cluster-scoped subject.
    #[must_use]
    pub fn new(namespace: impl Into<Text>, kind: ObjectKind, name: impl Into<Text>) -> Self {
        Self { namespace: namespace.into(), kind, name: name.into(), instance: 0 }
    }

    /// The key of an object with this metadata.
    #[must_use]
    pub fn of(kind: ObjectKind, meta: &Meta) -> Self {
        let namespace = meta.namespace.clone().filter(|_| kind.is_namespaced()).unwrap_or_default();
        Self::new(namespace, kind, meta.display_name())
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

/// An object that is now otherwise than it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The object.
    pub key: SubjectKey,
    /// What was known of it before.
    pub before: Known,
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Nothing: it is not there.
    Nothing,
    /// A workload that no other one owns.
    Workload(Box<Workload>),
    /// A workload that another one owns.
    Owned(Box<Owned>),
    /// Anything else.
    Other(Box<Object>),
}

/// The facts that verdicts are made from. Sorted maps throughout, so that the same facts give the same report, byte
/// for byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    workloads: BTreeMap<SubjectKey, Box<Workload>>,
    owned: BTreeMap<SubjectKey, Owned>,
    common: Pool<Arc<Common>>,
    names: Pool<Text>,
    labels: Pool<TextMap>,
    /// Everything else, by kind, namespace and name.
    others: BTreeMap<(ObjectKind, Text, Text), Object>,
    /// Kinds of which nothing is known: whoever gathered the facts could not read them.
    unread: BTreeSet<ObjectKind>,
    kinds: CustomKinds,
}

/// Typed ways to what is held of a kind.
macro_rules! accessors {
    ($($(#[doc = $doc:literal])+ $all:ident, $in_namespace:ident: $variant:ident($kind:expr) -> $type:ty;)+) => {
        $(
            $(#[doc = $doc])+
            pub fn $all(&self) -> impl Iterator<Item = &$type> {
                self.all_of($kind).filter_map(|object| match object {
                    Object::$variant(it) => Some(&**it),
                    _ => None,
                })
            }

            $(#[doc = $doc])+ ///
            /// Of one namespace.
            pub fn $in_namespace(&self, namespace: &str) -> impl Iterator<Item = &$type> {
                self.all_in($kind, namespace).filter_map(|object| match object {
                    Object::$variant(it) => Some(&**it),
                    _ => None,
                })
            }
        )+
    };
}

impl Inventory {
    /// An empty one, for a world that has these kinds of workloads, too.
    #[must_use]
    pub fn with_kinds(kinds: CustomKinds) -> Self {
        Self { kinds, ..Self::default() }
    }

    /// The kinds of workloads that are not built in.
    #[must_use]
    pub const fn kinds(&self) -> &CustomKinds {
        &self.kinds
    }

    /// Adds or replaces an object, as a cluster holds one of each name. Says what is now otherwise, if anything is. Our
    /// own kinds are no facts and are left out.
    pub fn put(&mut self, object: Object) -> Option<Change> {
        let mut object = match object {
            Object::Workload(workload) => return self.put_workload(workload),
            other => other,
        };
        self.share(object.meta_mut()?);
        let key = key_of(&object)?;
        if self.others.get(&key) == Some(&object) {
            return None;
        }
        let (kind, namespace, name) = key.clone();
        let before = self.others.insert(key, object).map_or(Known::Nothing, |it| Known::Other(Box::new(it)));
        Some(Change { key: SubjectKey { namespace, kind, name, instance: 0 }, before })
    }

    /// Adds an object of a file, which may hold several of one name: a workload is kept beside the others, of anything
    /// else the last one counts. Returns its key, if it is one that can be judged by itself.
    pub fn add(&mut self, object: Object) -> Option<SubjectKey> {
        if let Object::Workload(workload) = object {
            return self.add_workload(workload);
        }
        let key = SubjectKey::of(object.kind(), object.meta()?);
        self.put(object);
        Some(key)
    }

    /// Forgets an object. Says what was known of it, if anything was.
    pub fn remove(&mut self, kind: ObjectKind, namespace: &str, name: &str) -> Option<Change> {
        let key = SubjectKey::new(namespace, kind, name);
        let before = if let ObjectKind::Workload(_) = kind {
            self.remove_workload(&key)?
        } else {
            let object = self.others.remove(&(kind, key.namespace.clone(), key.name.clone()))?;
            Known::Other(Box::new(object))
        };
        Some(Change { key, before })
    }

    /// Takes no more room than it needs. What comes in order, as lists do, leaves sorted maps half empty.
    pub fn settle(&mut self) {
        self.workloads = std::mem::take(&mut self.workloads).into_iter().collect();
        self.owned = std::mem::take(&mut self.owned).into_iter().collect();
        self.others = std::mem::take(&mut self.others).into_iter().collect();
    }

    /// Says that objects of this kind may be there and could not be read.
    pub fn leave_unread(&mut self, kind: ObjectKind) {
        self.unread.insert(kind);
    }

    /// Says that they have been read since.
    pub fn have_read(&mut self, kind: ObjectKind) {
        self.unread.remove(&kind);
    }

    /// The kinds that could not be read. That one is not among the facts says nothing then.
    #[must_use]
    pub const fn unread(&self) -> &BTreeSet<ObjectKind> {
        &self.unread
    }

    /// The namespaces and names of all objects of a kind, owned workloads included.
    #[must_use]
    pub fn names(&self, kind: ObjectKind) -> Vec<(Text, Text)> {
        if let ObjectKind::Workload(_) = kind {
            let keys = self.workloads.keys().chain(self.owned.keys()).filter(|key| key.kind == kind);
            return keys.map(|key| (key.namespace.clone(), key.name.clone())).collect();
        }
        self.range(kind).map(|((_, namespace, name), _)| (namespace.clone(), name.clone())).collect()
    }

    /// A workload, its account and its Service are mostly called and labelled alike.
    fn share(&mut self, meta: &mut Meta) {
        meta.name = self.names.share(std::mem::take(&mut meta.name));
        meta.labels = self.labels.share(std::mem::take(&mut meta.labels));
    }

    fn put_workload(&mut self, mut workload: Box<Workload>) -> Option<Change> {
        // Of a Pod, the name is its own.
        if workload.kind != WorkloadKind::Pod {
            self.share(&mut workload.meta);
        }
        let key = SubjectKey::of(ObjectKind::Workload(workload.kind), &workload.meta);
        let owned = Owned::of(&workload, &self.kinds, &mut self.names, &mut self.common);
        if owned.is_none() && !workload.has_template() {
            return self.remove(key.kind, &key.namespace, &key.name);
        }
        let same = match &owned {
            Some(owned) => self.owned.get(&key) == Some(owned),
            None => self.workloads.get(&key) == Some(&workload),
        };
        if same {
            return None;
        }
        // It may come to be owned, or be set free.
        let before = self.remove_workload(&key);
        match owned {
            Some(owned) => drop(self.owned.insert(key.clone(), owned)),
            None => drop(self.workloads.insert(key.clone(), workload)),
        }
        Some(Change { key, before: before.unwrap_or(Known::Nothing) })
    }

    fn remove_workload(&mut self, key: &SubjectKey) -> Option<Known> {
        let own = self.workloads.remove(key).map(Known::Workload);
        own.or_else(|| self.owned.remove(key).map(|it| Known::Owned(Box::new(it))))
    }

    /// Adds a workload beside one of the same name, as files may hold two. Returns its key, unless another workload
    /// owns it or it has no template.
    fn add_workload(&mut self, workload: Box<Workload>) -> Option<SubjectKey> {
        let mut key = SubjectKey::of(ObjectKind::Workload(workload.kind), &workload.meta);
        if let Some(owned) = Owned::of(&workload, &self.kinds, &mut self.names, &mut self.common) {
            self.owned.insert(key, owned);
            return None;
        }
        if !workload.has_template() {
            return None;
        }
        let last = SubjectKey { instance: u32::MAX, ..key.clone() };
        let same = self.workloads.range(key.clone()..=last).next_back();
        key.instance = same.map_or(0, |(known, _)| known.instance.saturating_add(1));
        self.workloads.insert(key.clone(), workload);
        Some(key)
    }

    fn range(&self, kind: ObjectKind) -> impl Iterator<Item = (&(ObjectKind, Text, Text), &Object)> {
        let first = (kind, Text::default(), Text::default());
        self.others.range(first..).take_while(move |((of, ..), _)| *of == kind)
    }

    /// Everything of a kind that is no workload.
    pub fn all_of(&self, kind: ObjectKind) -> impl Iterator<Item = &Object> {
        self.range(kind).map(|(_, object)| object)
    }

    fn all_in(&self, kind: ObjectKind, namespace: &str) -> impl Iterator<Item = &Object> {
        let first = (kind, Text::from(namespace), Text::default());
        let wanted = first.1.clone();
        self.others
            .range(first..)
            .take_while(move |((of, home, _), _)| *of == kind && *home == wanted)
            .map(|(_, object)| object)
    }

    /// One object that is no workload.
    #[must_use]
    pub fn get(&self, kind: ObjectKind, namespace: &str, name: &str) -> Option<&Object> {
        self.others.get(&(kind, namespace.into(), name.into()))
    }

    /// Everything that is no workload, by kind, namespace and name.
    pub fn others(&self) -> impl Iterator<Item = &Object> {
        self.others.values()
    }

    /// Everything of a namespace that is no workload, by kind and name; of an empty one, what is of the cluster.
    pub fn others_in(&self, namespace: &str) -> impl Iterator<Item = &Object> {
        ObjectKind::all().flat_map(move |kind| self.all_in(kind, namespace))
    }

    /// All workloads that no other workload owns.
    pub fn workloads(&self) -> impl Iterator<Item = (&SubjectKey, &Workload)> {
        self.workloads.iter().map(|(key, workload)| (key, &**workload))
    }

    /// The workloads of a namespace that no other workload owns.
    pub fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = (&SubjectKey, &Workload)> {
        let first = SubjectKey::new(namespace, ObjectKind::Workload(WorkloadKind::CronJob), "");
        let wanted = first.namespace.clone();
        let all = self.workloads.range(first..).take_while(move |(key, _)| key.namespace == wanted);
        all.map(|(key, workload)| (key, &**workload))
    }

    /// One workload.
    #[must_use]
    pub fn workload(&self, key: &SubjectKey) -> Option<&Workload> {
        self.workloads.get(key).map(|workload| &**workload)
    }

    /// All workloads that another workload owns.
    pub fn owned(&self) -> impl Iterator<Item = (&SubjectKey, &Owned)> {
        self.owned.iter()
    }

    /// The workloads of a namespace that another workload owns.
    pub fn owned_in(&self, namespace: &str) -> impl Iterator<Item = (&SubjectKey, &Owned)> {
        let first = SubjectKey::new(namespace, ObjectKind::Workload(WorkloadKind::CronJob), "");
        let wanted = first.namespace.clone();
        self.owned.range(first..).take_while(move |(key, _)| key.namespace == wanted)
    }

    /// What is kept of one workload that another one owns.
    #[must_use]
    pub fn owned_workload(&self, key: &SubjectKey) -> Option<&Owned> {
        self.owned.get(key)
    }

    /// The workload at the top of a chain of owners, as far as the facts know it: the key itself if nothing owns it.
    #[must_use]
    pub fn top_owner(&self, key: &SubjectKey) -> SubjectKey {
        let mut top = key.clone();
        // A chain has few links (CronJob, Job, Pod; six from a Pod to its Knative Service); a forged one may be a circle.
        for _ in 0..8 {
            match self.owned.get(&top) {
                Some(owned) => top = owned.owner().clone(),
                None => break,
            }
        }
        top
    }

    /// One namespace.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        match self.get(ObjectKind::Namespace, "", name) {
            Some(Object::Namespace(namespace)) => Some(namespace),
            _ => None,
        }
    }

    /// All namespaces.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.all_of(ObjectKind::Namespace).filter_map(|object| match object {
            Object::Namespace(namespace) => Some(&**namespace),
            _ => None,
        })
    }

    /// The labels of a namespace. One that the facts don't hold (a file may name a namespace that it doesn't
    /// define) has the label that the API server gives to every namespace, `kubernetes.io/metadata.name`.
    #[must_use]
    pub fn namespace_labels(&self, name: &str) -> TextMap {
        let known = self.namespace(name);
        let own = known.into_iter().flat_map(|namespace| namespace.metadata.labels.iter());
        own.map(|(key, value)| (key.clone(), value.clone()))
            .chain([(Text::from("kubernetes.io/metadata.name"), Text::from(name))])
            .collect()
    }

    /// One service account.
    #[must_use]
    pub fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccount> {
        match self.get(ObjectKind::ServiceAccount, namespace, name) {
            Some(Object::ServiceAccount(account)) => Some(account),
            _ => None,
        }
    }

    /// All service accounts.
    pub fn service_accounts(&self) -> impl Iterator<Item = &ServiceAccount> {
        self.all_of(ObjectKind::ServiceAccount).filter_map(|object| match object {
            Object::ServiceAccount(account) => Some(&**account),
            _ => None,
        })
    }

    /// One role; the namespace is empty for a `ClusterRole`.
    #[must_use]
    pub fn role(&self, kind: RoleKind, namespace: &str, name: &str) -> Option<&Role> {
        match self.get(ObjectKind::Role(kind), namespace, name) {
            Some(Object::Role(role)) => Some(role),
            _ => None,
        }
    }

    /// All roles, those of namespaces first.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.namespaced_roles().chain(self.cluster_roles())
    }

    /// All bindings, those of namespaces first.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.role_bindings().chain(self.cluster_role_bindings())
    }

    /// One binding; the namespace is empty for a `ClusterRoleBinding`.
    #[must_use]
    pub fn binding(&self, kind: BindingKind, namespace: &str, name: &str) -> Option<&Binding> {
        match self.get(ObjectKind::Binding(kind), namespace, name) {
            Some(Object::Binding(binding)) => Some(binding),
            _ => None,
        }
    }

    /// One service.
    #[must_use]
    pub fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        match self.get(ObjectKind::Service, namespace, name) {
            Some(Object::Service(service)) => Some(service),
            _ => None,
        }
    }

    /// One config map.
    #[must_use]
    pub fn config_map(&self, namespace: &str, name: &str) -> Option<&ConfigMap> {
        match self.get(ObjectKind::ConfigMap, namespace, name) {
            Some(Object::ConfigMap(map)) => Some(map),
            _ => None,
        }
    }

    /// All nodes. None in files, mostly.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.all_of(ObjectKind::Node).filter_map(|object| match object {
            Object::Node(node) => Some(&**node),
            _ => None,
        })
    }

    /// All Secrets, without their data.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.all_of(ObjectKind::Secret).filter_map(|object| match object {
            Object::Secret(secret) => Some(&**secret),
            _ => None,
        })
    }

    /// The disruption budgets of a namespace.
    pub fn disruption_budgets(&self, namespace: &str) -> impl Iterator<Item = &DisruptionBudget> {
        self.all_in(ObjectKind::DisruptionBudget, namespace).filter_map(|object| match object {
            Object::DisruptionBudget(budget) => Some(&**budget),
            _ => None,
        })
    }

    /// All routes of Gateways.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        RouteKind::ALL.into_iter().flat_map(|kind| self.all_of(ObjectKind::Route(kind))).filter_map(
            |object| match object {
                Object::Route(route) => Some(&**route),
                _ => None,
            },
        )
    }

    /// The routes of a namespace.
    pub fn routes_in(&self, namespace: &str) -> impl Iterator<Item = &Route> {
        let objects =
            RouteKind::ALL.into_iter().flat_map(move |kind| self.all_in(ObjectKind::Route(kind), namespace));
        objects.filter_map(|object| match object {
            Object::Route(route) => Some(&**route),
            _ => None,
        })
    }

    accessors! {
        /// All Roles of namespaces.
        namespaced_roles, roles_in: Role(ObjectKind::Role(RoleKind::Role)) -> Role;
        /// All `ClusterRole`s.
        cluster_roles, cluster_roles_in: Role(ObjectKind::Role(RoleKind::ClusterRole)) -> Role;
        /// All `RoleBinding`s.
        role_bindings, role_bindings_in: Binding(ObjectKind::Binding(BindingKind::RoleBinding)) -> Binding;
        /// All `ClusterRoleBinding`s.
        cluster_role_bindings, cluster_role_bindings_in:
            Binding(ObjectKind::Binding(BindingKind::ClusterRoleBinding)) -> Binding;
        /// All Services.
        services, services_in: Service(ObjectKind::Service) -> Service;
        /// All Ingresses.
        ingresses, ingresses_in: Ingress(ObjectKind::Ingress) -> Ingress;
        /// All Gateways.
        gateways, gateways_in: Gateway(ObjectKind::Gateway) -> Gateway;
        /// All network policies.
        network_policies, network_policies_in: NetworkPolicy(ObjectKind::NetworkPolicy) -> NetworkPolicy;
        /// All config maps.
        config_maps, config_maps_in: ConfigMap(ObjectKind::ConfigMap) -> ConfigMap;
    }
}

/// The key of an object that is no workload; nothing for our own kinds.
fn key_of(object: &Object) -> Option<(ObjectKind, Text, Text)> {
    let meta = object.meta()?;
    let namespace = match (object.kind().is_namespaced(), &meta.namespace) {
        (true, Some(namespace)) => namespace.clone(),
        _ => Text::default(),
    };
    Some((object.kind(), namespace, meta.display_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: ObjectKind, written: &serde_json::Value) -> Object {
        Object::decode(kind, written).unwrap()
    }

    fn deployment(name: &str) -> Object {
        let written = serde_json::json!({"metadata": {"name": name, "namespace": "shop"}});
        decode(ObjectKind::Workload(WorkloadKind::Deployment), &written)
    }

    #[test]
    fn a_second_definition_of_the_same_object_is_kept_beside_the_first() {
        let mut inventory = Inventory::default();
        let first = inventory.add(deployment("cart")).unwrap();
        let second = inventory.add(deployment("cart")).unwrap();
        assert_ne!(first, second);
        assert_eq!(first.to_string(), "Deployment shop/cart");
        assert_eq!(second.to_string(), first.to_string());
        assert_eq!(inventory.workloads().count(), 2);
    }

    #[test]
    fn an_update_replaces_what_was_known() {
        let mut inventory = Inventory::default();
        inventory.put(deployment("cart"));
        inventory.put(deployment("cart"));
        assert_eq!(inventory.workloads().count(), 1);
    }

    #[test]
    fn every_namespace_has_the_label_of_its_name() {
        let labels = Inventory::default().namespace_labels("shop");
        assert_eq!(labels.get("kubernetes.io/metadata.name").unwrap(), "shop");
    }

    #[test]
    fn what_is_the_same_changes_nothing() {
        let mut inventory = Inventory::default();
        let written = serde_json::json!({"metadata": {"name": "cart", "namespace": "shop"}});
        assert!(inventory.put(decode(ObjectKind::Service, &written)).is_some());
        assert!(inventory.put(decode(ObjectKind::Service, &written)).is_none());
        assert_eq!(inventory.services_in("shop").count(), 1);
        assert_eq!(inventory.services_in("sho").count(), 0);
        assert!(inventory.remove(ObjectKind::Service, "shop", "cart").is_some());
        assert!(inventory.remove(ObjectKind::Service, "shop", "cart").is_none());
    }

    #[test]
    fn a_pod_leads_to_the_top_of_its_owners() {
        let mut inventory = Inventory::default();
        let owned = |name: &str, group: &str, kind: &str, owner: &str| {
            serde_json::json!({"metadata": {"name": name, "namespace": "shop", "ownerReferences": [
                {"apiVersion": group, "kind": kind, "name": owner, "controller": true}]}})
        };
        let set = owned("cart-1", "apps/v1", "Deployment", "cart");
        inventory.put(decode(ObjectKind::Workload(WorkloadKind::ReplicaSet), &set));
        let pod = owned("cart-1-x", "apps/v1", "ReplicaSet", "cart-1");
        inventory.put(decode(ObjectKind::Workload(WorkloadKind::Pod), &pod));
        assert_eq!(inventory.workloads().count(), 0);
        let key = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Pod), "cart-1-x");
        assert_eq!(inventory.top_owner(&key).to_string(), "Deployment shop/cart");
    }

    #[test]
    fn a_circle_of_owners_ends() {
        let mut inventory = Inventory::default();
        let written = serde_json::json!({"metadata": {"name": "a", "namespace": "shop", "ownerReferences": [
            {"apiVersion": "v1", "kind": "Pod", "name": "a", "controller": true}]}});
        inventory.put(decode(ObjectKind::Workload(WorkloadKind::Pod), &written));
        let key = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Pod), "a");
        assert_eq!(inventory.top_owner(&key), key);
    }
}
