use serde_json::Value;

use super::*;
use crate::facts::Object;
use crate::facts::object::{Recognition, recognize};
use crate::relations::rbac::{BindingKey, Principal};

/// A whole cluster: two namespaces with their default accounts, and an account of the control plane that may do everything.
const WORLD: &str = "
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:basic-user'}, rules: []}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: cart, namespace: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: ops}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: root, namespace: ops}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: roots}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: root, namespace: ops}]
";

fn inventory(manifests: &[&str]) -> Inventory {
    let mut inventory = Inventory::default();
    for document in serde_saphyr::from_multiple::<Value>(&manifests.join("\n---\n")).unwrap() {
        let text = |field: &str| document[field].as_str().unwrap().to_owned();
        let Recognition::Facts(kind) = recognize(&text("apiVersion"), &text("kind")) else {
            panic!("{document}")
        };
        inventory.add(Object::decode(kind, &document).unwrap());
    }
    inventory
}

/// A `ClusterRole` with these rules, bound to shop/cart: everywhere, or in a namespace.
fn granted(name: &str, namespace: &str, rules: &str) -> String {
    let (kind, home) = if namespace.is_empty() {
        ("ClusterRoleBinding", String::new())
    } else {
        ("RoleBinding", format!(", namespace: {namespace}"))
    };
    format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}}}, rules: {rules}}}\n\
         ---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: {name}{home}}}, \
         roleRef: {{kind: ClusterRole, name: {name}}}, \
         subjects: [{{kind: ServiceAccount, name: cart, namespace: shop}}]}}"
    )
}

fn rule(verbs: &str, resource: &str) -> String {
    let (group, resource) = resource.rsplit_once('.').map_or(("''", resource), |(resource, group)| {
        let group = match group {
            "rbac" => "rbac.authorization.k8s.io",
            "certificates" => "certificates.k8s.io",
            "admission" => "admissionregistration.k8s.io",
            other => other,
        };
        (group, resource)
    });
    format!("{{verbs: [{verbs}], apiGroups: [{group}], resources: [{resource}]}}")
}

fn named(verbs: &str, resource: &str, names: &str) -> String {
    rule(verbs, resource).replace('}', &format!(", resourceNames: [{names}]}}"))
}

fn path_in(inventory: &Inventory) -> Option<Vec<String>> {
    let escalation = Escalation::of(inventory, &Rbac::of(inventory));
    let path = escalation.path(&Principal::service_account("shop", "cart"));
    assert_eq!(
        path.as_ref().map(Vec::len),
        escalation.distance(&Principal::service_account("shop", "cart")).map(|it| it as usize)
    );
    path.map(|hops| hops.iter().map(ToString::to_string).collect())
}

/// The path of shop/cart with these rules in a namespace, or everywhere, beside these manifests.
fn path(namespace: &str, rules: &[String], beside: &[&str]) -> Option<Vec<String>> {
    let granted = granted("granted", namespace, &format!("[{}]", rules.join(", ")));
    let manifests: Vec<&str> = [WORLD, &granted].into_iter().chain(beside.iter().copied()).collect();
    path_in(&inventory(&manifests))
}

fn hops(path: Option<Vec<String>>) -> Vec<String> {
    path.unwrap_or_else(|| vec!["no path".to_owned()])
}

const NONE: [&str; 1] = ["no path"];
const ADMIN: &str = "may do everything";

#[test]
fn whoever_may_do_everything_is_at_the_end_and_in_a_namespace_is_not() {
    let all = [rule("'*'", "'*'").replace("['']", "['*']").replace("apiGroups: ['']", "apiGroups: ['*']")];
    assert_eq!(hops(path("", &all, &[])), [ADMIN]);
    assert_eq!(hops(path("shop", &all, &[])), NONE);
    assert_eq!(hops(path("ops", &all, &[])), ["impersonates ops/root", ADMIN]);
}

