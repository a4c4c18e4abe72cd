//! `iam.user-outside-sso`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rights::{Given, PRIVILEGED, given};
use super::subjects::{each_subject, granted, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::rbac::Binding;
use crate::relations::rbac::Principal;

declare_control! {
    /// ## What it checks
    ///
    /// Users and groups that a binding gives privileged rights have one of `prefixes`, the ones that the API server
    /// puts before what your identity provider says (`--oidc-username-prefix`, `--oidc-groups-prefix`, or the
    /// authentication configuration). Without `prefixes` there is nothing to judge and the control is not applicable.
    ///
    /// Privileged is what reads Secrets, runs or enters workloads, makes tokens, acts as others, writes roles, changes
    /// admission or reaches kubelets. With `everyRight` any right counts. Names that begin with `system:` are
    /// Kubernetes' own. A subject that Kubernetes ships the binding with is not judged.
    ///
    /// ## Why it matters
    ///
    /// A name without the prefix comes from a client certificate or a static token: no second factor, no end when the
    /// person leaves, and nothing that can be revoked.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "ada"}]
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: iam.user-outside-sso
    ///       parameters: {prefixes: ["oidc:"]}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "oidc:platform-admins"}]
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: iam.user-outside-sso
    ///       parameters: {prefixes: ["oidc:"]}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind the person's group of the identity provider, and let the old credential end.
    pub static USER_OUTSIDE_SSO = {
        id: "iam.user-outside-sso",
        title: "Privileged person is not behind single sign-on",
        severity: High,
        subject: Binding,
        parameters: UserOutsideSso,
        references: [
            Framework::CisKubernetes.clause("3.1.1"),
            Framework::Nist80053.clause("AC-2"),
            Framework::Nist80053.clause("AC-6(5)"),
            Framework::Nist80053.clause("IA-2(1)"),
            Framework::NsaCisa.clause("Authentication"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Soc2.clause("CC6.2"),
            Framework::Iso27001.clause("5.16"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.5"),
            Framework::PciDss.clause("7.2.2"),
            Framework::PciDss.clause("8.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// How people behind single sign-on are called.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct UserOutsideSso {
    /// What names of users and groups begin with if the identity provider says them. Default: none, which leaves nothing
    /// to judge. Example: `["oidc:"]`.
    prefixes: Vec<String>,
    /// Whether any right counts, not privileged ones alone. Default: `false`. Example: `true`.
    every_right: bool,
}

impl Parameters for UserOutsideSso {
    fn check(&self) -> Vec<ParameterError> {
        let empty = self.prefixes.iter().enumerate().filter(|(_, prefix)| prefix.is_empty());
        let message = "every name begins with nothing; write a prefix such as `oidc:`";
        empty.map(|(at, _)| ParameterError::new(format!("prefixes[{at}]"), message)).collect()
    }
}

fn evaluate(binding: &Binding, parameters: &UserOutsideSso, context: &Context<'_>) -> Verdict {
    let UserOutsideSso { prefixes, every_right } = parameters;
    let Some(role) = granted(binding, context).filter(|_| !prefixes.is_empty()) else {
        return Verdict::NotApplicable;
    };
    let counts = *every_right || role.rules.iter().any(|rule| given(rule, PRIVILEGED) != Given::No);
    each_subject(binding, |subject| {
        let (Principal::User(name) | Principal::Group(name)) = &subject.who else { return None };
        let known =
            name.starts_with("system:") || prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
        if known || !counts {
            return None;
        }
        let message = format!("gives {} `{}` {}", subject.who, binding.role_ref.name, place(binding));
        let message = format!("{message}, without single sign-on");
        Some(subject.finding(message).fix("bind the person's group of the identity provider"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, found_with, role_binding};
    use super::*;

    fn outside(parameters: &str, manifest: &str) -> Vec<String> {
        found_with(&USER_OUTSIDE_SSO, &serde_saphyr::from_str(parameters).unwrap(), manifest)
    }

    #[test]
    fn privileged_people_need_the_prefix() {
        let prefixes = "{prefixes: [\"oidc:\"]}";
        let ada =
            "{kind: User, name: ada}, {kind: User, name: \"oidc:bob\"}, {kind: Group, name: \"system:x\"}";
        assert_eq!(
            outside(prefixes, &role_binding("edit", ada)),
            ["subjects[0]: gives User ada `edit` in namespace web, without single sign-on"]
        );
        assert_eq!(outside(prefixes, &cluster_role_binding("view", ada)), [""; 0]);
        assert_eq!(
            outside("{prefixes: [\"oidc:\"], everyRight: true}", &cluster_role_binding("view", ada)).len(),
            1
        );
        assert_eq!(outside(prefixes, &role_binding("edit", "{kind: ServiceAccount, name: a}")), [""; 0]);
    }

    #[test]
    fn without_a_prefix_nothing_is_judged_and_an_empty_one_is_refused() {
        assert_eq!(
            found(&USER_OUTSIDE_SSO, &cluster_role_binding("cluster-admin", "{kind: User, name: ada}")),
            ["-"]
        );
        let empty = UserOutsideSso { prefixes: vec![String::new()], every_right: false };
        assert_eq!(empty.check()[0].path, "prefixes[0]");
    }
}
