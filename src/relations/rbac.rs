//! Who may do what: roles and bindings joined, with the meaning of Kubernetes' RBAC authorizer.
//!
//! Rules are matched as `k8s.io/kubernetes/pkg/apis/rbac/v1` `evaluation_helpers.go` does, and bindings are followed as
//! `pkg/registry/rbac/validation` `rule.go` does; aggregated roles hold what the controller of
//! `pkg/controller/clusterroleaggregation` fills in once it is at rest. Changes are taken one by one: each costs what
//! it touches.

mod cover;
mod principal;
mod request;
pub mod shipped;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use cover::{amounts_to_everything, covers, is_everything};
pub use principal::{Identity, Principal};
pub use request::Request;

use crate::facts::{
    Binding, BindingKind, Inventory, Meta, Object, Role, RoleKind, Rule, Selector, Text, TextMap,
};

/// How often aggregated roles hand on to each other what they collect: the longest chain of them that is followed.
const ROUNDS: usize = 64;

/// The name of a role. Ordered by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleKey {
    /// Role or `ClusterRole`.
    pub kind: RoleKind,
    /// The namespace; empty for a `ClusterRole`.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

/// The name of a binding. Ordered by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    /// `RoleBinding` or `ClusterRoleBinding`.
    pub kind: BindingKind,
    /// The namespace; empty for a `ClusterRoleBinding`.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

/// What is known of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRole {
    /// What it allows; of an aggregated role, what it collects.
    pub rules: Arc<[Rule]>,
    /// What is written in it. The controller replaces that, unless it finds nothing to put in its place.
    own: Arc<[Rule]>,
    labels: TextMap,
    /// Selects what it collects, be it collected already; empty for a role with rules of its own.
    selects: Arc<[Selector]>,
    /// Whether it is still to be collected.
    is_open: bool,
}

impl KnownRole {
    /// Whether it collects the rules of others.
    #[must_use]
    pub fn is_aggregated(&self) -> bool {
        !self.selects.is_empty()
    }
}

/// What is known of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBinding {
    /// The role that it grants, be it known or not; nothing if it names none that could be.
    pub role: Option<RoleKey>,
    /// Whom it grants it to.
    pub subjects: Vec<Principal>,
}

/// One rule that somebody has, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant<'a> {
    /// What is allowed.
    pub rule: &'a Rule,
    /// By this role,
    pub role: &'a RoleKey,
    /// through this binding,
    pub binding: &'a BindingKey,
    /// to this subject of it.
    pub subject: &'a Principal,
}

impl KnownRole {
    /// Whether it collects what another role allows.
    fn collects(&self, other: &Self) -> bool {
        self.selects.iter().any(|selector| selector.matches(&other.labels))
    }
}

impl Grant<'_> {
    /// The namespace in which it holds; nothing for everywhere. What is of the cluster, and paths that are no resources,
    /// is never reached from a namespace.
    #[must_use]
    pub fn scope(&self) -> Option<&Text> {
        match self.binding.kind {
            BindingKind::RoleBinding => Some(&self.binding.namespace),
            BindingKind::ClusterRoleBinding => None,
        }
    }
}

/// All roles and bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rbac {
    roles: BTreeMap<RoleKey, KnownRole>,
    aggregated: BTreeSet<RoleKey>,
    bindings: BTreeMap<BindingKey, KnownBinding>,
    by_principal: BTreeMap<Principal, BTreeSet<BindingKey>>,
    by_role: BTreeMap<RoleKey, BTreeSet<BindingKey>>,
}

/// What is known of one role or binding, be it there or not.
#[derive(Debug)]
pub(super) enum Piece {
    Role(RoleKey, Option<KnownRole>),
    Binding(BindingKey, Option<KnownBinding>),
}

impl Rbac {
    /// The roles and bindings of these facts. Files bind roles that Kubernetes ships without defining them: unless the
    /// facts are a whole cluster's, those that bindings name are there as Kubernetes ships them.
    #[must_use]
    pub fn of(inventory: &Inventory) -> Self {
        let mut rbac = Self::plain(inventory);
        if !shipped::is_cluster(inventory) {
            rbac.lend_shipped();
        }
        rbac
    }

