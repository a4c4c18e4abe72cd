//! Scenes of RBAC: roles, aggregated ones too, whom they are bound to, and requests.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::json::{Field, always, any_of, fixed, list, map, maybe, object};

const CLUSTER_ROLES: [&str; 6] = ["admin", "edit", "nodes", "reader", "shared", "view"];
const ROLES: [(&str, &str); 4] =
    [("shop", "reader"), ("shop", "deployer"), ("bank", "reader"), ("bank", "admin")];
const GROUP: &str = "rbac.authorization.k8s.io";

/// `{"clusterRoles", "roles", "clusterRoleBindings", "roleBindings", "requests"}`.
pub(crate) fn questions() -> BoxedStrategy<Value> {
    let namespaced = |(namespace, name)| role(json!({"namespace": namespace, "name": name}));
    object([
        ("clusterRoles", always(cluster_roles())),
        ("roles", always(some_of(ROLES.into_iter().map(namespaced).collect()))),
        ("clusterRoleBindings", maybe(90, list(cluster_role_binding(), 0..6))),
        ("roleBindings", maybe(95, list(role_binding(), 2..12))),
        ("requests", always(list(request(), 10))),
    ])
}

/// Each of these or not.
fn some_of(strategies: Vec<BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    let drawn: Vec<_> = strategies.into_iter().map(|one| prop::option::weighted(0.9, one)).collect();
    drawn.prop_map(|drawn| drawn.into_iter().flatten().collect()).boxed()
}

fn role(metadata: Value) -> BoxedStrategy<Value> {
    object([("metadata", fixed(metadata)), ("rules", maybe(98, rules()))])
}

/// Rules that somebody wrote into one of several aggregated roles are left out: in a ring, what becomes of them
/// depends on which role the controller comes to first.
fn cluster_roles() -> BoxedStrategy<Value> {
    let one_writer = |mut roles: Value| {
        let list = roles.as_array_mut().into_iter().flatten();
        let mut aggregated: Vec<_> = list.filter(|role| role["aggregationRule"].is_object()).collect();
        if aggregated.len() > 1 {
            for role in &mut aggregated {
                role["rules"] = json!([]);
            }
        }
        roles
    };
    some_of(CLUSTER_ROLES.into_iter().map(cluster_role).collect()).prop_map(one_writer).boxed()
}

fn cluster_role(name: &'static str) -> BoxedStrategy<Value> {
    let aggregation = object([("clusterRoleSelectors", always(list(selector(), 1..3)))]);
    let aggregated = object([
        ("metadata", always(metadata(name))),
        ("aggregationRule", always(aggregation)),
        ("rules", maybe(20, rules())),
    ]);
    let plain = object([("metadata", always(metadata(name))), ("rules", maybe(98, rules()))]);
    prop_oneof![2 => aggregated, 3 => plain].boxed()
}

fn metadata(name: &'static str) -> BoxedStrategy<Value> {
    object([("name", fixed(name)), ("labels", maybe(80, map(label_keys(), label_values(), 0..3)))])
}

fn label_keys() -> BoxedStrategy<Value> {
    any_of(&["to-view", "to-edit", "team"])
}

fn label_values() -> BoxedStrategy<Value> {
    any_of(&["true", "true", "false", ""])
}

fn selector() -> BoxedStrategy<Value> {
    let expression = object([
        ("key", always(label_keys())),
        ("operator", always(any_of(&["In", "NotIn"]))),
        ("values", always(list(label_values(), 1..3))),
    ]);
    let presence = object([
        ("key", always(label_keys())),
        ("operator", always(any_of(&["Exists", "Exists", "DoesNotExist"]))),
    ]);
    prop_oneof![
        1 => Just(json!({})),
        8 => object([("matchLabels", always(map(label_keys(), label_values(), 1)))]),
        4 => object([("matchExpressions", always(list(prop_oneof![expression, presence], 1..3)))]),
    ]
    .boxed()
}

fn rules() -> BoxedStrategy<Value> {
    list(rule(), 1..6)
}

/// With lists that are absent, null or empty, and in another case than the request's: those allow nothing.
fn rule() -> BoxedStrategy<Value> {
    const RESOURCES: &[&str] = &[
        "pods",
        "pods",
        "pods",
        "pods/log",
        "pods/*",
        "*/log",
        "*/scale",
        "*",
        "*/*",
        "deployments",
        "deployments",
        "deployments/scale",
        "secrets",
        "secrets",
        "Pods",
        "*/Scale",
        "pods/",
    ];
    const PATHS: &[&str] = &[
        "/healthz",
        "/healthz*",
        "/healthz/*",
        "/metrics",
        "/*",
        "*",
        "/Metrics",
        "healthz",
        "/api/*/pods",
        "/api**",
        "/",
    ];
    prop_oneof![
        6 => object([
            ("verbs", verbs()),
            ("apiGroups", maybe(95, list(any_of(&["", "", "", "apps", "apps", "*", "*", "Apps"]), 0..4))),
            ("resources", maybe(95, list(any_of(RESOURCES), 0..6))),
            ("resourceNames", maybe(25, list(any_of(&["a", "a", "b", "", "*"]), 0..3))),
        ]),
        2 => object([("verbs", verbs()), ("nonResourceURLs", maybe(95, list(any_of(PATHS), 0..5)))]),
        3 => object([
            ("verbs", fixed(json!(["get", "list", "watch", "delete"]))),
            ("apiGroups", fixed(json!(["*"]))),
            ("resources", always(list(any_of(RESOURCES), 3..8))),
        ]),
        // Both at once is refused, and would mean both.
        1 => object([
            ("verbs", verbs()),
            ("apiGroups", fixed(json!([""]))),
            ("resources", always(list(any_of(RESOURCES), 1..3))),
            ("nonResourceURLs", always(list(any_of(PATHS), 1..3))),
        ]),
    ]
    .boxed()
}