#[test]
fn a_workload_runs_as_any_account_of_its_namespace() {
    for (kind, resource) in
        [("pods", "pods"), ("cronjobs", "cronjobs.batch"), ("deployments", "deployments.apps")]
    {
        let rules = [rule("create", resource)];
        assert_eq!(hops(path("ops", &rules, &[])), [format!("creates {kind} as ops/root").as_str(), ADMIN]);
        assert_eq!(hops(path("", &rules, &[])), [format!("creates {kind} as ops/root").as_str(), ADMIN]);
        assert_eq!(hops(path("shop", &rules, &[])), NONE);
    }
    assert_eq!(hops(path("ops", &[rule("patch, update, get, delete", "pods")], &[])), NONE);
}

#[test]
fn a_name_limits_what_is_created_unless_a_patch_may_create_it() {
    assert_eq!(hops(path("ops", &[named("create", "pods", "a")], &[])), NONE);
    let both = [named("create", "pods", "a, b"), named("patch", "pods", "b")];
    assert_eq!(hops(path("ops", &both, &[]))[0], "creates pods as ops/root");
    let others = [named("create", "pods", "a"), named("patch", "pods", "b")];
    assert_eq!(hops(path("ops", &others, &[])), NONE);
}

#[test]
fn a_template_is_changed_where_there_is_one() {
    let rules = [rule("patch", "deployments.apps")];
    let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ops}, spec: {template: {spec: {automountServiceAccountToken: false}}}}";
    assert_eq!(hops(path("ops", &rules, &[])), NONE);
    assert_eq!(hops(path("ops", &rules, &[deployment]))[0], "changes deployments to run as ops/root");
    assert_eq!(hops(path("", &rules, &[deployment]))[0], "changes deployments to run as ops/root");
    assert_eq!(hops(path("shop", &rules, &[deployment])), NONE);
    assert_eq!(hops(path("ops", &[named("patch", "deployments.apps", "api")], &[deployment])), NONE);
    let job = deployment.replace("apps/v1", "batch/v1").replace("Deployment", "Job");
    assert_eq!(hops(path("ops", &[rule("patch", "jobs.batch")], &[&job])), NONE);
}

#[test]
fn a_pod_that_holds_a_token_can_be_entered() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: ops}, spec: {serviceAccountName: root}}";
    let without =
        pod.replace("{serviceAccountName", "{automountServiceAccountToken: false, serviceAccountName");
    let ways = [
        ("create", "pods/exec", "runs commands in a pod of ops/root"),
        ("patch", "pods/ephemeralcontainers", "adds a container to a pod of ops/root"),
        ("update", "pods", "changes the image of a pod of ops/root"),
    ];
    for (verb, resource, expected) in ways {
        assert_eq!(hops(path("ops", &[rule(verb, resource)], &[pod])), [expected, ADMIN]);
        assert_eq!(hops(path("", &[rule(verb, resource)], &[pod])), [expected, ADMIN]);
        assert_eq!(hops(path("ops", &[named(verb, resource, "web")], &[pod])), [expected, ADMIN]);
        assert_eq!(hops(path("ops", &[named(verb, resource, "other")], &[pod])), NONE);
        assert_eq!(hops(path("shop", &[rule(verb, resource)], &[pod])), NONE);
        assert_eq!(hops(path("ops", &[rule(verb, resource)], &[&without])), NONE);
    }
    // A websocket needs `create` as well, from 1.35 on.
    assert_eq!(hops(path("ops", &[rule("get", "pods/exec")], &[pod])), NONE);
    assert_eq!(hops(path("ops", &[rule("create", "pods")], &[]))[0], "creates pods as ops/root");
}

#[test]
fn nodes_proxy_reaches_what_runs_on_the_node_by_get_alone() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: ops}, spec: {nodeName: n1, serviceAccountName: root}}";
    let expected = "runs commands, through nodes/proxy, in a pod of ops/root";
    assert_eq!(hops(path("", &[rule("get", "nodes/proxy")], &[pod])), [expected, ADMIN]);
    assert_eq!(hops(path("", &[named("get", "nodes/proxy", "n1")], &[pod])), [expected, ADMIN]);
    assert_eq!(hops(path("", &[named("get", "nodes/proxy", "n2")], &[pod])), NONE);
    assert_eq!(hops(path("ops", &[rule("get", "nodes/proxy")], &[pod])), NONE);
    assert_eq!(hops(path("", &[rule("get", "nodes")], &[pod])), NONE);
}