    /// The roles and bindings of these facts, and no others.
    #[must_use]
    pub fn plain(inventory: &Inventory) -> Self {
        let mut rbac = Self::default();
        for role in inventory.roles() {
            rbac.take_role(role);
        }
        rbac.collect();
        for binding in inventory.bindings() {
            rbac.put_binding(binding);
        }
        rbac
    }

    /// Adds or replaces a role.
    pub fn put_role(&mut self, role: &Role) {
        self.take_role(role);
        if role.kind == RoleKind::ClusterRole {
            self.collect();
        }
    }

    /// Forgets a role.
    pub fn remove_role(&mut self, key: &RoleKey) {
        self.roles.remove(key);
        self.aggregated.remove(key);
        if key.kind == RoleKind::ClusterRole {
            self.collect();
        }
    }

    /// Adds or replaces a binding.
    pub fn put_binding(&mut self, binding: &Binding) {
        let key = BindingKey::of(binding);
        self.remove_binding(&key);
        let subjects = binding.subjects.iter();
        let known = KnownBinding {
            role: RoleKey::granted_by(binding),
            subjects: subjects.filter_map(|subject| Principal::of(subject, &key.namespace)).collect(),
        };
        self.know_binding(key, known);
    }

    fn know_binding(&mut self, key: BindingKey, known: KnownBinding) {
        for subject in &known.subjects {
            self.by_principal.entry(subject.clone()).or_default().insert(key.clone());
        }
        if let Some(role) = &known.role {
            self.by_role.entry(role.clone()).or_default().insert(key.clone());
        }
        self.bindings.insert(key, known);
    }

    /// Forgets a binding.
    pub fn remove_binding(&mut self, key: &BindingKey) {
        let Some(known) = self.bindings.remove(key) else { return };
        for subject in &known.subjects {
            forget(&mut self.by_principal, subject, key);
        }
        if let Some(role) = &known.role {
            forget(&mut self.by_role, role, key);
        }
    }

    /// What is known of the role or the binding that an object is; nothing of other kinds.
    pub(super) fn piece(&self, object: &Object) -> Option<Piece> {
        Some(match object {
            Object::Role(role) => {
                let key = RoleKey::of(role);
                Piece::Role(key.clone(), self.roles.get(&key).cloned())
            }
            Object::Binding(binding) => {
                let key = BindingKey::of(binding);
                Piece::Binding(key.clone(), self.bindings.get(&key).cloned())
            }
            _ => return None,
        })
    }

    /// Makes it known again as it was. What aggregated roles collect in files is left as it is.
    pub(super) fn put_back(&mut self, piece: Piece) {
        match piece {
            Piece::Role(key, known) => {
                self.aggregated.remove(&key);
                match known {
                    Some(known) => {
                        if known.is_aggregated() {
                            self.aggregated.insert(key.clone());
                        }
                        self.roles.insert(key, known);
                    }
                    None => drop(self.roles.remove(&key)),
                }
            }
            Piece::Binding(key, known) => {
                self.remove_binding(&key);
                if let Some(known) = known {
                    self.know_binding(key, known);
                }
            }
        }
    }

    /// Whoever has their rights from it.
    pub(super) fn holders(&self, piece: &Piece) -> BTreeSet<Principal> {
        match piece {
            Piece::Role(key, _) => {
                self.bindings_of_role(key).flat_map(|(_, known)| known.subjects.iter().cloned()).collect()
            }
            Piece::Binding(key, _) => {
                self.bindings.get(key).into_iter().flat_map(|known| known.subjects.iter().cloned()).collect()
            }
        }
    }

    /// A role.
    #[must_use]
    pub fn role(&self, key: &RoleKey) -> Option<&KnownRole> {
        self.roles.get(key)
    }

