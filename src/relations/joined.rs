//! The parts of relations as they are kept, and what a change of the facts does to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::affected::Affected;
use super::claims::{self, Claims};
use super::collectors::{self, Found};
use super::escalation::{Escalation, Mark, Seen};
use super::exposure::Exposure;
use super::images::{self, RunningImages};
use super::network::Network;
use super::pods::DebuggedPods;
use super::rbac::{BindingKey, Piece, Principal, Rbac, RoleKey, shipped};
use super::routes::Routes;
use crate::facts::rbac::{BindingKind, RoleKind};
use crate::facts::{
    Change, Inventory, Known, Object, ObjectKind, Owned, Running, SubjectKey, Text, Workload,
};

/// What was joined so far. It borrows nothing, so that it can be kept while facts change; it is right as long as every
/// change is taken.
#[derive(Debug, Default)]
pub struct Joined {
    pub(super) claims: OnceLock<Claims>,
    pub(super) collectors: OnceLock<Found>,
    pub(super) rbac: OnceLock<Rbac>,
    pub(super) exposure: OnceLock<Exposure>,
    pub(super) network: OnceLock<Network>,
    pub(super) images: OnceLock<RunningImages>,
    pub(super) debugged: OnceLock<DebuggedPods>,
    pub(super) routes: OnceLock<Routes>,
    pub(super) escalation: OnceLock<Escalation>,
}

impl Joined {
    /// Takes changes that these facts have seen already, and says whose judgement may have changed with them.
    pub fn take(&mut self, inventory: &Inventory, changes: &[Change]) -> Affected {
        let mut update = Update {
            inventory,
            joined: self,
            affected: Affected::default(),
            stale: Stale::default(),
            paths: Paths::Same,
        };
        // Of an object that changed several times nobody has seen what was between.
        let mut seen = BTreeSet::new();
        for change in changes.iter().filter(|change| seen.insert(&change.key)) {
            update.take(change);
        }
        update.finish()
    }
}

/// A role or a binding that was taken for granted, as it was known before.
#[derive(Debug)]
pub struct Supposed {
    before: Piece,
    principals: BTreeSet<Principal>,
    paths: Option<Mark>,
}

/// Of more holders than this nobody waits to hear what a role means for each.
const MOST_HOLDERS: usize = 256;

impl Joined {
    /// Takes a role or a binding of a cluster for granted, in rights and paths, and says whose judgement that may change.
    /// Nothing of other kinds, of files, and where too many hold it.
    pub fn suppose(&mut self, inventory: &Inventory, object: &Object) -> Option<(Supposed, Affected)> {
        let rbac = self.rbac.get_mut().filter(|_| shipped::is_cluster(inventory))?;
        let before = rbac.piece(object)?;
        let mut principals = rbac.holders(&before);
        match object {
            Object::Role(role) => rbac.put_role(role),
            Object::Binding(binding) => rbac.put_binding(binding),
            _ => return None,
        }
        principals.extend(rbac.holders(&before));
        if principals.len() > MOST_HOLDERS {
            rbac.put_back(before);
            return None;
        }
        let mut paths = None;
        if let Some(escalation) = self.escalation.get_mut() {
            paths = Some(escalation.mark());
            escalation.rebind(inventory, rbac, &principals);
        }
        let mut affected = Affected::default();
        for who in &principals {
            affected.add_principal(inventory, who);
        }
        Some((Supposed { before, principals, paths }, affected))
    }

    /// Takes that back.
    pub fn take_back(&mut self, inventory: &Inventory, supposed: Supposed) {
        let Supposed { before, principals, paths } = supposed;
        let Some(rbac) = self.rbac.get_mut() else { return };
        rbac.put_back(before);
        if let (Some(escalation), Some(mark)) = (self.escalation.get_mut(), paths) {
            escalation.come_back(mark, inventory, rbac, &principals);
        }
    }
}

/// The namespaces and parts that must be looked at again.
#[derive(Default)]
struct Stale {
    claims: BTreeSet<Text>,
    exposure: BTreeSet<Text>,
    network: BTreeSet<Text>,
    debugged: BTreeSet<Text>,
    /// What runs no more, and what runs now.
    images: (Vec<Running>, Vec<Running>),
    collectors: bool,
}

