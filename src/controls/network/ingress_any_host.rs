//! `network.ingress-any-host`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Ingress, Path};

declare_control! {
    /// ## What it checks
    ///
    /// Every rule of an Ingress names its host, without a wildcard, and there is no default backend, which takes what no
    /// rule is for. Wildcards in `allowedHosts`, written as in the Ingress, pass.
    ///
    /// ## Why it matters
    ///
    /// An Ingress for any host takes requests that are meant for others: those for a host whose own Ingress is not there
    /// yet or has just been deleted, with its cookies and tokens. And the application answers under names that nobody
    /// thought of, as every scanner of addresses tries.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   rules:
    ///     - http:
    ///         paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
    /// ```
    ///
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   defaultBackend: {service: {name: web, port: {number: 80}}}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name the hosts. Where every customer has one of their own, name the wildcard in `allowedHosts`, and let one team
    /// own it.
    pub static INGRESS_ANY_HOST = {
        id: "network.ingress-any-host",
        title: "Ingress takes requests for any host",
        severity: Low,
        subject: Ingress,
        parameters: IngressAnyHost,
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

/// Which wildcards are meant.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct IngressAnyHost {
    /// Wildcard hosts that may be used, as an Ingress writes them. Default: none. Example: `['*.preview.example.com']`.
    allowed_hosts: Vec<String>,
}

impl Parameters for IngressAnyHost {}

fn evaluate(ingress: &Ingress, parameters: &IngressAnyHost, _: &Context<'_>) -> Verdict {
    let spec = &ingress.spec;
    let fallback = spec.default_backend.as_ref().map(|_| {
        let path = Path::of(&["spec", "defaultBackend"]);
        Finding::new(path, "its default backend takes requests for any host")
            .fix("write a rule with a host instead")
    });
    let rules = Path::of(&["spec", "rules"]);
    let judge = |(index, rule): (usize, &crate::facts::ingress::IngressRule)| {
        let path = rules.clone().index(index).key("host");
        match rule.host.as_deref().filter(|host| !host.is_empty()) {
            None => Some(Finding::new(path, "a rule takes requests for any host").fix("name the host")),
            Some(host) if host.starts_with('*') && !parameters.allowed_hosts.iter().any(|it| it == host) => {
                let message = format!("a rule takes requests for every `{host}`");
                Some(Finding::new(path, message).value(host).fix("name the hosts one by one"))
            }
            Some(_) => None,
        }
    };
    fallback.into_iter().chain(spec.rules.iter().enumerate().filter_map(judge)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn ingress(spec: &str) -> String {
        format!("{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web}}, spec: {spec}}}")
    }

    #[test]
    fn a_wildcard_is_allowed_by_name() {
        let manifest = ingress("{rules: [{host: '*.example.com'}, {host: a.example.com}]}");
        assert_eq!(
            messages(judge(&INGRESS_ANY_HOST, &manifest)),
            ["a rule takes requests for every `*.example.com`; name the hosts one by one"]
        );
        let allowed = json!({"allowedHosts": ["*.example.com"]});
        assert_eq!(judge_with(&INGRESS_ANY_HOST, &allowed, &manifest), Verdict::Pass);
    }

    #[test]
    fn a_default_backend_and_a_rule_without_a_host_are_told() {
        let manifest = ingress("{defaultBackend: {service: {name: web}}, rules: [{host: ''}]}");
        assert_eq!(
            messages(judge(&INGRESS_ANY_HOST, &manifest)),
            [
                "its default backend takes requests for any host; write a rule with a host instead",
                "a rule takes requests for any host; name the host",
            ]
        );
    }
}
