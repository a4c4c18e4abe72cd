//! `iam.component-role-binding`

use super::subjects::{each_subject, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::{RoleKey, shipped};

declare_control! {
    /// ## What it checks
    ///
    /// No binding grants the role of a controller (`system:controller:…`), of the controller manager
    /// (`system:kube-controller-manager`) or of nodes (`system:node`) to anybody but parts of Kubernetes. Roles that
    /// are meant to be bound, such as `system:auth-delegator`, are not judged. A subject that Kubernetes ships the
    /// binding with is not judged.
    ///
    /// ## Why it matters
    ///
    /// These roles fit one component and are changed with it, release by release. Several write roles, make tokens or
    /// read every Secret; and as their names begin with `system:`, no one looks twice at a binding of them.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:controller:clusterrole-aggregation-controller}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:auth-delegator}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write a role of your own with the rules that are used.
    pub static COMPONENT_ROLE_BINDING = {
        id: "iam.component-role-binding",
        title: "Rights of a part of Kubernetes go to something else",
        severity: High,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::MitreAttack.clause("T1036"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(binding: &Binding, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let role = RoleKey::granted_by(binding).filter(is_of_component);
    each_subject(binding, |subject| {
        let role = role.as_ref().filter(|_| !shipped::is_component(&subject.who))?;
        let message = format!("gives {} the rights of `{}` {}", subject.who, role.name, place(binding));
        Some(subject.finding(message).fix("write a role of your own with the rules that are used"))
    })
}

fn is_of_component(role: &RoleKey) -> bool {
    let name = role.name.as_str();
    let named = name.starts_with("system:controller:")
        || matches!(name, "system:kube-controller-manager" | "system:node");
    named && shipped::is_shipped(role)
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, role_binding};
    use super::*;

    #[test]
    fn a_component_s_role_is_for_the_component() {
        assert_eq!(
            found(&COMPONENT_ROLE_BINDING, &role_binding("system:node", "{kind: User, name: ada}")),
            ["subjects[0]: gives User ada the rights of `system:node` in namespace web"]
        );
        let controller = "system:controller:job-controller";
        assert_eq!(
            found(&COMPONENT_ROLE_BINDING, &cluster_role_binding(controller, "{kind: User, name: ada}"))
                .len(),
            1
        );
        let itself = "{kind: ServiceAccount, name: job-controller, namespace: kube-system}";
        assert_eq!(found(&COMPONENT_ROLE_BINDING, &cluster_role_binding(controller, itself)), [""; 0]);
        assert_eq!(
            found(
                &COMPONENT_ROLE_BINDING,
                &cluster_role_binding("system:controller:mine", "{kind: User, name: ada}")
            ),
            [""; 0]
        );
    }
}
