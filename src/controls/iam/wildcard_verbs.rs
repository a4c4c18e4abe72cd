//! `iam.wildcard-verbs`

use std::borrow::Cow;

use super::holders::Reach;
use super::judge::{Held, Seen, Wildcards, each_rule};
use super::rights::is_of_kubernetes;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::rbac::{Role, Rule};
use crate::relations::rbac::is_everything;

declare_control! {
    /// ## What it checks
    ///
    /// No rule has the verb `*`. Rules for custom resources alone are judged if `customResources` is set: an operator
    /// has every right over its own kinds, and no verb of theirs grants rights. A rule that is a wildcard in verbs,
    /// resources and API groups alike is left to `iam.wildcard-resources`.
    ///
    /// A role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// `*` is more than reading and writing. It holds the verbs that grant rights (`escalate`, `bind`, `impersonate`,
    /// `approve`), deleting whole collections, and verbs that Kubernetes doesn't know yet.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: ["*"]
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
    ///     verbs: [get, list, watch, create, patch]
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
    /// List the verbs that are used: `get`, `list` and `watch` to read, `create`, `update` and `patch` to write. The
    /// audit log tells which they are.
    pub static WILDCARD_VERBS = {
        id: "iam.wildcard-verbs",
        title: "Role allows every verb",
        severity: Medium,
        subject: Role,
        parameters: Wildcards,
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

fn evaluate(role: &Role, parameters: &Wildcards, context: &Context<'_>) -> Verdict {
    each_rule(role, Held::from(parameters), context, Reach::Any, |rule| {
        let Some(at) = rule.verbs.iter().position(|verb| verb == "*") else { return Seen::Nothing };
        if rule.resources.is_empty() || !(parameters.custom_resources || is_of_kubernetes(rule)) {
            return Seen::Nothing;
        }
        if is_everything(rule) {
            return Seen::Elsewhere;
        }
        let does = Cow::Owned(format!("do everything with {}", named(rule)));
        Seen::Defect {
            field: "verbs",
            at,
            value: "*".to_owned(),
            does,
            advice: "list the verbs that are used",
        }
    })
}

/// What a rule is about, in a few words.
fn named(rule: &Rule) -> String {
    match rule.resources.as_slice() {
        resources if resources.iter().any(|it| it == "*") => "all resources of a group".to_owned(),
        [only] => format!("`{only}`"),
        [first, second] => format!("`{first}` and `{second}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, found_with};
    use super::*;

    const RULE: &str = "{apiGroups: [apps], resources: [deployments, statefulsets], verbs: [get, \"*\"]}";

    #[test]
    fn the_wildcard_is_found_where_it_stands() {
        assert_eq!(
            found(&WILDCARD_VERBS, &bound_in("web", RULE)),
            [
                "rules[0].verbs[1]: lets ServiceAccount shop/ci do everything with `deployments` and `statefulsets` in \
              namespace web"
            ]
        );
    }

    #[test]
    fn custom_resources_are_judged_if_asked_for() {
        let custom = RULE.replace("apps", "acme.example");
        assert_eq!(found(&WILDCARD_VERBS, &everywhere(&custom)), [""; 0]);
        let parameters = serde_json::json!({"customResources": true});
        assert_eq!(found_with(&WILDCARD_VERBS, &parameters, &everywhere(&custom)).len(), 1);
        assert_eq!(
            found(&WILDCARD_VERBS, &everywhere(&RULE.replace("[apps]", "[acme.example, \"*\"]"))).len(),
            1
        );
    }

    #[test]
    fn what_is_a_wildcard_in_everything_is_left_to_another_control() {
        let everything = "{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}";
        assert_eq!(found(&WILDCARD_VERBS, &everywhere(everything)), ["-"]);
        let core = everything.replace("apiGroups: [\"*\"]", "apiGroups: [\"\"]");
        assert_eq!(
            found(&WILDCARD_VERBS, &everywhere(&core)),
            [
                "rules[0].verbs[0]: lets ServiceAccount shop/ci do everything with all resources of a group in every \
              namespace"
            ]
        );
    }
}
