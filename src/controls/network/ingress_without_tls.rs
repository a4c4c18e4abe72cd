//! `network.ingress-without-tls`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Ingress, Path};

declare_control! {
    /// ## What it checks
    ///
    /// Every host of an Ingress has an entry under `spec.tls`: the host itself, a wildcard one label above it, or an entry
    /// without hosts, which leaves the certificate to the implementation. For a rule without a host any entry will do.
    ///
    /// Some implementations are told about certificates by annotation. With one of those the Ingress passes: AWS
    /// (`alb.ingress.kubernetes.io/certificate-arn`), Google Cloud (`networking.gke.io/managed-certificates`,
    /// `ingress.gcp.kubernetes.io/pre-shared-cert`, `networking.gke.io/certmap`), Azure
    /// (`appgw.ingress.kubernetes.io/appgw-ssl-certificate`), Traefik (`traefik.ingress.kubernetes.io/router.tls`), and
    /// where TLS is passed through to the pods (`nginx.ingress.kubernetes.io/ssl-passthrough`,
    /// `haproxy.org/ssl-passthrough`). Add others in `annotations`. Whether plain HTTP is answered besides, or sent on to
    /// HTTPS, is up to the implementation and not looked at.
    ///
    /// ## Why it matters
    ///
    /// Everybody between the client and the cluster reads passwords, sessions and data that go over plain HTTP, and can
    /// change the answers.
    ///
    /// ## Violating
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
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   tls:
    ///     - hosts: [shop.example.com]
    ///       secretName: shop-tls
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// List the host under `spec.tls` with a Secret for its certificate, and let cert-manager or your provider keep that
    /// fresh. Where TLS ends before the Ingress, say so in `annotations`.
    pub static INGRESS_WITHOUT_TLS = {
        id: "network.ingress-without-tls",
        title: "Ingress serves a host without TLS",
        severity: High,
        subject: Ingress,
        parameters: IngressWithoutTls,
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

/// Annotations that say where TLS ends, if not by `spec.tls`. Their value must not be `false`.
const TERMINATED: [&str; 8] = [
    "alb.ingress.kubernetes.io/certificate-arn",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "haproxy.org/ssl-passthrough",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/certmap",
    "networking.gke.io/managed-certificates",
    "nginx.ingress.kubernetes.io/ssl-passthrough",
    "traefik.ingress.kubernetes.io/router.tls",
];

/// How else TLS is declared.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct IngressWithoutTls {
    /// Annotations with which an Ingress has TLS by other means, besides the known ones; any value but `false` counts.
    /// Default: none. Example: `[example.com/tls-ends-at-cdn]`.
    annotations: Vec<String>,
}

impl Parameters for IngressWithoutTls {}

fn evaluate(ingress: &Ingress, parameters: &IngressWithoutTls, _: &Context<'_>) -> Verdict {
    let spec = &ingress.spec;
    if spec.rules.is_empty() && spec.default_backend.is_none() {
        return Verdict::NotApplicable;
    }
    let known = TERMINATED.into_iter().chain(parameters.annotations.iter().map(String::as_str));
    let annotations = &ingress.metadata.annotations;
    let mut told = known.filter_map(|key| annotations.get(key));
    if told.any(|value| !value.is_empty() && *value != "false") {
        return Verdict::Pass;
    }
    let certificates = Certificates::of(ingress);
    let rules = Path::of(&["spec", "rules"]);
    let mut findings: Vec<Finding> = Vec::new();
    // A host of two rules is one defect.
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let host = rule.host.as_deref().filter(|host| !host.is_empty());
        if certificates.cover(host) || !seen.insert(host.unwrap_or("*")) {
            continue;
        }
        let message = match host {
            Some(host) => format!("`{host}` is served without TLS"),
            None => "a rule for any host is served without TLS".to_owned(),
        };
        let path = rules.clone().index(index).key("host");
        let finding = Finding::new(path, message).discriminator(host.unwrap_or("*"));
        findings.push(finding.fix("list the host in `spec.tls`"));
    }
    if spec.rules.is_empty() && !certificates.cover(None) {
        let finding = Finding::new(Path::of(&["spec", "tls"]), "its default backend is served without TLS");
        findings.push(finding.fix("add an entry to `spec.tls`"));
    }
    findings.into_iter().collect()
}

