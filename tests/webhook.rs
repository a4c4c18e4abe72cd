//! The webhook behind a real API server: what people read, what it judges, and what becomes of a cluster when it fails.
//!
//! `docs/faults.md` is the table of what was done to it and what came of that; `STANCHION_GENERATE=1` writes it, and the
//! block of the README that shows what kubectl prints.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "webhook/faults.rs"]
mod faults;
#[path = "cluster/operator.rs"]
#[expect(dead_code, reason = "the chaos test uses more of it")]
mod operator;
#[path = "webhook/pki.rs"]
mod pki;
#[path = "cluster/plane.rs"]
#[expect(dead_code, reason = "the cluster tests use more of it")]
mod plane;
#[path = "webhook/scene.rs"]
mod scene;
#[path = "webhook/stages.rs"]
mod stages;

use plane::{cluster, eventually};
use scene::{Applied, Scene, deployment};
use serde_json::json;

#[test]
fn what_fails_is_denied_and_what_must_never_be_stopped_goes_on() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let operator = scene.run("run", "webhook");
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    let denied = scene.apply(&deployment("cart", true));
    assert!(
        denied.stderr.contains("denied the request: Deployment shop/cart is denied for retail:"),
        "{denied:?}"
    );
    assert!(denied.stderr.contains("[pod.privileged] app: "), "{denied:?}");
    assert_eq!(scene.apply(&deployment("cart", false)).outcome(), Applied::Created);
    assert!(scene.apply(&deployment("cart", true)).is_denied(), "an update, too");

    // What stood before anybody looked.
    scene.forget();
    assert_eq!(scene.apply(&deployment("cart", true)).outcome(), Applied::Changed);
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    cluster.patch_subresource(&deployment("cart", true), "scale", &json!({"spec": {"replicas": 3}}));
    cluster.patch_subresource(
        &deployment("cart", true),
        "status",
        &json!({"status": {"observedGeneration": 1}}),
    );
    cluster.patch(&deployment("cart", true), &json!({"metadata": {"finalizers": ["example.com/keep"]}}));
    cluster.patch(&deployment("cart", true), &json!({"spec": {"replicas": 4}}));
    cluster.delete(&deployment("cart", true));
    assert!(cluster.get(&deployment("cart", true))["metadata"]["deletionTimestamp"].is_string());
    cluster.patch(&deployment("cart", true), &json!({"metadata": {"finalizers": []}}));
    assert!(cluster.get(&deployment("cart", true)).is_null(), "it is gone");
    assert!(operator.metric("stanchion_admission_acts_total") >= 2.0);
    assert!(operator.terminate().success());
}

#[test]
fn a_dry_run_is_answered_and_leaves_no_trace() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let operator = scene.run("run", "webhook");
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    let before = operator.metric("stanchion_admission_acts_total");
    assert!(scene.try_run(&deployment("cart", true)).is_denied());
    assert!((operator.metric("stanchion_admission_acts_total") - before).abs() < 0.5);
}

#[test]
fn too_many_denials_put_the_tier_back_until_somebody_promotes_it() {
    let cluster = cluster();
    let scene = Scene::with_breaker(&cluster, "Deny", 3);
    let operator = scene.run("run", "breaker");
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    for _ in 0..5 {
        assert!(scene.apply(&deployment("a", true)).is_denied(), "one object, however often it is tried");
    }
    for name in ["b", "c", "d"] {
        assert!(scene.apply(&deployment(name, true)).is_denied(), "{name}");
    }
    let let_through = scene.apply(&deployment("e", true));
    assert_eq!(let_through.outcome(), Applied::Created, "{let_through:?}");
    eventually("the tier to be put back", || {
        let tier = scene.tier();
        if tier["tripped"].is_string() && tier["action"] == "Audit" { Ok(()) } else { Err(tier.to_string()) }
    });
    let conditions = cluster.get(&scene::standard())["status"]["conditions"].to_string();
    assert!(conditions.contains("CircuitBreakerOpen"), "{conditions}");
    assert!(scene.tier()["blockedBy"].to_string().contains("circuit breaker is open until"));
    eventually("an Event", || {
        let events = cluster.plane.kubectl(&["get", "events", "-A"]);
        if events.contains("CircuitBreakerOpen") { Ok(()) } else { Err(events) }
    });
    let promotion = format!("retail=Deny@{}", plane::clock().strftime("%Y-%m-%dT%H:%M:%SZ"));
    cluster.patch(
        &scene::standard(),
        &json!({"metadata": {"annotations": {"stanchion.dev/promote": promotion}}}),
    );
    eventually("Deny again", || {
        let tier = scene.tier();
        if tier["action"] == "Deny" && tier["tripped"].is_null() { Ok(()) } else { Err(tier.to_string()) }
    });
    assert!(operator.terminate().success());
}

