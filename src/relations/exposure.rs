//! Exposure: the doors that lead from outside the cluster to a workload, and by which way.
//!
//! A door is a Service of type `LoadBalancer` or `NodePort` or with `externalIPs`, an Ingress, or a listener of a Gateway.
//! From there the way leads over Services to the pods that they select, in their own namespace. A way is told where every
//! object on it is among the facts.
//!
//! What is not told: a route to a Service of another namespace, which needs a `ReferenceGrant` that the facts don't hold;
//! Ingress and Gateway of other API groups (Istio, Traefik, Contour, `OpenShift`); ports of the node (`pod.host-port` and
//! `pod.host-namespaces` judge those); and whether a firewall or a network policy stands in the way.

mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use reach::Reach;

use super::filed::Filed;
use super::routes;
use crate::facts::{
    Gateway, Ingress, Inventory, ObjectKind, Route, Selector, Service, SubjectKey, Text, Workload,
};

/// What kind of door it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoorKind {
    /// A Service of type `LoadBalancer`.
    LoadBalancer,
    /// A Service of type `NodePort`.
    NodePort,
    /// A Service with `externalIPs`.
    ExternalIp,
    /// An Ingress.
    Ingress,
    /// A listener of a Gateway.
    Gateway,
}

/// A door, and the way from it to a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// What kind of door it is.
    pub kind: DoorKind,
    /// The object that is the door: a Service, an Ingress or a Gateway.
    pub object: SubjectKey,
    /// The class of an Ingress or a Gateway, if it names one.
    pub class: Option<Text>,
    /// The hosts by which it is entered, or the external addresses of a Service; empty means any.
    pub hosts: Vec<Text>,
    /// The route between a Gateway and the Service.
    pub route: Option<SubjectKey>,
    /// The Service before the workload; for a Service the door itself.
    pub service: SubjectKey,
    /// From how far it is reached, as far as the object itself tells.
    pub reach: Reach,
}

impl Door {
    /// Whether it is a port of every node.
    #[must_use]
    pub fn is_node_port(&self) -> bool {
        self.kind == DoorKind::NodePort
    }
}

/// `Ingress shop/web (shop.example.com) → Service shop/cart`
impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DoorKind::LoadBalancer => f.write_str("LoadBalancer ")?,
            DoorKind::NodePort => f.write_str("NodePort ")?,
            _ => {}
        }
        self.object.fmt(f)?;
        match self.hosts.as_slice() {
            [] => {}
            [host] => write!(f, " ({host})")?,
            [first, others @ ..] => write!(f, " ({first} and {} more)", others.len())?,
        }
        if let Some(route) = &self.route {
            write!(f, " → {route}")?;
        }
        if self.object == self.service { Ok(()) } else { write!(f, " → {}", self.service) }
    }
}

/// The doors of all Services with one selector, by their reach.
#[derive(Debug, Default)]
struct Opened {
    outside: Vec<Door>,
    inside: Vec<Door>,
}

impl Opened {
    fn new(doors: Vec<Door>) -> Self {
        let (outside, inside) = doors.into_iter().partition(|door| door.reach == Reach::Outside);
        Self { outside, inside }
    }

    fn extend(&mut self, other: Self) {
        self.outside.extend(other.outside);
        self.inside.extend(other.inside);
    }
}

/// All doors.
#[derive(Debug, Default)]
pub struct Exposure {
    namespaces: BTreeMap<Text, Filed<Opened>>,
}

type Doors = BTreeMap<SubjectKey, Vec<Door>>;

