//! Where rights lead: from what one identity holds to whom it can become, by one hop.
//!
//! Every hop is carried out by one identity, with all that it holds by name and by group.

use std::sync::Arc;

use super::ability::{Ability, Action, Target};
use super::technique::Technique;
use super::world::{self, World};
use super::{By, Place};
use crate::facts::{Inventory, RoleKind, Text, WorkloadKind};
use crate::relations::rbac::{BindingKey, Principal, Rbac, RoleKey, shipped};

/// A namespace, or everywhere.
pub(super) type Scope = Option<Text>;

/// What makes a user's certificate.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

/// What makes a node's certificate.
const NODE_SIGNER: &str = "kubernetes.io/kube-apiserver-client-kubelet";

/// The role that holds everything, in every cluster.
const ALL: &str = "cluster-admin";

/// The group that may do everything without a role.
pub(super) const MASTERS: &str = "system:masters";

/// An ability, where it holds, and by what.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) ability: Ability,
    pub(super) scope: Scope,
    pub(super) by: Option<Arc<By>>,
}

/// One hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) technique: Technique,
    pub(super) to: Place,
    pub(super) by: Vec<Arc<By>>,
    /// Where it is carried out, if that is more than the place tells.
    pub(super) namespace: Scope,
}

/// How pods that run are entered.
const ENTERED: [(Action, Target, Technique); 3] = [
    (Action::Create, Target::Exec, Technique::Executes),
    (Action::Write, Target::EphemeralContainers, Technique::Debugs),
    (Action::Write, Target::Workloads(WorkloadKind::Pod), Technique::ChangesImage),
];

/// What an identity holds, beside all that decides where it leads.
pub(super) struct Holder<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) world: &'a World,
    pub(super) rbac: &'a Rbac,
    pub(super) held: &'a [Held],
    /// The bindings that give it anything, and their roles.
    pub(super) bindings: &'a [(BindingKey, RoleKey)],
}

/// A right to do something to some names in some place, put together from one or two abilities.
struct Way {
    scope: Scope,
    names: Vec<Text>,
    by: Vec<Arc<By>>,
}

impl Held {
    fn way(&self) -> Way {
        let by = self.by.iter().cloned().collect();
        Way { scope: self.scope.clone(), names: self.ability.names.clone(), by }
    }
}

impl Way {
    fn is_limited(&self) -> bool {
        !self.names.is_empty()
    }

    fn covers(&self, name: &Text) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }

    /// Both at once, where both hold; names are left to the caller.
    fn with(&self, other: &Self) -> Option<Self> {
        let scope = match (&self.scope, &other.scope) {
            (None, scope) | (scope, None) => scope.clone(),
            (Some(one), Some(another)) => (one == another).then(|| self.scope.clone())?,
        };
        let mut by = self.by.clone();
        by.extend(other.by.iter().filter(|by| !self.by.contains(by)).cloned());
        Some(Self { scope, names: Vec::new(), by })
    }

    /// Both at once on the same names.
    fn with_names(&self, other: &Self) -> Option<Self> {
        let names = match (self.is_limited(), other.is_limited()) {
            (false, _) => other.names.clone(),
            (_, false) => self.names.clone(),
            _ => self.names.iter().filter(|name| other.names.contains(name)).cloned().collect(),
        };
        let both_limited = self.is_limited() && other.is_limited();
        let way = self.with(other)?;
        (!both_limited || !names.is_empty()).then_some(Self { names, ..way })
    }

    fn edge(&self, technique: Technique, to: Place) -> Edge {
        Edge { technique, to, by: self.by.clone(), namespace: self.scope.clone() }
    }
}

/// The place of holding every right in this scope; whoever has them everywhere and in the cluster may do everything.
fn everything(binding: &Way, cluster: bool) -> Place {
    if cluster { Place::ClusterAdmin } else { Place::Everything(binding.scope.clone()) }
}

