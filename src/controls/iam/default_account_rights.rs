//! `iam.default-account-rights`

use super::subjects::{each_subject, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::Principal;

declare_control! {
    /// ## What it checks
    ///
    /// No binding has a service account named `default`, or the group of all accounts of a namespace,
    /// `system:serviceaccounts:NAMESPACE`, which the `default` one is in.
    ///
    /// ## Why it matters
    ///
    /// Every pod that names no account runs as `default`. A right of that account is a right of all of them, also of
    /// those that come later, and nobody sees it in the pod's manifest.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects: [{kind: ServiceAccount, name: default, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects: [{kind: ServiceAccount, name: deployer, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Make a service account for the workload that needs the right, name it in its pod template
    /// (`serviceAccountName`), and bind that one.
    pub static DEFAULT_ACCOUNT_RIGHTS = {
        id: "iam.default-account-rights",
        title: "A default service account is granted rights",
        severity: Medium,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.1.5"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-2"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::NsaCisa.clause("Protecting Pod service account tokens"),
            Framework::MitreAttack.clause("T1078.001"),
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
        let namespace = match &subject.who {
            Principal::ServiceAccount { namespace, name } if name == "default" => namespace.as_str(),
            Principal::Group(name) => name.strip_prefix("system:serviceaccounts:")?,
            _ => return None,
        };
        let role = &binding.role_ref.name;
        let message =
            format!("gives `{role}` {} to every pod of {namespace} that names no account", place(binding));
        Some(subject.finding(message).fix("bind a service account of the workload that needs it"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, role_binding};
    use super::*;

    #[test]
    fn the_account_and_the_group_that_it_is_in_are_found() {
        assert_eq!(
            found(&DEFAULT_ACCOUNT_RIGHTS, &role_binding("view", "{kind: ServiceAccount, name: default}")),
            ["subjects[0]: gives `view` in namespace web to every pod of web that names no account"]
        );
        let group = "{kind: Group, name: \"system:serviceaccounts:shop\"}";
        assert_eq!(
            found(&DEFAULT_ACCOUNT_RIGHTS, &cluster_role_binding("view", group)),
            ["subjects[0]: gives `view` in every namespace to every pod of shop that names no account"]
        );
        assert_eq!(
            found(&DEFAULT_ACCOUNT_RIGHTS, &role_binding("view", "{kind: User, name: default}")),
            [""; 0]
        );
    }
}