impl Exposure {
    /// The doors of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        let routes = inventory.routes();
        let doors = doors(inventory, inventory.services(), inventory.ingresses(), routes);
        let mut namespaces: BTreeMap<Text, Doors> = BTreeMap::new();
        for (key, doors) in doors {
            namespaces.entry(key.namespace.clone()).or_default().insert(key, doors);
        }
        let mut exposure = Self::default();
        for (namespace, doors) in namespaces {
            exposure.set(inventory, &namespace, doors);
        }
        exposure
    }

    /// Looks at the doors of a namespace again. No way leads to a Service of another one.
    pub fn refresh(&mut self, inventory: &Inventory, namespace: &Text) {
        let services = inventory.services_in(namespace);
        let ingresses = inventory.ingresses_in(namespace);
        let doors = doors(inventory, services, ingresses, inventory.routes_in(namespace));
        self.set(inventory, namespace, doors);
    }

    fn set(&mut self, inventory: &Inventory, namespace: &Text, doors: Doors) {
        let mut opened: Vec<(Selector, Opened)> = Vec::new();
        for (key, doors) in doors {
            let Some(service) = inventory.service(&key.namespace, &key.name) else { continue };
            // One without a selector has no pods of its own.
            if !service.spec.selector.is_empty() {
                let match_labels = service.spec.selector.clone();
                opened.push((Selector { match_labels, ..Selector::default() }, Opened::new(doors)));
            }
        }
        if opened.is_empty() {
            self.namespaces.remove(namespace);
        } else {
            self.namespaces.insert(namespace.clone(), Filed::new(opened, Opened::extend));
        }
    }

    /// The doors that lead to the pods of a workload; those that the internet may reach come first. The workload need not
    /// be among the facts itself: one that is about to be admitted is reached by what is there already.
    pub fn of<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Door> {
        let inside = self.opened(workload).flat_map(|opened| &opened.inside);
        self.from_outside(workload).chain(inside)
    }

    /// The doors to the pods of a workload that the internet may reach: those with [`Reach::Outside`].
    pub fn from_outside<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Door> {
        self.opened(workload).flat_map(|opened| &opened.outside)
    }

    fn opened<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Opened> {
        let namespace = self.namespaces.get(workload.meta.namespace.as_deref().unwrap_or_default());
        namespace.into_iter().flat_map(|filed| filed.selecting(&workload.template.metadata.labels))
    }
}

/// The doors to Services, by Service.
fn doors<'a>(
    inventory: &Inventory,
    services: impl Iterator<Item = &'a Service>,
    ingresses: impl Iterator<Item = &'a Ingress>,
    routes: impl Iterator<Item = &'a Route>,
) -> Doors {
    let mut doors = Doors::new();
    for service in services {
        let own = of_service(service);
        if !own.is_empty() {
            doors.entry(key_of(ObjectKind::Service, &service.metadata)).or_default().extend(own);
        }
    }
    for ingress in ingresses {
        add_ingress(ingress, &mut doors);
    }
    for route in routes {
        add_route(inventory, route, &mut doors);
    }
    doors
}

fn key_of(kind: ObjectKind, meta: &crate::facts::Meta) -> SubjectKey {
    SubjectKey::of(kind, meta)
}

/// The doors that a Service is by itself.
#[must_use]
pub fn of_service(service: &Service) -> Vec<Door> {
    let key = key_of(ObjectKind::Service, &service.metadata);
    let door = |kind, hosts, reach| Door {
        kind,
        object: key.clone(),
        class: None,
        hosts,
        route: None,
        service: key.clone(),
        reach,
    };
    let by_type = match service.kind() {
        "LoadBalancer" => Some(door(DoorKind::LoadBalancer, Vec::new(), reach::of_load_balancer(service))),
        "NodePort" => Some(door(DoorKind::NodePort, Vec::new(), Reach::Outside)),
        _ => None,
    };
    let addresses = &service.spec.external_ips;
    let by_address = (!addresses.is_empty())
        .then(|| door(DoorKind::ExternalIp, addresses.to_vec(), reach::of_addresses(addresses)));
    by_type.into_iter().chain(by_address).collect()
}

