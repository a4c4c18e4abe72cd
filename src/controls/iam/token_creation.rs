//! `iam.token-creation`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has `create` on `serviceaccounts/token`, unless `resourceNames` limits it to certain accounts.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A token of an account is that account. Who can make one for any account of a namespace has the rights of all of
    /// them; in every namespace, those of every controller and operator.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [serviceaccounts/token]
    ///     verbs: [create]
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
    ///     resources: [serviceaccounts/token]
    ///     verbs: [create]
    ///     resourceNames: [backup]
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
    /// Name in `resourceNames` the accounts for which tokens are made. A pod gets tokens of its own account from a
    /// projected volume, without any right.
    pub static TOKEN_CREATION = {
        id: "iam.token-creation",
        title: "Role may make tokens of any service account",
        severity: High,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.13"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("IA-5"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::NsaCisa.clause("Protecting Pod service account tokens"),
            Framework::MitreAttack.clause("T1528"),
            Framework::MitreAttack.clause("T1550.001"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[Right::new(&[""], &["serviceaccounts/token"], &["create"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Any,
        does: "make tokens of all service accounts",
        advice: "name the service accounts in `resourceNames`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{everywhere, found, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [serviceaccounts/token], verbs: [create]}";

    #[test]
    fn tokens_of_all_accounts_are_found_and_of_certain_ones_not() {
        assert_eq!(
            found(&TOKEN_CREATION, &role_in("web", RULE)),
            [
                "rules[0].resources[0]: lets ServiceAccount shop/ci make tokens of all service accounts in namespace web"
            ]
        );
        assert_eq!(found(&TOKEN_CREATION, &everywhere(RULE)).len(), 1);
        assert_eq!(
            found(&TOKEN_CREATION, &everywhere(&RULE.replace("verbs", "resourceNames: [a], verbs"))),
            [""; 0]
        );
    }
}
