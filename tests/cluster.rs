//! The operator on a real API server: the corpus of `conformance/`, and how it lives with restarts, replicas, strangers
//! and time.
//!
//! One control plane serves all tests, one after the other; each starts operators of its own, with the rights of
//! `deploy/rbac.yaml`. Everything is awaited with a deadline.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "cluster/audit.rs"]
mod audit;
#[path = "conformance/case.rs"]
mod case;
#[path = "cluster/certificates.rs"]
mod certificates;
#[path = "cluster/command.rs"]
mod command;
#[path = "conformance/compare.rs"]
mod compare;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "cluster/corpus.rs"]
mod corpus;
#[path = "conformance/engine.rs"]
#[expect(dead_code, reason = "only the command line is compared with all of it")]
mod engine;
#[path = "cluster/events.rs"]
mod events;
#[path = "cluster/kinds.rs"]
mod kinds;
#[path = "cluster/observe.rs"]
mod observe;
#[path = "support/openmetrics.rs"]
mod openmetrics;
#[path = "cluster/operator.rs"]
#[expect(dead_code, reason = "the chaos test uses more of it")]
mod operator;
#[path = "cluster/people.rs"]
mod people;
#[path = "webhook/pki.rs"]
mod pki;
#[path = "cluster/plane.rs"]
mod plane;
#[path = "cluster/rbac.rs"]
mod rbac;
#[path = "webhook/scene.rs"]
#[expect(dead_code, reason = "the tests of the webhook use more of it")]
mod scene;
#[path = "cluster/shop.rs"]
mod shop;
#[path = "conformance/status.rs"]
mod status;
#[path = "cluster/tenants.rs"]
mod tenants;
#[path = "cluster/traces.rs"]
mod traces;
#[path = "cluster/trust.rs"]
mod trust;
#[path = "cluster/writers.rs"]
mod writers;

use std::time::Duration;

use audit::{Mark, requests};
use case::Case;
use jiff::Timestamp;
use operator::Operator;
use plane::{cluster, eventually};
use scene::{Applied, Scene, deployment};
use serde_json::json;
use shop::{Shop, condition};
use stanchion::admission::gaps::CANARY;

#[test]
fn the_operator_says_what_the_engine_says_of_every_case() {
    let cluster = cluster();
    let version = cluster.plane.minor_version();
    let can_be = |case: &Case| case.only_files.is_none() && case.since <= version;
    let cases: Vec<Case> = Case::all().into_iter().filter(can_be).collect();
    // An operator has one trust and one name for its cluster.
    let mut settings: Vec<Vec<String>> = cases.iter().map(Case::flags).collect();
    settings.sort();
    settings.dedup();
    let mut wrong = Vec::new();
    for flags in settings {
        let given: Vec<&str> = flags.iter().map(String::as_str).collect();
        let _operator = Operator::ready_with(&cluster, "conformance", &given);
        for case in cases.iter().filter(|it| it.flags() == flags) {
            let differences = corpus::run(&cluster, case);
            if !differences.is_empty() {
                wrong.push((case.name.clone(), differences));
            }
        }
    }
    compare::report("the operator", cases.len(), &wrong);
}

#[test]
fn kubectl_reads_every_case_as_the_reader_does() {
    let cluster = cluster();
    let folder = tempfile::tempdir().unwrap();
    let mut ours = Vec::new();
    for case in Case::all() {
        for (_, text) in case.texts() {
            let object = corpus::object(&text);
            // kubectl asks for names and knows what it is to decode; the Gateway API is not installed.
            // No API server serves audit policies, and ours has no Gateway API.
            let absent = ["audit.k8s.io/", "gateway.networking.k8s.io/"];
            let group = object["apiVersion"].as_str().unwrap_or_default();
            let installed = !absent.iter().any(|absent| group.starts_with(absent));
            let named = object["metadata"]["name"].is_string();
            if named && installed && case.name != "object-that-cannot-be-read" {
                let file = folder.path().join(format!("{:05}.yaml", ours.len()));
                std::io::Write::write_all(&mut std::fs::File::create_new(file).unwrap(), text.as_bytes())
                    .unwrap();
                ours.push((case.name.clone(), object));
            }
        }
    }
    let path = folder.path().to_string_lossy().into_owned();
    let printed =
        cluster.plane.kubectl(&["create", "--dry-run=client", "--validate=false", "-o", "json", "-f", &path]);
    let theirs = serde_json::Deserializer::from_str(&printed).into_iter::<serde_json::Value>();
    let theirs: Vec<_> = theirs.flat_map(|it| corpus::list(it.unwrap())).collect();
    assert_eq!(theirs.len(), ours.len());
    let mut wrong = Vec::new();
    for ((name, ours), theirs) in ours.iter().zip(&theirs) {
        let differences = compare::disagreements(("the reader", &ours["spec"]), ("kubectl", &theirs["spec"]));
        if !differences.is_empty() {
            wrong.push((name.clone(), differences));
        }
    }
    compare::report("kubectl", ours.len(), &wrong);
}