/// One door for every Service that an Ingress leads to, with the hosts of all rules that do.
fn add_ingress(ingress: &Ingress, doors: &mut Doors) {
    let object = key_of(ObjectKind::Ingress, &ingress.metadata);
    // Of each Service the hosts; none once a rule is for any host.
    let mut services: BTreeMap<&Text, Option<BTreeSet<&Text>>> = BTreeMap::new();
    for (host, backend) in ingress.backends() {
        let Some(service) = backend.service_name() else { continue };
        let hosts = services.entry(service).or_insert_with(|| Some(BTreeSet::new()));
        match (host, hosts.as_mut()) {
            (Some(host), Some(known)) => drop(known.insert(host)),
            (None, _) => *hosts = None,
            (Some(_), None) => {}
        }
    }
    for (service, hosts) in services {
        let service = SubjectKey::new(object.namespace.clone(), ObjectKind::Service, service.clone());
        doors.entry(service.clone()).or_default().push(Door {
            kind: DoorKind::Ingress,
            object: object.clone(),
            class: class_of(ingress),
            hosts: hosts.unwrap_or_default().into_iter().cloned().collect(),
            route: None,
            service,
            reach: reach::of_ingress(ingress, class_of(ingress).as_deref()),
        });
    }
}

/// The class of an Ingress, in its new or its old place.
fn class_of(ingress: &Ingress) -> Option<Text> {
    let written = ingress.metadata.annotations.get("kubernetes.io/ingress.class");
    ingress.spec.ingress_class_name.as_ref().or(written).cloned()
}

/// One door for every Gateway that a route hangs on and every Service of its own namespace that it leads to.
fn add_route(inventory: &Inventory, route: &Route, doors: &mut Doors) {
    let key = key_of(ObjectKind::Route(route.kind), &route.metadata);
    let mut services: Vec<&Text> = route
        .backends
        .iter()
        .filter(|backend| backend.is_service() && backend.weight != Some(0))
        .filter(|backend| backend.namespace.as_ref().is_none_or(|it| *it == key.namespace))
        .map(|backend| &backend.name)
        .collect();
    services.sort();
    services.dedup();
    services.truncate(routes::MOST_BACKENDS);
    for (gateway, hosts) in entrances(inventory, route) {
        let object = key_of(ObjectKind::Gateway, &gateway.metadata);
        for service in &services {
            let service = SubjectKey::new(key.namespace.clone(), ObjectKind::Service, (*service).clone());
            doors.entry(service.clone()).or_default().push(Door {
                kind: DoorKind::Gateway,
                object: object.clone(),
                class: gateway.spec.gateway_class_name.clone(),
                hosts: hosts.clone(),
                route: Some(key.clone()),
                service,
                reach: reach::of_gateway(gateway),
            });
        }
    }
}

/// The Gateways that a route hangs on, each once, with the hosts of all listeners that it uses; none means any.
fn entrances<'a>(inventory: &'a Inventory, route: &Route) -> Vec<(&'a Gateway, Vec<Text>)> {
    let mut found: BTreeMap<SubjectKey, (&Gateway, Option<BTreeSet<Text>>)> = BTreeMap::new();
    for parent in routes::parents(route) {
        let Some(gateway) = routes::gateway(inventory, route, parent) else { continue };
        for listener in routes::listeners(gateway) {
            let Some(hosts) = routes::hosts(inventory, gateway, listener, route, parent) else { continue };
            let key = key_of(ObjectKind::Gateway, &gateway.metadata);
            let (_, known) = found.entry(key).or_insert_with(|| (gateway, Some(BTreeSet::new())));
            match known {
                Some(known) if !hosts.is_empty() => known.extend(hosts),
                _ => *known = None,
            }
        }
    }
    let listed = |hosts: Option<BTreeSet<Text>>| hosts.unwrap_or_default().into_iter().collect();
    found.into_values().map(|(gateway, hosts)| (gateway, listed(hosts))).collect()
}

#[cfg(test)]
mod tests;
