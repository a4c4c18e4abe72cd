//! What leads to what: how an identity becomes another one, hop by hop, up to whoever may do everything.
//!
//! A hop is something that an identity may do by RBAC and after which it acts as somebody else or with more rights:
//! the escalations of the Kubernetes documentation ("Role Based Access Control Good Practices", "privilege escalation
//! risks"), and what published research adds (Palo Alto Unit 42, "Kubernetes Privilege Escalation: Excessive Permissions
//! in Popular Platforms"; Aqua Security, "Privilege Escalation from Node/Proxy Rights in Kubernetes RBAC"; Schneider
//! Electric and Rhino Security Labs on certificates), each as the code of the API server has it. What the API server
//! prevents is no hop: writing roles or bindings without `escalate` or `bind` gives nobody a right.
//!
//! What is taken for granted: an image can be pulled and a pod runs, nothing but RBAC and the Pod Security labels of
//! namespaces stands in the way, the control plane's own controllers are on, and a configuration of mutating webhooks
//! exists to be changed. What is not followed: attaching to a process and reading logs, what custom resources make
//! controllers do, accounts of a cloud, bootstrap tokens, and hops that need the rights of two identities at once.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`ability`] | what a rule allows that can lead further |
//! | [`technique`] | the names of the ways |
//! | `world` | what besides RBAC decides where they lead |
//! | `edges` | from what an identity holds to where it leads |
//! | `graph` | identities, hops and distances |

pub mod ability;
mod edges;
mod graph;
pub mod technique;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use technique::Technique;

use super::rbac::{BindingKey, Principal, Rbac, RoleKey, shipped};
use crate::facts::{BindingKind, Inventory, List, Rule, Text, WorkloadKind};
use ability::Ability;
use edges::{Held, Holder};
use graph::Graph;
pub(super) use world::Seen;
use world::World;

/// Where an attacker can stand: an identity, or rights that come to the same. Some places are choices of others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Whoever may do everything.
    ClusterAdmin,
    /// An account, a user, a group.
    Principal(Principal),
    /// The nodes, with what their kubelets hold.
    Nodes,
    /// Every right in a namespace, or in every namespace.
    Everything(Option<Text>),
    /// The rights of a role in a namespace, or everywhere.
    Rights {
        /// The role.
        role: RoleKey,
        /// The namespace; nothing for everywhere.
        scope: Option<Text>,
    },
    /// The rights of a `ClusterRole` in any namespace.
    RightsAnywhere(RoleKey),
    /// The rights of any Role of a namespace, or of all namespaces.
    RolesOf(Option<Text>),
    /// Any existing account of a namespace, or of all.
    Accounts(Option<Text>),
    /// Any name of an account, existing or not.
    Names(Option<Text>),
    /// Any account whose token a pod holds.
    Running(Option<Text>),
    /// Any account with a token in a Secret.
    TokenSecrets(Option<Text>),
    /// Any account of a namespace with a workload of this kind.
    Templates(WorkloadKind),
    /// Any user.
    Users,
    /// Any account, user and group but `system:masters`.
    Identities,
}

/// A role, and how it is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct By {
    /// The role.
    pub role: RoleKey,
    /// The binding; nothing for rights that an earlier hop came to.
    pub binding: Option<BindingKey>,
    /// Whom the binding names: the identity or a group of it.
    pub subject: Option<Principal>,
}

/// One hop of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// From where,
    pub from: Place,
    /// how,
    pub technique: Technique,
    /// to where,
    pub to: Place,
    /// by which roles and bindings; nothing where no role is needed.
    pub by: Vec<By>,
    /// In which namespace, where that matters.
    pub namespace: Option<Text>,
}

/// How far the paths were known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    places: usize,
    names_pods: bool,
}

/// All paths.
#[derive(Debug, Clone)]
pub struct Escalation {
    world: World,
    graph: Graph,
    /// What the groups hold that others are in.
    groups: BTreeMap<Principal, Vec<Held>>,
    /// Whose hops depend on the bindings of others.
    binders: BTreeSet<Principal>,
    /// Whether anybody may enter pods by their name or by their node's, so that it matters which there are.
    names_pods: bool,
}

impl Escalation {
    /// The paths of these facts. Files say little of what every cluster has: unless the facts are a whole cluster's, what
    /// Kubernetes ships is taken for granted, with its controllers' accounts in kube-system.
    #[must_use]
    pub fn of(inventory: &Inventory, rbac: &Rbac) -> Self {
        if shipped::is_cluster(inventory) {
            Self::within(inventory, rbac)
        } else {
            Self::within(inventory, &rbac.with_shipped())
        }
    }

    fn within(inventory: &Inventory, rbac: &Rbac) -> Self {
        let world = World::of(inventory);
        let mut escalation = Self {
            world,
            graph: Graph::default(),
            groups: BTreeMap::new(),
            binders: BTreeSet::new(),
            names_pods: false,
        };
        let mut known = Known::default();
        // Groups come first in the order of principals, and their rights are their members'.
        for principal in rbac.principals() {
            escalation.follow(inventory, rbac, principal, &mut known);
        }
        escalation.graph.set(&escalation.world, rbac, &Place::Nodes, edges::of_nodes(&escalation.world));
        escalation.settle(inventory, rbac, &mut known);
        escalation
    }