#[test]
fn a_token_is_asked_for_by_name_too() {
    assert_eq!(
        hops(path("ops", &[rule("create", "serviceaccounts/token")], &[]))[0],
        "requests a token of ops/root"
    );
    let one = [named("create", "serviceaccounts/token", "root")];
    assert_eq!(hops(path("ops", &one, &[]))[0], "requests a token of ops/root");
    assert_eq!(hops(path("", &one, &[]))[0], "requests a token of ops/root");
    assert_eq!(hops(path("ops", &[named("create", "serviceaccounts/token", "default")], &[])), NONE);
    assert_eq!(hops(path("ops", &[rule("create", "serviceaccounts")], &[])), NONE);
}

#[test]
fn reading_secrets_leads_to_the_tokens_among_them_and_no_further() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: old, namespace: ops, annotations: {kubernetes.io/service-account.name: root}}, type: kubernetes.io/service-account-token}";
    for verb in ["get", "list", "watch", "patch", "deletecollection"] {
        assert_eq!(hops(path("ops", &[rule(verb, "secrets")], &[])), NONE, "{verb}");
        assert_eq!(
            hops(path("ops", &[rule(verb, "secrets")], &[secret]))[0],
            "reads the token in a Secret of ops/root"
        );
    }
    assert_eq!(
        hops(path("", &[named("get", "secrets", "old")], &[secret]))[0],
        "reads the token in a Secret of ops/root"
    );
    assert_eq!(hops(path("ops", &[named("get", "secrets", "new")], &[secret])), NONE);
    assert_eq!(hops(path("ops", &[named("deletecollection", "secrets", "old")], &[secret])), NONE);
    assert_eq!(hops(path("ops", &[rule("update, delete", "secrets")], &[secret])), NONE);
    let both = [rule("create", "secrets"), named("get", "secrets", "mine")];
    assert_eq!(hops(path("ops", &both, &[]))[0], "makes a Secret with a token of ops/root");
    assert_eq!(hops(path("ops", &[rule("create", "secrets")], &[])), NONE);
}

#[test]
fn impersonation_takes_names_and_a_group_needs_somebody_to_be() {
    assert_eq!(hops(path("ops", &[rule("impersonate", "serviceaccounts")], &[]))[0], "impersonates ops/root");
    assert_eq!(
        hops(path("", &[named("impersonate", "serviceaccounts", "root")], &[]))[0],
        "impersonates ops/root"
    );
    assert_eq!(hops(path("", &[named("impersonate", "serviceaccounts", "cart")], &[])), NONE);
    assert_eq!(hops(path("", &[rule("impersonate", "groups")], &[])), NONE);
    let both = [rule("impersonate", "groups"), named("impersonate", "users", "nobody")];
    assert_eq!(hops(path("", &both, &[])), ["impersonates the group system:masters"]);
    assert_eq!(hops(path("ops", &both, &[])), NONE);
    let some = [named("impersonate", "groups", "viewers"), rule("impersonate", "users")];
    assert_eq!(hops(path("", &some, &[])), NONE);
    let user = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: u}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: User, name: eve}]}";
    assert_eq!(hops(path("", &some, &[user])), ["impersonates User eve", ADMIN]);
    assert_eq!(
        hops(path("", &[named("impersonate", "users", "'system:serviceaccount:ops:root'")], &[])),
        NONE
    );
}

#[test]
fn writing_roles_and_bindings_without_escalate_or_bind_is_no_hop() {
    let write = "create, update, patch, delete";
    let rules = [
        rule(write, "roles.rbac"),
        rule(write, "clusterroles.rbac"),
        rule(write, "rolebindings.rbac"),
        rule(write, "clusterrolebindings.rbac"),
    ];
    assert_eq!(hops(path("", &rules, &[])), NONE);
    assert_eq!(hops(path("", &[rule("bind, escalate", "clusterroles.rbac")], &[])), NONE);
}

