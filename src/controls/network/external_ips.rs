//! `network.external-ips`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Cidr, Path, Service, Text};

declare_control! {
    /// ## What it checks
    ///
    /// The `externalIPs` of a Service are within `allowed`. What is no address is never within it. A Service without
    /// `externalIPs` is not judged: it would only swell the number of what complies.
    ///
    /// ## Why it matters
    ///
    /// Every node sends traffic for these addresses to the Service, whoever they belong to. Whoever may create a Service
    /// can so put themselves between the pods of the cluster and any address: the DNS server, the metadata service of the
    /// cloud, a payment provider (CVE-2020-8554, which Kubernetes can't mend without breaking the field).
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 443}]
    ///   externalIPs: [203.0.113.7]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 443}]
    ///   externalIPs: [192.0.2.7]
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: network.external-ips
    ///       parameters: {allowed: [192.0.2.0/28]}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use a load balancer, an Ingress or a Gateway. If the cluster has addresses of its own for this, name them in
    /// `allowed`, and switch the field off for all others with the admission plugin `DenyServiceExternalIPs`.
    pub static EXTERNAL_IPS = {
        id: "network.external-ips",
        title: "Service draws the traffic of external addresses",
        severity: High,
        subject: Service,
        parameters: ExternalIps,
        references: [
            Framework::Nist80053.clause("AC-4"),
            Framework::Nist80053.clause("SC-7"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.20"),
            Framework::PciDss.clause("1.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which addresses are the cluster's own.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ExternalIps {
    /// Addresses and blocks of addresses that Services may have. Default: none. Example: `[192.0.2.0/28]`.
    allowed: Vec<String>,
}

impl Parameters for ExternalIps {
    fn check(&self) -> Vec<ParameterError> {
        let refused = self.allowed.iter().enumerate().filter_map(|(index, block)| {
            let error = block.parse::<Cidr>().err()?;
            Some(ParameterError::new(format!("allowed[{index}]"), error.to_string()))
        });
        refused.collect()
    }
}

fn evaluate(service: &Service, parameters: &ExternalIps, _: &Context<'_>) -> Verdict {
    let addresses = &service.spec.external_ips;
    if addresses.is_empty() {
        return Verdict::NotApplicable;
    }
    let allowed: Vec<Cidr> = parameters.allowed.iter().filter_map(|block| block.parse().ok()).collect();
    let is_allowed = |address: &Text| {
        address.parse().is_ok_and(|address: Cidr| allowed.iter().any(|block| block.covers(&address)))
    };
    let path = Path::of(&["spec", "externalIPs"]);
    let taken = addresses.iter().enumerate().filter(|(_, address)| !is_allowed(address));
    taken
        .map(|(index, address)| {
            let message = format!("it draws the traffic of `{address}` on every node");
            let finding = Finding::new(path.clone().index(index), message).discriminator(address);
            finding.fix("use a load balancer, an Ingress or a Gateway")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web}, \
        spec: {externalIPs: [192.0.2.7, 203.0.113.7, web]}}";

    #[test]
    fn a_service_without_external_addresses_is_not_judged() {
        let service = "{apiVersion: v1, kind: Service, metadata: {name: web}}";
        assert_eq!(judge(&EXTERNAL_IPS, service), Verdict::NotApplicable);
    }

    #[test]
    fn only_allowed_addresses_are_fine() {
        assert_eq!(messages(judge(&EXTERNAL_IPS, SERVICE)).len(), 3);
        let allowed = json!({"allowed": ["192.0.2.0/28", "0.0.0.0/1"]});
        assert_eq!(
            messages(judge_with(&EXTERNAL_IPS, &allowed, SERVICE)),
            [
                "it draws the traffic of `203.0.113.7` on every node; use a load balancer, an Ingress or a Gateway",
                "it draws the traffic of `web` on every node; use a load balancer, an Ingress or a Gateway",
            ]
        );
    }

    #[test]
    fn what_is_no_block_is_refused_at_its_place() {
        let given = json!({"allowed": ["192.0.2.0/28", "office"]});
        let errors = (EXTERNAL_IPS.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].path, "allowed[1]");
    }
}