#[test]
fn glass_is_broken_by_who_may_and_on_the_record() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let operator = scene.run_with("run", "glass", &["--break-glass"]);
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    for (user, verbs) in [("ona", json!(["breakglass"])), ("bob", json!(["get"]))] {
        let subject = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]);
        let role = format!("glass-{user}");
        cluster.create(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": role},
            "rules": [
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "create", "patch"]},
                {"apiGroups": ["stanchion.dev"], "resources": ["securitystandards"], "verbs": verbs},
            ],
        }));
        cluster.create(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": subject,
        }));
    }
    let mut object = deployment("cart", true);
    object["metadata"]["annotations"] = json!({"stanchion.dev/break-glass": "INC-7"});
    eventually("bob to be refused for the right reason", || {
        let refused = scene.apply_as("bob", &object);
        let why = "bob may not breakglass securitystandards/baseline";
        if refused.stderr.contains(why) { Ok(()) } else { Err(refused.stderr) }
    });
    eventually("ona to be let through", || {
        let said = scene.apply_as("ona", &object);
        let is_told = said.stderr.contains("is let through for INC-7; excused until");
        if is_told && said.outcome() == Applied::Created { Ok(()) } else { Err(format!("{said:?}")) }
    });
    let exception = eventually("the exception", || {
        let listed = cluster.plane.kubectl(&["get", "riskexceptions", "-n", "shop", "-o", "json"]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        listed["items"].as_array().and_then(|all| all.first().cloned()).ok_or("there is none")
    });
    assert_eq!(exception["spec"]["requestedBy"], "ona");
    assert_eq!(exception["metadata"]["annotations"]["stanchion.dev/break-glass"], "INC-7");
    eventually("it to be excepted", || {
        let status = cluster.get(&scene::standard())["status"].take();
        if status["posture"]["excepted"] == 1 { Ok(()) } else { Err(status.to_string()) }
    });
    eventually("an Event", || {
        let events = cluster.plane.kubectl(&["get", "events", "-n", "shop"]);
        if events.contains("GlassBroken") { Ok(()) } else { Err(events) }
    });
    assert!(operator.terminate().success());
}

#[test]
fn what_went_through_while_nobody_answered_is_marked_until_it_is_mended() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let controller = scene.run("controller", "watchman");
    let webhook = scene.run("webhook", "answers");
    scene.ask(&webhook.webhook(), &scene.authority);
    scene.await_denials();
    let gap = "stanchion_admission_gap";
    eventually("somebody to be seen to answer", || {
        let (_, metrics) = controller.http("/metrics");
        let is_answered = |line: &str| line.starts_with(gap) && line.ends_with(" 0.0");
        if metrics.lines().any(is_answered) { Ok(()) } else { Err("no answer was seen") }
    });
    drop(webhook);
    assert_eq!(scene.apply(&deployment("cart", true)).outcome(), Applied::Created, "nobody answers");
    eventually("the mark", || {
        let tier = scene.tier();
        if tier["unanswered"] == 1 { Ok(()) } else { Err(tier.to_string()) }
    });
    assert!(controller.metric(gap) > 0.5);
    assert!(controller.metric("stanchion_admission_availability_ratio") < 1.0);
    let webhook = scene.run("webhook", "answers-again");
    scene.ask(&webhook.webhook(), &scene.authority);
    eventually(
        "the end of the gap",
        || if controller.metric(gap) < 0.5 { Ok(()) } else { Err("it is open") },
    );
    assert_eq!(scene.tier()["unanswered"], 1, "it is there still");
    let known = cluster.plane.kubectl(&[
        "get",
        "configmap",
        "stanchion-admission",
        "-n",
        "stanchion-system",
        "-o",
        "jsonpath={.data.answers}",
    ]);
    let known: serde_json::Value = serde_json::from_str(&known).unwrap();
    assert_eq!(known["gaps"].as_array().map(Vec::len), Some(1), "{known}");
    assert_eq!(scene.apply(&deployment("cart", false)).outcome(), Applied::Changed);
    eventually("the mark to go", || {
        let tier = scene.tier();
        if tier["unanswered"].is_null() { Ok(()) } else { Err(tier.to_string()) }
    });
}

#[test]
fn it_drains_before_it_ends() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let mut operator = Some(scene.run("webhook", "one"));
    let other = scene.run("controller", "two");
    scene.ask(&operator.as_ref().unwrap().webhook(), &scene.authority);
    scene.await_denials();
    let id = operator.as_ref().unwrap().id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(300));
    // It lingers: the API server doesn't know yet.
    assert!(scene.apply(&deployment("cart", true)).is_denied());
    let ready = operator.as_ref().unwrap().answers("/readyz", "503");
    assert!(ready.is_ok(), "{ready:?}");
    let mut ended = operator.take().unwrap();
    plane::eventually("its end", || ended.has_ended().map(|it| assert!(it.success())).ok_or("it runs"));
    assert_eq!(scene.apply(&deployment("cart", true)).outcome(), Applied::Created, "nobody answers");
    drop(other);
}

#[test]
fn a_cluster_goes_on_whatever_becomes_of_the_webhook() {
    faults::all();
}

#[test]
fn what_kubectl_prints_at_each_stage_is_in_the_readme() {
    stages::check();
}
