//! `iam.anonymous-subject`

use super::subjects::{each_subject, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::Principal;

declare_control! {
    /// ## What it checks
    ///
    /// No binding has the user `system:anonymous` or the group `system:unauthenticated`. A subject that Kubernetes
    /// ships the binding with is not judged. So `system:public-info-viewer` stays as it is, and `kubeadm`'s
    /// `cluster-info`, too.
    ///
    /// ## Why it matters
    ///
    /// Whoever reaches the API server's port has these rights: no password, no token, no name in the audit log.
    /// Clusters are found this way by scanners, within hours.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:anonymous"}]
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
    /// Remove the subject. For health checks from outside, `/livez` and `/readyz` are public as shipped; for anything
    /// else, make an account.
    pub static ANONYMOUS_SUBJECT = {
        id: "iam.anonymous-subject",
        title: "Anybody without a login is granted rights",
        severity: Critical,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-3"),
            Framework::Nist80053.clause("AC-14"),
            Framework::NsaCisa.clause("Authentication"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078.001"),
            Framework::MitreAttack.clause("T1133"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("5.15"),
            Framework::Iso27001.clause("8.5"),
            Framework::PciDss.clause("7.2.5"),
            Framework::PciDss.clause("8.3.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(binding: &Binding, _: &NoParameters, _: &Context<'_>) -> Verdict {
    each_subject(binding, |subject| {
        let anonymous = match &subject.who {
            Principal::User(name) => name == "system:anonymous",
            Principal::Group(name) => name == "system:unauthenticated",
            Principal::ServiceAccount { .. } => false,
        };
        let message = || {
            let role = &binding.role_ref.name;
            format!("gives `{role}` {} to anybody, without a login ({})", place(binding), subject.who)
        };
        anonymous.then(|| subject.finding(message()).fix("remove the subject"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, role_binding};
    use super::*;

    #[test]
    fn both_names_of_nobody_are_found() {
        assert_eq!(
            found(
                &ANONYMOUS_SUBJECT,
                &role_binding("view", "{kind: User, name: ada}, {kind: User, name: \"system:anonymous\"}")
            ),
            [
                "subjects[1]: gives `view` in namespace web to anybody, without a login (User system:anonymous)"
            ]
        );
        let group = "{kind: Group, name: \"system:unauthenticated\"}";
        assert_eq!(found(&ANONYMOUS_SUBJECT, &cluster_role_binding("system:discovery", group)).len(), 1);
        let account = "{kind: ServiceAccount, name: anonymous}";
        assert_eq!(found(&ANONYMOUS_SUBJECT, &role_binding("view", account)), [""; 0]);
    }

    #[test]
    fn what_kubernetes_ships_is_as_shipped() {
        let group = "{kind: Group, name: \"system:unauthenticated\"}";
        let shipped = cluster_role_binding("system:public-info-viewer", group);
        assert_eq!(found(&ANONYMOUS_SUBJECT, &shipped).len(), 1, "the name is another one");
        assert_eq!(
            found(&ANONYMOUS_SUBJECT, &shipped.replace("name: b", "name: \"system:public-info-viewer\"")),
            ["-"]
        );
    }
}