#[test]
fn bind_gives_what_can_be_bound_where_it_can_be_bound() {
    let everywhere = [rule("create", "clusterrolebindings.rbac"), rule("bind", "clusterroles.rbac")];
    assert_eq!(hops(path("", &everywhere, &[])), ["binds itself to cluster-admin"]);
    let here = [rule("create", "rolebindings.rbac"), rule("bind", "clusterroles.rbac")];
    assert_eq!(hops(path("shop", &here, &[])), NONE);
    assert_eq!(
        hops(path("ops", &here, &[])),
        ["binds itself to everything in ops", "impersonates ops/root", ADMIN]
    );
    assert_eq!(hops(path("", &here, &[]))[0], "binds itself to everything in ops");
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: runner}, rules: [{verbs: [create], apiGroups: [batch], resources: [jobs]}]}";
    let one = [rule("create", "rolebindings.rbac"), named("bind", "clusterroles.rbac", "runner, gone")];
    let expected = ["binds itself to ClusterRole runner in ops", "creates jobs as ops/root", ADMIN];
    assert_eq!(hops(path("ops", &one, &[role])), expected);
    assert_eq!(hops(path("", &one, &[role])), expected);
    assert_eq!(hops(path("ops", &one, &[])), NONE);
    let existing = [rule("patch", "rolebindings.rbac"), named("bind", "clusterroles.rbac", "runner")];
    assert_eq!(hops(path("ops", &existing, &[role])), NONE);
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: ops}, roleRef: {kind: ClusterRole, name: runner}, subjects: []}";
    assert_eq!(hops(path("ops", &existing, &[role, binding])), expected);
}

#[test]
fn escalate_gives_what_is_added_to_a_role_that_is_held() {
    let rules = [rule("escalate, update", "clusterroles.rbac")];
    assert_eq!(hops(path("", &rules, &[])), ["adds rights to its own role, up to cluster-admin"]);
    let own = [named("escalate, update", "clusterroles.rbac", "granted")];
    assert_eq!(hops(path("", &own, &[])), ["adds rights to its own role, up to cluster-admin"]);
    assert_eq!(hops(path("", &[named("escalate, update", "clusterroles.rbac", "other")], &[])), NONE);
    assert_eq!(hops(path("ops", &rules, &[])), NONE);
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: ops}, rules: [{verbs: [escalate, patch], apiGroups: [rbac.authorization.k8s.io], resources: [roles]}]}";
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: ops}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: cart, namespace: shop}]}";
    assert_eq!(
        hops(path("shop", &[], &[role, binding]))[0],
        "adds rights to its own role, up to everything in ops"
    );
}

#[test]
fn admission_and_certificates() {
    let webhooks = "mutatingwebhookconfigurations.admission";
    for rules in [rule("create", webhooks), named("update", webhooks, "injector")] {
        assert_eq!(hops(path("", &[rules], &[])), ["changes what others write, by mutating admission"]);
    }
    let validating = [rule("create, update", "validatingwebhookconfigurations.admission")];
    assert_eq!(hops(path("", &validating, &[])), NONE);
    let certificates = |signer: &str| {
        [
            rule("create", "certificatesigningrequests.certificates"),
            rule("update", "certificatesigningrequests/approval.certificates"),
            named("approve", "signers.certificates", signer),
        ]
    };
    let client = certificates("kubernetes.io/kube-apiserver-client");
    assert_eq!(hops(path("", &client, &[]))[0], "approves itself a certificate of ops/root");
    assert_eq!(hops(path("", &client[1..], &[])), NONE);
    assert_eq!(hops(path("", &certificates("'kubernetes.io/*'"), &[])).len(), 2);
    assert_eq!(hops(path("", &certificates("kubernetes.io/kubelet-serving"), &[])), NONE);
}

#[test]
fn a_node_is_reached_where_no_label_forbids_it() {
    let running = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: ops}, spec: {serviceAccountName: root}}";
    let label = |level: &str| {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}}}"
        )
    };
    let node = ["creates privileged pods on a node", "takes the token of a pod of ops/root", ADMIN];
    let rules = [rule("create", "pods")];
    assert_eq!(hops(path("shop", &rules, &[running])), node);
    assert_eq!(hops(path("shop", &rules, &[running, &label("privileged")])), node);
    assert_eq!(hops(path("shop", &rules, &[running, &label("baseline")])), NONE);
    let labels = [rule("create", "pods"), rule("patch", "namespaces")];
    assert_eq!(
        hops(path("shop", &labels, &[running, &label("restricted")]))[0],
        "takes the Pod Security label off for privileged pods on a node"
    );
    let control_plane = "{apiVersion: v1, kind: Node, metadata: {name: first, labels: {node-role.kubernetes.io/control-plane: ''}}}";
    assert_eq!(
        hops(path("shop", &rules, &[control_plane])),
        ["creates privileged pods on a node", "takes the keys of the control plane"]
    );
}

