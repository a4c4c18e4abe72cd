//! `iam.certificate-approval`

use std::borrow::Cow;

use super::holders::Reach;
use super::judge::{HeldBy, Seen, each_rule};
use super::rights::{Given, Right, given};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has `approve` or `sign` on `signers` of `certificates.k8s.io` without naming its signers, or naming one
    /// whose certificates are credentials for the API server (`kubernetes.io/kube-apiserver-client`,
    /// `kubernetes.io/kube-apiserver-client-kubelet`); and none may `update` or `patch`
    /// `certificatesigningrequests/approval` without a rule that says whose. They are of the cluster, so only a
    /// `ClusterRoleBinding` gives the right.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable.
    ///
    /// A role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A client certificate is an identity that can't be taken back before it ends. Who approves requests of every
    /// signer can give themselves the name of any user, node or component.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [certificates.k8s.io]
    ///     resources: [signers]
    ///     verbs: [approve]
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
    ///   - apiGroups: [certificates.k8s.io]
    ///     resources: [certificatesigningrequests/approval]
    ///     verbs: [update]
    ///   - apiGroups: [certificates.k8s.io]
    ///     resources: [signers]
    ///     verbs: [approve]
    ///     resourceNames: [kubernetes.io/kubelet-serving]
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
    /// Name the signers in `resourceNames`, such as `kubernetes.io/kubelet-serving` or those of your own domain.
    pub static CERTIFICATE_APPROVAL = {
        id: "iam.certificate-approval",
        title: "Role may approve or sign certificates",
        severity: High,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.11"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("IA-5(2)"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const GROUP: &[&str] = &["certificates.k8s.io"];
const SIGN: &[Right] = &[Right::new(GROUP, &["signers"], &["approve", "sign"]).by_verb().or_named(&[
    "kubernetes.io/*",
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
])];
const APPROVE: &[Right] =
    &[Right::new(GROUP, &["certificatesigningrequests/approval"], &["update", "patch"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    // Approving takes a right over the signer, too; a rule that has it is where the defect is.
    let says_whose = role.rules.iter().any(|rule| rule.resources.iter().any(|it| it == "signers"));
    each_rule(role, held, context, Reach::Cluster, |rule| {
        let seen = match given(rule, SIGN) {
            Given::No if !says_whose => given(rule, APPROVE),
            seen => seen,
        };
        match seen {
            Given::No => Seen::Nothing,
            Given::ByWildcard => Seen::Elsewhere,
            Given::At(field, at, text) => Seen::Defect {
                field,
                at,
                value: text.to_string(),
                does: Cow::Borrowed("approve or sign certificates for any name"),
                advice: "name the signers in `resourceNames`",
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    fn signers(names: &str) -> String {
        format!(
            "{{apiGroups: [certificates.k8s.io], resources: [signers], verbs: [sign], resourceNames: [{names}]}}"
        )
    }

    const APPROVAL: &str = "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}";

    #[test]
    fn signers_must_be_named_and_none_of_the_api_server_s_clients() {
        assert_eq!(
            found(&CERTIFICATE_APPROVAL, &everywhere(&signers(""))),
            ["rules[0].verbs[0]: lets ServiceAccount shop/ci approve or sign certificates for any name"]
        );
        assert_eq!(
            found(&CERTIFICATE_APPROVAL, &everywhere(&signers("kubernetes.io/kube-apiserver-client"))).len(),
            1
        );
        assert_eq!(found(&CERTIFICATE_APPROVAL, &everywhere(&signers("acme.example/*"))), [""; 0]);
        assert_eq!(found(&CERTIFICATE_APPROVAL, &bound_in("web", &signers(""))), [""; 0]);
    }

    #[test]
    fn approval_is_as_good_as_the_signers_that_it_is_for() {
        assert_eq!(found(&CERTIFICATE_APPROVAL, &everywhere(APPROVAL)).len(), 1);
        let limited = format!("{APPROVAL}, {}", signers("acme.example/*"));
        assert_eq!(found(&CERTIFICATE_APPROVAL, &everywhere(&limited)), [""; 0]);
        assert_eq!(
            found(&CERTIFICATE_APPROVAL, &everywhere(&format!("{APPROVAL}, {}", signers("")))).len(),
            1
        );
    }
}
