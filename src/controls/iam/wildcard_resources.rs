//! `iam.wildcard-resources`

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
    /// No rule is for the resource `*`. The finding says what its verbs and groups come to; the controls of single
    /// resources, such as `iam.cluster-secrets-read`, leave such rules to this one. Rules for custom resources alone
    /// are judged if `customResources` is set: an operator has every right over its own kinds, and no verb of theirs
    /// grants rights.
    ///
    /// A role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// `*` reaches what nobody thought of: Secrets, subresources such as `pods/exec` and `nodes/proxy`, and every kind
    /// that is added later. Read-only, it still reads every Secret, and `get` is enough to run commands through some
    /// subresources.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: ["*"]
    ///     verbs: [get, list, watch]
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
    ///   - apiGroups: [""]
    ///     resources: [pods, services, configmaps]
    ///     verbs: [get, list, watch]
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
    /// List the resources that are used; the shipped `ClusterRole` `view` reads most of a namespace without its
    /// Secrets.
    pub static WILDCARD_RESOURCES = {
        id: "iam.wildcard-resources",
        title: "Role reaches every resource",
        severity: High,
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
        let at = rule.resources.iter().position(|resource| resource == "*");
        let Some(at) = at.filter(|_| parameters.custom_resources || is_of_kubernetes(rule)) else {
            return Seen::Nothing;
        };
        let does = Cow::Owned(in_words(rule));
        Seen::Defect {
            field: "resources",
            at,
            value: "*".to_owned(),
            does,
            advice: "list the resources that are used",
        }
    })
}

/// What such a rule lets somebody do.
fn in_words(rule: &Rule) -> String {
    let has = |verb: &str| rule.verbs.iter().any(|known| known == verb);
    let reads = ["get", "list", "watch"].into_iter().any(has);
    let does = if is_everything(rule) || has("*") {
        "do everything with"
    } else if reads && rule.verbs.iter().all(|verb| ["get", "list", "watch"].contains(&verb.as_str())) {
        "read"
    } else {
        "use"
    };
    let groups = rule.api_groups.as_slice();
    let of = match groups {
        all if all.iter().any(|group| group == "*") => "of every API group",
        core if core.iter().any(|group| group.is_empty()) => "of the core group",
        [only] => return format!("{does} every resource of `{only}`"),
        _ => "of some API groups",
    };
    let secrets = if of != "of some API groups" && (reads || has("*")) { ", Secrets included," } else { "" };
    format!("{does} every resource {of}{secrets}")
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, found_with};
    use super::*;

    fn rule(groups: &str, verbs: &str) -> String {
        format!("{{apiGroups: [{groups}], resources: [\"*\"], verbs: [{verbs}]}}")
    }

    #[test]
    fn what_it_comes_to_is_said() {
        for (groups, verbs, said) in [
            ("\"*\"", "\"*\"", "do everything with every resource of every API group, Secrets included,"),
            ("\"\", apps", "get, list", "read every resource of the core group, Secrets included,"),
            ("apps", "get, delete", "use every resource of `apps`"),
            ("apps, batch", "create", "use every resource of some API groups"),
            ("\"\"", "create", "use every resource of the core group"),
        ] {
            assert_eq!(
                found(&WILDCARD_RESOURCES, &everywhere(&rule(groups, verbs))),
                [format!("rules[0].resources[0]: lets ServiceAccount shop/ci {said} in every namespace")]
            );
        }
    }

    #[test]
    fn custom_resources_are_judged_if_asked_for() {
        let custom = rule("metrics.acme.example", "get");
        assert_eq!(found(&WILDCARD_RESOURCES, &bound_in("web", &custom)), [""; 0]);
        let parameters = serde_json::json!({"customResources": true});
        assert_eq!(found_with(&WILDCARD_RESOURCES, &parameters, &bound_in("web", &custom)).len(), 1);
        assert_eq!(
            found(
                &WILDCARD_RESOURCES,
                &everywhere("{apiGroups: [apps], resources: [\"*/scale\"], verbs: [get]}")
            ),
            [""; 0]
        );
    }
}
