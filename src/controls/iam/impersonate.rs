//! `iam.impersonate`

use super::holders::Reach;
use super::judge::{HeldBy, Question, both, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has the verb `impersonate` on users, groups or service accounts, unless `resourceNames` limits it to
    /// certain ones; `system:masters` among those fails still. Users and groups are of the cluster, so only a
    /// `ClusterRoleBinding` gives the right over them; service accounts are judged where they are.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Who may impersonate acts with all rights of somebody else, a member of `system:masters` included, and the audit
    /// log shows the other name first. One such right is every right.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [users, groups]
    ///     verbs: [impersonate]
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
    ///   - apiGroups: [""]
    ///     resources: [users]
    ///     verbs: [impersonate]
    ///     resourceNames: [support-readonly]
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
    /// Remove the verb. Where a proxy or a dashboard must act for its users, list in `resourceNames` the users, groups
    /// or accounts that it may be.
    pub static IMPERSONATE = {
        id: "iam.impersonate",
        title: "Role may act as anybody",
        severity: Critical,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.8"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-3"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::MitreAttack.clause("T1550.001"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Of the cluster.
const PEOPLE: &[Right] =
    &[Right::new(&[""], &["users", "groups"], &["impersonate"]).by_verb().or_named(&["system:masters"])];
/// Of a namespace.
const ACCOUNTS: &[Right] = &[Right::new(&[""], &["serviceaccounts"], &["impersonate"]).by_verb()];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let ask = |rights, reach, does| {
        let advice = "remove `impersonate`, or name in `resourceNames` who may be impersonated";
        judge(role, held, context, &Question { rights, reach, does, advice })
    };
    let people = ask(PEOPLE, Reach::Cluster, "act as any user or group");
    both(people, ask(ACCOUNTS, Reach::Any, "act as any service account"))
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, role_in};
    use super::*;

    fn impersonate(resources: &str, names: &str) -> String {
        format!(
            "{{apiGroups: [\"\"], resources: [{resources}], verbs: [impersonate], resourceNames: [{names}]}}"
        )
    }

    #[test]
    fn users_and_groups_are_of_the_cluster_and_accounts_of_a_namespace() {
        assert_eq!(
            found(&IMPERSONATE, &everywhere(&impersonate("users, serviceaccounts", ""))),
            ["rules[0].verbs[0]: lets ServiceAccount shop/ci act as any user or group"]
        );
        assert_eq!(
            found(&IMPERSONATE, &bound_in("web", &impersonate("users, serviceaccounts", ""))),
            ["rules[0].verbs[0]: lets ServiceAccount shop/ci act as any service account in namespace web"]
        );
        assert_eq!(found(&IMPERSONATE, &role_in("web", &impersonate("users", ""))), [""; 0]);
    }

    #[test]
    fn certain_people_may_be_impersonated_but_for_the_masters() {
        assert_eq!(found(&IMPERSONATE, &everywhere(&impersonate("groups", "support"))), [""; 0]);
        assert_eq!(found(&IMPERSONATE, &everywhere(&impersonate("groups", "system:masters"))).len(), 1);
    }
}
