//! Routes and Gateways: which route hangs on which listener, and by which hosts it is entered there.
//!
//! Source: the Gateway API's reference, `ParentReference`, `Listener`, `AllowedRoutes` and `hostnames` of the routes. The
//! kinds that a listener allows are those of its protocol; `allowedRoutes.kinds` is not among the facts.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::gateway::{Listener, ParentRef, RouteKind};
use crate::facts::{Gateway, Inventory, Object, ObjectKind, Route, SubjectKey, Text};

/// More than these no API server takes (`maxItems` of the definitions); in files there may be any number.
const MOST_PARENTS: usize = 32;
const MOST_LISTENERS: usize = 64;
const MOST_HOSTNAMES: usize = 16;
/// Sixteen rules with sixteen backends each.
pub(super) const MOST_BACKENDS: usize = 256;

/// The Gateway that a reference of a route names, if the facts hold it.
#[must_use]
pub fn gateway<'a>(inventory: &'a Inventory, route: &Route, parent: &ParentRef) -> Option<&'a Gateway> {
    if !parent.is_gateway() {
        return None;
    }
    let own = route.metadata.namespace.as_deref().unwrap_or_default();
    let namespace = parent.namespace.as_deref().unwrap_or(own);
    match inventory.get(ObjectKind::Gateway, namespace, &parent.name) {
        Some(Object::Gateway(gateway)) => Some(gateway),
        _ => None,
    }
}

/// The hosts by which a route is entered at a listener of the Gateway that `parent` names: none of them means any.
/// Nothing if the route does not hang there.
#[must_use]
pub fn hosts(
    inventory: &Inventory,
    gateway: &Gateway,
    listener: &Listener,
    route: &Route,
    parent: &ParentRef,
) -> Option<Vec<Text>> {
    let named = parent.section_name.as_ref().is_none_or(|name| *name == listener.name)
        && parent.port.is_none_or(|port| Some(port) == listener.port);
    if !named || !speaks(listener, route.kind) || !allows(inventory, gateway, listener, route) {
        return None;
    }
    let of_listener = listener.hostname.as_ref().filter(|host| !host.is_empty());
    match (of_listener, route.hostnames.as_slice()) {
        (None, hosts) => Some(hosts.iter().take(MOST_HOSTNAMES).cloned().collect()),
        (Some(host), []) => Some(vec![host.clone()]),
        (Some(host), hosts) => {
            let hosts = hosts.iter().take(MOST_HOSTNAMES);
            let common: Vec<Text> = hosts.filter_map(|it| common(host, it)).cloned().collect();
            (!common.is_empty()).then_some(common)
        }
    }
}

/// The references of a route to its Gateways.
pub fn parents(route: &Route) -> impl Iterator<Item = &ParentRef> {
    route.parents.iter().take(MOST_PARENTS)
}

/// The listeners of a Gateway.
pub fn listeners(gateway: &Gateway) -> impl Iterator<Item = &Listener> {
    gateway.spec.listeners.iter().take(MOST_LISTENERS)
}

/// Which routes name which Gateway, be it there or not.
#[derive(Debug, Default)]
pub struct Routes {
    /// By the namespace and the name of the Gateway.
    by_gateway: BTreeMap<Text, BTreeMap<Text, BTreeSet<SubjectKey>>>,
}

impl Routes {
    /// Those of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        let mut by_gateway: BTreeMap<Text, BTreeMap<Text, BTreeSet<SubjectKey>>> = BTreeMap::new();
        for route in inventory.routes() {
            let key = SubjectKey::of(ObjectKind::Route(route.kind), &route.metadata);
            for parent in parents(route).filter(|parent| parent.is_gateway()) {
                let namespace = parent.namespace.as_ref().unwrap_or(&key.namespace);
                let gateways = by_gateway.entry(namespace.clone()).or_default();
                gateways.entry(parent.name.clone()).or_default().insert(key.clone());
            }
        }
        Self { by_gateway }
    }

    /// The routes that hang on a listener. The Gateway need not be among the facts itself.
    pub fn on_listener<'a>(
        &'a self,
        inventory: &'a Inventory,
        gateway: &'a Gateway,
        listener: &'a Listener,
    ) -> impl Iterator<Item = &'a Route> {
        let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
        let named = self.by_gateway.get(namespace).and_then(|names| names.get(&gateway.metadata.name));
        let routes = named.into_iter().flatten().filter_map(|key| {
            match inventory.get(key.kind, &key.namespace, &key.name) {
                Some(Object::Route(route)) => Some(&**route),
                _ => None,
            }
        });
        routes.filter(move |route| {
            let own = route.metadata.namespace.as_deref().unwrap_or_default();
            let mut parents = parents(route).filter(|parent| {
                parent.is_gateway()
                    && parent.name == gateway.metadata.name
                    && parent.namespace.as_deref().unwrap_or(own) == namespace
            });
            parents.any(|parent| hosts(inventory, gateway, listener, route, parent).is_some())
        })
    }
}

/// Whether a listener's protocol is that of a route.
fn speaks(listener: &Listener, kind: RouteKind) -> bool {
    match kind {
        RouteKind::GrpcRoute | RouteKind::HttpRoute => matches!(&*listener.protocol, "HTTP" | "HTTPS"),
        RouteKind::TlsRoute => &*listener.protocol == "TLS",
    }
}

/// Whether a listener takes routes of a route's namespace.
fn allows(inventory: &Inventory, gateway: &Gateway, listener: &Listener, route: &Route) -> bool {
    let home = |meta: &crate::facts::Meta| meta.namespace.clone().unwrap_or_default();
    let namespaces = listener.allowed_routes.as_ref().map(|allowed| &allowed.namespaces);
    let from = namespaces.and_then(|namespaces| namespaces.from.as_deref()).unwrap_or("Same");
    match from {
        "All" => true,
        "Same" => home(&gateway.metadata) == home(&route.metadata),
        "Selector" => namespaces
            .and_then(|namespaces| namespaces.selector.as_ref())
            .is_some_and(|selector| selector.matches(&inventory.namespace_labels(&home(&route.metadata)))),
        _ => false,
    }
}

/// What two hosts have in common: the more precise one. `*.example.com` stands for every host below `example.com`, at any
/// depth.
fn common<'a>(one: &'a Text, other: &'a Text) -> Option<&'a Text> {
    let below = |wide: &str, host: &str| {
        wide.strip_prefix('*').is_some_and(|suffix| host.len() > suffix.len() && host.ends_with(suffix))
    };
    if one == other || below(one, other) { Some(other) } else { below(other, one).then_some(one) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_common(one: &str, other: &str) -> Option<String> {
        common(&one.into(), &other.into()).map(ToString::to_string)
    }

    #[test]
    fn of_two_hosts_the_more_precise_one_is_common() {
        let web = Some("web.example.com".to_owned());
        assert_eq!(in_common("web.example.com", "web.example.com"), web);
        assert_eq!(in_common("*.example.com", "web.example.com"), web);
        assert_eq!(in_common("web.example.com", "*.example.com"), web);
        assert_eq!(in_common("*.example.com", "a.web.example.com"), Some("a.web.example.com".to_owned()));
        assert_eq!(in_common("*.example.com", "*.web.example.com"), Some("*.web.example.com".to_owned()));
        assert_eq!(in_common("*.example.com", "example.com"), None);
        assert_eq!(in_common("*.example.com", "web.example.net"), None);
        assert_eq!(in_common("a.example.com", "b.example.com"), None);
    }
}
