//! What a rule lets somebody do, as far as controls look for it, and where in the rule it says so.

use crate::facts::rbac::Rule;
use crate::facts::{Path, Text};

/// The groups of the API that Kubernetes itself serves (`k8s.io/api`, and those of `k8s.io/apiextensions-apiserver` and
/// `k8s.io/kube-aggregator`); the empty one is the core group.
const OF_KUBERNETES: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "lifecycle.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether a rule is about something that Kubernetes itself serves.
pub(super) fn is_of_kubernetes(rule: &Rule) -> bool {
    rule.api_groups.iter().any(|group| group == "*" || OF_KUBERNETES.contains(&group.as_str()))
}

/// Verbs on resources that a control looks for: any of these on any of those.
#[derive(Debug, Clone, Copy)]
pub(super) struct Right {
    /// The API groups.
    pub(super) groups: &'static [&'static str],
    /// The resources, with their subresources.
    pub(super) resources: &'static [&'static str],
    /// The verbs.
    pub(super) verbs: &'static [&'static str],
    /// Names to which a rule may be limited and still gives the right; a rule limited to others doesn't.
    pub(super) names: &'static [&'static str],
    /// What of the rule is the defect.
    pub(super) points_at: PointsAt,
}

/// What of a rule is the defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointsAt {
    /// The resource.
    Resource,
    /// The verb.
    Verb,
}

impl Right {
    /// Any of these verbs on any of these resources, whatever they are called.
    pub(super) const fn new(
        groups: &'static [&'static str],
        resources: &'static [&'static str],
        verbs: &'static [&'static str],
    ) -> Self {
        Self { groups, resources, verbs, names: &[], points_at: PointsAt::Resource }
    }

    /// The same, where the verb is the defect.
    pub(super) const fn by_verb(self) -> Self {
        Self { points_at: PointsAt::Verb, ..self }
    }

    /// The same, given too by a rule that is limited to one of these names.
    pub(super) const fn or_named(self, names: &'static [&'static str]) -> Self {
        Self { names, ..self }
    }
}

/// What makes somebody privileged: reading Secrets, running and entering workloads, making tokens, acting as others,
/// writing roles, changing admission, reaching kubelets.
pub(super) const PRIVILEGED: &[Right] = &[
    Right::new(&[""], &["secrets"], &["get", "list", "watch"]),
    Right::new(&[""], &["pods", "replicationcontrollers"], &["create", "update", "patch"]),
    Right::new(
        &["apps"],
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
        &["create", "update", "patch"],
    ),
    Right::new(&["batch"], &["cronjobs", "jobs"], &["create", "update", "patch"]),
    Right::new(&[""], &["pods/exec", "pods/attach", "pods/portforward", "nodes/proxy"], &["create", "get"]),
    Right::new(&[""], &["pods/ephemeralcontainers"], &["update", "patch"]),
    Right::new(&[""], &["serviceaccounts/token"], &["create"]),
    Right::new(&[""], &["users", "groups", "serviceaccounts"], &["impersonate"]),
    Right::new(&[""], &["persistentvolumes"], &["create"]),
    Right::new(
        &["rbac.authorization.k8s.io"],
        &["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
        &["create", "update", "patch", "escalate", "bind"],
    ),
    Right::new(&["certificates.k8s.io"], &["signers"], &["approve", "sign"]),
    Right::new(
        &["admissionregistration.k8s.io"],
        &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        &["create", "update", "patch", "delete"],
    ),
];

/// Whether a rule gives a right, and where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given<'a> {
    /// It doesn't.
    No,
    /// By a wildcard for all resources, which is a defect of its own.
    ByWildcard,
    /// At this place of this field, which says this.
    At(&'static str, usize, &'a Text),
}