/// The hosts under `spec.tls`.
struct Certificates {
    /// Whether there is any entry, and whether one is without hosts.
    any: bool,
    all: bool,
    hosts: BTreeSet<String>,
}

impl Certificates {
    fn of(ingress: &Ingress) -> Self {
        let tls = &ingress.spec.tls;
        let hosts = tls.iter().flat_map(|entry| &entry.hosts).map(|host| host.to_ascii_lowercase());
        Self {
            any: !tls.is_empty(),
            all: tls.iter().any(|entry| entry.hosts.is_empty()),
            hosts: hosts.collect(),
        }
    }

    /// Whether there is one for a host: its own, or a wildcard one label above it.
    fn cover(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return self.any };
        let host = host.to_ascii_lowercase();
        let wildcard = host.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        self.all || self.hosts.contains(&host) || wildcard.is_some_and(|it| self.hosts.contains(&it))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn ingress(annotations: &str, spec: &str) -> String {
        let metadata = format!("{{name: web, namespace: shop, annotations: {annotations}}}");
        format!("{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {metadata}, spec: {spec}}}")
    }

    fn found(spec: &str) -> Vec<String> {
        messages(judge(&INGRESS_WITHOUT_TLS, &ingress("{}", spec)))
    }

    #[test]
    fn every_host_needs_a_certificate() {
        assert_eq!(
            found("{tls: [{hosts: [a.example.com]}], rules: [{host: a.example.com}, {host: b.example.com}]}"),
            ["`b.example.com` is served without TLS; list the host in `spec.tls`"]
        );
        assert_eq!(found("{tls: [{hosts: ['*.example.com']}], rules: [{host: a.example.com}]}"), [""; 0]);
        assert_eq!(found("{tls: [{hosts: ['*.example.com']}], rules: [{host: a.b.example.com}]}").len(), 1);
        assert_eq!(found("{tls: [{hosts: [A.example.com]}], rules: [{host: a.Example.com}]}"), [""; 0]);
        assert_eq!(found("{tls: [{secretName: a}], rules: [{host: a.example.com}]}"), [""; 0]);
        assert_eq!(found("{rules: [{host: a.example.com}, {host: a.example.com}]}").len(), 1);
    }

    #[test]
    fn a_rule_for_any_host_needs_some_certificate() {
        assert_eq!(
            found("{rules: [{http: {paths: []}}]}"),
            ["a rule for any host is served without TLS; list the host in `spec.tls`"]
        );
        assert_eq!(found("{tls: [{hosts: [a.example.com]}], rules: [{http: {paths: []}}]}"), [""; 0]);
        assert_eq!(
            found("{defaultBackend: {service: {name: web}}}"),
            ["its default backend is served without TLS; add an entry to `spec.tls`"]
        );
        assert_eq!(judge(&INGRESS_WITHOUT_TLS, &ingress("{}", "{}")), Verdict::NotApplicable);
    }

    #[test]
    fn certificates_may_be_told_by_annotation() {
        let rules = "{rules: [{host: a.example.com}]}";
        let arn = ingress("{alb.ingress.kubernetes.io/certificate-arn: 'arn:aws:acm:x'}", rules);
        assert_eq!(judge(&INGRESS_WITHOUT_TLS, &arn), Verdict::Pass);
        let off = ingress("{nginx.ingress.kubernetes.io/ssl-passthrough: 'false'}", rules);
        assert_eq!(messages(judge(&INGRESS_WITHOUT_TLS, &off)).len(), 1);
        let own = ingress("{example.com/cdn: 'true'}", rules);
        assert_eq!(messages(judge(&INGRESS_WITHOUT_TLS, &own)).len(), 1);
        let known = json!({"annotations": ["example.com/cdn"]});
        assert_eq!(judge_with(&INGRESS_WITHOUT_TLS, &known, &own), Verdict::Pass);
    }
}
