//! `iam.cluster-secrets-read`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No `ClusterRole` that is held in every namespace has `get`, `list` or `watch` on Secrets, unless `resourceNames`
    /// limits it to certain ones. Listing is reading: the answer holds the content.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Among all Secrets of a cluster there is nearly always one that gives every right: a token of an operator, the
    /// registry's password, a cloud key. Who can read them all owns the cluster and what it talks to.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get, list]
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
    ///     resources: [configmaps]
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
    /// Bind the role by `RoleBinding`s in the namespaces that need it, or name the Secrets in `resourceNames` and leave
    /// only `get`. An exporter that counts objects works without Secrets.
    pub static CLUSTER_SECRETS_READ = {
        id: "iam.cluster-secrets-read",
        title: "Role may read the secrets of every namespace",
        severity: Critical,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-3"),
            Framework::NsaCisa.clause("Secrets"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1552.007"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.3"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[Right::new(&[""], &["secrets"], &["get", "list", "watch"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Everywhere,
        does: "read all Secrets",
        advice: "bind it in single namespaces, or name the Secrets in `resourceNames`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, found_with, role_in, unbound};
    use super::*;

    const RULE: &str = "{apiGroups: [\"*\"], resources: [secrets], verbs: [\"*\"]}";

    #[test]
    fn only_what_is_held_everywhere_is_called_so() {
        assert_eq!(
            found(&CLUSTER_SECRETS_READ, &everywhere(RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci read all Secrets in every namespace"]
        );
        assert_eq!(found(&CLUSTER_SECRETS_READ, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(found(&CLUSTER_SECRETS_READ, &role_in("web", RULE)), ["-"]);
        assert_eq!(found(&CLUSTER_SECRETS_READ, &unbound(RULE)), ["-"]);
        assert_eq!(
            found_with(&CLUSTER_SECRETS_READ, &serde_json::json!({"unbound": true}), &unbound(RULE)).len(),
            1
        );
    }

    #[test]
    fn a_wildcard_is_left_to_the_control_of_wildcards_and_is_no_pass() {
        assert_eq!(found(&CLUSTER_SECRETS_READ, &everywhere(&RULE.replace("secrets", "\"*\""))), ["-"]);
    }

    #[test]
    fn what_kubernetes_ships_is_not_judged_and_what_was_added_is() {
        let named = |rules: &str| {
            let role = everywhere(rules);
            role.replace("ClusterRole\nmetadata: {name: ci}", "ClusterRole\nmetadata: {name: system:node}")
                .replace(
                    "roleRef: {kind: ClusterRole, name: ci}",
                    "roleRef: {kind: ClusterRole, name: system:node}",
                )
        };
        let shipped = "{apiGroups: [\"\"], resources: [secrets], verbs: [get, list, watch]}";
        assert_eq!(found(&CLUSTER_SECRETS_READ, &named(shipped)), ["-"]);
        assert_eq!(found(&CLUSTER_SECRETS_READ, &named(RULE)).len(), 1);
    }

    #[test]
    fn what_an_aggregated_role_collects_is_judged_where_it_is_written() {
        let aggregated = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: all}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: all}
subjects: [{kind: User, name: ada}]
";
        let part = unbound(RULE).replace("{name: ci}", "{name: ci, labels: {to: all}}");
        assert_eq!(
            found(&CLUSTER_SECRETS_READ, &format!("{part}{aggregated}")),
            ["rules[0].resources[0]: lets User ada read all Secrets in every namespace"]
        );
    }

    #[test]
    fn parts_of_kubernetes_count_as_nobody() {
        let component = everywhere(RULE)
            .replace("name: ci, namespace: shop", "name: job-controller, namespace: kube-system");
        assert_eq!(found(&CLUSTER_SECRETS_READ, &component), [""; 0]);
    }
}