    /// Takes a change of a cluster's bindings: of whoever was or is bound by them. Costs what it touches, and the
    /// distances.
    pub fn rebind<'p>(
        &mut self,
        inventory: &Inventory,
        rbac: &Rbac,
        changed: impl IntoIterator<Item = &'p Principal>,
    ) {
        let mut known = Known::default();
        let mut all: BTreeSet<Principal> = changed.into_iter().cloned().collect();
        let groups: Vec<Principal> =
            all.iter().filter(|it| matches!(it, Principal::Group(_))).cloned().collect();
        for group in groups {
            all.extend(self.graph.members(&group));
        }
        all.extend(self.binders.iter().cloned());
        for principal in &all {
            self.follow(inventory, rbac, principal, &mut known);
        }
        self.settle(inventory, rbac, &mut known);
    }

    /// What is known now, to come back to.
    pub(super) fn mark(&self) -> Mark {
        Mark { places: self.graph.len(), names_pods: self.names_pods }
    }

    /// Comes back to what was known when there was no other difference than in the bindings of these principals, which are
    /// again as they were.
    pub(super) fn come_back<'p>(
        &mut self,
        mark: Mark,
        inventory: &Inventory,
        rbac: &Rbac,
        changed: impl IntoIterator<Item = &'p Principal>,
    ) {
        self.graph.truncate(mark.places);
        self.rebind(inventory, rbac, changed);
        self.names_pods = mark.names_pods;
    }

    /// The shortest path to where one may do everything; nothing if there is none.
    #[must_use]
    pub fn path(&self, who: &Principal) -> Option<Vec<Hop>> {
        self.graph.path(who)
    }

    /// Everything that a principal leads to by any number of hops, itself included; of what no rights differ in, such as
    /// the accounts of a namespace that nothing is bound to, only some.
    #[must_use]
    pub fn reach(&self, who: &Principal) -> BTreeSet<Place> {
        self.graph.reach(who)
    }

    /// Whether the paths depend on which pods there are.
    pub(super) fn names_pods(&self) -> bool {
        self.names_pods
    }

    /// How many hops that path has.
    #[must_use]
    pub fn distance(&self, who: &Principal) -> Option<u32> {
        self.graph.distance(who)
    }

    /// The hops of one principal, from what it and its groups hold.
    fn follow(&mut self, inventory: &Inventory, rbac: &Rbac, who: &Principal, known: &mut Known) {
        let mut held = known.held(rbac, who);
        if let Principal::Group(_) = who {
            if held.is_empty() {
                self.groups.remove(who);
            } else {
                self.groups.insert(who.clone(), held.clone());
            }
        }
        let mut bindings = bindings_of(rbac, who);
        for group in groups_of(who) {
            held.extend(self.groups.get(&group).into_iter().flatten().cloned());
            if !held.is_empty() {
                bindings.extend(bindings_of(rbac, &group));
            }
        }
        if held.is_empty() && !self.graph.knows(who) {
            self.binders.remove(who);
            return;
        }
        let holder = Holder { inventory, world: &self.world, rbac, held: &held, bindings: &bindings };
        if holder.depends_on_bindings() {
            self.binders.insert(who.clone());
        } else {
            self.binders.remove(who);
        }
        self.names_pods |= holder.names_pods();
        let edges = holder.edges();
        self.graph.set(&self.world, rbac, &Place::Principal(who.clone()), edges);
    }

    /// Follows the places that are rights alone, until there is none left; then counts.
    fn settle(&mut self, inventory: &Inventory, rbac: &Rbac, known: &mut Known) {
        while let Some(place) = self.graph.pending() {
            let (held, bindings) = match &place {
                Place::Everything(Some(namespace)) => (everything_in(namespace), Vec::new()),
                Place::Rights { role, scope } => {
                    let by = By { role: role.clone(), binding: None, subject: None };
                    let held = known.of_role(rbac, role, scope.as_ref(), &Arc::new(by));
                    (held, vec![(made(scope.as_ref()), role.clone())])
                }
                _ => continue,
            };
            let holder = Holder { inventory, world: &self.world, rbac, held: &held, bindings: &bindings };
            self.names_pods |= holder.names_pods();
            let edges = holder.edges();
            self.graph.set(&self.world, rbac, &place, edges);
        }
        self.graph.measure();
    }
}

/// What roles allow, looked at once each.
#[derive(Default)]
struct Known {
    roles: BTreeMap<RoleKey, Arc<[Ability]>>,
}

impl Known {
    /// What a principal holds by its own name.
    fn held(&mut self, rbac: &Rbac, who: &Principal) -> Vec<Held> {
        let mut held = Vec::new();
        for (binding, known) in rbac.bindings_of(who) {
            let Some(role) = &known.role else { continue };
            let scope = (!binding.namespace.is_empty()).then_some(&binding.namespace);
            let abilities = self.abilities(rbac, role);
            if abilities.is_empty() {
                continue;
            }
            let by = By { role: role.clone(), binding: Some(binding.clone()), subject: Some(who.clone()) };
            held.extend(at(&abilities, scope, &Arc::new(by)));
        }
        held
    }

