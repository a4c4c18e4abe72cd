//! `iam.masters-group`

use super::subjects::each_subject;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::Principal;

declare_control! {
    /// ## What it checks
    ///
    /// No binding has the group `system:masters`. A subject that Kubernetes ships the binding with is not judged. Who
    /// is in the group is written in client certificates and can't be judged here.
    ///
    /// ## Why it matters
    ///
    /// Its members pass every check already, authorizers and admission by policy aside: the binding adds nothing, and
    /// tells that somebody uses a credential of that group, which can't be revoked before its certificate ends.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:masters"}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "oidc:platform"}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind a group of your identity provider instead, and keep the credential of `system:masters` for the day on which
    /// nothing else works.
    pub static MASTERS_GROUP = {
        id: "iam.masters-group",
        title: "The group system:masters is granted rights",
        severity: Medium,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.1.7"),
            Framework::Nist80053.clause("AC-2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Authentication and authorization"),
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

fn evaluate(binding: &Binding, _: &NoParameters, _: &Context<'_>) -> Verdict {
    each_subject(binding, |subject| {
        let masters = matches!(&subject.who, Principal::Group(name) if name == "system:masters");
        let message = "names `system:masters`, whose members may do everything and can't be revoked";
        masters.then(|| subject.finding(message).fix("bind a group of your identity provider"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found};
    use super::*;

    #[test]
    fn the_group_is_found_wherever_kubernetes_doesn_t_ship_it() {
        let bound = cluster_role_binding("cluster-admin", "{kind: Group, name: \"system:masters\"}");
        assert_eq!(
            found(&MASTERS_GROUP, &bound),
            ["subjects[0]: names `system:masters`, whose members may do everything and can't be revoked"]
        );
        assert_eq!(found(&MASTERS_GROUP, &bound.replace("name: b", "name: cluster-admin")), ["-"]);
        assert_eq!(found(&MASTERS_GROUP, &bound.replace("kind: Group", "kind: User")), [""; 0]);
    }
}
