use serde_json::{Value, json};

use super::*;
use crate::facts::{Object, ObjectKind};

fn rbac(objects: &[(ObjectKind, Value)]) -> (Rbac, Inventory) {
    let mut inventory = Inventory::default();
    for (kind, written) in objects {
        inventory.put(Object::decode(*kind, written).unwrap());
    }
    (Rbac::of(&inventory), inventory)
}

#[expect(clippy::needless_pass_by_value, reason = "a call reads better without references")]
fn role(kind: RoleKind, name: &str, labels: Value, rules: Value) -> (ObjectKind, Value) {
    let namespace = (kind == RoleKind::Role).then_some("shop");
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    (ObjectKind::Role(kind), json!({"metadata": metadata, "rules": rules}))
}

#[expect(clippy::needless_pass_by_value, reason = "a call reads better without references")]
fn binding(kind: BindingKind, role: (&str, &str), subjects: Value) -> (ObjectKind, Value) {
    let namespace = (kind == BindingKind::RoleBinding).then_some("shop");
    let role_ref = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
    let metadata = json!({"name": format!("{}-{}", role.1, kind.as_str()), "namespace": namespace});
    (ObjectKind::Binding(kind), json!({"metadata": metadata, "roleRef": role_ref, "subjects": subjects}))
}

fn get<'a>(resource: &'a str, namespace: &'a str) -> Request<'a> {
    Request::Resource { verb: "get", group: "", resource, subresource: "", namespace, name: "x" }
}

#[test]
fn a_role_binding_grants_a_cluster_role_in_its_namespace_alone() {
    let account = json!([{"kind": "ServiceAccount", "name": "cart"}]);
    let (rbac, _) = rbac(&[
        role(
            RoleKind::ClusterRole,
            "reader",
            json!({}),
            json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["*"]}]),
        ),
        binding(BindingKind::RoleBinding, ("ClusterRole", "reader"), account),
    ]);
    let cart = Identity::service_account("shop", "cart");
    let grant = rbac.allows(&cart, &get("secrets", "shop")).unwrap();
    assert_eq!(grant.role.to_string(), "ClusterRole reader");
    assert_eq!(grant.binding.to_string(), "RoleBinding shop/reader-RoleBinding");
    assert_eq!(grant.scope().unwrap(), "shop");
    assert_eq!(rbac.allows(&cart, &get("secrets", "other")), None);
    assert_eq!(rbac.allows(&cart, &get("nodes", "")), None);
    assert_eq!(rbac.allows(&Identity::service_account("other", "cart"), &get("secrets", "shop")), None);
}

#[test]
fn groups_of_service_accounts_and_user_names_of_them_count() {
    let subjects = json!([
        {"kind": "Group", "name": "system:serviceaccounts:shop"},
        {"kind": "User", "name": "system:serviceaccount:other:job"},
    ]);
    let (rbac, _) = rbac(&[
        role(
            RoleKind::ClusterRole,
            "reader",
            json!({}),
            json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["secrets"]}]),
        ),
        binding(BindingKind::ClusterRoleBinding, ("ClusterRole", "reader"), subjects),
    ]);
    let allowed = |namespace: &str, name: &str| {
        rbac.allows(&Identity::service_account(namespace, name), &get("secrets", "any")).is_some()
    };
    assert!(allowed("shop", "cart") && allowed("other", "job"));
    assert!(!allowed("other", "cart"));
}

#[test]
fn an_aggregated_role_collects_through_others_and_a_circle_ends() {
    let aggregated = |name: &str, labels: Value, wanted: &str| {
        let written = json!({
            "metadata": {"name": name, "labels": labels}, "rules": [],
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {wanted: "true"}}]},
        });
        (ObjectKind::Role(RoleKind::ClusterRole), written)
    };
    let leaf = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    let (mut rbac, _) = rbac(&[
        aggregated("admin", json!({"to-edit": "true"}), "to-admin"),
        aggregated("edit", json!({"to-admin": "true"}), "to-edit"),
        role(RoleKind::ClusterRole, "pods", json!({"to-edit": "true"}), leaf),
    ]);
    assert_eq!(rbac.role(&RoleKey::cluster("admin")).unwrap().rules.len(), 1);
    let collectors = rbac.collectors_of(&RoleKey::cluster("pods"));
    assert_eq!(collectors.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["admin", "edit"]);
    rbac.remove_role(&RoleKey::cluster("pods"));
    assert_eq!(rbac.role(&RoleKey::cluster("admin")).unwrap().rules.len(), 0);
}

