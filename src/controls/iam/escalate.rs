//! `iam.escalate`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has the verb `escalate` or `bind` on Roles or `ClusterRole`s, unless `resourceNames` limits it to
    /// certain roles; `cluster-admin` among those fails still. The verb `*` on these resources has both.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// The API server lets nobody write a role with rights that they lack themselves, nor bind one. `escalate` and
    /// `bind` are the two ways around that rule: who has one of them can make themselves anything that the role
    /// reaches.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [clusterroles]
    ///     verbs: [get, escalate]
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
    ///     resources: [clusterroles]
    ///     verbs: [bind]
    ///     resourceNames: [view]
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
    /// Leave `escalate` out: a controller that manages roles can hold the rights that it grants. Limit `bind` by
    /// `resourceNames` to the roles that may be granted, none of which should be able to read Secrets or to write
    /// roles.
    pub static ESCALATE = {
        id: "iam.escalate",
        title: "Role may grant rights that its holder lacks",
        severity: Critical,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.8"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-6(10)"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::MitreAttack.clause("T1078"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] =
    &[Right::new(&["rbac.authorization.k8s.io"], &["clusterroles", "roles"], &["escalate", "bind"])
        .by_verb()
        .or_named(&["cluster-admin"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Any,
        does: "grant rights that they lack",
        advice: "remove the verb, or name in `resourceNames` the roles that may be granted",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, role_in};
    use super::*;

    const RULE: &str =
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, clusterroles], verbs: [get, bind]}";

    #[test]
    fn the_verb_is_found_and_who_has_it_where() {
        assert_eq!(
            found(&ESCALATE, &everywhere(RULE)),
            ["rules[0].verbs[1]: lets ServiceAccount shop/ci grant rights that they lack in every namespace"]
        );
        let here =
            "rules[0].verbs[1]: lets ServiceAccount shop/ci grant rights that they lack in namespace web";
        assert_eq!(found(&ESCALATE, &bound_in("web", RULE)), [here]);
        assert_eq!(found(&ESCALATE, &role_in("web", RULE)), [here]);
    }

    #[test]
    fn certain_roles_may_be_bound_but_for_cluster_admin() {
        let named = |names: &str| RULE.replace(", verbs", &format!(", resourceNames: [{names}], verbs"));
        assert_eq!(found(&ESCALATE, &everywhere(&named("view"))), [""; 0]);
        assert_eq!(found(&ESCALATE, &everywhere(&named("view, cluster-admin"))).len(), 1);
        assert_eq!(found(&ESCALATE, &everywhere(&RULE.replace("bind", "\"*\""))).len(), 1);
        assert_eq!(found(&ESCALATE, &everywhere(&RULE.replace("bind", "update"))), [""; 0]);
    }
}
