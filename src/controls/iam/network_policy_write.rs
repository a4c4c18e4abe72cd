//! `iam.network-policy-write`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role that is held in every namespace can create, change or delete network policies: those of Kubernetes
    /// (`networking.k8s.io`), the cluster-wide ones of `policy.networking.k8s.io`, and those of Cilium and Calico. In
    /// single namespaces it is the right of whoever runs them, as the shipped role `edit` has it.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Network policies keep an intruder in one place. Who may change them everywhere opens every way before using it,
    /// and closes it again.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [networking.k8s.io]
    ///     resources: [networkpolicies]
    ///     verbs: [get, delete]
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
    ///   - apiGroups: [networking.k8s.io]
    ///     resources: [networkpolicies]
    ///     verbs: [get, list]
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
    /// Bind the role by `RoleBinding`s in the namespaces whose policies it manages, or leave it `get`, `list` and
    /// `watch`.
    pub static NETWORK_POLICY_WRITE = {
        id: "iam.network-policy-write",
        title: "Role may change every network policy",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("SC-7"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::NsaCisa.clause("Network policies"),
            Framework::MitreAttack.clause("T1562"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.22"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[
    Right::new(&["networking.k8s.io"], &["networkpolicies"], WRITE),
    Right::new(
        &["policy.networking.k8s.io"],
        &["adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"],
        WRITE,
    ),
    Right::new(&["cilium.io"], &["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"], WRITE),
    Right::new(
        &["crd.projectcalico.org", "projectcalico.org"],
        &["networkpolicies", "globalnetworkpolicies"],
        WRITE,
    ),
];
const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Everywhere,
        does: "change network policies",
        advice: "bind it in single namespaces, or leave only `get`, `list` and `watch`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    const RULE: &str = "{apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [patch]}";

    #[test]
    fn only_who_changes_them_everywhere_is_found() {
        assert_eq!(
            found(&NETWORK_POLICY_WRITE, &everywhere(RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci change network policies in every namespace"]
        );
        assert_eq!(found(&NETWORK_POLICY_WRITE, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(
            found(
                &NETWORK_POLICY_WRITE,
                &everywhere(&RULE.replace("networking.k8s.io", "crd.projectcalico.org"))
            )
            .len(),
            1
        );
        assert_eq!(found(&NETWORK_POLICY_WRITE, &everywhere(&RULE.replace("patch", "watch"))), [""; 0]);
    }
}
