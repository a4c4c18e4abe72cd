//! `iam.node-proxy`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has a verb on `nodes/proxy` that passes requests on: `get`, `create`, `update`, `patch` or `delete`.
    /// Nodes are of the cluster, so only a `ClusterRoleBinding` gives the right.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// The proxy leads to the kubelet's own API, which runs commands in any pod of the node, past admission and with
    /// little in the audit log. `get` alone is enough for it, over a websocket. Monitoring once needed it; kubelets
    /// have finer resources now.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes, nodes/proxy]
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
    ///     resources: [nodes, nodes/metrics, nodes/stats]
    ///     verbs: [get]
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
    /// Name what is read: `nodes/metrics`, `nodes/stats`, `nodes/log`, `nodes/pods`, `nodes/healthz` or
    /// `nodes/configz`. Kubelets ask for `nodes/pods`, `nodes/healthz` and `nodes/configz` by themselves from 1.33 on.
    pub static NODE_PROXY = {
        id: "iam.node-proxy",
        title: "Role may call the kubelets of all nodes",
        severity: Critical,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.10"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-3"),
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

const RIGHTS: &[Right] =
    &[Right::new(&[""], &["nodes/proxy"], &["get", "create", "update", "patch", "delete"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Cluster,
        does: "run commands in any pod through the kubelets",
        advice: "name what is read instead, such as `nodes/metrics`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [nodes/metrics, nodes/proxy], verbs: [get]}";

    #[test]
    fn nodes_are_of_the_cluster() {
        assert_eq!(
            found(&NODE_PROXY, &everywhere(RULE)),
            [
                "rules[0].resources[1]: lets ServiceAccount shop/ci run commands in any pod through the kubelets"
            ]
        );
        assert_eq!(found(&NODE_PROXY, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(found(&NODE_PROXY, &role_in("web", RULE)), ["-"]);
    }
}