    /// All roles.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleKey, &KnownRole)> {
        self.roles.iter()
    }

    /// A binding.
    #[must_use]
    pub fn binding(&self, key: &BindingKey) -> Option<&KnownBinding> {
        self.bindings.get(key)
    }

    /// All bindings.
    pub fn bindings(&self) -> impl Iterator<Item = (&BindingKey, &KnownBinding)> {
        self.bindings.iter()
    }

    /// Whoever is bound to anything.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.by_principal.keys()
    }

    /// The bindings that grant a role.
    pub fn bindings_of_role(&self, role: &RoleKey) -> impl Iterator<Item = (&BindingKey, &KnownBinding)> {
        self.by_role.get(role).into_iter().flatten().filter_map(|key| self.bindings.get_key_value(key))
    }

    /// The aggregated roles that collect the rules of a role, themselves or through others.
    #[must_use]
    pub fn collectors_of(&self, key: &RoleKey) -> BTreeSet<&RoleKey> {
        let mut collectors = BTreeSet::new();
        let mut next = vec![key];
        while let Some(known) = next.pop().and_then(|key| self.roles.get(key)) {
            if known.labels.is_empty() || key.kind != RoleKind::ClusterRole {
                continue;
            }
            for aggregated in &self.aggregated {
                let collects = self.roles.get(aggregated).is_some_and(|role| role.collects(known));
                if collects && aggregated != key && collectors.insert(aggregated) {
                    next.push(aggregated);
                }
            }
        }
        collectors
    }

    /// The bindings that name a principal.
    pub fn bindings_of(&self, who: &Principal) -> impl Iterator<Item = (&BindingKey, &KnownBinding)> {
        self.by_principal.get(who).into_iter().flatten().filter_map(|key| self.bindings.get_key_value(key))
    }

    /// Every rule that a principal has by its own name, and by what. Rights of its groups are not among them: see
    /// [`Rbac::grants`].
    pub fn grants_of(&self, who: &Principal) -> impl Iterator<Item = Grant<'_>> {
        let named = self.by_principal.get_key_value(who);
        named.into_iter().flat_map(move |(subject, bindings)| {
            bindings.iter().flat_map(move |key| self.granted(key, subject))
        })
    }

    /// Every rule that somebody has, by name or by group, and by what.
    pub fn grants<'a>(&'a self, who: &'a Identity) -> impl Iterator<Item = Grant<'a>> {
        who.principals().flat_map(move |principal| self.grants_of(principal))
    }

    /// What allows somebody a request, if anything does.
    #[must_use]
    pub fn allows<'a>(&'a self, who: &'a Identity, request: &Request<'_>) -> Option<Grant<'a>> {
        self.grants(who).find(|grant| {
            grant.scope().is_none_or(|scope| request.namespace() == Some(scope.as_str()))
                && request.is_allowed_by(grant.rule)
        })
    }

    fn granted<'a>(
        &'a self,
        binding: &'a BindingKey,
        subject: &'a Principal,
    ) -> impl Iterator<Item = Grant<'a>> {
        let role = self.bindings.get(binding).and_then(|known| known.role.as_ref());
        let known = role.and_then(|role| self.roles.get(role).map(|known| (role, known)));
        known.into_iter().flat_map(move |(role, known)| {
            known.rules.iter().map(move |rule| Grant { rule, role, binding, subject })
        })
    }

    fn take_role(&mut self, role: &Role) {
        let key = RoleKey::of(role);
        // Only a ClusterRole can collect others; the field doesn't exist on a Role. What an API server holds has been
        // collected, and counts as it stands there.
        let aggregation = role.aggregation.as_deref().filter(|_| role.kind == RoleKind::ClusterRole);
        if aggregation.is_some() {
            self.aggregated.insert(key.clone());
        } else {
            self.aggregated.remove(&key);
        }
        let is_open = aggregation.is_some() && !role.metadata.is_live();
        let selects = aggregation.unwrap_or_default().into();
        let labels = role.metadata.labels.clone();
        let own: Arc<[Rule]> = role.rules.as_slice().into();
        self.roles.insert(key, KnownRole { rules: Arc::clone(&own), own, labels, selects, is_open });
    }

    /// Fills aggregated roles with the rules of those that they select, round by round as the controller does, until
    /// nothing changes. Roles in a ring that hold rules of their own need not come to rest: they end after the last
    /// round with what they have.
    fn collect(&mut self) {
        let open: Vec<RoleKey> = self
            .aggregated
            .iter()
            .filter(|key| self.roles.get(key).is_some_and(|it| it.is_open))
            .cloned()
            .collect();
        for key in &open {
            if let Some(role) = self.roles.get_mut(key) {
                role.rules = Arc::clone(&role.own);
            }
        }
        let selected = self.selected(&open);
        for _ in 0..ROUNDS {
            let shared: BTreeMap<&[Selector], Arc<[Rule]>> =
                selected.iter().map(|(selectors, keys)| (&**selectors, self.union(keys, None))).collect();
            let mut changed = false;
            for key in &open {
                let Some(role) = self.roles.get(key) else { continue };
                let own_counts = !role.own.is_empty() && role.collects(role);
                let rules = match (own_counts, selected.get(&role.selects)) {
                    // A role never selects itself.
                    (true, Some(keys)) => self.union(keys, Some(key)),
                    _ => shared.get(&*role.selects).cloned().unwrap_or_default(),
                };
                let rules = if rules.is_empty() { Arc::clone(&role.own) } else { rules };
                if let Some(role) = self.roles.get_mut(key).filter(|role| role.rules != rules) {
                    role.rules = rules;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// The `ClusterRole`s that each of the selectors of these roles selects. What is the same is compared once.
    fn selected(&self, open: &[RoleKey]) -> BTreeMap<Arc<[Selector]>, Vec<RoleKey>> {
        let mut by_labels: BTreeMap<&TextMap, Vec<&RoleKey>> = BTreeMap::new();
        for (key, role) in self.roles.iter().filter(|(key, _)| key.kind == RoleKind::ClusterRole) {
            by_labels.entry(&role.labels).or_default().push(key);
        }
        let selectors: BTreeSet<&Arc<[Selector]>> =
            open.iter().filter_map(|key| self.roles.get(key)).map(|role| &role.selects).collect();
        let of = |selectors: &Arc<[Selector]>| {
            let labelled = by_labels.iter();
            let matching = labelled.filter(|(labels, _)| selectors.iter().any(|it| it.matches(labels)));
            matching.flat_map(|(_, keys)| keys.iter().copied().cloned()).collect()
        };
        selectors.into_iter().map(|selectors| (Arc::clone(selectors), of(selectors))).collect()
    }

    /// What these roles allow together, but for one of them.
    fn union(&self, keys: &[RoleKey], but: Option<&RoleKey>) -> Arc<[Rule]> {
        let others = keys.iter().filter(|key| Some(*key) != but);
        let rules: BTreeSet<&Rule> =
            others.filter_map(|key| self.roles.get(key)).flat_map(|role| role.rules.iter()).collect();
        rules.into_iter().cloned().collect()
    }
}

impl RoleKey {
    /// The key of a role.
    #[must_use]
    pub fn of(role: &Role) -> Self {
        match role.kind {
            RoleKind::ClusterRole => Self::cluster(role.metadata.name.clone()),
            RoleKind::Role => Self {
                kind: RoleKind::Role,
                namespace: role.metadata.namespace.clone().unwrap_or_default(),
                name: role.metadata.name.clone(),
            },
        }
    }

    /// The key of a `ClusterRole`.
    #[must_use]
    pub fn cluster(name: impl Into<Text>) -> Self {
        Self { kind: RoleKind::ClusterRole, namespace: Text::default(), name: name.into() }
    }

    /// The role that a binding grants. The authorizer looks at the kind and the name alone, and finds no Role for a
    /// `ClusterRoleBinding`.
    #[must_use]
    pub fn granted_by(binding: &Binding) -> Option<Self> {
        let name = binding.role_ref.name.clone();
        match (&*binding.role_ref.kind, binding.scope()) {
            ("ClusterRole", _) => Some(Self::cluster(name)),
            ("Role", Some(namespace)) => {
                Some(Self { kind: RoleKind::Role, namespace: namespace.clone(), name })
            }
            _ => None,
        }
    }
}

impl BindingKey {
    /// The key of a binding.
    #[must_use]
    pub fn of(binding: &Binding) -> Self {
        let Meta { name, .. } = &binding.metadata;
        let namespace = binding.scope().cloned().unwrap_or_default();
        Self { kind: binding.kind, namespace, name: name.clone() }
    }
}

/// `ClusterRole view`, `Role shop/reader`
impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind.as_str(), self.namespace, self.name)
    }
}

/// `ClusterRoleBinding admins`, `RoleBinding shop/readers`
impl fmt::Display for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind.as_str(), self.namespace, self.name)
    }
}

fn forget<K: Ord>(index: &mut BTreeMap<K, BTreeSet<BindingKey>>, at: &K, key: &BindingKey) {
    if let Some(known) = index.get_mut(at) {
        known.remove(key);
        if known.is_empty() {
            index.remove(at);
        }
    }
}

#[cfg(test)]
mod tests;
