//! `iam.cluster-admin-in-namespace`

use super::subjects::{Allowed, each_stranger, granted, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::rbac::{Binding, BindingKind};
use crate::relations::rbac::amounts_to_everything;

declare_control! {
    /// ## What it checks
    ///
    /// No `RoleBinding` grants `cluster-admin`, or any role that amounts to it by a rule that is a wildcard in verbs,
    /// resources and API groups alike, unless `allowedSubjects` has who gets it. The right ends at the namespace, so
    /// this is not `iam.cluster-admin-binding`.
    ///
    /// ## Why it matters
    ///
    /// In its namespace such a binding gives more than `admin` does: quotas, limits, every custom resource, and roles
    /// with rights that nobody gave. And one change of its kind makes it a grant of the whole cluster.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind `admin`, or `edit` where no roles are to be written.
    pub static CLUSTER_ADMIN_IN_NAMESPACE = {
        id: "iam.cluster-admin-in-namespace",
        title: "Every right in a namespace is granted",
        severity: Medium,
        subject: Binding,
        parameters: Allowed,
        references: [
            Framework::CisKubernetes.clause("5.1.1"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-6(5)"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(binding: &Binding, allowed: &Allowed, context: &Context<'_>) -> Verdict {
    if binding.kind != BindingKind::RoleBinding {
        return Verdict::NotApplicable;
    }
    let Some(role) = granted(binding, context) else { return Verdict::NotApplicable };
    let everything = amounts_to_everything(&role.rules);
    each_stranger(binding, &allowed.allowed_subjects, |subject| {
        if !everything {
            return None;
        }
        let message = format!("gives {} every right {}", subject.who, place(binding));
        Some(subject.finding(message).fix("bind `admin` or `edit` instead"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, found_with, role_binding};
    use super::*;

    #[test]
    fn it_is_called_what_it_is_and_no_grant_of_the_cluster() {
        let bound = role_binding("cluster-admin", "{kind: ServiceAccount, name: ci}");
        assert_eq!(
            found(&CLUSTER_ADMIN_IN_NAMESPACE, &bound),
            ["subjects[0]: gives ServiceAccount web/ci every right in namespace web"]
        );
        let parameters = serde_json::json!({"allowedSubjects": ["ServiceAccount web/*"]});
        assert_eq!(found_with(&CLUSTER_ADMIN_IN_NAMESPACE, &parameters, &bound), [""; 0]);
        assert_eq!(
            found(&CLUSTER_ADMIN_IN_NAMESPACE, &role_binding("admin", "{kind: ServiceAccount, name: ci}")),
            [""; 0]
        );
        assert_eq!(
            found(
                &CLUSTER_ADMIN_IN_NAMESPACE,
                &cluster_role_binding("cluster-admin", "{kind: User, name: ada}")
            ),
            ["-"]
        );
    }
}
