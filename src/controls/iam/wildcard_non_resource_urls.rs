//! `iam.wildcard-non-resource-urls`

use std::borrow::Cow;

use super::holders::Reach;
use super::judge::{HeldBy, Seen, each_rule};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;
use crate::relations::rbac::amounts_to_everything;

declare_control! {
    /// ## What it checks
    ///
    /// No rule is for the path `*` or `/*`. Such paths are of the cluster, so only a `ClusterRoleBinding` gives the
    /// right. A role that has a wildcard in verbs, resources and API groups alike is left to `iam.wildcard-resources`.
    ///
    /// A role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Besides `/healthz` and `/version`, the API server serves `/metrics`, `/debug/pprof` and, where it is switched
    /// on, `/logs`: memory, names and traffic of everybody.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - nonResourceURLs: ["*"]
    ///     verbs: [get]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - nonResourceURLs: [/metrics, "/healthz/*"]
    ///     verbs: [get]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// List the paths that are read, such as `/metrics`.
    pub static WILDCARD_NON_RESOURCE_URLS = {
        id: "iam.wildcard-non-resource-urls",
        title: "Role reaches every path of the API server",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.3"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1613"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    each_rule(role, held, context, Reach::Cluster, |rule| {
        let every = rule.non_resource_urls.iter().enumerate().find(|(_, path)| *path == "*" || *path == "/*");
        let Some((at, path)) = every else { return Seen::Nothing };
        if amounts_to_everything(&role.rules) {
            return Seen::Elsewhere;
        }
        let does = Cow::Borrowed("call every path of the API server that is no resource");
        let advice = "list the paths that are read";
        Seen::Defect { field: "nonResourceURLs", at, value: path.to_string(), does, advice }
    })
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    const RULE: &str = "{nonResourceURLs: [/version, \"*\"], verbs: [get]}";

    #[test]
    fn every_path_is_found_and_what_stands_below_one_is_not() {
        assert_eq!(
            found(&WILDCARD_NON_RESOURCE_URLS, &everywhere(RULE)),
            [
                "rules[0].nonResourceURLs[1]: lets ServiceAccount shop/ci call every path of the API server that is no \
              resource"
            ]
        );
        assert_eq!(
            found(&WILDCARD_NON_RESOURCE_URLS, &everywhere(&RULE.replace("\"*\"", "\"/api/*\""))),
            [""; 0]
        );
        assert_eq!(found(&WILDCARD_NON_RESOURCE_URLS, &bound_in("web", RULE)), [""; 0]);
        let everything = format!("{RULE}, {{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}}");
        assert_eq!(found(&WILDCARD_NON_RESOURCE_URLS, &everywhere(&everything)), ["-"]);
    }
}
