//! Gateway API: listeners, and the routes that lead from them to Services (`gateway.networking.k8s.io`).

use serde::{Deserialize, Deserializer};

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::selector::Selector;
use super::text::Text;

/// A Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// Where it listens.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: GatewaySpec,
}

/// The part of `GatewaySpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpec {
    /// Who implements it.
    pub gateway_class_name: Option<Text>,
    /// Where it listens.
    #[serde(deserialize_with = "list")]
    pub listeners: List<Listener>,
}

/// One listener of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    /// The listener's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The host; absent means every one.
    pub hostname: Option<Text>,
    /// The port.
    pub port: Option<i32>,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`.
    #[serde(deserialize_with = "null_as_default")]
    pub protocol: Text,
    /// Which routes may use it; absent means those of the Gateway's namespace.
    pub allowed_routes: Option<AllowedRoutes>,
}

/// `allowedRoutes` of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedRoutes {
    /// From which namespaces.
    #[serde(deserialize_with = "null_as_default")]
    pub namespaces: RouteNamespaces,
}

/// `allowedRoutes.namespaces` of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteNamespaces {
    /// `Same`, `All`, `Selector` or `None`; absent means `Same`.
    pub from: Option<Text>,
    /// The namespaces, where `from` is `Selector`.
    pub selector: Option<Selector>,
}

/// The kinds of routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteKind {
    /// Requests of gRPC.
    GrpcRoute,
    /// Requests of HTTP.
    #[default]
    HttpRoute,
    /// Connections of TLS, by the name that the client asks for.
    TlsRoute,
}

impl RouteKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::GrpcRoute, Self::HttpRoute, Self::TlsRoute];

    /// The kind's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrpcRoute => "GRPCRoute",
            Self::HttpRoute => "HTTPRoute",
            Self::TlsRoute => "TLSRoute",
        }
    }
}

/// A route from listeners to Services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// Which kind of route.
    pub kind: RouteKind,
    /// Name, namespace, labels, annotations.
    pub metadata: Meta,
    /// The Gateways that it hangs on.
    pub parents: List<ParentRef>,
    /// The hosts; empty means those of the listener.
    pub hostnames: List<Text>,
    /// The Services that it leads to, of all rules.
    pub backends: List<BackendRef>,
    /// Whether it has rules and each of them only sends the client on to `https` (`RequestRedirect`).
    pub only_redirects: bool,
}

/// One entry of `parentRefs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentRef {
    /// The API group; absent means `gateway.networking.k8s.io`.
    pub group: Option<Text>,
    /// The kind; absent means `Gateway`.
    pub kind: Option<Text>,
    /// The namespace; absent means the route's.
    pub namespace: Option<Text>,
    /// The name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The listener; absent means every one.
    pub section_name: Option<Text>,
    /// The port of the listener; absent means any.
    pub port: Option<i32>,
}

/// One entry of `backendRefs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendRef {
    /// The API group; absent means core.
    pub group: Option<Text>,
    /// The kind; absent means `Service`.
    pub kind: Option<Text>,
    /// The namespace; absent means the route's.
    pub namespace: Option<Text>,
    /// The name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The share of requests; 0 means none. Absent means 1.
    pub weight: Option<i32>,
}

impl BackendRef {
    /// Whether it is a Service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.group.as_ref().is_none_or(|group| group.is_empty())
            && self.kind.as_ref().is_none_or(|kind| *kind == "Service")
    }
}

impl ParentRef {
    /// Whether it is a Gateway.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        self.group.as_ref().is_none_or(|group| *group == "gateway.networking.k8s.io")
            && self.kind.as_ref().is_none_or(|kind| *kind == "Gateway")
    }
}

/// One entry of `filters` of a rule, as far as it sends the client elsewhere.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RouteFilter {
    #[serde(deserialize_with = "null_as_default")]
    request_redirect: RequestRedirect,
}

/// `requestRedirect` of a filter (`HTTPRequestRedirectFilter`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct RequestRedirect {
    scheme: Option<Text>,
}

impl RouteFilter {
    fn redirects_to_https(&self) -> bool {
        self.request_redirect.scheme.as_deref() == Some("https")
    }
}

impl Route {
    /// Decodes an object of this kind.
    ///
    /// # Errors
    /// Those of the deserializer: a field of the wrong type.
    pub fn decode<'de, D: Deserializer<'de>>(kind: RouteKind, deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Written {
            #[serde(deserialize_with = "null_as_default")]
            metadata: Meta,
            #[serde(deserialize_with = "null_as_default")]
            spec: Spec,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Spec {
            #[serde(deserialize_with = "list")]
            parent_refs: Vec<ParentRef>,
            #[serde(deserialize_with = "list")]
            hostnames: Vec<Text>,
            #[serde(deserialize_with = "list")]
            rules: Vec<RouteRule>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct RouteRule {
            #[serde(deserialize_with = "list")]
            backend_refs: Vec<BackendRef>,
            #[serde(deserialize_with = "list")]
            filters: Vec<RouteFilter>,
        }

        let Written { metadata, spec } = Written::deserialize(deserializer)?;
        let redirects = |rule: &RouteRule| rule.filters.iter().any(RouteFilter::redirects_to_https);
        let only_redirects = !spec.rules.is_empty() && spec.rules.iter().all(redirects);
        let backends = spec.rules.into_iter().flat_map(|rule| rule.backend_refs).collect();
        let (parents, hostnames) = (spec.parent_refs.into(), spec.hostnames.into());
        Ok(Self { kind, metadata, parents, hostnames, backends, only_redirects })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_keeps_where_it_hangs_and_where_it_leads() {
        let route = Route::decode(
            RouteKind::HttpRoute,
            &serde_json::json!({
                "metadata": {"name": "cart", "namespace": "shop"},
                "spec": {
                    "parentRefs": [{"name": "edge", "namespace": "infra"}],
                    "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}, {"backendRefs": null}],
                },
            }),
        )
        .unwrap();
        assert!(route.parents[0].is_gateway());
        assert!(route.backends[0].is_service());
        assert_eq!(route.backends.len(), 1);
    }

    #[test]
    fn a_route_only_redirects_if_every_rule_does() {
        let only_redirects = |rules: serde_json::Value| {
            let route = serde_json::json!({"metadata": {"name": "a"}, "spec": {"rules": rules}});
            Route::decode(RouteKind::HttpRoute, &route).unwrap().only_redirects
        };
        let redirect = serde_json::json!({"filters": [
            {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]});
        let path = serde_json::json!({"filters": [
            {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath"}}}]});
        assert!(only_redirects(serde_json::json!([redirect])));
        assert!(!only_redirects(serde_json::json!([redirect, {"backendRefs": [{"name": "a"}]}])));
        assert!(!only_redirects(serde_json::json!([path])));
        assert!(!only_redirects(serde_json::json!([])));
    }
}
