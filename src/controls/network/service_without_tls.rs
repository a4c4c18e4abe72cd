//! `network.service-without-tls`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::service::ServicePort;
use crate::facts::{Path, Service};
use crate::relations::Reach;
use crate::relations::exposure;

declare_control! {
    /// ## What it checks
    ///
    /// A Service that is itself a door to the outside, of type `LoadBalancer` or with `externalIPs`, has no port that says
    /// of itself that it speaks plain HTTP while no port speaks TLS. A port says so by `appProtocol` (`http`,
    /// `kubernetes.io/h2c`, `kubernetes.io/ws`), else by its name (`http`, or a beginning `http-`), else by its number,
    /// one of `plainPorts`. TLS is port 443 or 8443, a name that begins with `https` or `tls`, or an `appProtocol` of
    /// `https`, `tls` or `kubernetes.io/wss`.
    ///
    /// Little is known of what a port speaks, so what is unclear passes: a plain port beside one with TLS most likely
    /// redirects, as those of Ingress controllers do; any other port may speak anything. Not judged are internal load
    /// balancers, load balancers with a certificate of their own (AWS, Oracle, Alibaba, `DigitalOcean`, Hetzner; add
    /// others in `annotations`) and `NodePort`s, before which something else mostly ends TLS.
    ///
    /// ## Why it matters
    ///
    /// Everybody between the client and the cluster reads passwords, sessions and data that go over plain HTTP, and can
    /// change the answers.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   type: LoadBalancer
    ///   selector: {app: web}
    ///   ports:
    ///     - {name: http, port: 80, targetPort: 8080}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   type: LoadBalancer
    ///   selector: {app: web}
    ///   ports:
    ///     - {name: https, port: 443, targetPort: 8443}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Put an Ingress or a Gateway with a certificate before it and make the Service a `ClusterIP`, or end TLS at the load
    /// balancer by your provider's annotation.
    pub static SERVICE_WITHOUT_TLS = {
        id: "network.service-without-tls",
        title: "Service speaks plain HTTP to the outside",
        severity: Medium,
        subject: Service,
        parameters: ServiceWithoutTls,
        references: [
            Framework::Nist80053.clause("SC-8"),
            Framework::NsaCisa.clause("Encryption"),
            Framework::Soc2.clause("CC6.7"),
            Framework::Iso27001.clause("8.24"),
            Framework::PciDss.clause("4.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Annotations by which a load balancer has a certificate.
const TERMINATED: [&str; 8] = [
    "load-balancer.hetzner.cloud/http-certificates",
    "load-balancer.hetzner.cloud/http-managed-certificate-domains",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-cert-id",
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
    "service.beta.kubernetes.io/do-loadbalancer-tls-passthrough",
    "service.beta.kubernetes.io/oci-load-balancer-ssl-ports",
    "service.beta.kubernetes.io/oci-load-balancer-tls-secret",
];

/// What is taken for plain HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ServiceWithoutTls {
    /// The numbers of ports that are taken for plain HTTP where neither `appProtocol` nor the name tells. Default: `[80]`.
    /// Example: `[80, 8080]`.
    plain_ports: Vec<i32>,
    /// Annotations by which a load balancer ends TLS, besides the known ones; any value but `false` counts. Default: none.
    /// Example: `[example.com/certificate]`.
    annotations: Vec<String>,
}

impl Default for ServiceWithoutTls {
    fn default() -> Self {
        Self { plain_ports: vec![80], annotations: Vec::new() }
    }
}

impl Parameters for ServiceWithoutTls {}

fn evaluate(service: &Service, parameters: &ServiceWithoutTls, _: &Context<'_>) -> Verdict {
    if exposure::of_service(service).iter().all(|door| door.reach == Reach::Inside || door.is_node_port()) {
        return Verdict::NotApplicable;
    }
    let known = TERMINATED.into_iter().chain(parameters.annotations.iter().map(String::as_str));
    let annotations = &service.metadata.annotations;
    let mut told = known.filter_map(|key| annotations.get(key));
    let ports = &service.spec.ports;
    if told.any(|value| !value.is_empty() && *value != "false") || ports.iter().any(speaks_tls) {
        return Verdict::Pass;
    }
    let path = Path::of(&["spec", "ports"]);
    let judge = |(index, port): (usize, &ServicePort)| {
        let number = port.port.filter(|_| speaks_plain_http(port, parameters))?;
        let message = format!("port {number} speaks plain HTTP to the outside");
        let finding = Finding::new(path.clone().index(index), message).discriminator(number.to_string());
        Some(finding.fix("put an Ingress or a Gateway with a certificate before it"))
    };
    ports.iter().enumerate().filter_map(judge).collect()
}

fn speaks_tls(port: &ServicePort) -> bool {
    let name = port.name.as_deref().unwrap_or_default();
    matches!(port.app_protocol.as_deref(), Some("https" | "tls" | "kubernetes.io/wss"))
        || name.starts_with("https")
        || name.starts_with("tls")
        || matches!(port.port, Some(443 | 8443))
}

fn speaks_plain_http(port: &ServicePort, parameters: &ServiceWithoutTls) -> bool {
    if port.protocol.as_deref().is_some_and(|protocol| protocol != "TCP") {
        return false;
    }
    let name = port.name.as_deref().unwrap_or_default();
    match port.app_protocol.as_deref() {
        Some(protocol) => matches!(protocol, "http" | "kubernetes.io/h2c" | "kubernetes.io/ws"),
        None if name == "http" || name.starts_with("http-") => true,
        None => port.port.is_some_and(|number| parameters.plain_ports.contains(&number)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn service(annotations: &str, spec: &str) -> String {
        let metadata = format!("{{name: web, namespace: shop, annotations: {annotations}}}");
        format!("{{apiVersion: v1, kind: Service, metadata: {metadata}, spec: {spec}}}")
    }

    fn found(ports: &str) -> Vec<String> {
        let manifest = service("{}", &format!("{{type: LoadBalancer, ports: [{ports}]}}"));
        messages(judge(&SERVICE_WITHOUT_TLS, &manifest))
    }

    #[test]
    fn a_port_tells_by_protocol_name_or_number() {
        assert_eq!(
            found("{port: 80}"),
            [
                "port 80 speaks plain HTTP to the outside; put an Ingress or a Gateway with a certificate before it"
            ]
        );
        for plain in ["{port: 8080, name: http}", "{port: 1, name: http-web}", "{port: 1, appProtocol: http}"]
        {
            assert_eq!(found(plain).len(), 1, "{plain}");
        }
        for unclear in [
            "{port: 8080}",
            "{port: 5432}",
            "{port: 80, appProtocol: tcp}",
            "{port: 80, protocol: UDP}",
            "{port: 80, name: http}, {port: 443}",
            "{port: 80}, {port: 9443, name: https-web}",
        ] {
            assert_eq!(found(unclear), [""; 0], "{unclear}");
        }
        let more = json!({"plainPorts": [8080]});
        let manifest = service("{}", "{externalIPs: [8.8.8.8], ports: [{port: 8080}]}");
        assert_eq!(messages(judge_with(&SERVICE_WITHOUT_TLS, &more, &manifest)).len(), 1);
    }

    #[test]
    fn only_doors_to_the_outside_are_judged() {
        let internal = "{networking.gke.io/load-balancer-type: Internal}";
        for (annotations, spec) in [
            ("{}", "{ports: [{port: 80}]}"),
            ("{}", "{type: NodePort, ports: [{port: 80}]}"),
            (internal, "{type: LoadBalancer, ports: [{port: 80}]}"),
        ] {
            let manifest = service(annotations, spec);
            assert_eq!(judge(&SERVICE_WITHOUT_TLS, &manifest), Verdict::NotApplicable, "{spec}");
        }
    }

    #[test]
    fn a_load_balancer_may_have_the_certificate() {
        let spec = "{type: LoadBalancer, ports: [{port: 80}]}";
        let aws = service("{service.beta.kubernetes.io/aws-load-balancer-ssl-cert: 'arn:x'}", spec);
        assert_eq!(judge(&SERVICE_WITHOUT_TLS, &aws), Verdict::Pass);
        let own = service("{example.com/certificate: web}", spec);
        let known = json!({"annotations": ["example.com/certificate"]});
        assert_eq!(judge_with(&SERVICE_WITHOUT_TLS, &known, &own), Verdict::Pass);
    }
}