#[test]
fn a_changed_workload_changes_the_status() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "one");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    assert_eq!(condition(&shop.status(), "Compliant")["reason"], "WorkloadsFailing");
    cluster.delete(&shop.workload("cart"));
    shop.await_failing(0);
    assert!(operator.terminate().success());
}

#[test]
fn what_changes_nothing_is_not_written_and_an_idle_operator_writes_only_its_lease() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "idle");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    shop.await_quiet(&operator);
    let mark = Mark::here(&cluster);
    let versions = shop.versions();

    let evaluations = operator.metric("stanchion_evaluations_total");
    cluster.patch(&shop.workload("till"), &json!({"metadata": {"annotations": {"seen": "yes"}}}));
    eventually("an evaluation of the change", || {
        (operator.metric("stanchion_evaluations_total") > evaluations).then_some(()).ok_or("none")
    });
    let evaluations = operator.metric("stanchion_evaluations_total");
    cluster.patch_subresource(
        &shop.workload("till"),
        "status",
        &json!({"status": {"observedGeneration": 1}}),
    );

    let lease = |it: &audit::Request| it.resource == "leases";
    eventually("a renewal of the lease", || {
        requests(&cluster, mark).iter().any(lease).then_some(()).ok_or("none so far")
    });
    let writes: Vec<_> =
        requests(&cluster, mark).into_iter().filter(|it| it.writes() && !lease(it)).collect();
    assert_eq!(writes, [], "nothing had changed");
    assert_eq!(shop.versions(), versions);
    let more = operator.metric("stanchion_evaluations_total") - evaluations;
    assert!(more < 1.0, "the status of a Deployment is no fact, and was evaluated");
}

#[test]
fn an_exception_ends_at_its_second_without_any_event() {
    let cluster = cluster();
    let _operator = Operator::ready(&cluster, "time");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    let end = plane::clock() + Duration::from_secs(5);
    let exception = shop.exception("cart", end);
    cluster.create(&exception);
    shop.await_condition(&exception, "Active", "ExpiringSoon");
    shop.await_failing(0);
    shop.await_condition(&exception, "Active", "Expired");
    shop.await_failing(1);
    let ended: Timestamp = condition(&cluster.get(&exception)["status"], "Active")["lastTransitionTime"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let late = ended.as_second() - end.as_second();
    assert!((0..=2).contains(&late), "it ended {late} s after its end");
}

#[test]
fn an_invalid_standard_leaves_its_last_good_version_in_force_and_says_so() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "lastgood");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    cluster.patch(&shop.standard(), &json!({"spec": {"controls": [{"id": "pod.privilegd"}]}}));
    let accepted = eventually("the refusal", || {
        let accepted = condition(&shop.status(), "Accepted");
        if accepted["reason"] == "InvalidSpec" { Ok(accepted) } else { Err(accepted.to_string()) }
    });
    assert_eq!((&accepted["status"], &accepted["observedGeneration"]), (&json!("False"), &json!(2)));
    assert!(accepted["message"].as_str().unwrap().contains("did you mean `pod.privileged`?"), "{accepted}");
    shop.set_privileged("till", true);
    shop.await_failing(2);
    assert_eq!(condition(&shop.status(), "Accepted")["reason"], "InvalidSpec");
    events::await_one(&cluster, &shop.standard(), "InvalidSpec");
    shop.await_quiet(&operator);
    let before = shop.status();
    assert_eq!(before["inForce"], json!({"generation": 1, "spec": shop.standard()["spec"]}));
    for (type_, words) in
        [("Accepted", "Generation 1 stays in force. "), ("Evaluated", " Generation 1 is in force.")]
    {
        let message = condition(&before, type_)["message"].to_string();
        assert!(message.contains(words), "{message}");
    }

    drop(operator); // SIGKILL
    let operator = Operator::ready(&cluster, "lastgood");
    shop.await_quiet(&operator);
    assert_eq!(shop.status(), before, "it goes on after a restart");
    cluster.delete(&shop.workload("till"));
    shop.await_failing(1);
    assert_eq!(shop.status()["inForce"], before["inForce"]);
    cluster.patch(&shop.standard(), &json!({"spec": {"controls": [{"id": "pod.host-port"}]}}));
    shop.await_condition(&shop.standard(), "Accepted", "Accepted");
    shop.await_failing(0);
    assert_eq!(shop.status()["inForce"], json!(null));
}