#[test]
fn rights_of_groups_are_their_members() {
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: g}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 'GROUP'}]}";
    for group in
        ["system:serviceaccounts:shop", "system:serviceaccounts", "system:authenticated", "system:masters"]
    {
        let path = path_in(&inventory(&[WORLD, &binding.replace("GROUP", group)]));
        assert_eq!(path.is_some(), group != "system:masters", "{group}");
    }
    // One half by name, the other by group.
    let half = granted("half", "", &format!("[{}]", rule("create", "clusterrolebindings.rbac")));
    let other = granted("other", "", &format!("[{}]", rule("bind", "clusterroles.rbac"))).replace(
        "kind: ServiceAccount, name: cart, namespace: shop",
        "kind: Group, name: system:serviceaccounts",
    );
    assert_eq!(hops(path_in(&inventory(&[WORLD, &half, &other]))), ["binds itself to cluster-admin"]);
    // An account without a role of its own has what its group has.
    let by_group = binding.replace("GROUP", "system:serviceaccounts:ops");
    let rules = [named("create", "serviceaccounts/token", "default")];
    assert_eq!(hops(path("ops", &rules, &[&by_group])), ["requests a token of ops/default", ADMIN]);
}

#[test]
fn a_hop_names_the_role_and_the_binding_that_allow_it() {
    let manifests = [WORLD, &granted("builder", "ops", &format!("[{}]", rule("create", "pods")))];
    let inventory = inventory(&manifests);
    let path =
        Escalation::of(&inventory, &Rbac::of(&inventory)).path(&Principal::service_account("shop", "cart"));
    let by: Vec<String> =
        path.unwrap().iter().flat_map(|hop| hop.by.iter().map(ToString::to_string)).collect();
    assert_eq!(
        by,
        [
            "ClusterRole builder, RoleBinding ops/builder",
            "ClusterRole cluster-admin, ClusterRoleBinding roots"
        ]
    );
}

#[test]
fn a_changed_binding_comes_to_the_same_as_all_at_once() {
    let cart = Principal::service_account("shop", "cart");
    let granted = granted("builder", "ops", &format!("[{}]", rule("create", "pods")));
    let (before, after) = (inventory(&[WORLD]), inventory(&[WORLD, &granted]));
    let mut rbac = Rbac::of(&after);
    let binding = after.bindings().find(|it| it.metadata.name == "builder").unwrap();
    rbac.remove_binding(&BindingKey::of(binding));
    let mut escalation = Escalation::of(&before, &rbac);
    assert_eq!(escalation.path(&cart), None);
    rbac.put_binding(binding);
    escalation.rebind(&after, &rbac, [&cart]);
    assert_eq!(escalation.path(&cart), Escalation::of(&after, &rbac).path(&cart));
    assert_eq!(escalation.distance(&cart), Some(2));
    rbac.remove_binding(&BindingKey::of(binding));
    escalation.rebind(&after, &rbac, [&cart]);
    assert_eq!(escalation.path(&cart), None);
}

#[test]
fn what_kubernetes_ships_is_in_every_cluster_and_so_behind_every_file() {
    let granted = granted("operator", "", &format!("[{}]", rule("create", "statefulsets.apps")));
    let expected = [
        "creates statefulsets as kube-system/clusterrole-aggregation-controller",
        "adds rights to its own role, up to cluster-admin",
    ];
    assert_eq!(hops(path_in(&inventory(&[&granted]))), expected);
    let here = granted.replace(
        "ClusterRoleBinding, metadata: {name: operator}",
        "RoleBinding, metadata: {name: operator, namespace: ops}",
    );
    assert_eq!(hops(path_in(&inventory(&[&here]))), NONE);
}
