//! `network.gateway-without-tls`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::gateway::Listener;
use crate::facts::{Gateway, Path};
use crate::relations::routes;

declare_control! {
    /// ## What it checks
    ///
    /// A listener of a Gateway with the protocol `HTTP` serves nothing but redirects: at least one route hangs on it, and
    /// each rule of each one only sends the client on to `https` (`RequestRedirect` with `scheme: https`). Listeners with
    /// `HTTPS` or `TLS` pass. What goes over `TCP` and `UDP` can't be told, and isn't judged.
    ///
    /// In files the routes must be among them: a redirect that stands elsewhere isn't seen.
    ///
    /// ## Why it matters
    ///
    /// Everybody between the client and the cluster reads passwords, sessions and data that go over plain HTTP, and can
    /// change the answers. A listener without a redirect waits for the first team that hangs a route on it.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata: {name: edge, namespace: infra}
    /// spec:
    ///   gatewayClassName: example
    ///   listeners:
    ///     - {name: http, port: 80, protocol: HTTP}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata: {name: edge, namespace: infra}
    /// spec:
    ///   gatewayClassName: example
    ///   listeners:
    ///     - {name: http, port: 80, protocol: HTTP}
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       tls: {certificateRefs: [{name: edge-tls}]}
    ///       allowedRoutes: {namespaces: {from: All}}
    /// ---
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata: {name: redirect, namespace: infra}
    /// spec:
    ///   parentRefs: [{name: edge, sectionName: http}]
    ///   rules:
    ///     - filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Make it an `HTTPS` listener with a certificate, or keep it for redirects: one route with `RequestRedirect`, and
    /// `allowedRoutes` of the Gateway's own namespace, so that nobody else hangs one beside it.
    pub static GATEWAY_WITHOUT_TLS = {
        id: "network.gateway-without-tls",
        title: "Gateway serves plain HTTP",
        severity: High,
        subject: Gateway,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("SC-8"),
            Framework::Nist80053.clause("SC-23"),
            Framework::NsaCisa.clause("Encryption"),
            Framework::Soc2.clause("CC6.7"),
            Framework::Iso27001.clause("8.24"),
            Framework::PciDss.clause("4.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(gateway: &Gateway, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let listeners = Path::of(&["spec", "listeners"]);
    let plain = routes::listeners(gateway).enumerate().filter(|(_, listener)| listener.protocol == "HTTP");
    let judge = |(index, listener): (usize, &Listener)| {
        let name = &listener.name;
        let mut routes =
            context.relations.routes().on_listener(context.inventory, gateway, listener).peekable();
        let message = if routes.peek().is_none() {
            format!("listener `{name}` speaks plain HTTP and no route on it redirects")
        } else {
            let route = routes.find(|route| !route.only_redirects)?;
            let kind = route.kind.as_str();
            let namespace = route.metadata.namespace.as_deref().unwrap_or_default();
            let route = &route.metadata.name;
            format!("listener `{name}` serves {kind} {namespace}/{route} over plain HTTP")
        };
        let path = listeners.clone().index(index).key("protocol");
        let finding = Finding::new(path, message).discriminator(name);
        Some(finding.fix("use `protocol: HTTPS`, or redirect to it"))
    };
    plain.filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::controls::testing::{judge, messages};

    const REDIRECT: &str = "{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}";

    fn gateway(routes: &[(&str, &str)]) -> String {
        let mut manifest =
            "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, \
            namespace: infra}, spec: {listeners: [{name: web, port: 80, protocol: HTTP}, \
            {name: db, port: 5432, protocol: TCP}, {name: tls, port: 443, protocol: HTTPS}]}}"
                .to_owned();
        for (section, rules) in routes {
            let _ = write!(
                manifest,
                "\n---\n{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: {section}-r, \
                 namespace: infra}}, spec: {{parentRefs: [{{name: edge, sectionName: {section}}}], rules: [{rules}]}}}}"
            );
        }
        manifest
    }

    fn found(routes: &[(&str, &str)]) -> Vec<String> {
        messages(judge(&GATEWAY_WITHOUT_TLS, &gateway(routes)))
    }

    #[test]
    fn a_listener_may_redirect_and_nothing_else() {
        assert_eq!(found(&[("web", REDIRECT)]), [""; 0]);
        assert_eq!(
            found(&[("web", "{backendRefs: [{name: cart}]}")]),
            [
                "listener `web` serves HTTPRoute infra/web-r over plain HTTP; use `protocol: HTTPS`, or redirect to it"
            ]
        );
        assert_eq!(
            found(&[("tls", "{backendRefs: [{name: cart}]}")]),
            [
                "listener `web` speaks plain HTTP and no route on it redirects; use `protocol: HTTPS`, or redirect to it"
            ]
        );
    }
}