fn verbs() -> Field {
    maybe(
        95,
        list(any_of(&["get", "get", "list", "watch", "delete", "*", "*", "*", "GET", "impersonate"]), 0..5),
    )
}

fn cluster_role_binding() -> BoxedStrategy<Value> {
    object([
        ("metadata", fixed(json!({"name": "binding"}))),
        (
            "roleRef",
            always(role_ref(any_of(&["ClusterRole", "ClusterRole", "ClusterRole", "ClusterRole", "Role"]))),
        ),
        ("subjects", maybe(98, list(subject(), 0..5))),
    ])
}

fn role_binding() -> BoxedStrategy<Value> {
    object([
        (
            "metadata",
            always(any_of(&["shop", "shop", "bank"]).prop_map(|of| json!({"name": "b", "namespace": of}))),
        ),
        (
            "roleRef",
            always(role_ref(any_of(&["Role", "Role", "Role", "ClusterRole", "ClusterRole", "role"]))),
        ),
        ("subjects", maybe(98, list(subject(), 0..6))),
    ])
}

/// Also of roles that don't exist, in this namespace or at all.
fn role_ref(kinds: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    const NAMES: &[&str] = &[
        "reader", "reader", "deployer", "admin", "admin", "edit", "nodes", "shared", "view", "view", "gone",
    ];
    object([
        ("apiGroup", maybe(95, any_of(&[GROUP]))),
        ("kind", always(kinds)),
        ("name", always(any_of(NAMES))),
    ])
}

fn subject() -> BoxedStrategy<Value> {
    const USERS: &[&str] =
        &["alice", "alice", "bob", "Alice", "*", "system:serviceaccount:shop:bot", "system:anonymous"];
    const GROUPS: &[&str] = &[
        "devs",
        "devs",
        "system:authenticated",
        "system:authenticated",
        "system:unauthenticated",
        "system:serviceaccounts",
        "system:serviceaccounts:shop",
        "system:masters",
        "*",
        "alice",
    ];
    let named = |kind: &'static str, names| {
        object([
            ("apiGroup", maybe(95, any_of(&[GROUP]))),
            ("kind", fixed(kind)),
            ("name", always(any_of(names))),
        ])
    };
    prop_oneof![
        8 => named("User", USERS),
        8 => named("Group", GROUPS),
        4 => named("Group", &["system:authenticated"]),
        // Without a namespace it is the one of the binding, where that has one.
        8 => object([
            ("kind", fixed("ServiceAccount")),
            ("name", always(any_of(&["bot", "bot", "default", "Bot"]))),
            ("namespace", maybe(60, any_of(&["shop", "shop", "bank", ""]))),
        ]),
        1 => named("user", USERS),
    ]
    .boxed()
}

fn request() -> BoxedStrategy<Value> {
    const WHAT: &[(&str, &str)] = &[
        ("pods", ""),
        ("pods", ""),
        ("pods", "log"),
        ("deployments", ""),
        ("deployments", "scale"),
        ("secrets", ""),
        ("Pods", ""),
        ("nodes", "proxy"),
    ];
    const VERBS: &[&str] = &["get", "get", "list", "watch", "delete", "Get", "impersonate"];
    const PATHS: &[&str] =
        &["/healthz", "/healthz/etcd", "/metrics", "/", "/api/v1", "/Healthz", "/healthzz", ""];
    let resource = (
        any_of(VERBS),
        select(WHAT),
        any_of(&["", "", "apps"]),
        any_of(&["", "", "a", "b"]),
        any_of(&["shop", "shop", "shop", "bank", ""]),
    )
        .prop_map(|(verb, (resource, subresource), group, name, namespace)| {
            json!({"verb": verb, "apiGroup": group, "resource": resource, "subresource": subresource,
                   "name": name, "namespace": namespace})
        });
    let path = (any_of(VERBS), any_of(PATHS))
        .prop_map(|(verb, path)| json!({"verb": verb, "nonResource": true, "path": path}));
    let asks = |(mut what, (user, groups)): (Value, (&str, &[&str]))| {
        what["user"] = json!(user);
        what["groups"] = json!(groups);
        what
    };
    (prop_oneof![5 => resource, 1 => path], select(WHO)).prop_map(asks).boxed()
}

/// Users with the groups that the API server gives them, and some without.
const WHO: &[(&str, &[&str])] = &[
    ("alice", &["devs", "system:authenticated"]),
    ("alice", &["devs", "system:authenticated"]),
    ("alice", &[]),
    ("bob", &["system:authenticated"]),
    ("system:serviceaccount:shop:bot", SHOP),
    ("system:serviceaccount:shop:bot", SHOP),
    ("system:serviceaccount:shop:default", SHOP),
    (
        "system:serviceaccount:bank:bot",
        &["system:serviceaccounts", "system:serviceaccounts:bank", "system:authenticated"],
    ),
    ("system:serviceaccount:bot", &["system:authenticated"]),
    ("system:anonymous", &["system:unauthenticated"]),
];
const SHOP: &[&str] = &["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"];
