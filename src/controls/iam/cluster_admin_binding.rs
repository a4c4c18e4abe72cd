//! `iam.cluster-admin-binding`

use super::subjects::{Allowed, each_stranger, granted};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::rbac::{Binding, BindingKind};
use crate::relations::rbac::amounts_to_everything;

declare_control! {
    /// ## What it checks
    ///
    /// No `ClusterRoleBinding` grants `cluster-admin`, or any role that amounts to it by a rule that is a wildcard in
    /// verbs, resources and API groups alike, unless `allowedSubjects` has who gets it. A subject that Kubernetes ships
    /// the binding with is not judged. Binding it in one namespace is `iam.cluster-admin-in-namespace`.
    ///
    /// ## Why it matters
    ///
    /// Nothing is left to take: who has it reads every Secret, runs on every node, and can grant it on. An account of a
    /// workload that has it makes one hole in that workload a hole in everything.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write a role with the rights that are used, and bind that. For the people who run the platform, bind a group of
    /// your identity provider, and allow it by `allowedSubjects`.
    pub static CLUSTER_ADMIN_BINDING = {
        id: "iam.cluster-admin-binding",
        title: "Every right of the cluster is granted",
        severity: Critical,
        subject: Binding,
        parameters: Allowed,
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

fn evaluate(binding: &Binding, allowed: &Allowed, context: &Context<'_>) -> Verdict {
    if binding.kind != BindingKind::ClusterRoleBinding {
        return Verdict::NotApplicable;
    }
    let Some(role) = granted(binding, context) else { return Verdict::NotApplicable };
    let everything = amounts_to_everything(&role.rules);
    each_stranger(binding, &allowed.allowed_subjects, |subject| {
        if !everything {
            return None;
        }
        let role = &binding.role_ref.name;
        let by = if role == "cluster-admin" { String::new() } else { format!(", as `{role}` amounts to it") };
        let message = format!("makes {} cluster-admin{by}", subject.who);
        Some(subject.finding(message).fix("bind a role with the rights that are used"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, found_with, role_binding};
    use super::*;

    #[test]
    fn the_shipped_role_and_copies_of_it_are_found() {
        assert_eq!(
            found(&CLUSTER_ADMIN_BINDING, &cluster_role_binding("cluster-admin", "{kind: User, name: ada}")),
            ["subjects[0]: makes User ada cluster-admin"]
        );
        let copy = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: mine}
rules: [{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}]
";
        let bound = cluster_role_binding("mine", "{kind: Group, name: dev}, {kind: User, name: ada}");
        assert_eq!(
            found(&CLUSTER_ADMIN_BINDING, &format!("{bound}{copy}")),
            [
                "subjects[0]: makes Group dev cluster-admin, as `mine` amounts to it",
                "subjects[1]: makes User ada cluster-admin, as `mine` amounts to it",
            ]
        );
        assert_eq!(found(&CLUSTER_ADMIN_BINDING, &bound), ["-"], "nobody knows that role");
        assert_eq!(
            found(&CLUSTER_ADMIN_BINDING, &cluster_role_binding("admin", "{kind: User, name: ada}")),
            [""; 0]
        );
    }

    #[test]
    fn who_may_and_who_does_anyway_is_not_found() {
        let masters = cluster_role_binding("cluster-admin", "{kind: Group, name: \"system:masters\"}");
        assert_eq!(found(&CLUSTER_ADMIN_BINDING, &masters), [""; 0]);
        assert_eq!(found(&CLUSTER_ADMIN_BINDING, &masters.replace("name: b", "name: cluster-admin")), ["-"]);
        let parameters = serde_json::json!({"allowedSubjects": ["Group oidc:*"]});
        let group = cluster_role_binding("cluster-admin", "{kind: Group, name: \"oidc:platform\"}");
        assert_eq!(found_with(&CLUSTER_ADMIN_BINDING, &parameters, &group), [""; 0]);
        assert_eq!(
            found(&CLUSTER_ADMIN_BINDING, &role_binding("cluster-admin", "{kind: User, name: ada}")),
            ["-"]
        );
    }
}
