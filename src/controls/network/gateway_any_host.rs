//! `network.gateway-any-host`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::gateway::Listener;
use crate::facts::{Gateway, Path};

declare_control! {
    /// ## What it checks
    ///
    /// A listener of a Gateway that takes routes of other namespaces (`allowedRoutes.namespaces.from` is `All` or
    /// `Selector`) has a `hostname`; a wildcard such as `*.example.com` will do. A listener for the routes of its own
    /// namespace alone may leave it out, and so may `TCP` and `UDP`, which know no hosts.
    ///
    /// ## Why it matters
    ///
    /// Without a `hostname` whoever may create a route in any of those namespaces can claim every host that is still free
    /// on this address, the one of a neighbour's next release among them, and is sent its requests with their cookies and
    /// tokens.
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
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       tls: {certificateRefs: [{name: edge-tls}]}
    ///       allowedRoutes: {namespaces: {from: All}}
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
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: "*.shop.example.com"
    ///       tls: {certificateRefs: [{name: edge-tls}]}
    ///       allowedRoutes: {namespaces: {from: All}}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Give each team a listener with its own domain as `hostname`, and select its namespaces in `allowedRoutes`.
    pub static GATEWAY_ANY_HOST = {
        id: "network.gateway-any-host",
        title: "Gateway lets other namespaces claim any host",
        severity: Low,
        subject: Gateway,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-4"),
            Framework::Nist80053.clause("SC-7"),
            Framework::MitreAttack.clause("T1190"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.20"),
            Framework::PciDss.clause("1.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(gateway: &Gateway, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let listeners = Path::of(&["spec", "listeners"]);
    let open = gateway.spec.listeners.iter().enumerate().filter(|(_, listener)| takes_any_host(listener));
    open.map(|(index, listener)| {
        let message = format!("listener `{}` lets other namespaces claim any host", listener.name);
        let path = listeners.clone().index(index).key("hostname");
        Finding::new(path, message).discriminator(&listener.name).fix("give it a `hostname`")
    })
    .collect()
}

fn takes_any_host(listener: &Listener) -> bool {
    let from = listener.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.from.as_deref());
    listener.hostname.as_ref().is_none_or(|host| host.is_empty())
        && matches!(&*listener.protocol, "HTTP" | "HTTPS" | "TLS")
        && matches!(from, Some("All" | "Selector"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};

    fn found(listener: &str) -> Vec<String> {
        let manifest = format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: edge}}, \
             spec: {{listeners: [{{name: web, {listener}}}]}}}}"
        );
        messages(judge(&GATEWAY_ANY_HOST, &manifest))
    }

    #[test]
    fn other_namespaces_need_a_hostname() {
        for from in ["All", "Selector"] {
            let allowed = format!("allowedRoutes: {{namespaces: {{from: {from}}}}}");
            assert_eq!(
                found(&format!("protocol: HTTPS, {allowed}")),
                ["listener `web` lets other namespaces claim any host; give it a `hostname`"]
            );
            assert_eq!(found(&format!("protocol: HTTPS, hostname: '*.example.com', {allowed}")), [""; 0]);
            assert_eq!(found(&format!("protocol: TCP, {allowed}")), [""; 0]);
        }
        assert_eq!(found("protocol: HTTPS"), [""; 0]);
        assert_eq!(found("protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}"), [""; 0]);
    }
}
