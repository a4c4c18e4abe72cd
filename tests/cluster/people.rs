//! What people decide by a command: approve, revoke, promote and hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::command::Run;
use crate::operator::Operator;
use crate::plane::{Cluster, clock, cluster, eventually};
use crate::shop::Shop;

/// What somebody who decides may do.
fn deciders(cluster: &Cluster, users: &[&str]) {
    let name = format!("deciders-{}", users.join("-"));
    let rules = json!([
        {"apiGroups": ["stanchion.dev"], "resources": ["riskexceptions", "securitystandards"], "verbs": ["get", "patch", "approve", "promote", "hold"]},
    ]);
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    });
    let subjects: Vec<Value> = users
        .iter()
        .map(|it| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": it}))
        .collect();
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": subjects,
    });
    cluster.create(&role);
    cluster.create(&binding);
}

/// Runs a command as a user.
fn decide(cluster: &Cluster, user: &str, arguments: &[&str]) -> Run {
    let kubeconfig = cluster.plane.kubeconfig(user);
    Run::plainly(&[arguments, &["--kubeconfig", kubeconfig.to_str().unwrap()]].concat())
}

#[test]
fn an_exception_is_approved_by_another_and_revoked_by_a_command() {
    let cluster = cluster();
    deciders(&cluster, &["bob", "ines", "ada"]);
    let _operator = Operator::ready(&cluster, "people");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    let mut exception = shop.exception("cart", clock() + Duration::from_secs(86_400));
    exception["spec"]["approvals"] = json!([]);
    exception["spec"]["requestedBy"] = json!("bob");
    cluster.create(&exception);
    shop.await_condition(&exception, "Approved", "ApprovalsMissing");

    let own = decide(&cluster, "bob", &["approve", "for-a-while", "-n", "shop"]);
    assert!(own.stderr.contains("bob asked for"), "{}", own.stderr);
    assert_eq!(own.code, 2);
    let tried = decide(&cluster, "ines", &["approve", "for-a-while", "-n", "shop", "--dry-run"]);
    assert!(tried.stdout.ends_with("(dry run)\n"), "{}{}", tried.stdout, tried.stderr);
    assert_eq!(cluster.get(&exception)["spec"]["approvals"], json!([]), "nothing was written");
    let approved =
        decide(&cluster, "ines", &["approve", "for-a-while", "-n", "shop", "--comment", "as agreed"]);
    assert_eq!(
        approved.stdout,
        "riskexception.stanchion.dev/for-a-while approved by ines: 1 approval now, and it needs 1\n",
        "{}",
        approved.stderr
    );
    assert!(approved.stderr.contains("The driver needs the node's devices"), "{}", approved.stderr);
    shop.await_excepted(1);
    let again = decide(&cluster, "ines", &["approve", "for-a-while", "-n", "shop"]);
    assert!(again.code == 0 && again.stderr.contains("already"), "{}", again.stderr);

    let second = decide(&cluster, "ada", &["approve", "for-a-while", "-n", "shop"]);
    assert!(second.stdout.contains("approved by ada: 2 approvals now"), "{}{}", second.stdout, second.stderr);
    let approvals = cluster.get(&exception)["spec"]["approvals"].take();
    let first = approvals.as_array().unwrap().iter().find(|it| it["by"] == "ines").unwrap();
    assert_eq!(first["comment"], "as agreed", "what another said stays as it was: {approvals}");

    let revoked =
        decide(&cluster, "ines", &["revoke", "for-a-while", "-n", "shop", "--reason", "it is replaced"]);
    assert_eq!(
        revoked.stdout, "riskexception.stanchion.dev/for-a-while revoked by ines\n",
        "{}",
        revoked.stderr
    );
    shop.await_failing(1);
    shop.await_condition(&exception, "Active", "Revoked");
    let missing = decide(&cluster, "ines", &["approve", "nobody-s", "-n", "shop"]);
    assert!(missing.code == 2 && missing.stderr.contains("not found"), "{}", missing.stderr);
}

#[test]
fn a_tier_goes_on_when_somebody_promotes_it_and_not_past_a_hold() {
    let cluster = cluster();
    deciders(&cluster, &["ines"]);
    let _operator = Operator::ready(&cluster, "people");
    let shop = Shop::open(&cluster);
    let mut standard = shop.standard();
    cluster.create(&shop.tier());
    let stages =
        json!([{"action": "Audit", "soak": "30d"}, {"action": "Warn", "soak": "30d"}, {"action": "Deny"}]);
    cluster.patch(&standard, &json!({"spec": {"rollout": {"stages": stages}}}));
    standard["spec"]["rollout"] = json!({"stages": stages});
    let stage = |wanted: &str, blocker: &str| {
        eventually(&format!("{wanted}, {blocker}"), || {
            let status = shop.status();
            let tiers = status["tiers"].as_array().cloned().unwrap_or_default();
            let tier = tiers.into_iter().find(|it| it["name"] == "retail").unwrap_or_default();
            let blocked = tier["blockedBy"].to_string();
            if tier["action"] == wanted && blocked.contains(blocker) {
                Ok(())
            } else {
                Err(status.to_string())
            }
        });
    };
    stage("Audit", "soaking until");
    let promote = |tier: &str| decide(&cluster, "ines", &["promote", "shop", "--tier", tier]);

    let held = decide(&cluster, "ines", &["hold", "shop", "--reason", "the till moves"]);
    assert_eq!(held.stdout, "securitystandard.stanchion.dev/shop held: the till moves\n", "{}", held.stderr);
    stage("Audit", "held: the till moves");
    let promoted = promote("retail");
    assert_eq!(
        promoted.stdout, "securitystandard.stanchion.dev/shop goes on to Warn in retail\n",
        "{}",
        promoted.stderr
    );
    stage("Audit", "held: the till moves");
    let released = decide(&cluster, "ines", &["hold", "shop", "--release"]);
    assert_eq!(released.stdout, "securitystandard.stanchion.dev/shop goes on\n", "{}", released.stderr);
    stage("Warn", "soaking until");

    let unknown = promote("retial");
    assert!(unknown.stderr.contains("did you mean `retail`?"), "{}", unknown.stderr);
    assert_eq!(unknown.code, 2);
    let generation = |it: &Value| it["metadata"]["generation"].clone();
    assert_eq!(generation(&cluster.get(&standard)), 2, "the spec is as its author wrote it");
}
