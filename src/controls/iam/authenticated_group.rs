//! `iam.authenticated-group`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::subjects::{each_subject, place};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::Principal;

declare_control! {
    /// ## What it checks
    ///
    /// No binding has the group `system:authenticated` or `system:serviceaccounts`, unless it grants one of
    /// `allowedRoles` or a role that Kubernetes itself gives to everybody: `system:basic-user`, `system:discovery`,
    /// `system:public-info-viewer`, `system:service-account-issuer-discovery` or
    /// `system:cluster-trust-bundle-discovery`. A subject that Kubernetes ships the binding with is not judged.
    ///
    /// ## Why it matters
    ///
    /// Every user and every pod is in these groups, those of the least trusted namespace included. With some cloud
    /// providers `system:authenticated` is anybody who has an account there.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated"}]
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
    /// Bind a group of your identity provider, or the service accounts that need the right.
    pub static AUTHENTICATED_GROUP = {
        id: "iam.authenticated-group",
        title: "Everybody who is logged in is granted rights",
        severity: High,
        subject: Binding,
        parameters: AuthenticatedGroup,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-3"),
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

/// What everybody may have.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct AuthenticatedGroup {
    /// The roles that everybody may have besides those of Kubernetes. Default: none. Example: `[catalogue-reader]`.
    allowed_roles: Vec<String>,
}

impl Parameters for AuthenticatedGroup {}

/// What Kubernetes gives to everybody: discovery, and questions about oneself.
const FOR_EVERYBODY: [&str; 5] = [
    "system:basic-user",
    "system:cluster-trust-bundle-discovery",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];

fn evaluate(binding: &Binding, parameters: &AuthenticatedGroup, _: &Context<'_>) -> Verdict {
    let role = &binding.role_ref.name;
    let harmless = FOR_EVERYBODY.contains(&role.as_str())
        || parameters.allowed_roles.iter().any(|allowed| role == allowed.as_str());
    each_subject(binding, |subject| {
        let Principal::Group(group) = &subject.who else { return None };
        let everybody = match group.as_str() {
            "system:authenticated" => "everybody who is logged in",
            "system:serviceaccounts" => "every service account",
            _ => return None,
        };
        let message = || format!("gives `{role}` {} to {everybody}", place(binding));
        (!harmless).then(|| subject.finding(message()).fix("bind those who need it"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, found_with, role_binding};
    use super::*;

    #[test]
    fn groups_of_everybody_are_found_but_for_what_everybody_may_have() {
        let group = |name: &str| format!("{{kind: Group, name: \"system:{name}\"}}");
        assert_eq!(
            found(&AUTHENTICATED_GROUP, &role_binding("view", &group("serviceaccounts"))),
            ["subjects[0]: gives `view` in namespace web to every service account"]
        );
        let bound = cluster_role_binding("view", &group("authenticated"));
        assert_eq!(
            found(&AUTHENTICATED_GROUP, &bound),
            ["subjects[0]: gives `view` in every namespace to everybody who is logged in"]
        );
        assert_eq!(
            found(&AUTHENTICATED_GROUP, &cluster_role_binding("system:discovery", &group("authenticated"))),
            [""; 0]
        );
        assert_eq!(
            found(&AUTHENTICATED_GROUP, &cluster_role_binding("view", &group("serviceaccounts:web"))),
            [""; 0]
        );
        let parameters = serde_json::json!({"allowedRoles": ["view"]});
        assert_eq!(found_with(&AUTHENTICATED_GROUP, &parameters, &bound), [""; 0]);
    }
}
