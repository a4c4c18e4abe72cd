//! Places and the hops between them, and how far each is from where one may do everything.
//!
//! A place that is a choice of others, such as the accounts of a namespace, stands between those who may choose and
//! what there is to choose from, so that there are as many edges as rights and accounts, and not their product.

use std::collections::{BTreeMap, BTreeSet};

use super::edges::{Edge, MASTERS};
use super::world::World;
use super::{Hop, Place, groups_of};
use crate::facts::{RoleKind, Text};
use crate::relations::rbac::{Principal, Rbac};

type Id = u32;

/// No path.
const FAR: u32 = u32::MAX;

#[derive(Debug, Clone)]
struct Node {
    place: Place,
    /// One hop further.
    edges: Vec<(Id, Edge)>,
    /// No hop further: what it is a choice of, and the groups that a principal is in.
    choices: Vec<Id>,
}

/// Where the shortest path goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Hop(usize),
    Choice(Id),
}

/// Places, hops, distances.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    ids: BTreeMap<Place, Id>,
    nodes: Vec<Node>,
    /// Rights whose hops are not known yet.
    pending: Vec<Id>,
    distances: Vec<u32>,
    nexts: Vec<Option<Next>>,
}

impl Graph {
    /// Sets the hops from a place.
    pub(super) fn set(&mut self, world: &World, rbac: &Rbac, place: &Place, edges: Vec<Edge>) {
        let id = self.id(world, rbac, place);
        let mut known: Vec<(Id, Edge)> = Vec::with_capacity(edges.len());
        for edge in edges {
            known.push((self.id(world, rbac, &edge.to), edge));
        }
        known.retain(|(to, _)| *to != id);
        // Of several ways to one place the plainest.
        known.sort_by(|(a, one), (b, another)| (a, one.technique).cmp(&(b, another.technique)));
        known.dedup_by_key(|(to, _)| *to);
        known.sort_by(|(_, a), (_, b)| (a.technique, &a.to).cmp(&(b.technique, &b.to)));
        if let Some(node) = self.node_mut(id) {
            node.edges = known;
        }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets every place but the first so many. Hops that lead to others must be set anew.
    pub(super) fn truncate(&mut self, len: usize) {
        let is_kept = |id: &Id| (*id as usize) < len;
        self.nodes.truncate(len);
        self.ids.retain(|_, id| is_kept(id));
        self.pending.retain(is_kept);
        self.nodes.iter_mut().for_each(|node| node.choices.retain(is_kept));
    }

    /// A place whose hops are not known yet.
    pub(super) fn pending(&mut self) -> Option<Place> {
        let id = self.pending.pop()?;
        self.node(id).map(|node| node.place.clone())
    }

    /// Whether a principal has a place of its own.
    pub(super) fn knows(&self, who: &Principal) -> bool {
        self.ids.contains_key(&Place::Principal(who.clone()))
    }

    /// The principals with a place of their own that are in a group by what they are.
    pub(super) fn members<'a>(&'a self, group: &'a Principal) -> impl Iterator<Item = Principal> + 'a {
        let principals = self.ids.keys().filter_map(|place| match place {
            Place::Principal(principal) => Some(principal),
            _ => None,
        });
        principals.filter(|it| groups_of(it).contains(group)).cloned()
    }

    fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id as usize)
    }

    /// The number of a place; a new one takes its place among the others.
    fn id(&mut self, world: &World, rbac: &Rbac, place: &Place) -> Id {
        if let Some(id) = self.ids.get(place) {
            return *id;
        }
        let id = Id::try_from(self.nodes.len()).unwrap_or(FAR);
        self.ids.insert(place.clone(), id);
        self.nodes.push(Node { place: place.clone(), edges: Vec::new(), choices: Vec::new() });
        self.enlist(world, rbac, id, place);
        id
    }

    /// `chooser` can be `chosen`, without a hop.
    fn choice(&mut self, world: &World, rbac: &Rbac, chooser: &Place, chosen: Id) {
        let chooser = self.id(world, rbac, chooser);
        if let Some(node) = self.node_mut(chooser) {
            node.choices.push(chosen);
        }
    }

    fn enlist(&mut self, world: &World, rbac: &Rbac, id: Id, place: &Place) {
        match place {
            Place::Principal(principal) => self.enlist_principal(world, rbac, id, principal),
            Place::Accounts(Some(_)) => self.choice(world, rbac, &Place::Accounts(None), id),
            Place::Names(Some(_)) => self.choice(world, rbac, &Place::Names(None), id),
            Place::Running(Some(_)) => self.choice(world, rbac, &Place::Running(None), id),
            Place::TokenSecrets(Some(_)) => self.choice(world, rbac, &Place::TokenSecrets(None), id),
            Place::Names(None) | Place::Users => self.choice(world, rbac, &Place::Identities, id),
            Place::Everything(Some(_)) | Place::Rights { .. } => self.pending.push(id),
            Place::Everything(None) => {
                for namespace in &world.namespaces {
                    let chosen = self.id(world, rbac, &Place::Everything(Some(namespace.clone())));
                    self.choice(world, rbac, place, chosen);
                }
            }
            Place::RightsAnywhere(role) => {
                for namespace in &world.namespaces {
                    let rights = Place::Rights { role: role.clone(), scope: Some(namespace.clone()) };
                    let chosen = self.id(world, rbac, &rights);
                    self.choice(world, rbac, place, chosen);
                }
            }
            Place::RolesOf(scope) => {
                let here = |namespace: &Text| scope.as_ref().is_none_or(|scope| scope == namespace);
                let roles = rbac.roles().map(|(key, _)| key);
                for role in roles.filter(|key| key.kind == RoleKind::Role && here(&key.namespace)) {
                    let rights = Place::Rights { role: role.clone(), scope: Some(role.namespace.clone()) };
                    let chosen = self.id(world, rbac, &rights);
                    self.choice(world, rbac, place, chosen);
                }
            }
            Place::Templates(kind) => {
                for namespace in world.templates.get(kind).into_iter().flat_map(BTreeMap::keys) {
                    let chosen = self.id(world, rbac, &Place::Accounts(Some(namespace.clone())));
                    self.choice(world, rbac, place, chosen);
                }
            }
            _ => {}
        }
    }

    fn enlist_principal(&mut self, world: &World, rbac: &Rbac, id: Id, principal: &Principal) {
        for group in groups_of(principal) {
            let group = self.id(world, rbac, &Place::Principal(group));
            if let Some(node) = self.node_mut(id) {
                node.choices.push(group);
            }
        }
        match principal {
            Principal::User(_) => self.choice(world, rbac, &Place::Users, id),
            Principal::Group(name) if name == MASTERS => {
                let admin = self.id(world, rbac, &Place::ClusterAdmin);
                if let Some(node) = self.node_mut(id) {
                    node.choices.push(admin);
                }
            }
            Principal::Group(name) => {
                self.choice(world, rbac, &Place::Identities, id);
                // What the accounts of a namespace have by their group, any of them has.
                let namespace = name.strip_prefix("system:serviceaccounts:").map(Text::from);
                for account in namespace.iter().flat_map(|namespace| some_accounts(world, namespace)) {
                    self.id(world, rbac, &account);
                }
            }
            Principal::ServiceAccount { namespace, name } => {
                let here = Some(namespace.clone());
                self.choice(world, rbac, &Place::Names(here.clone()), id);
                if world.exists(namespace, name) {
                    self.choice(world, rbac, &Place::Accounts(here.clone()), id);
                }
                if world.running.get(namespace).is_some_and(|all| all.contains(name)) {
                    self.choice(world, rbac, &Place::Running(here.clone()), id);
                }
                let secrets = world.token_secrets.get(namespace);
                if secrets.is_some_and(|all| all.iter().any(|(_, account)| account == name)) {
                    self.choice(world, rbac, &Place::TokenSecrets(here), id);
                }
            }
        }
    }

    /// Counts the hops from every place, backwards from the end, and finds where each goes on.
    pub(super) fn measure(&mut self) {
        self.distances = vec![FAR; self.nodes.len()];
        let backwards = self.backwards();
        let Some(end) = self.ids.get(&Place::ClusterAdmin).copied() else {
            self.nexts = vec![None; self.nodes.len()];
            return;
        };
        set(&mut self.distances, end, 0);
        let (mut here, mut distance) = (vec![end], 0);
        while !here.is_empty() {
            let mut further = Vec::new();
            while let Some(id) = here.pop() {
                if self.distance_of(id) != distance {
                    continue;
                }
                for (from, hops) in backwards.to(id) {
                    let reached = distance + hops;
                    if reached < self.distance_of(*from) {
                        set(&mut self.distances, *from, reached);
                        if *hops == 0 { here.push(*from) } else { further.push(*from) }
                    }
                }
            }
            here = further;
            distance += 1;
        }
        self.nexts = self.nodes.iter().enumerate().map(|(id, node)| self.next_of(id, node)).collect();
    }

    fn backwards(&self) -> Backwards {
        let ends =
            self.nodes.iter().flat_map(|node| node.edges.iter().map(|(to, _)| to).chain(&node.choices));
        let mut starts = vec![0_u32; self.nodes.len() + 1];
        for end in ends {
            if let Some(count) = starts.get_mut(*end as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut filled = starts.clone();
        let mut all = vec![(0, 0); sum as usize];
        for (from, node) in (0..).zip(&self.nodes) {
            let hops = node.edges.iter().map(|(to, _)| (*to, 1));
            for (to, hops) in hops.chain(node.choices.iter().map(|to| (*to, 0))) {
                if let Some(place) = filled.get_mut(to as usize) {
                    if let Some(slot) = all.get_mut(*place as usize) {
                        *slot = (from, hops);
                    }
                    *place += 1;
                }
            }
        }
        Backwards { starts, all }
    }

    fn distance_of(&self, id: Id) -> u32 {
        self.distances.get(id as usize).copied().unwrap_or(FAR)
    }

    /// Of several shortest ways the same one, whatever order the facts came in.
    fn next_of(&self, id: usize, node: &Node) -> Option<Next> {
        let distance = self.distances.get(id).copied().filter(|it| *it != FAR && *it != 0)?;
        let hop =
            node.edges.iter().position(|(to, _)| self.distance_of(*to).checked_add(1) == Some(distance));
        let chosen = node.choices.iter().copied().filter(|to| self.distance_of(*to) == distance);
        let choice = || chosen.min_by_key(|to| self.node(*to).map(|node| &node.place));
        hop.map(Next::Hop).or_else(|| choice().map(Next::Choice))
    }

    /// Where the path of a principal begins: with itself, or with a group that it is in.
    fn start(&self, who: &Principal) -> Option<Id> {
        let own = self.ids.get(&Place::Principal(who.clone())).copied();
        own.or_else(|| {
            let groups =
                groups_of(who).into_iter().filter_map(|it| self.ids.get(&Place::Principal(it)).copied());
            groups.min_by_key(|id| self.distance_of(*id))
        })
    }

    pub(super) fn distance(&self, who: &Principal) -> Option<u32> {
        self.start(who).map(|id| self.distance_of(id)).filter(|distance| *distance != FAR)
    }

    pub(super) fn reach(&self, who: &Principal) -> BTreeSet<Place> {
        let mut waiting: Vec<Id> = self.start(who).into_iter().collect();
        let mut seen: BTreeSet<Id> = waiting.iter().copied().collect();
        while let Some(node) = waiting.pop().and_then(|id| self.node(id)) {
            let further = node.edges.iter().map(|(to, _)| *to).chain(node.choices.iter().copied());
            waiting.extend(further.filter(|to| seen.insert(*to)));
        }
        let places = seen.into_iter().filter_map(|id| self.node(id)).map(|node| node.place.clone());
        places.filter(Place::is_one).chain([Place::Principal(who.clone())]).collect()
    }

    pub(super) fn path(&self, who: &Principal) -> Option<Vec<Hop>> {
        let mut id = self.start(who).filter(|id| self.distance_of(*id) != FAR)?;
        let mut from = Place::Principal(who.clone());
        let mut hops: Vec<Hop> = Vec::new();
        while let (Some(next), Some(node)) = (self.nexts.get(id as usize).copied().flatten(), self.node(id)) {
            match next {
                Next::Hop(edge) => {
                    let (to, edge) = node.edges.get(edge)?;
                    let by = edge.by.iter().map(|by| (**by).clone()).collect();
                    let (technique, namespace) = (edge.technique, edge.namespace.clone());
                    hops.push(Hop { from: from.clone(), technique, to: edge.to.clone(), by, namespace });
                    from = edge.to.clone();
                    id = *to;
                }
                Next::Choice(to) => {
                    id = to;
                    let chosen = self.node(id).map(|chosen| &chosen.place);
                    if let Some(chosen) = chosen.filter(|_| !from.is_one()) {
                        from.clone_from(chosen);
                        if let Some(last) = hops.last_mut() {
                            last.to.clone_from(chosen);
                        }
                    }
                }
            }
        }
        Some(hops)
    }
}

/// Every edge by its end: from where it comes, and how many hops it is.
struct Backwards {
    /// Where the edges to a place begin in `all`.
    starts: Vec<u32>,
    all: Vec<(Id, u32)>,
}

impl Backwards {
    fn to(&self, id: Id) -> &[(Id, u32)] {
        let at = |index: usize| self.starts.get(index).map_or(0, |start| *start as usize);
        self.all.get(at(id as usize)..at(id as usize + 1)).unwrap_or_default()
    }
}

fn set(distances: &mut [u32], id: Id, distance: u32) {
    if let Some(known) = distances.get_mut(id as usize) {
        *known = distance;
    }
}

/// One account of each sort in a namespace.
fn some_accounts(world: &World, namespace: &Text) -> Vec<Place> {
    let existing = world.accounts_of(namespace).next();
    let running = world.running.get(namespace).and_then(|all| all.first());
    let secret = world.token_secrets.get(namespace).and_then(|all| all.first()).map(|(_, account)| account);
    let accounts = [existing, running, secret].into_iter().flatten();
    accounts.map(|account| Place::account(namespace.clone(), account.clone())).collect()
}