    fn of_role(&mut self, rbac: &Rbac, role: &RoleKey, scope: Option<&Text>, by: &Arc<By>) -> Vec<Held> {
        at(&self.abilities(rbac, role), scope, by).collect()
    }

    fn abilities(&mut self, rbac: &Rbac, role: &RoleKey) -> Arc<[Ability]> {
        if let Some(known) = self.roles.get(role) {
            return Arc::clone(known);
        }
        let rules = rbac.role(role).map_or_else(|| shipped::rules(role), |known| &known.rules);
        let abilities: Arc<[Ability]> = rules.iter().flat_map(ability::abilities).collect();
        self.roles.insert(role.clone(), Arc::clone(&abilities));
        abilities
    }
}

fn at(abilities: &[Ability], scope: Option<&Text>, by: &Arc<By>) -> impl Iterator<Item = Held> {
    let held = move |ability: &Ability| Held {
        ability: ability.clone(),
        scope: scope.cloned(),
        by: Some(Arc::clone(by)),
    };
    abilities.iter().map(held)
}

/// The binding that an earlier hop made.
fn made(scope: Option<&Text>) -> BindingKey {
    let kind = if scope.is_some() { BindingKind::RoleBinding } else { BindingKind::ClusterRoleBinding };
    BindingKey { kind, namespace: scope.cloned().unwrap_or_default(), name: Text::default() }
}

fn everything_in(namespace: &Text) -> Vec<Held> {
    let all = || List::from(vec![Text::from("*")]);
    let rule = Rule { verbs: all(), api_groups: all(), resources: all(), ..Rule::default() };
    let held = |ability| Held { ability, scope: Some(namespace.clone()), by: None };
    ability::abilities(&rule).into_iter().map(held).collect()
}

fn bindings_of(rbac: &Rbac, who: &Principal) -> Vec<(BindingKey, RoleKey)> {
    rbac.bindings_of(who).filter_map(|(key, known)| Some((key.clone(), known.role.clone()?))).collect()
}

/// The groups that a principal is in by what it is.
fn groups_of(who: &Principal) -> Vec<Principal> {
    const ACCOUNTS: &str = "system:serviceaccounts";
    const EVERYBODY: &str = "system:authenticated";
    let group = |name: &str| Principal::Group(Text::from(name));
    match who {
        Principal::ServiceAccount { namespace, .. } => {
            vec![group(&format!("{ACCOUNTS}:{namespace}")), group(ACCOUNTS), group(EVERYBODY)]
        }
        Principal::User(name) if name == "system:anonymous" => vec![group("system:unauthenticated")],
        Principal::Group(name) if name == EVERYBODY || name == "system:unauthenticated" => Vec::new(),
        Principal::Group(name) if name.starts_with("system:serviceaccounts:") => {
            vec![group(ACCOUNTS), group(EVERYBODY)]
        }
        Principal::User(_) | Principal::Group(_) => vec![group(EVERYBODY)],
    }
}

impl Place {
    /// An account.
    #[must_use]
    pub fn account(namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self::Principal(Principal::service_account(namespace, name))
    }

    /// Whether it is one place, and no choice of several.
    #[must_use]
    pub const fn is_one(&self) -> bool {
        matches!(
            self,
            Self::ClusterAdmin
                | Self::Principal(_)
                | Self::Nodes
                | Self::Everything(Some(_))
                | Self::Rights { .. }
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let anywhere = |scope: &Option<Text>| match scope {
            Some(namespace) => format!("in {namespace}"),
            None => "everywhere".to_owned(),
        };
        match self {
            Self::ClusterAdmin => f.write_str("cluster-admin"),
            Self::Principal(Principal::ServiceAccount { namespace, name }) => write!(f, "{namespace}/{name}"),
            Self::Principal(principal) => write!(f, "{principal}"),
            Self::Nodes => f.write_str("a node"),
            Self::Everything(scope) => write!(f, "everything {}", anywhere(scope)),
            Self::Rights { role, scope } => write!(f, "{role} {}", anywhere(scope)),
            Self::RightsAnywhere(role) => write!(f, "{role} in a namespace"),
            Self::RolesOf(scope) => write!(f, "a Role {}", anywhere(scope)),
            Self::Accounts(scope) | Self::Names(scope) | Self::Running(scope) | Self::TokenSecrets(scope) => {
                write!(f, "an account {}", anywhere(scope))
            }
            Self::Templates(_) => f.write_str("an account everywhere"),
            Self::Users => f.write_str("a user"),
            Self::Identities => f.write_str("anybody"),
        }
    }
}

/// `ClusterRole view, RoleBinding shop/viewers`
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.binding {
            Some(binding) => write!(f, "{}, {binding}", self.role),
            None => write!(f, "{}", self.role),
        }
    }
}

/// `creates pods as kube-system/operator`
impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.technique)?;
        if self.technique.names_its_end() { write!(f, " {}", self.to) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