#[test]
fn the_longest_words_that_people_may_write_fit_into_a_status() {
    let cluster = cluster();
    let _operator = Operator::ready(&cluster, "words");
    let shop = Shop::open(&cluster);
    let day = |hours: i64| {
        (plane::clock() + jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%d").to_string()
    };
    let rollout = json!({
        "stages": [{"action": "Audit", "soak": "7d"}, {"action": "Warn"}],
        "freezes": [{"from": day(-24), "to": day(24), "reason": "r".repeat(256)}],
    });
    cluster.patch(&shop.standard(), &json!({"spec": {"rollout": rollout}}));
    eventually("the freeze in the status", || {
        let blocked = shop.status()["tiers"][0]["blockedBy"].to_string();
        if blocked.contains("frozen until") { Ok(()) } else { Err(blocked) }
    });
}

#[test]
fn an_operator_that_was_killed_finds_everything_as_it_left_it() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "phoenix");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    cluster.create(&shop.exception("cart", plane::clock() + Duration::from_secs(86_400)));
    shop.await_excepted(1);
    events::await_one(&cluster, &shop.workload("cart"), "ExceptionExpiringSoon");
    shop.await_quiet(&operator);
    let before = shop.versions();
    drop(operator); // SIGKILL
    let mark = Mark::here(&cluster);
    let operator = Operator::ready(&cluster, "phoenix");
    shop.await_leader("phoenix");
    eventually("leading again", || {
        let leads = operator.metric("stanchion_leader") > 0.0;
        leads.then_some(()).ok_or("stanchion_leader is 0")
    });
    shop.await_quiet(&operator);
    assert_eq!(shop.versions(), before);
    // An Event is written again to find it there.
    let is_new =
        |it: &audit::Request| it.resource != "leases" && (it.resource.as_str(), it.code) != ("events", 409);
    let writes: Vec<_> =
        requests(&cluster, mark).into_iter().filter(|it| it.writes() && is_new(it)).collect();
    assert_eq!(writes, []);
    shop.set_privileged("till", true);
    shop.await_failing(1);
}

#[test]
fn an_exception_that_ends_soon_is_told_once_a_day_on_it_and_on_its_workload() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "herald");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    let (exception, workload) =
        (shop.exception("cart", plane::clock() + Duration::from_secs(86_400)), shop.workload("cart"));
    cluster.create(&exception);
    let told = [(&exception, "ExpiringSoon"), (&workload, "ExceptionExpiringSoon")];
    for (object, reason) in told {
        let event = events::await_one(&cluster, object, reason);
        assert_eq!((&event["type"], &event["involvedObject"]["kind"]), (&json!("Warning"), &object["kind"]));
        let shown = events::described(&cluster, object);
        assert!(shown.contains(reason) && shown.contains("stanchion.dev/operator"), "{shown}");
    }
    let note = events::on(&cluster, &workload)[0]["message"].take();
    assert!(
        note.as_str().unwrap().contains(" on it fails pod.privileged: RiskException for-a-while ends then."),
        "{note}"
    );
    let listed = cluster.plane.kubectl(&["events", "-n", "shop", "--for", "deployment/cart"]);
    assert!(listed.contains("ExceptionExpiringSoon"), "{listed}");

    drop(operator); // SIGKILL
    let mark = Mark::here(&cluster);
    let operator = Operator::ready(&cluster, "herald");
    eventually("both to be found there", || {
        let all = requests(&cluster, mark);
        let found = all.iter().filter(|it| it.resource == "events" && it.code == 409).count();
        if found == told.len() { Ok(()) } else { Err(format!("{found} found")) }
    });
    for (object, reason) in told {
        let reasons: Vec<_> = events::on(&cluster, object).iter().map(|it| it["reason"].clone()).collect();
        assert_eq!(reasons, [reason]);
    }
    shop.set_privileged("till", true);
    shop.await_failing(1);
    shop.await_quiet(&operator);
    let asked = requests(&cluster, mark).iter().filter(|it| it.resource == "events").count();
    assert_eq!(asked, told.len(), "another evaluation asks for nothing that is there");
}

