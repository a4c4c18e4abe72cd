//! `iam.cluster-wide-edit`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::subjects::each_stranger;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::SubjectPattern;
use crate::facts::rbac::{Binding, BindingKind};

declare_control! {
    /// ## What it checks
    ///
    /// No `ClusterRoleBinding` grants one of `roles`, by default the shipped `admin` and `edit`, unless
    /// `allowedSubjects` has who gets it. `RoleBinding`s of them are what they are for.
    ///
    /// ## Why it matters
    ///
    /// Both read Secrets and run workloads, in `kube-system` too: held everywhere they lead to every right of the
    /// cluster in one step, without looking like it.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "oidc:developers"}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "oidc:developers"}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind the role by a `RoleBinding` in each namespace that is meant; `view` can be bound everywhere, as it reads no
    /// Secrets.
    pub static CLUSTER_WIDE_EDIT = {
        id: "iam.cluster-wide-edit",
        title: "Admin or edit is granted in every namespace",
        severity: High,
        subject: Binding,
        parameters: ClusterWideEdit,
        references: [
            Framework::CisKubernetes.clause("5.1.1"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-6(5)"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which roles are too much everywhere, and for whom.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ClusterWideEdit {
    /// Who may have it: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`, in which `*` stands for anything.
    /// Default: nobody. Example: `[Group oidc:platform-admins]`.
    allowed_subjects: Vec<SubjectPattern>,
    /// The `ClusterRole`s that are for single namespaces alone. Default: `[admin, edit]`. Example: `[admin, edit, deployer]`.
    roles: Vec<String>,
}

impl Default for ClusterWideEdit {
    fn default() -> Self {
        Self { allowed_subjects: Vec::new(), roles: vec!["admin".to_owned(), "edit".to_owned()] }
    }
}

impl Parameters for ClusterWideEdit {}

fn evaluate(binding: &Binding, parameters: &ClusterWideEdit, _: &Context<'_>) -> Verdict {
    if binding.kind != BindingKind::ClusterRoleBinding {
        return Verdict::NotApplicable;
    }
    let role = &binding.role_ref.name;
    let is_meant =
        binding.role_ref.kind == "ClusterRole" && parameters.roles.iter().any(|name| role == name.as_str());
    each_stranger(binding, &parameters.allowed_subjects, |subject| {
        if !is_meant {
            return None;
        }
        let message = format!("gives {} `{role}` in every namespace, kube-system included", subject.who);
        Some(subject.finding(message).fix("bind it by RoleBindings in the namespaces that are meant"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, found_with, role_binding};
    use super::*;

    #[test]
    fn roles_for_a_namespace_are_not_bound_everywhere() {
        let bound = cluster_role_binding("edit", "{kind: User, name: ada}");
        assert_eq!(
            found(&CLUSTER_WIDE_EDIT, &bound),
            ["subjects[0]: gives User ada `edit` in every namespace, kube-system included"]
        );
        assert_eq!(
            found(&CLUSTER_WIDE_EDIT, &cluster_role_binding("view", "{kind: User, name: ada}")),
            [""; 0]
        );
        assert_eq!(found(&CLUSTER_WIDE_EDIT, &role_binding("edit", "{kind: User, name: ada}")), ["-"]);
        let parameters = serde_json::json!({"roles": ["view"], "allowedSubjects": ["User ada"]});
        assert_eq!(found_with(&CLUSTER_WIDE_EDIT, &parameters, &bound), [""; 0]);
    }
}
