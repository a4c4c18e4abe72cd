//! `iam.service-proxy`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has a verb on `pods/proxy` or `services/proxy` that passes requests on: `get`, `create`, `update`,
    /// `patch` or `delete`; unless `resourceNames` limits it to certain ones.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Requests through the proxy come from the API server: network policies that admit it admit them, and ports that
    /// listen for the cluster alone can be reached from wherever the API can.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [services/proxy]
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
    ///   - apiGroups: [""]
    ///     resources: [services/proxy]
    ///     verbs: [get]
    ///     resourceNames: ["http:dashboard:"]
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
    /// Call the Service itself from inside the cluster, or name it in `resourceNames`.
    pub static SERVICE_PROXY = {
        id: "iam.service-proxy",
        title: "Role may call pods through the API server",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("SC-7"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::NsaCisa.clause("Network separation and hardening"),
            Framework::MitreAttack.clause("T1133"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] =
    &[Right::new(&[""], &["pods/proxy", "services/proxy"], &["get", "create", "update", "patch", "delete"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Any,
        does: "call pods through the API server",
        advice: "remove it, or name the Services in `resourceNames`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{found, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [pods/proxy], verbs: [create]}";

    #[test]
    fn the_proxy_of_pods_and_services_is_found() {
        assert_eq!(
            found(&SERVICE_PROXY, &role_in("web", RULE)),
            [
                "rules[0].resources[0]: lets ServiceAccount shop/ci call pods through the API server in namespace web"
            ]
        );
        assert_eq!(found(&SERVICE_PROXY, &role_in("web", &RULE.replace("pods/", "services/"))).len(), 1);
        assert_eq!(found(&SERVICE_PROXY, &role_in("web", &RULE.replace("/proxy", ""))), [""; 0]);
    }
}