#[test]
fn changes_one_by_one_come_to_the_same_as_all_at_once() {
    let account = json!([{"kind": "ServiceAccount", "name": "cart"}, {"kind": "Group", "name": "g"}]);
    let objects = [
        role(
            RoleKind::Role,
            "reader",
            json!({}),
            json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]),
        ),
        binding(BindingKind::RoleBinding, ("Role", "reader"), account),
        binding(BindingKind::ClusterRoleBinding, ("Role", "reader"), json!([{"kind": "User", "name": "u"}])),
    ];
    let (whole, inventory) = rbac(&objects);
    let mut stepwise = Rbac::default();
    for binding in inventory.bindings() {
        stepwise.put_binding(binding);
        stepwise.put_binding(binding);
    }
    for role in inventory.roles() {
        stepwise.put_role(role);
    }
    assert_eq!(stepwise, whole);
    for binding in inventory.bindings() {
        stepwise.remove_binding(&BindingKey::of(binding));
    }
    for role in inventory.roles() {
        stepwise.remove_role(&RoleKey::of(role));
    }
    assert_eq!(stepwise, Rbac::default());
}

#[test]
fn subresources_names_and_paths_are_matched_as_the_authorizer_does() {
    let rule = |written: Value| serde_json::from_value::<Rule>(written).unwrap();
    let exec = Request::Resource {
        verb: "create",
        group: "",
        resource: "pods",
        subresource: "exec",
        namespace: "shop",
        name: "x",
    };
    let of = |resources: Value| rule(json!({"verbs": ["create"], "apiGroups": [""], "resources": resources}));
    assert!(!exec.is_allowed_by(&of(json!(["pods"]))));
    assert!(exec.is_allowed_by(&of(json!(["pods/exec"]))));
    assert!(exec.is_allowed_by(&of(json!(["*/exec"]))));
    assert!(!exec.is_allowed_by(&of(json!(["pods/*"]))));
    assert!(exec.is_allowed_by(&of(json!(["*"]))));
    let named =
        rule(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["y"]}));
    assert!(!get("pods", "shop").is_allowed_by(&named));
    let paths = rule(json!({"verbs": ["get"], "nonResourceURLs": ["/logs/**"]}));
    assert!(Request::Path { verb: "get", path: "/logs/a/b" }.is_allowed_by(&paths));
    assert!(!Request::Path { verb: "get", path: "/log" }.is_allowed_by(&paths));
}

#[test]
fn a_role_that_is_reached_twice_replaces_what_was_written_both_times() {
    let leaf = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    let written = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let aggregated = |name: &str, labels: Value, rules: &Value| {
        let selectors = json!([{"matchLabels": {name: "true"}}]);
        let metadata = json!({"name": name, "labels": labels});
        let object = json!({"metadata": metadata, "rules": rules, "aggregationRule": {"clusterRoleSelectors": selectors}});
        (ObjectKind::Role(RoleKind::ClusterRole), object)
    };
    let (rbac, _) = rbac(&[
        role(RoleKind::ClusterRole, "pods", json!({"top": "true", "middle": "true"}), leaf),
        aggregated("middle", json!({"top": "true"}), &written),
        aggregated("top", json!({}), &json!([])),
    ]);
    for name in ["middle", "top"] {
        let rules = &rbac.role(&RoleKey::cluster(name)).unwrap().rules;
        assert_eq!((rules.len(), &*rules[0].verbs[0]), (1, "get"), "{name}");
    }
}
