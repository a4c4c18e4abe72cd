//! What the newest API server makes by itself is what our data says, role by role and binding by binding.
//!
//! `shipped`, a program of `tests/controlplane`, prints it from `k8s.io/kubernetes`. To take up a new version: change
//! the version in `tests/controlplane/go.mod`, then
//! `target/controlplane/bin/shipped src/relations/rbac/shipped.jsonl`, and keep what it prints there.

// What clippy spares in tests it spares in all of this file.
#![cfg(test)]

#[path = "support/go.rs"]
mod go;

use std::process::Command;

use serde_json::Value;
use stanchion::engine::catalogue;
use stanchion::engine::control::{Scene, Subject, Verdict};
use stanchion::facts::object::{Recognition, recognize};
use stanchion::facts::{Binding, BindingKind, Inventory, Object, Role, RoleKind};
use stanchion::relations::Relations;
use stanchion::relations::rbac::{Principal, RoleKey, shipped};

/// An API server makes more than that.
const AT_LEAST: usize = 120;

fn objects() -> Vec<Value> {
    let run = Command::new(go::controlplane_binary("shipped")).output().expect("`shipped` runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = String::from_utf8(run.stdout).expect("it prints text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn what_an_api_server_makes_by_itself_is_as_shipped() {
    let objects = objects();
    assert!(objects.len() > AT_LEAST, "{}", objects.len());
    for object in &objects {
        let role = |kind| Role::decode(kind, object).unwrap();
        let binding = |kind| Binding::decode(kind, object).unwrap();
        match object["kind"].as_str().unwrap() {
            "Role" => check_role(&role(RoleKind::Role)),
            "ClusterRole" => check_role(&role(RoleKind::ClusterRole)),
            "RoleBinding" => check_binding(&binding(BindingKind::RoleBinding)),
            "ClusterRoleBinding" => check_binding(&binding(BindingKind::ClusterRoleBinding)),
            other => panic!("{other} is no kind of RBAC"),
        }
    }
}

#[test]
fn no_control_finds_anything_in_what_an_api_server_makes_by_itself() {
    let mut inventory = Inventory::default();
    let mut subjects = Vec::new();
    for object in objects() {
        let (api_version, kind) = ("rbac.authorization.k8s.io/v1", object["kind"].as_str().unwrap());
        let Recognition::Facts(kind) = recognize(api_version, kind) else { panic!("{kind} is no fact") };
        let decoded = Object::decode(kind, &object).unwrap();
        inventory.put(decoded.clone());
        subjects.push(decoded);
    }
    assert!(shipped::is_cluster(&inventory));
    let relations = Relations::new(&inventory);
    let scene = Scene::new(&relations, "2026-11-23T12:00:00Z".parse().unwrap());
    for control in catalogue::family("iam") {
        let check = (control.compile)(&serde_json::Map::new()).unwrap();
        for subject in &subjects {
            let judged = Subject::of(subject).filter(|it| it.kind() == control.subject);
            let verdict = judged.map(|subject| check.judge(subject, &scene));
            let quiet = matches!(verdict, None | Some(Verdict::Pass | Verdict::NotApplicable));
            assert!(quiet, "{} says of {:?}: {verdict:?}", control.id, subject.meta().map(|meta| &meta.name));
        }
    }
}

fn check_role(role: &Role) {
    let key = RoleKey::of(role);
    let stale = "run `shipped` on our data, as this file says";
    assert!(shipped::is_shipped(&key), "{key} is missing: {stale}");
    assert!(shipped::as_shipped(role), "{key} has more rules than our data: {stale}");
    let missing = shipped::role(&key).unwrap().rules.is_empty();
    assert!(!missing || role.rules.is_empty(), "{key} has no rules in our data: {stale}");
}

fn check_binding(binding: &Binding) {
    let namespace = binding.scope().cloned().unwrap_or_default();
    for subject in &binding.subjects {
        let who = Principal::of(subject, &namespace).unwrap();
        assert!(shipped::binds(binding, &who), "{} does not bind {who}", binding.metadata.name);
    }
}