impl Holder<'_> {
    /// Every hop that this identity can make.
    pub(super) fn edges(&self) -> Vec<Edge> {
        if let Some(all) = self.ways(Action::Any, Target::Everything).find(|way| way.scope.is_none()) {
            return vec![all.edge(Technique::HoldsEverything, Place::ClusterAdmin)];
        }
        let mut edges = Vec::new();
        self.impersonate(&mut edges);
        self.tokens(&mut edges);
        self.create(&mut edges);
        self.change(&mut edges);
        self.enter(&mut edges);
        self.bind(&mut edges);
        self.escalate(&mut edges);
        self.admission(&mut edges);
        self.certificates(&mut edges);
        edges
    }

    fn ways(&self, action: Action, target: Target) -> impl Iterator<Item = Way> {
        let wanted = move |held: &&Held| held.ability.action == action && held.ability.target == target;
        self.held.iter().filter(wanted).map(Held::way)
    }

    /// Rights to create: any name, or those names that a `patch` or, where `with` allows it, an `update` may name,
    /// which then creates what isn't there.
    fn creations(&self, target: Target, with: Action) -> Vec<Way> {
        let named = |way: Way| {
            let writes = self.ways(with, target);
            writes.filter_map(move |write| way.with_names(&write)).collect::<Vec<_>>()
        };
        let creations = self.ways(Action::Create, target);
        creations.flat_map(|way| if way.is_limited() { named(way) } else { vec![way] }).collect()
    }

    fn impersonate(&self, edges: &mut Vec<Edge>) {
        let technique = Technique::Impersonates;
        let accounts: Vec<Way> = self.ways(Action::Impersonate, Target::Accounts).collect();
        let users: Vec<Way> =
            self.ways(Action::Impersonate, Target::Users).filter(|it| it.scope.is_none()).collect();
        for way in &accounts {
            if way.is_limited() {
                edges.extend(self.named_accounts(way, false).map(|to| way.edge(technique, to)));
            } else {
                edges.push(way.edge(technique, Place::Names(way.scope.clone())));
            }
        }
        for way in &users {
            if way.is_limited() {
                // The name of a service account is asked for as one.
                let named =
                    way.names.iter().map(Principal::user).filter(|it| matches!(it, Principal::User(_)));
                edges.extend(named.map(|user| way.edge(technique, Place::Principal(user))));
            } else {
                edges.push(way.edge(technique, Place::Users));
            }
        }
        // Groups are impersonated together with a name alone.
        let Some(somebody) = users.iter().chain(&accounts).next() else { return };
        for groups in self.ways(Action::Impersonate, Target::Groups).filter(|way| way.scope.is_none()) {
            let by = groups.with(somebody).map(|way| way.by).unwrap_or_default();
            let way = Way { by, ..groups };
            let masters = Text::from(MASTERS);
            if way.covers(&masters) {
                edges.push(way.edge(Technique::ImpersonatesMasters, Place::ClusterAdmin));
            }
            let named = way.names.iter().filter(|name| **name != masters).cloned().map(Principal::Group);
            edges.extend(named.map(|group| way.edge(technique, Place::Principal(group))));
        }
    }

    /// The accounts that a limited right names: in its namespace, or in every one that is known.
    fn named_accounts(&self, way: &Way, existing: bool) -> impl Iterator<Item = Place> {
        let namespaces: Vec<Text> = match &way.scope {
            Some(namespace) => vec![namespace.clone()],
            None => self.world.namespaces.iter().cloned().collect(),
        };
        let pairs = namespaces.into_iter().flat_map(|namespace| {
            way.names.iter().map(move |name| (namespace.clone(), name.clone())).collect::<Vec<_>>()
        });
        let known = pairs.filter(move |(namespace, name)| !existing || self.world.exists(namespace, name));
        known.map(|(namespace, name)| Place::account(namespace, name))
    }

    fn tokens(&self, edges: &mut Vec<Edge>) {
        for way in self.ways(Action::Create, Target::Tokens) {
            if way.is_limited() {
                edges
                    .extend(self.named_accounts(&way, true).map(|to| way.edge(Technique::RequestsToken, to)));
            } else {
                edges.push(way.edge(Technique::RequestsToken, Place::Accounts(way.scope.clone())));
            }
        }
        for read in self.ways(Action::Read, Target::Secrets) {
            for make in self.creations(Target::Secrets, Action::Patch) {
                let both = make.with_names(&read);
                edges.extend(
                    both.map(|way| way.edge(Technique::MakesToken, Place::Accounts(way.scope.clone()))),
                );
            }
            if !read.is_limited() {
                edges.push(read.edge(Technique::ReadsToken, Place::TokenSecrets(read.scope.clone())));
                continue;
            }
            let within = |namespace: &Text| read.scope.as_ref().is_none_or(|scope| scope == namespace);
            let secrets = self.world.token_secrets.iter().filter(|(namespace, _)| within(namespace));
            let named = secrets.flat_map(|(namespace, all)| all.iter().map(move |it| (namespace, it)));
            let named = named.filter(|(_, (secret, _))| read.covers(secret));
            edges.extend(named.map(|(namespace, (_, account))| {
                read.edge(Technique::ReadsToken, Place::account(namespace.clone(), account.clone()))
            }));
        }
    }

    /// Workloads that are created.
    fn create(&self, edges: &mut Vec<Edge>) {
        for kind in WorkloadKind::ALL {
            for way in self.creations(Target::Workloads(kind), Action::Patch) {
                edges.push(way.edge(Technique::Creates(kind), Place::Accounts(way.scope.clone())));
                self.privileged(&way, kind, edges);
            }
        }
    }

    /// Where a workload can be created, the ways to its node: none forbidden, or the one that is left.
    fn privileged(&self, way: &Way, kind: WorkloadKind, edges: &mut Vec<Edge>) {
        if let Some(namespace) = self.world.unguarded(way.scope.as_ref()) {
            let edge = way.edge(Technique::RunsPrivileged(kind), Place::Nodes);
            edges.push(Edge { namespace: Some(namespace), ..edge });
            return;
        }
        for label in self.ways(Action::Write, Target::Namespaces) {
            let Some(way) = way.with(&label) else { continue };
            let mut known = self.world.namespaces.iter();
            let within = |namespace: &&Text| way.scope.as_ref().is_none_or(|scope| scope == *namespace);
            if let Some(namespace) = known.find(|it| within(it) && label.covers(it)) {
                let edge = way.edge(Technique::Unguards, Place::Nodes);
                edges.push(Edge { namespace: Some(namespace.clone()), ..edge });
            }
        }
        let volumes = self.creations(Target::Volumes, Action::Patch);
        for volume in volumes.iter().filter(|volume| volume.scope.is_none()) {
            for claim in self.creations(Target::Claims, Action::Patch) {
                let all = way.with(volume).and_then(|both| both.with(&claim));
                edges.extend(all.map(|way| {
                    let namespace = way.scope.clone().or_else(|| self.world.namespaces.first().cloned());
                    Edge { namespace, ..way.edge(Technique::MountsVolume, Place::Nodes) }
                }));
            }
        }
    }

    /// Workloads that are there, and are changed.
    fn change(&self, edges: &mut Vec<Edge>) {
        for (kind, templates) in &self.world.templates {
            for way in self.ways(Action::Write, Target::Workloads(*kind)) {
                let changed =
                    |names: &std::collections::BTreeSet<Text>| names.iter().any(|name| way.covers(name));
                let reached = templates.iter().filter(|(namespace, names)| {
                    way.scope.as_ref().is_none_or(|scope| scope == *namespace) && changed(names)
                });
                let reached: Vec<&Text> = reached.map(|(namespace, _)| namespace).collect();
                if way.scope.is_none() && !way.is_limited() {
                    edges.push(way.edge(Technique::Changes(*kind), Place::Templates(*kind)));
                } else {
                    let accounts =
                        reached.iter().map(|namespace| Place::Accounts(Some((*namespace).clone())));
                    edges.extend(accounts.map(|to| way.edge(Technique::Changes(*kind), to)));
                }
                let open = reached.iter().find_map(|namespace| self.world.unguarded(Some(namespace)));
                edges.extend(open.map(|namespace| {
                    let edge = way.edge(Technique::ChangesToPrivileged(*kind), Place::Nodes);
                    Edge { namespace: Some(namespace), ..edge }
                }));
            }
        }
    }

    /// Whether it may enter pods by their name, or all those of a node.
    pub(super) fn names_pods(&self) -> bool {
        let ways = ENTERED.map(|(action, target, _)| (action, target));
        let mut all = ways.into_iter().chain([(Action::Connect, Target::NodesProxy)]);
        all.any(|(action, target)| self.ways(action, target).any(|way| way.is_limited()))
    }

    /// Pods that run, and are entered.
    fn enter(&self, edges: &mut Vec<Edge>) {
        for (action, target, technique) in ENTERED {
            for way in self.ways(action, target) {
                self.enter_by(&way, technique, edges);
            }
        }
        let everywhere = |way: &Way| way.scope.is_none();
        for way in self.ways(Action::Connect, Target::NodesProxy).filter(everywhere) {
            let technique = Technique::ConnectsToKubelet;
            if !way.is_limited() {
                self.enter_by(&way, technique, edges);
                continue;
            }
            let pods = way.names.iter().flat_map(|node| world::pods_on(self.inventory, node));
            for (namespace, pod) in pods {
                enter_pod(&way, technique, &namespace, &pod, edges);
            }
        }
    }

    fn enter_by(&self, way: &Way, technique: Technique, edges: &mut Vec<Edge>) {
        if way.is_limited() {
            // Without a namespace, a name is one of every namespace.
            let namespaces: Vec<&Text> = match &way.scope {
                Some(namespace) => vec![namespace],
                None => self.world.namespaces.iter().collect(),
            };
            for namespace in namespaces {
                for pod in way.names.iter().filter_map(|name| world::pod(self.inventory, namespace, name)) {
                    enter_pod(way, technique, namespace, &pod, edges);
                    if technique == Technique::Debugs && self.world.unguarded(Some(namespace)).is_some() {
                        edges.push(Edge {
                            namespace: Some(namespace.clone()),
                            ..way.edge(technique, Place::Nodes)
                        });
                    }
                }
            }
            return;
        }
        edges.push(way.edge(technique, Place::Running(way.scope.clone())));
        let mut privileged = self.world.privileged.iter();
        let within = |namespace: &&Text| way.scope.as_ref().is_none_or(|scope| scope == *namespace);
        let mut nodes = privileged.find(within).cloned();
        if technique == Technique::Debugs {
            nodes = nodes.or_else(|| self.world.unguarded_with_pods(way.scope.as_ref()));
        }
        edges.extend(
            nodes.map(|namespace| Edge { namespace: Some(namespace), ..way.edge(technique, Place::Nodes) }),
        );
    }

    /// Roles that are bound.
    fn bind(&self, edges: &mut Vec<Edge>) {
        let all = [
            (Target::RoleBindings, Target::ClusterRoles),
            (Target::RoleBindings, Target::Roles),
            (Target::ClusterRoleBindings, Target::ClusterRoles),
        ];
        for (bindings, roles) in all {
            let cluster = bindings == Target::ClusterRoleBindings;
            for bind in self.ways(Action::Bind, roles).filter(|way| !cluster || way.scope.is_none()) {
                for create in self.creations(bindings, Action::Write) {
                    let Some(way) = create.with(&bind).filter(|way| !cluster || way.scope.is_none()) else {
                        continue;
                    };
                    self.bind_by(&way, &bind, roles, cluster, edges);
                }
                self.rebind(&bind, bindings, roles, edges);
            }
        }
    }

    /// A binding that is made.
    fn bind_by(&self, way: &Way, bind: &Way, roles: Target, cluster: bool, edges: &mut Vec<Edge>) {
        let technique = Technique::Binds;
        if roles == Target::ClusterRoles && !bind.is_limited() {
            edges.push(way.edge(technique, everything(way, cluster)));
        } else if roles == Target::Roles && !bind.is_limited() {
            edges.push(way.edge(technique, Place::RolesOf(way.scope.clone())));
        } else {
            let known = |key: &RoleKey| self.rbac.role(key).is_some() || shipped::is_shipped(key);
            for name in &bind.names {
                let keys: Vec<RoleKey> = match (roles, &way.scope) {
                    (Target::ClusterRoles, _) => vec![RoleKey::cluster(name.clone())],
                    (_, Some(namespace)) => vec![role_of(namespace, name)],
                    (_, None) => self.world.namespaces.iter().map(|it| role_of(it, name)).collect(),
                };
                for role in keys.into_iter().filter(known) {
                    let scope = if role.namespace.is_empty() {
                        way.scope.clone()
                    } else {
                        Some(role.namespace.clone())
                    };
                    let way = Way { scope, names: Vec::new(), by: way.by.clone() };
                    if let Some(own) = self.modifiable(&role).and_then(|modify| way.with(&modify)) {
                        edges.push(own.edge(Technique::Escalates, everything(&own, cluster)));
                    }
                    let to = match (&way.scope, cluster) {
                        _ if role == RoleKey::cluster(ALL) => everything(&way, cluster),
                        (None, false) => Place::RightsAnywhere(role),
                        (scope, _) => Place::Rights { role, scope: scope.clone() },
                    };
                    edges.push(way.edge(technique, to));
                }
            }
        }
    }

    /// Rights to change bindings of those who can't make one of their own there, which comes to the same.
    fn additions(&self, bindings: Target) -> impl Iterator<Item = Way> {
        let made = self.creations(bindings, Action::Write);
        let covered = move |way: &Way| made.iter().any(|it| it.scope.is_none() || it.scope == way.scope);
        self.ways(Action::Write, bindings).filter(move |way| !covered(way))
    }

    /// Whether its hops depend on the bindings of others.
    pub(super) fn depends_on_bindings(&self) -> bool {
        let binds = self.held.iter().any(|held| held.ability.action == Action::Bind);
        let all = [Target::RoleBindings, Target::ClusterRoleBindings];
        binds && all.into_iter().any(|bindings| self.additions(bindings).next().is_some())
    }

    /// A binding that is there, and to which somebody is added.
    fn rebind(&self, bind: &Way, bindings: Target, roles: Target, edges: &mut Vec<Edge>) {
        let kind = if roles == Target::ClusterRoles { RoleKind::ClusterRole } else { RoleKind::Role };
        let cluster = bindings == Target::ClusterRoleBindings;
        for write in self.additions(bindings) {
            let Some(way) = write.with(bind) else { continue };
            for (key, known) in self.rbac.bindings() {
                let Some(role) = known.role.as_ref().filter(|role| role.kind == kind) else { continue };
                let here = key.namespace.is_empty() == cluster
                    && way.scope.as_ref().is_none_or(|scope| *scope == key.namespace)
                    && write.covers(&key.name)
                    && bind.covers(&role.name);
                if here && self.rbac.role(role).is_some() {
                    let scope = (!cluster).then(|| key.namespace.clone());
                    edges.push(way.edge(Technique::Binds, Place::Rights { role: role.clone(), scope }));
                }
            }
        }
    }

    /// Roles that are held and can be added to.
    fn escalate(&self, edges: &mut Vec<Edge>) {
        for (binding, role) in self.bindings {
            let Some(mut way) = self.modifiable(role) else { continue };
            let cluster = binding.namespace.is_empty();
            way.scope = (!cluster).then(|| binding.namespace.clone());
            edges.push(way.edge(Technique::Escalates, everything(&way, cluster)));
        }
    }

    /// The right to add anything to a role.
    fn modifiable(&self, role: &RoleKey) -> Option<Way> {
        let target = if role.kind == RoleKind::ClusterRole { Target::ClusterRoles } else { Target::Roles };
        let here = |way: &Way| match role.kind {
            RoleKind::ClusterRole => way.scope.is_none(),
            RoleKind::Role => way.scope.as_ref().is_none_or(|scope| *scope == role.namespace),
        };
        let known = self.rbac.role(role)?;
        let escalations = || self.ways(Action::Escalate, target).filter(here);
        let writes = self.ways(Action::Write, target).filter(here).filter(|way| way.covers(&role.name));
        let mut direct = writes.flat_map(|write| {
            escalations().filter(|way| way.covers(&role.name)).filter_map(move |way| write.with(&way))
        });
        direct.next().or_else(|| {
            // One more role that it collects; it may have any rules, and the labels that it is collected by.
            let any = escalations().find(|way| !way.is_limited())?;
            let create = self.ways(Action::Create, target).find(|way| here(way) && !way.is_limited())?;
            known.is_aggregated().then(|| create.with(&any)).flatten()
        })
    }

    /// Mutating admission. That there is a configuration to change is taken for granted: the facts hold none.
    fn admission(&self, edges: &mut Vec<Edge>) {
        let technique = Technique::ChangesAdmission;
        let webhooks = self
            .creations(Target::MutatingWebhooks, Action::Write)
            .into_iter()
            .chain(self.ways(Action::Write, Target::MutatingWebhooks));
        let bindings = self.creations(Target::MutatingPolicyBindings, Action::Write);
        let policies = self.creations(Target::MutatingPolicies, Action::Write);
        let both =
            policies.iter().flat_map(|policy| bindings.iter().filter_map(|binding| policy.with(binding)));
        let ways = webhooks.chain(both).filter(|way| way.scope.is_none());
        edges.extend(ways.map(|way| way.edge(technique, Place::ClusterAdmin)));
    }

    /// Certificates, for any name and any group but `system:masters` (admission plugin `CertificateSubjectRestriction`).
    fn certificates(&self, edges: &mut Vec<Edge>) {
        let everywhere = |way: &Way| way.scope.is_none();
        let approvals = self.ways(Action::Write, Target::CertificateApproval).filter(everywhere);
        for approval in approvals {
            let requests = self.creations(Target::CertificateRequests, Action::Patch);
            let Some(both) =
                requests.iter().filter(|it| everywhere(it)).find_map(|it| it.with_names(&approval))
            else {
                continue;
            };
            for signer in self.ways(Action::Approve, Target::Signers).filter(everywhere) {
                let Some(way) = both.with(&signer) else { continue };
                let may = |name: &str| {
                    signer.covers(&Text::from("kubernetes.io/*")) || signer.covers(&Text::from(name))
                };
                if may(CLIENT_SIGNER) {
                    edges.push(way.edge(Technique::SignsCertificate, Place::Identities));
                }
                if may(NODE_SIGNER) {
                    edges.push(way.edge(Technique::SignsCertificate, Place::Nodes));
                }
            }
        }
    }
}

/// What the nodes hold: the tokens of what runs on them and, where one of them is of the control plane, its keys.
pub(super) fn of_nodes(world: &World) -> Vec<Edge> {
    let edge = |technique, to| Edge { technique, to, by: Vec::new(), namespace: None };
    let keys = world.control_plane.then(|| edge(Technique::TakesKeys, Place::ClusterAdmin));
    keys.into_iter().chain([edge(Technique::TakesToken, Place::Running(None))]).collect()
}

fn enter_pod(way: &Way, technique: Technique, namespace: &Text, pod: &world::Pod, edges: &mut Vec<Edge>) {
    let account = pod.account.iter().map(|name| Place::account(namespace.clone(), name.clone()));
    let node = pod.privileged.then_some(Place::Nodes);
    let here = |to| Edge { namespace: Some(namespace.clone()), ..way.edge(technique, to) };
    edges.extend(account.chain(node).map(here));
}

fn role_of(namespace: &Text, name: &Text) -> RoleKey {
    RoleKey { kind: RoleKind::Role, namespace: namespace.clone(), name: name.clone() }
}