#[test]
fn a_promotion_and_an_end_are_told_when_they_happen() {
    let cluster = cluster();
    let _operator = Operator::ready(&cluster, "crier");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    let rollout = json!({"stages": [{"action": "Audit", "soak": "0m"}, {"action": "Warn"}]});
    cluster.patch(&shop.standard(), &json!({"spec": {"rollout": rollout}}));
    let event = events::await_one(&cluster, &shop.standard(), "StagePromoted");
    assert_eq!((&event["type"], &event["metadata"]["namespace"]), (&json!("Normal"), &json!("default")));
    assert!(
        event["message"].as_str().unwrap().starts_with("Tier unclassified went from Audit to Warn"),
        "{event}"
    );
    let shown = events::described(&cluster, &shop.standard());
    assert!(shown.contains("StagePromoted"), "{shown}");
    let exception = shop.exception("cart", plane::clock() + Duration::from_secs(4));
    cluster.create(&exception);
    events::await_one(&cluster, &exception, "ExpiringSoon");
    let ended = events::await_one(&cluster, &exception, "Expired");
    assert_eq!(ended["type"], "Normal");
}

#[test]
fn of_two_operators_one_writes_and_the_other_takes_over_at_once() {
    let cluster = cluster();
    let first = Operator::ready(&cluster, "first");
    let shop = Shop::open(&cluster);
    shop.await_leader("first");
    let second = Operator::ready(&cluster, "second");
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    assert!(first.metric("stanchion_api_writes_total") > 0.0);
    assert!(second.metric("stanchion_api_writes_total") < 1.0, "the second writes as well");
    let asked = plane::now();
    assert!(first.terminate().success());
    shop.set_privileged("till", true);
    shop.await_failing(2);
    shop.await_leader("second");
    let took = asked.elapsed();
    // A lease that nobody gives back lasts for fifteen seconds.
    assert!(took < Duration::from_secs(10), "the hand-over took {took:?}");
}

#[test]
fn a_restart_of_the_api_server_is_survived() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "patient");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    cluster.plane.command("restart kube-apiserver");
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    assert!(operator.answers("/livez", "200").is_ok());
    assert!(operator.terminate().success());
}

#[test]
fn a_status_that_somebody_wrote_over_is_put_right() {
    let cluster = cluster();
    let _operator = Operator::ready(&cluster, "keeper");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    let standard = shop.standard();
    cluster.patch_subresource(&standard, "status", &json!({"status": {"posture": {"failing": 99}}}));
    shop.await_failing(1);
    let lie = json!({"status": {"conditions": [], "controls": []}});
    cluster.patch_subresource(&standard, "status", &lie);
    shop.await_condition(&standard, "Compliant", "WorkloadsFailing");
    cluster.patch_subresource(&standard, "status", &json!({"status": null}));
    shop.await_failing(1);
}

#[test]
fn conditions_of_others_are_left_alone() {
    let cluster = cluster();
    let _operator = Operator::ready(&cluster, "guest");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    let reviewed = json!({
        "type": "example.com/Reviewed",
        "status": "True",
        "reason": "ByAna",
        "message": "Looks right.",
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    });
    cluster.apply_status(&shop.standard(), "reviewer", &json!({"conditions": [reviewed]}));
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    let status = shop.status();
    assert_eq!(condition(&status, "example.com/Reviewed")["reason"], "ByAna");
    assert_eq!(status["conditions"].as_array().unwrap().len(), 5);
}

