//! `iam.rbac-write`

use super::holders::Reach;
use super::judge::{HeldBy, Question, both, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role can create or change Roles, `ClusterRole`s or their bindings, unless `resourceNames` limits it to
    /// certain ones. `ClusterRole`s and `ClusterRoleBinding`s are of the cluster, so only a `ClusterRoleBinding` gives
    /// the right over them. The ways around the API server's own check are `iam.escalate`.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Nobody can grant more than they have, so what is granted stays within the writer's own rights. But it spreads:
    /// rights of one account come to be held by others, stay after it is gone, and are seen by no review.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [rolebindings]
    ///     verbs: [create, update]
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
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [roles, rolebindings]
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
    /// Let roles and bindings come from one pipeline, under review, and allow that one by `allowedSubjects`. Remove the
    /// right elsewhere, or name in `resourceNames` what may be changed.
    pub static RBAC_WRITE = {
        id: "iam.rbac-write",
        title: "Role may write roles and bindings",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-2"),
            Framework::Nist80053.clause("AC-5"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("5.18"),
            Framework::PciDss.clause("7.2.3"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const GROUPS: &[&str] = &["rbac.authorization.k8s.io"];
const VERBS: &[&str] = &["create", "update", "patch"];
/// Of the cluster.
const CLUSTER: &[Right] = &[Right::new(GROUPS, &["clusterroles", "clusterrolebindings"], VERBS)];
/// Of a namespace.
const NAMESPACED: &[Right] = &[Right::new(GROUPS, &["roles", "rolebindings"], VERBS)];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let ask = |rights, reach, does| {
        let advice = "leave roles and bindings to the pipeline that reviews them";
        judge(role, held, context, &Question { rights, reach, does, advice })
    };
    let cluster = ask(CLUSTER, Reach::Cluster, "grant rights in the whole cluster");
    both(cluster, ask(NAMESPACED, Reach::Any, "grant rights"))
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    const RULE: &str =
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, clusterrolebindings], verbs: [create]}";

    #[test]
    fn what_is_of_the_cluster_is_not_reached_from_a_namespace() {
        assert_eq!(
            found(&RBAC_WRITE, &everywhere(RULE)),
            [
                "rules[0].resources[0]: lets ServiceAccount shop/ci grant rights in every namespace",
                "rules[0].resources[1]: lets ServiceAccount shop/ci grant rights in the whole cluster",
            ]
        );
        assert_eq!(
            found(&RBAC_WRITE, &bound_in("web", RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci grant rights in namespace web"]
        );
        assert_eq!(found(&RBAC_WRITE, &everywhere(&RULE.replace("create", "list"))), [""; 0]);
    }
}
