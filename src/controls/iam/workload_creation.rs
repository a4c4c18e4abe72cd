//! `iam.workload-creation`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::holders::Reach;
use super::judge::{Held, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::{NamespacePattern, SubjectPattern};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role lets its holder create or change pods, or anything with a pod template, in every namespace, or in one of
    /// `sensitiveNamespaces`, by default `kube-system`. In other namespaces it is how things are deployed.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Who runs a pod in a namespace can use any of its service accounts and mount any of its Secrets. Where system
    /// components live, or everywhere, that comes to every right of the cluster.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, create, patch]
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
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
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
    /// Bind the role by `RoleBinding`s in the namespaces that it deploys to. An operator that must serve every
    /// namespace is worth an exception, with Pod Security admission to bound what it can run.
    pub static WORKLOAD_CREATION = {
        id: "iam.workload-creation",
        title: "Role may run workloads in every namespace",
        severity: High,
        subject: Role,
        parameters: WorkloadCreation,
        references: [
            Framework::CisKubernetes.clause("5.1.4"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-5"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1610"),
            Framework::MitreAttack.clause("T1078"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.19"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where running workloads is a privilege, and whose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct WorkloadCreation {
    /// Who may have the right: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`, in which `*` stands for
    /// anything. Default: nobody. Example: `[Group oidc:platform, ServiceAccount argocd/*]`.
    allowed_subjects: Vec<SubjectPattern>,
    /// Whether a role that nobody holds is judged too. Default: `false`. Example: `true`, for charts whose bindings are
    /// made elsewhere.
    unbound: bool,
    /// Namespaces in which the right is judged though it is held there alone; `*` stands for anything. Default:
    /// `[kube-system]`. Example: `[kube-*, istio-system]`.
    sensitive_namespaces: Vec<NamespacePattern>,
}

impl Default for WorkloadCreation {
    fn default() -> Self {
        let sensitive_namespaces = NamespacePattern::new("kube-system").into_iter().collect();
        Self { allowed_subjects: Vec::new(), unbound: false, sensitive_namespaces }
    }
}

impl Parameters for WorkloadCreation {}

const WRITE: &[&str] = &["create", "update", "patch"];
const RIGHTS: &[Right] = &[
    Right::new(&[""], &["pods", "replicationcontrollers"], WRITE),
    Right::new(&["apps", "extensions"], &["daemonsets", "deployments", "replicasets", "statefulsets"], WRITE),
    Right::new(&["batch"], &["cronjobs", "jobs"], WRITE),
];

fn evaluate(role: &Role, parameters: &WorkloadCreation, context: &Context<'_>) -> Verdict {
    let WorkloadCreation { allowed_subjects, unbound, sensitive_namespaces } = parameters;
    let held = Held { allowed: allowed_subjects, unbound: *unbound };
    let meant = |namespace: &str| sensitive_namespaces.iter().any(|pattern| pattern.matches(namespace));
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Within(&meant),
        does: "run workloads",
        advice: "bind it in the namespaces that it deploys to",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, found_with, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [batch], resources: [jobs], verbs: [create]}";

    #[test]
    fn it_is_judged_everywhere_and_in_sensitive_namespaces() {
        assert_eq!(
            found(&WORKLOAD_CREATION, &everywhere(RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci run workloads in every namespace"]
        );
        assert_eq!(found(&WORKLOAD_CREATION, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(found(&WORKLOAD_CREATION, &role_in("web", RULE)), ["-"]);
        assert_eq!(
            found(&WORKLOAD_CREATION, &bound_in("kube-system", RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci run workloads in namespace kube-system"]
        );
        let parameters = serde_json::json!({"sensitiveNamespaces": ["we*"]});
        assert_eq!(found_with(&WORKLOAD_CREATION, &parameters, &role_in("web", RULE)).len(), 1);
        assert_eq!(found(&WORKLOAD_CREATION, &everywhere(&RULE.replace("create", "delete"))), [""; 0]);
    }
}