#[test]
fn probes_and_metrics_answer_and_ready_means_evaluated() {
    let cluster = cluster();
    cluster.plane.command("pause kube-apiserver");
    let operator = Operator::start(&cluster, "probed");
    let before = (operator.answers("/livez", "200"), operator.answers("/readyz", "503"));
    cluster.plane.command("resume kube-apiserver");
    assert_eq!(
        before,
        (Ok(()), Ok(())),
        "an operator without an answer from the cluster lives and is not ready"
    );
    eventually("ready", || operator.answers("/readyz", "200"));
    assert!(operator.metric("stanchion_evaluations_total") >= 1.0);
    let (_, metrics) = operator.http("/metrics");
    assert!(metrics.ends_with("# EOF\n"), "OpenMetrics ends so: {metrics}");
    let status = operator.terminate();
    assert!(status.success(), "{status}");
}

#[test]
fn an_operator_that_has_not_reached_the_cluster_stops_when_asked_to() {
    let cluster = cluster();
    cluster.plane.command("pause kube-apiserver");
    let operator = Operator::start(&cluster, "unheard");
    let status = operator.terminate();
    cluster.plane.command("resume kube-apiserver");
    assert!(status.success(), "{status}");
}

#[test]
fn the_lease_is_given_back_at_the_end() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "polite");
    let shop = Shop::open(&cluster);
    shop.await_leader("polite");
    assert!(operator.terminate().success());
    let lease = cluster.get(&shop.lease());
    let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default();
    assert_eq!(holder, "", "{lease}");
}

#[test]
fn every_right_is_used_and_none_is_missing() {
    let cluster = cluster();
    let mark = Mark::here(&cluster);
    let scene = Scene::at(&cluster, "Deny");
    // Rules are looked at where names rest on them; here none are installed. Who is handed a certificate keeps none.
    certificates::empty(&cluster);
    certificates::ask(&scene, "127.0.0.1:1");
    let suspicious = Operator::ready_and_vouched_for(&cluster, "suspicious");
    certificates::await_bundle(&cluster);
    assert!(suspicious.terminate().success());
    assert!(scene.run("webhook", "brief").terminate().success());
    let operator = scene.run_with("run", "modest", &["--break-glass"]);
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    scene.ask(&operator.webhook(), &scene.authority);
    scene.await_denials();
    let mut glass = deployment("glass", true);
    glass["metadata"]["annotations"] = json!({"stanchion.dev/break-glass": "INC-7"});
    assert_eq!(scene.apply(&glass).outcome(), Applied::Created);
    cluster.create(&shop.exception("cart", plane::clock() + Duration::from_secs(86_400)));
    shop.await_excepted(1);
    eventually("every right to be used", || {
        let used = rbac::used(&requests(&cluster, mark));
        // An API server that streams initial lists is never asked for one, and one that doesn't is asked to watch only what
        // it could list.
        let asked = |(group, resource, verb): &rbac::Right| {
            let is = |verb: &str| used.contains(&(group.clone(), resource.clone(), verb.to_owned()));
            is(verb) || verb == "list" || (verb == "watch" && group.starts_with("gateway.") && is("list"))
        };
        let unused: Vec<_> = rbac::granted().into_iter().filter(|right| !asked(right)).collect();
        if unused.is_empty() { Ok(()) } else { Err(format!("unused: {unused:?}")) }
    });
    scene.forget();
    assert!(operator.terminate().success());
    let asked = requests(&cluster, mark);
    let granted = rbac::granted();
    let beyond: Vec<_> = rbac::used(&asked).into_iter().filter(|right| !granted.contains(right)).collect();
    assert_eq!(beyond, [], "asked for, and not granted");
    // What the webhook refuses by name, so that it is seen to answer.
    let refused: Vec<_> = asked.iter().filter(|it| it.code == 403 && it.name != CANARY).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let watched: Vec<_> = granted.iter().filter(|right| right.2 == "watch").collect();
    for (group, resource, _) in watched {
        let list = (group.clone(), resource.clone(), "list".to_owned());
        assert!(granted.contains(&list), "{resource} is watched: an older server has to be asked for a list");
    }
}
