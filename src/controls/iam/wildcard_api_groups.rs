//! `iam.wildcard-api-groups`

use std::borrow::Cow;

use super::holders::Reach;
use super::judge::{HeldBy, Seen, each_rule};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No rule is for the API group `*`. A rule that is for the resource `*` as well is left to
    /// `iam.wildcard-resources`.
    ///
    /// A role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A name means another thing in every group, and anybody who installs a custom resource can take it: a rule for
    /// `services` of `*` is one for those of Knative and of a kind that nobody has heard of yet.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: ["*"]
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
    /// Name the group: `kubectl api-resources` lists them. The core group is the empty string.
    pub static WILDCARD_API_GROUPS = {
        id: "iam.wildcard-api-groups",
        title: "Role is for resources of every API group",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.3"),
            Framework::Nist80053.clause("AC-6"),
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

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    each_rule(role, held, context, Reach::Any, |rule| {
        let group = rule.api_groups.iter().position(|group| group == "*");
        let (Some(at), Some(resource)) = (group, rule.resources.first()) else { return Seen::Nothing };
        if rule.resources.iter().any(|resource| resource == "*") {
            return Seen::Elsewhere;
        }
        let does = Cow::Owned(format!("use `{resource}` of every API group"));
        let advice = "name the API group; the core group is the empty string";
        Seen::Defect { field: "apiGroups", at, value: "*".to_owned(), does, advice }
    })
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{everywhere, found};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\", \"*\"], resources: [pods], verbs: [get]}";

    #[test]
    fn the_group_is_found_unless_the_resource_is_a_wildcard_too() {
        assert_eq!(
            found(&WILDCARD_API_GROUPS, &everywhere(RULE)),
            [
                "rules[0].apiGroups[1]: lets ServiceAccount shop/ci use `pods` of every API group in every namespace"
            ]
        );
        assert_eq!(found(&WILDCARD_API_GROUPS, &everywhere(&RULE.replace("pods", "\"*\""))), ["-"]);
        assert_eq!(found(&WILDCARD_API_GROUPS, &everywhere(&RULE.replace(", \"*\"", ""))), [""; 0]);
    }
}
