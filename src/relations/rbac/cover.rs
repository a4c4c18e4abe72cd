//! Whether some rules allow all that another one does, as `Covers` of `k8s.io/component-helpers/auth/rbac/validation`
//! says it: with it the API server decides who may write a role.

use crate::facts::{Rule, Text};

/// Whether the owner's rules allow everything that a rule does. The rule is taken apart into one verb on one resource
/// (of one group, by one name) or one path each, and each part must be allowed by one of the owner's rules.
#[must_use]
pub fn covers(owner: &[Rule], rule: &Rule) -> bool {
    // Mostly a rule is compared with where it comes from.
    if owner.contains(rule) {
        return true;
    }
    let mut resources = rule.api_groups.iter().flat_map(|group| {
        let names = names(rule);
        rule.resources.iter().flat_map(move |resource| names.clone().map(move |name| (group, resource, name)))
    });
    let allows_resource = |verb: &Text, group: &Text, resource: &Text, name: Option<&Text>| {
        owner.iter().any(|owned| {
            lists(&owned.verbs, verb)
                && lists(&owned.api_groups, group)
                && resource_covers(&owned.resources, resource)
                && (owned.resource_names.is_empty()
                    || name.is_some_and(|name| owned.resource_names.contains(name)))
        })
    };
    let allows_path = |verb: &Text, path: &Text| {
        owner.iter().any(|owned| {
            lists(&owned.verbs, verb) && owned.non_resource_urls.iter().any(|known| path_covers(known, path))
        })
    };
    let each_verb = |allows: &dyn Fn(&Text) -> bool| rule.verbs.iter().all(allows);
    resources.all(|(group, resource, name)| each_verb(&|verb| allows_resource(verb, group, resource, name)))
        && rule.non_resource_urls.iter().all(|path| each_verb(&|verb| allows_path(verb, path)))
}

/// Whether rules allow everything with every resource of the API, as `cluster-admin` does.
#[must_use]
pub fn amounts_to_everything(rules: &[Rule]) -> bool {
    rules.iter().any(is_everything)
}

/// Whether a rule allows everything with every resource of the API.
#[must_use]
pub fn is_everything(rule: &Rule) -> bool {
    let all = |list: &[Text]| list.iter().any(|it| it == "*");
    all(&rule.verbs) && all(&rule.api_groups) && all(&rule.resources) && rule.resource_names.is_empty()
}

/// Each name that a rule is limited to; once nothing, for a rule that isn't.
fn names(rule: &Rule) -> impl Iterator<Item = Option<&Text>> + Clone {
    let unlimited = rule.resource_names.is_empty().then_some(None);
    unlimited.into_iter().chain(rule.resource_names.iter().map(Some))
}

fn lists(list: &[Text], word: &Text) -> bool {
    list.iter().any(|known| known == word || known == "*")
}

fn resource_covers(list: &[Text], resource: &Text) -> bool {
    let any_parent = resource.split_once('/').map(|(_, subresource)| subresource);
    list.iter().any(|known| {
        known == resource || known == "*" || (any_parent.is_some() && known.strip_prefix("*/") == any_parent)
    })
}

fn path_covers(known: &Text, path: &Text) -> bool {
    known == path || (known.ends_with('*') && path.starts_with(known.trim_end_matches('*')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::Request;
    use super::*;
    use crate::facts::List;

    fn rules(written: Value) -> Vec<Rule> {
        serde_json::from_value(written).unwrap()
    }

    fn all_covered(owner: &Value, servant: &Value) -> bool {
        let owner = rules(owner.clone());
        rules(servant.clone()).iter().all(|rule| covers(&owner, rule))
    }

    #[test]
    fn several_rules_cover_what_none_of_them_covers_alone() {
        let pods = |verbs: Value| json!({"verbs": verbs, "apiGroups": [""], "resources": ["pods"]});
        let owner = json!([pods(json!(["get"])), pods(json!(["list"]))]);
        assert!(all_covered(&owner, &json!([pods(json!(["get", "list"]))])));
        assert!(!all_covered(&owner, &json!([pods(json!(["get", "watch"]))])));
        assert!(!all_covered(&owner, &json!([pods(json!(["*"]))])));
    }

    #[test]
    fn wildcards_subresources_names_and_paths_are_compared_as_upstream_does() {
        let rule = |resources: &[&str], names: &[&str]| json!([{"verbs": ["get"], "apiGroups": ["apps"], "resources": resources, "resourceNames": names}]);
        let all = |resources: &[&str]| rule(resources, &[]);
        assert!(all_covered(&all(&["*"]), &all(&["deployments/scale", "x"])));
        assert!(all_covered(&all(&["*/scale"]), &all(&["deployments/scale"])));
        assert!(!all_covered(&all(&["deployments"]), &all(&["deployments/scale"])));
        assert!(!all_covered(&all(&["deployments/*"]), &all(&["deployments/scale"])));
        assert!(all_covered(&all(&["a"]), &rule(&["a"], &["x"])));
        assert!(all_covered(&rule(&["a"], &["x", "y"]), &rule(&["a"], &["x"])));
        assert!(!all_covered(&rule(&["a"], &["x"]), &all(&["a"])));
        let paths = |paths: &[&str]| json!([{"verbs": ["get"], "nonResourceURLs": paths}]);
        assert!(all_covered(&paths(&["/healthz/*"]), &paths(&["/healthz/etcd"])));
        assert!(!all_covered(&paths(&["/healthz/*"]), &paths(&["/healthz", "/metrics"])));
        assert!(all_covered(&paths(&["*"]), &paths(&["/healthz*", "*"])));
        assert!(all_covered(&json!([]), &json!([{"verbs": ["get"]}])), "a rule of nothing is covered");
    }

    #[test]
    fn everything_is_all_verbs_on_all_resources_of_all_groups() {
        let all = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
        assert!(amounts_to_everything(&rules(json!([{"verbs": ["get"]}, all]))));
        let mut named = all.clone();
        named["resourceNames"] = json!(["x"]);
        let mut core = all;
        core["apiGroups"] = json!([""]);
        assert!(!amounts_to_everything(&rules(json!([named, core]))));
    }

    fn words(of: &'static [&'static str]) -> impl Strategy<Value = List<Text>> {
        prop::collection::vec(prop::sample::select(of).prop_map(Text::from), 0..3).prop_map(List::from)
    }

    prop_compose! {
        fn rule()(
            verbs in words(&["*", "get", "list"]),
            api_groups in words(&["*", "", "apps"]),
            resources in words(&["*", "pods", "pods/log", "*/log", "x/log"]),
            resource_names in words(&["a", "b"]),
        ) -> Rule {
            Rule { verbs, api_groups, resources, resource_names, non_resource_urls: List::default() }
        }
    }

    proptest! {
        #[test]
        fn what_a_covered_rule_allows_its_owner_allows(owner in prop::collection::vec(rule(), 0..4), servant in rule()) {
            if covers(&owner, &servant) {
                for verb in ["get", "list", "delete"] {
                    for (resource, subresource) in [("pods", ""), ("pods", "log"), ("x", "log"), ("y", "")] {
                        for (group, name) in [("", "a"), ("apps", "b"), ("z", "c")] {
                            let request = Request::Resource { verb, group, resource, subresource, namespace: "n", name };
                            let allowed = owner.iter().any(|rule| request.is_allowed_by(rule));
                            prop_assert!(allowed || !request.is_allowed_by(&servant), "{request:?}");
                        }
                    }
                }
            }
            prop_assert!(covers(std::slice::from_ref(&servant), &servant));
        }
    }
}
