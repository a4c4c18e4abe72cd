//! `iam.secrets-read`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role that is held in single namespaces has `get`, `list` or `watch` on Secrets there, unless `resourceNames`
    /// limits it to certain ones. Listing is reading: the answer holds the content. Held in every namespace it is
    /// `iam.cluster-secrets-read`.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A namespace's Secrets are its passwords, keys and certificates, and often tokens of service accounts with more
    /// rights. A workload mostly needs one or two of them, and its pod gets those without any right.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get, list, watch]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get]
    ///     resourceNames: [database-password]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name the Secrets in `resourceNames` and leave only `get`: `list` and `watch` hand over the content of all of
    /// them. Better, mount the Secret into the pod that needs it: the pod needs no right then.
    pub static SECRETS_READ = {
        id: "iam.secrets-read",
        title: "Role may read all secrets of a namespace",
        severity: Medium,
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
        reach: Reach::Namespaces,
        does: "read all Secrets",
        advice: "name the Secrets in `resourceNames`, and leave only `get`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, found_with, role_in, unbound};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [configmaps, secrets], verbs: [list]}";

    #[test]
    fn who_reads_secrets_in_a_namespace_is_named() {
        let here = "rules[0].resources[1]: lets ServiceAccount shop/ci read all Secrets in namespace web";
        assert_eq!(found(&SECRETS_READ, &role_in("web", RULE)), [here]);
        assert_eq!(found(&SECRETS_READ, &bound_in("web", RULE)), [here]);
        assert_eq!(found(&SECRETS_READ, &everywhere(RULE)), [""; 0], "that is of another control");
        assert_eq!(found(&SECRETS_READ, &role_in("web", &RULE.replace("list", "create"))), [""; 0]);
        let named = RULE.replace("verbs", "resourceNames: [a], verbs");
        assert_eq!(found(&SECRETS_READ, &role_in("web", &named)), [""; 0]);
    }

    #[test]
    fn several_holders_and_namespaces_are_counted() {
        let more = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more, namespace: shop}
roleRef: {kind: ClusterRole, name: ci}
subjects: [{kind: User, name: ada}, {kind: Group, name: dev}]
";
        assert_eq!(
            found(&SECRETS_READ, &format!("{}{more}", bound_in("web", RULE))),
            [
                "rules[0].resources[1]: lets Group dev and 2 others read all Secrets in namespaces shop and web"
            ]
        );
        let allowed = serde_json::json!({"allowedSubjects": ["ServiceAccount shop/*", "Group dev"]});
        assert_eq!(
            found_with(&SECRETS_READ, &allowed, &format!("{}{more}", bound_in("web", RULE))),
            ["rules[0].resources[1]: lets User ada read all Secrets in namespace shop"]
        );
        assert_eq!(found_with(&SECRETS_READ, &allowed, &role_in("web", RULE)), [""; 0]);
    }

    #[test]
    fn a_role_that_nobody_holds_is_judged_if_asked_for() {
        assert_eq!(found(&SECRETS_READ, &unbound(RULE)), ["-"]);
        let role = role_in("web", RULE);
        let alone = role.split("---").next().unwrap();
        assert_eq!(found(&SECRETS_READ, alone), ["-"]);
        let unbound = serde_json::json!({"unbound": true});
        assert_eq!(
            found_with(&SECRETS_READ, &unbound, alone),
            ["rules[0].resources[1]: lets whoever it is bound to read all Secrets in namespace web"]
        );
    }
}
