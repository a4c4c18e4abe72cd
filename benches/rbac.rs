//! How long it takes to join the roles and bindings of a large cluster and to find every path to cluster-admin, and to
//! take one more binding.
//!
//! `cargo bench --bench rbac`

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark may panic")]

use serde_json::{Value, json};
use stanchion::facts::{Binding, BindingKind, Inventory, Object, ObjectKind, RoleKind, Text};
use stanchion::relations::escalation::Escalation;
use stanchion::relations::rbac::{BindingKey, Principal, Rbac};

fn main() {
    divan::main();
}

const NAMESPACES: usize = 1_000;
const ROLES: usize = 5_000;
const BINDINGS: usize = 13_000;

/// Rules as operators and services of a large cluster have them, from the harmless to the gravest.
fn rules(number: usize) -> Value {
    let rule = |verbs: &[&str], groups: &[&str], resources: &[&str]| json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
    let read =
        rule(&["get", "list", "watch"], &["", "apps"], &["pods", "services", "deployments", "configmaps"]);
    let lease = rule(&["get", "create", "update"], &["coordination.k8s.io"], &["leases"]);
    match number % 20 {
        0 | 1 => json!([read, rule(&["create", "delete"], &["batch"], &["jobs"])]),
        2 => json!([read, rule(&["get", "list"], &[""], &["secrets"])]),
        3 => json!([rule(&["create"], &[""], &["pods/exec"]), read]),
        4 => json!([rule(&["patch", "update"], &["apps"], &["deployments", "statefulsets"]), lease]),
        5 => json!([rule(&["*"], &["*"], &["*"])]),
        6 => json!([rule(&["create"], &[""], &["serviceaccounts/token"])]),
        _ => json!([read, lease]),
    }
}

fn add(inventory: &mut Inventory, kind: ObjectKind, written: &Value) {
    inventory.put(Object::decode(kind, written).expect("the object decodes"));
}

/// 5,000 roles, 13,000 `RoleBinding`s and 200 `ClusterRoleBinding`s over 1,000 namespaces, each with ten accounts.
fn cluster() -> Inventory {
    let mut inventory = Inventory::default();
    // What tells a whole cluster from files.
    let sign = json!({"metadata": {"name": "system:basic-user"}});
    add(&mut inventory, ObjectKind::Role(RoleKind::ClusterRole), &sign);
    for number in 0..NAMESPACES {
        let namespace = format!("team-{number}");
        add(&mut inventory, ObjectKind::Namespace, &json!({"metadata": {"name": namespace}}));
        for account in 0..10 {
            let name = if account == 0 { "default".to_owned() } else { format!("service-{account}") };
            let written = json!({"metadata": {"name": name, "namespace": namespace}});
            add(&mut inventory, ObjectKind::ServiceAccount, &written);
        }
    }
    for number in 0..ROLES {
        let (kind, namespace) = if number < ROLES / 5 {
            (RoleKind::ClusterRole, None)
        } else {
            (RoleKind::Role, Some(format!("team-{}", number % NAMESPACES)))
        };
        let metadata = json!({"name": format!("role-{number}"), "namespace": namespace});
        add(
            &mut inventory,
            ObjectKind::Role(kind),
            &json!({"metadata": metadata, "rules": rules(number / 7)}),
        );
    }
    let bindings = (0..BINDINGS).map(|number| (number, BindingKind::RoleBinding));
    for (number, kind) in bindings.chain((0..200).map(|number| (number, BindingKind::ClusterRoleBinding))) {
        add(&mut inventory, ObjectKind::Binding(kind), &binding(number, kind));
    }
    inventory
}

fn binding(number: usize, kind: BindingKind) -> Value {
    let home = number % NAMESPACES;
    let (namespace, role) = match (kind, number % 3) {
        (BindingKind::ClusterRoleBinding, _) => (None, (number * 13) % (ROLES / 5)),
        (_, 0) => (Some(format!("team-{home}")), (number * 11) % (ROLES / 5)),
        _ => (Some(format!("team-{home}")), ROLES / 5 + home + NAMESPACES * (number / NAMESPACES % 4)),
    };
    let role_kind = if role < ROLES / 5 { "ClusterRole" } else { "Role" };
    // Mostly of its own namespace, now and then of another.
    let of = if number.is_multiple_of(17) { (home + 1) % NAMESPACES } else { home };
    json!({
        "metadata": {"name": format!("binding-{number}"), "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": format!("role-{role}")},
        "subjects": [{"kind": "ServiceAccount", "name": format!("service-{}", number % 9 + 1), "namespace": format!("team-{of}")}],
    })
}

#[divan::bench(sample_count = 20)]
fn roles_and_bindings(bencher: divan::Bencher<'_, '_>) {
    let inventory = cluster();
    bencher.bench(|| Rbac::of(&inventory));
}

#[divan::bench(sample_count = 20)]
fn roles_bindings_and_paths(bencher: divan::Bencher<'_, '_>) {
    let inventory = cluster();
    bencher.bench(|| {
        let rbac = Rbac::of(&inventory);
        let escalation = Escalation::of(&inventory, &rbac);
        (rbac, escalation)
    });
}

#[divan::bench]
fn one_more_binding_and_paths(bencher: divan::Bencher<'_, '_>) {
    let inventory = cluster();
    let mut rbac = Rbac::of(&inventory);
    let mut escalation = Escalation::of(&inventory, &rbac);
    // Of a role that holds everything, so that there is much to follow.
    let written = binding(4_236, BindingKind::RoleBinding);
    let binding = Binding::decode(BindingKind::RoleBinding, &written).expect("the binding decodes");
    let bound = Principal::of(&binding.subjects[0], &Text::default()).expect("an account");
    assert_ne!(escalation.reach(&bound).len(), 1, "it leads somewhere");
    let mut there = true;
    bencher.bench_local(|| {
        if there {
            rbac.remove_binding(&BindingKey::of(&binding));
        } else {
            rbac.put_binding(&binding);
        }
        there = !there;
        escalation.rebind(&inventory, &rbac, [&bound]);
    });
}

#[divan::bench]
fn path_of_every_account(bencher: divan::Bencher<'_, '_>) {
    let inventory = cluster();
    let escalation = Escalation::of(&inventory, &Rbac::of(&inventory));
    let accounts: Vec<Principal> = inventory
        .service_accounts()
        .map(|it| {
            Principal::service_account(
                it.metadata.namespace.clone().unwrap_or_default(),
                it.metadata.name.clone(),
            )
        })
        .collect();
    bencher.bench(|| accounts.iter().filter_map(|account| escalation.path(account)).count());
}