/// Whether a rule gives one of these rights.
pub(super) fn given<'a>(rule: &'a Rule, rights: &[Right]) -> Given<'a> {
    let mut by_wildcard = false;
    for right in rights {
        match given_one(rule, right) {
            Given::No => {}
            Given::ByWildcard => by_wildcard = true,
            at @ Given::At(..) => return at,
        }
    }
    if by_wildcard { Given::ByWildcard } else { Given::No }
}

fn given_one<'a>(rule: &'a Rule, right: &Right) -> Given<'a> {
    let named = || rule.resource_names.iter().any(|name| right.names.contains(&name.as_str()));
    let Some((verb_at, verb)) = position(&rule.verbs, |verb| verb == "*" || right.verbs.contains(&verb))
    else {
        return Given::No;
    };
    let in_group = |group: &str| group == "*" || right.groups.contains(&group);
    if position(&rule.api_groups, in_group).is_none() || !(rule.resource_names.is_empty() || named()) {
        return Given::No;
    }
    if rule.resources.iter().any(|resource| resource == "*") {
        return Given::ByWildcard;
    }
    let wanted = |known: &str| right.resources.iter().any(|resource| names(known, resource));
    let Some((resource_at, resource)) = position(&rule.resources, wanted) else { return Given::No };
    match right.points_at {
        PointsAt::Resource => Given::At("resources", resource_at, resource),
        PointsAt::Verb => Given::At("verbs", verb_at, verb),
    }
}

/// Whether what a rule says (`pods/exec`, `*/exec`) is this resource.
fn names(known: &str, resource: &str) -> bool {
    known == resource
        || known
            .strip_prefix("*/")
            .is_some_and(|sub| resource.split_once('/').is_some_and(|(_, subresource)| subresource == sub))
}

fn position(list: &[Text], wanted: impl Fn(&str) -> bool) -> Option<(usize, &Text)> {
    list.iter().enumerate().find(|(_, text)| wanted(text))
}

/// Where a word stands in a list of a rule.
pub(super) fn place(rule: usize, field: &'static str, at: usize) -> Path {
    Path::of(&["rules"]).index(rule).key(field).index(at)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EXEC: &[Right] = &[Right::new(&[""], &["pods/exec", "pods/attach"], &["create", "get"])];

    fn rule(groups: &[&str], resources: &[&str], verbs: &[&str], names: &[&str]) -> Rule {
        let written: Value =
            json!({"apiGroups": groups, "resources": resources, "verbs": verbs, "resourceNames": names});
        serde_json::from_value(written).unwrap()
    }

    #[test]
    fn a_right_is_found_where_the_rule_names_it() {
        let found = |rule: &Rule| match given(rule, EXEC) {
            Given::At(field, at, text) => format!("{field}[{at}] {text}"),
            other => format!("{other:?}"),
        };
        assert_eq!(found(&rule(&[""], &["pods", "pods/exec"], &["create"], &[])), "resources[1] pods/exec");
        assert_eq!(found(&rule(&["*"], &["*/attach"], &["*"], &[])), "resources[0] */attach");
        assert_eq!(found(&rule(&[""], &["*"], &["get"], &[])), "ByWildcard");
        for other in [
            rule(&["apps"], &["pods/exec"], &["create"], &[]),
            rule(&[""], &["pods", "pods/*"], &["create"], &[]),
            rule(&[""], &["pods/exec"], &["list"], &[]),
            rule(&[""], &["pods/exec"], &["create"], &["a"]),
            rule(&["apps"], &["*"], &["*"], &[]),
        ] {
            assert_eq!(found(&other), "No", "{other:?}");
        }
    }

    #[test]
    fn a_dangerous_name_gives_the_right_too() {
        let right =
            [Right::new(&[""], &["groups"], &["impersonate"]).by_verb().or_named(&["system:masters"])];
        let given =
            |names: &[&str]| given(&rule(&[""], &["groups"], &["impersonate"], names), &right) != Given::No;
        assert!(given(&[]) && given(&["a", "system:masters"]));
        assert!(!given(&["a"]));
    }
}