/// What became of the paths to cluster-admin.
enum Paths {
    /// They are as they were.
    Same,
    /// These are bound otherwise.
    Rebound(BTreeSet<Principal>),
    /// Anything may be different.
    Unknown,
}

struct Update<'a> {
    inventory: &'a Inventory,
    joined: &'a mut Joined,
    affected: Affected,
    stale: Stale,
    paths: Paths,
}

impl Update<'_> {
    fn take(&mut self, change: &Change) {
        let Change { key, before } = change;
        self.affected.subjects.insert(key.clone());
        match key.kind {
            ObjectKind::Workload(_) => self.workload(key, before),
            ObjectKind::Namespace => self.namespace(key, before),
            ObjectKind::ServiceAccount => self.account(key, before),
            ObjectKind::Role(kind) => {
                self.role(RoleKey { kind, namespace: key.namespace.clone(), name: key.name.clone() });
            }
            ObjectKind::Binding(kind) => {
                self.binding(&BindingKey { kind, namespace: key.namespace.clone(), name: key.name.clone() });
            }
            ObjectKind::NetworkPolicy => {
                self.stale.network.insert(key.namespace.clone());
                self.affected.workloads_of.insert(key.namespace.clone());
            }
            ObjectKind::DisruptionBudget => drop(self.affected.workloads_of.insert(key.namespace.clone())),
            ObjectKind::Service | ObjectKind::Ingress => self.doors(&key.namespace),
            ObjectKind::Gateway => self.entrances(),
            ObjectKind::Route(_) => {
                self.doors(&key.namespace);
                self.joined.routes.take();
                self.affected.kinds.insert(ObjectKind::Gateway);
            }
            ObjectKind::ConfigMap => {
                let collects = |workload: &Workload| collectors::concerns(workload);
                self.stale.collectors |=
                    self.inventory.workloads_in(&key.namespace).any(|(_, it)| collects(it));
            }
            ObjectKind::Node => {
                self.stale.collectors = true;
                self.paths = Paths::Unknown;
            }
            ObjectKind::Secret => self.paths = Paths::Unknown,
            ObjectKind::AuditPolicy
            | ObjectKind::SecurityStandard
            | ObjectKind::ServiceTier
            | ObjectKind::RiskException => {}
        }
    }

    /// A workload, or one that another owns: of those, what runs.
    fn workload(&mut self, key: &SubjectKey, before: &Known) {
        let inventory = self.inventory;
        let now = inventory.workload(key);
        let then = match before {
            Known::Workload(workload) => Some(&**workload),
            _ => None,
        };
        let claims =
            |it: Option<&Workload>| it.map(|it| claims::of(it).into_iter().cloned().collect::<Vec<_>>());
        if claims(then).unwrap_or_default() != claims(now).unwrap_or_default() {
            self.stale.claims.insert(key.namespace.clone());
            self.affected.workloads_of.insert(key.namespace.clone());
        }
        self.stale.collectors |= then.into_iter().chain(now).any(collectors::concerns);
        let seen = |it: Option<&Workload>| it.map(|it| Seen::of(inventory, it));
        if seen(then) != seen(now) {
            self.paths = Paths::Unknown;
        }
        self.runs(then.and_then(|it| it.running.as_deref()), now.and_then(|it| it.running.as_deref()));
        let was_owned = match before {
            Known::Owned(owned) => Some(&**owned),
            _ => None,
        };
        self.owned(key, was_owned, inventory.owned_workload(key));
    }

    /// Something else runs than before, or runs elsewhere.
    fn runs(&mut self, then: Option<&Running>, now: Option<&Running>) {
        if self.joined.images.get().is_some() {
            self.stale.images.0.extend(then.cloned());
            self.stale.images.1.extend(now.cloned());
        }
    }

    fn owned(&mut self, key: &SubjectKey, then: Option<&Owned>, now: Option<&Owned>) {
        if then.is_none() && now.is_none() {
            return;
        }
        let both = || then.into_iter().chain(now);
        self.runs(then.map(Owned::running), now.map(Owned::running));
        let debugs = |owned: &Owned| owned.running().is_debugged();
        // A chain of owners may lead elsewhere with any of its links, which matters where somebody debugs.
        if both().any(debugs) || self.joined.debugged.get().is_some_and(|known| !known.is_empty()) {
            self.stale.debugged.insert(key.namespace.clone());
        }
        for owned in both() {
            self.affected.subjects.insert(self.inventory.top_owner(owned.owner()));
        }
        if self.joined.escalation.get().is_some_and(Escalation::names_pods) {
            self.paths = Paths::Unknown;
        }
    }

    fn namespace(&mut self, key: &SubjectKey, before: &Known) {
        self.affected.namespaces.insert(key.name.clone());
        let now = self.inventory.namespace(&key.name);
        let then = match before {
            Known::Other(object) => match &**object {
                Object::Namespace(namespace) => Some(&**namespace),
                _ => None,
            },
            _ => None,
        };
        if then.is_some() != now.is_some() {
            self.bindings_everywhere();
        }
        let guard = |it: Option<&crate::facts::Namespace>| it.map(Seen::guard_of);
        if guard(then) != guard(now) {
            self.paths = Paths::Unknown;
        }
        self.entrances();
    }

    fn account(&mut self, key: &SubjectKey, before: &Known) {
        // Whether a token is mounted is said by the account, too.
        self.affected.workloads_of.insert(key.namespace.clone());
        self.paths = Paths::Unknown;
        if matches!(before, Known::Nothing)
            || self.inventory.service_account(&key.namespace, &key.name).is_none()
        {
            self.bindings_everywhere();
        }
    }

    fn role(&mut self, key: RoleKey) {
        self.paths = Paths::Unknown;
        // Others collect what a ClusterRole allows, and one of them tells a cluster from files.
        let is_plain = key.kind == RoleKind::Role && shipped::is_cluster(self.inventory);
        let Some(rbac) = self.joined.rbac.get_mut().filter(|_| is_plain) else {
            self.joined.rbac.take();
            self.affected.everything = true;
            return;
        };
        match self.inventory.role(key.kind, &key.namespace, &key.name) {
            Some(role) => rbac.put_role(role),
            None => rbac.remove_role(&key),
        }
        for (binding, known) in rbac.bindings_of_role(&key) {
            self.affected.subjects.insert(subject_of(binding));
            for principal in &known.subjects {
                self.affected.add_principal(self.inventory, principal);
            }
        }
        // It may be a standard role that others are measured by.
        self.affected.workloads_of.insert(key.namespace);
    }

    fn binding(&mut self, key: &BindingKey) {
        let is_cluster = shipped::is_cluster(self.inventory);
        let Some(rbac) = self.joined.rbac.get_mut().filter(|_| is_cluster) else {
            self.joined.rbac.take();
            self.paths = Paths::Unknown;
            self.affected.everything = true;
            return;
        };
        let had_any = rbac.bindings().next().is_some();
        let then = rbac.binding(key).cloned();
        match self.inventory.binding(key.kind, &key.namespace, &key.name) {
            Some(binding) => rbac.put_binding(binding),
            None => rbac.remove_binding(key),
        }
        self.affected.everything |= had_any != rbac.bindings().next().is_some();
        let now = rbac.binding(key).cloned();
        let mut rebound = BTreeSet::new();
        for known in then.into_iter().chain(now) {
            if let Some(role) = &known.role {
                let is_aggregated = rbac.role(role).is_some_and(super::rbac::KnownRole::is_aggregated);
                if is_aggregated {
                    // What it collects is held by whoever holds it.
                    self.affected.kinds.insert(ObjectKind::Role(RoleKind::ClusterRole));
                } else {
                    let kind = ObjectKind::Role(role.kind);
                    self.affected.subjects.insert(SubjectKey::new(
                        role.namespace.clone(),
                        kind,
                        role.name.clone(),
                    ));
                }
            }
            for principal in known.subjects {
                self.affected.add_principal(self.inventory, &principal);
                rebound.insert(principal);
            }
        }
        match &mut self.paths {
            Paths::Same => self.paths = Paths::Rebound(rebound),
            Paths::Rebound(known) => known.extend(rebound),
            Paths::Unknown => {}
        }
    }

    fn bindings_everywhere(&mut self) {
        let kinds = [BindingKind::RoleBinding, BindingKind::ClusterRoleBinding];
        self.affected.kinds.extend(kinds.map(ObjectKind::Binding));
    }

    /// The doors to the Services of a namespace.
    fn doors(&mut self, namespace: &Text) {
        self.stale.exposure.insert(namespace.clone());
        self.affected.workloads_of.insert(namespace.clone());
    }

    /// The ways over Gateways: which routes they take depends on themselves and on the labels of namespaces.
    fn entrances(&mut self) {
        let inventory = self.inventory;
        for route in inventory.routes() {
            self.doors(route.metadata.namespace.as_ref().unwrap_or(&Text::default()));
        }
        self.joined.routes.take();
        self.affected.kinds.insert(ObjectKind::Gateway);
    }

    fn finish(mut self) -> Affected {
        let Self { inventory, joined, stale, affected, .. } = &mut self;
        if let Some(claims) = joined.claims.get_mut() {
            stale.claims.iter().for_each(|namespace| claims.refresh(inventory, namespace));
        }
        if let Some(exposure) = joined.exposure.get_mut() {
            stale.exposure.iter().for_each(|namespace| exposure.refresh(inventory, namespace));
        }
        if let Some(network) = joined.network.get_mut() {
            stale.network.iter().for_each(|namespace| network.refresh(inventory, namespace));
        }
        if let Some(debugged) = joined.debugged.get_mut() {
            stale.debugged.iter().for_each(|namespace| debugged.refresh(inventory, namespace));
        }
        if stale.collectors && joined.collectors.take().is_some() {
            affected.everything = true;
        }
        self.images();
        self.paths();
        self.affected
    }

    /// The images as they run: whoever uses a tag of which something else is to be said than before.
    fn images(&mut self) {
        let (gone, come) = std::mem::take(&mut self.stale.images);
        let Some(images) = self.joined.images.get_mut() else { return };
        let containers =
            |all: &'_ [Running]| all.iter().flat_map(Running::containers).cloned().collect::<Vec<_>>();
        let (gone, come) = (containers(&gone), containers(&come));
        let touched = images.update(self.inventory, gone.iter(), come.iter());
        if touched.is_empty() || self.affected.everything {
            return;
        }
        for (key, workload) in self.inventory.workloads() {
            let mut used = workload.containers().filter_map(|it| it.container.image.as_ref());
            if used.any(|image| images::tag(image).is_some_and(|tag| touched.contains(&tag))) {
                self.affected.subjects.insert(key.clone());
            }
        }
    }

    /// The paths to cluster-admin: whoever has another one than before.
    fn paths(&mut self) {
        let paths = std::mem::replace(&mut self.paths, Paths::Same);
        let (Some(then), rbac) = (self.joined.escalation.get(), self.joined.rbac.get()) else { return };
        let now = match (paths, rbac) {
            (Paths::Same, _) => return,
            (Paths::Rebound(principals), Some(rbac)) => {
                let mut now = then.clone();
                now.rebind(self.inventory, rbac, &principals);
                now
            }
            (_, Some(rbac)) => Escalation::of(self.inventory, rbac),
            (_, None) => {
                // Everybody is judged again, and finds them when they are asked for.
                self.joined.escalation.take();
                self.affected.everything = true;
                return;
            }
        };
        if !self.affected.everything {
            let mut moved: BTreeMap<(Text, Text), bool> = BTreeMap::new();
            for (key, workload) in self.inventory.workloads() {
                let account = (key.namespace.clone(), workload.service_account());
                let differs = *moved.entry(account).or_insert_with_key(|(namespace, name)| {
                    let principal = Principal::service_account(namespace.clone(), name.clone());
                    then.path(&principal) != now.path(&principal)
                });
                if differs {
                    self.affected.subjects.insert(key.clone());
                }
            }
        }
        self.joined.escalation = OnceLock::from(now);
    }
}

fn subject_of(binding: &BindingKey) -> SubjectKey {
    SubjectKey::new(binding.namespace.clone(), ObjectKind::Binding(binding.kind), binding.name.clone())
}
