//! `iam.pod-exec`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has `create` or `get` on `pods/exec`, `pods/attach` or `pods/portforward`, or `update` or `patch` on
    /// `pods/ephemeralcontainers`. `get` is enough for a websocket where the API server is older than 1.35.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A command in a container runs with all that the container has: its service account's token, its Secrets, its
    /// network. No review and no image scan sees it, and the pod looks untouched afterwards.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods, pods/exec]
    ///     verbs: [get, create]
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
    ///     resources: [pods, pods/log]
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
    /// Remove the subresource from roles of workloads and pipelines. Give it to people for a limited time, in single
    /// namespaces, and let them read `pods/log` the rest of the time.
    pub static POD_EXEC = {
        id: "iam.pod-exec",
        title: "Role may reach into running containers",
        severity: High,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-17(4)"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1609"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[
    Right::new(&[""], &["pods/exec", "pods/attach", "pods/portforward"], &["create", "get"]),
    Right::new(&[""], &["pods/ephemeralcontainers"], &["update", "patch"]),
];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Any,
        does: "reach into running containers",
        advice: "remove the subresource; give it to people for a limited time",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{everywhere, found, role_in};
    use super::*;

    fn rule(resource: &str, verb: &str) -> String {
        format!("{{apiGroups: [\"\"], resources: [{resource}], verbs: [{verb}]}}")
    }

    #[test]
    fn every_way_in_is_found() {
        assert_eq!(
            found(&POD_EXEC, &role_in("web", &rule("pods/exec", "create"))),
            [
                "rules[0].resources[0]: lets ServiceAccount shop/ci reach into running containers in namespace web"
            ]
        );
        for resource in ["pods/attach", "pods/portforward", "\"*/exec\""] {
            assert_eq!(found(&POD_EXEC, &everywhere(&rule(resource, "get"))).len(), 1, "{resource}");
        }
        assert_eq!(found(&POD_EXEC, &everywhere(&rule("pods/ephemeralcontainers", "patch"))).len(), 1);
        assert_eq!(found(&POD_EXEC, &everywhere(&rule("pods/ephemeralcontainers", "get"))), [""; 0]);
        assert_eq!(found(&POD_EXEC, &everywhere(&rule("pods", "create"))), [""; 0]);
    }
}
