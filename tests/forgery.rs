//! The rules at the API server, on a real one, with several people: what they try, and what they do every day.
//!
//! `docs/forgery.md` is the table of what was tried and what the API server answered; `STANCHION_GENERATE=1` writes it.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "forgery/attempts.rs"]
mod attempts;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "the cluster tests use more of it")]
mod controlplane;
#[path = "forgery/scene.rs"]
mod scene;
#[path = "forgery/server.rs"]
mod server;
#[path = "forgery/table.rs"]
mod table;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use attempts::{Attempt, Expect};
use scene::{
    ARGO, OPERATOR, Start, after, apply, approve, create, essence, exception, glass, merge, path, signed,
    with,
};
use serde_json::{Value, json};
use server::{Answer, Call, EXCEPTIONS, How, Server};
use stanchion::policies;
use table::Row;

/// Waits until something holds, for a minute at most.
fn eventually(what: &str, mut look: impl FnMut() -> Result<(), String>) {
    let mut last = String::new();
    for _ in 0..600 {
        match look() {
            Ok(()) => return,
            Err(error) => last = error,
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}: not within a minute; last: {last}");
}

/// The API server, for one test at a time. The stamp is installed where the test asks for it.
fn server(stamped: bool) -> MutexGuard<'static, Server> {
    static SERVER: LazyLock<Mutex<Server>> = LazyLock::new(|| {
        let server = Server::start();
        server.apply_file("deploy/policies.yaml");
        await_rules(&server);
        Mutex::new(server)
    });
    let server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if stamped {
        server.apply_file("deploy/stamp.yaml");
    } else {
        server.plane.kubectl(&["delete", "--ignore-not-found", "-f", "deploy/stamp.yaml"]);
    }
    await_stamp(&server, stamped);
    server
}

/// Policies count a moment after they were made.
fn await_rules(server: &Server) {
    let dry = |body| Call::new(How::Create, format!("{EXCEPTIONS}?dryRun=All"), body);
    let long = with(exception("probe", "bob"), "/spec/expiresAt", json!(after(31 * 24)));
    // In a namespace that no tier takes, so that no other policy answers first.
    let longer = with(exception("probe", "admin"), "/spec/expiresAt", json!(after(400 * 24)));
    let longer = with(longer, "/metadata/namespace", json!("ledger"));
    let longer = Call::new(How::Create, EXCEPTIONS.replace("payments", "ledger") + "?dryRun=All", longer);
    let approved = with(exception("probe", "bob"), "/spec/approvals", json!([{"by": "ana"}]));
    let status = "/apis/stanchion.dev/v1alpha1/servicetiers/tier-0/status?dryRun=All";
    let probes = [
        ("admin", dry(exception("probe", "bob")), "spec.requestedBy"),
        ("bob", dry(approved), "nothing is approved"),
        ("bob", dry(long), "hours from its creation"),
        ("admin", longer, "366 days"),
        (
            "admin",
            Call::new(How::MergePatch, status, json!({"status": {"workloads": 0}})),
            "by the operator alone",
        ),
    ];
    for (user, call, words) in probes {
        eventually(words, || {
            let answer = server.ask(user, &call);
            if answer.message().contains(words) { Ok(()) } else { Err(answer.body.to_string()) }
        });
    }
}

fn await_stamp(server: &Server, stamped: bool) {
    let mut bare = exception("probe", "bob");
    bare["spec"].as_object_mut().unwrap().remove("requestedBy");
    let call = Call::new(How::Create, format!("{EXCEPTIONS}?dryRun=All"), bare);
    eventually("the stamp", || {
        let answer = server.ask("bob", &call);
        if answer.is_success() == stamped { Ok(()) } else { Err(answer.body.to_string()) }
    });
}

/// Tries something, and gives what is wrong with what came of it.
fn carry_out(server: &Server, attempt: &Attempt, name: &str, stamped: bool) -> (Answer, Vec<String>) {
    attempt.start.make(server, name);
    let call = (attempt.call)(server, name);
    let before = server.get(&path(name));
    let answer = server.ask(attempt.by, &call);
    let there = server.get(&path(name));
    let expect = if stamped { attempt.where_stamped.unwrap_or(attempt.expect) } else { attempt.expect };
    let mut wrong = Vec::new();
    match expect {
        Expect::Refused(words) => {
            if answer.is_success() || !answer.message().contains(words) {
                wrong.push(format!("expected a refusal with `{words}`"));
            }
            if essence(&there) != essence(&before) {
                wrong.push(format!("it became {there}"));
            }
        }
        Expect::Ignored | Expect::Dropped if !answer.is_success() => {
            wrong.push("expected it to be taken".to_owned());
        }
        Expect::Ignored => {
            let new = attempt.start == Start::Nothing;
            if !new && essence(&there) != essence(&before) || !there["status"].is_null() {
                wrong.push(format!("something of it stays: {there}"));
            }
        }
        Expect::Dropped if there["spec"].get("approvals").is_some() => {
            wrong.push(format!("an approval stays: {there}"));
        }
        Expect::Dropped => {}
    }
    // Nothing of a generated name either.
    let all = server.get(EXCEPTIONS);
    let named =
        |it: &&Value| it["metadata"]["name"].as_str().is_some_and(|it| it.starts_with(&format!("{name}-")));
    if let Some(made) = all["items"].as_array().into_iter().flatten().find(named) {
        wrong.push(format!("there is {made}"));
    }
    let wrong = wrong
        .into_iter()
        .map(|it| format!("{name}: {}: {it}; {} {}", attempt.what, answer.code, answer.body));
    let wrong = wrong.collect();
    (answer, wrong)
}

/// Tries everything; gives the rows of the table.
fn carry_out_all(stamped: bool) -> Vec<(&'static str, Vec<Row>)> {
    let server = server(stamped);
    let mut wrong = Vec::new();
    let mut number = 0;
    let mut parts = Vec::new();
    for (title, attempts) in attempts::all() {
        let mut rows = Vec::new();
        for attempt in attempts {
            number += 1;
            let name = format!("{}{number:02}", if stamped { "stamped" } else { "plain" });
            let (answer, errors) = carry_out(&server, &attempt, &name, stamped);
            wrong.extend(errors);
            rows.push(Row::new(number, &attempt, &name, &answer));
        }
        parts.push((title, rows));
    }
    assert!(wrong.is_empty(), "{} of {number}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(number >= 25, "{number}");
    parts
}

#[test]
fn nothing_is_forged_where_the_api_server_only_refuses() {
    carry_out_all(false);
}

#[test]
fn nothing_is_forged_and_the_table_says_what_was_answered() {
    table::check(&carry_out_all(true));
}

fn good(server: &Server, user: &str, call: &Call) -> Value {
    let answer = server.ask(user, call);
    assert!(answer.is_success(), "{user}: {call:?}: {} {}", answer.code, answer.body);
    answer.body
}

/// Without a requester, as a manifest is written for servers that stamp.
fn bare(name: &str) -> Value {
    let mut bare = exception(name, "");
    bare["spec"].as_object_mut().unwrap().remove("requestedBy");
    bare
}

fn approvers(object: &Value) -> Vec<&str> {
    let approvals = object["spec"]["approvals"].as_array();
    approvals.into_iter().flatten().filter_map(|it| it["by"].as_str()).collect()
}

#[test]
fn what_people_do_every_day_goes_through() {
    for stamped in [false, true] {
        let server = server(stamped);
        let name = if stamped { "day-stamped" } else { "day-plain" };
        let asked = if stamped { bare(name) } else { exception(name, "bob") };
        let made = good(&server, "bob", &create(asked));
        assert_eq!(made["spec"]["requestedBy"], "bob");
        good(&server, "ana", &approve(name, "ana"));
        let at = json!({"spec": {"approvals": [{"by": "ana"}, {"by": "dan", "at": after(0), "comment": "until then"}]}});
        let approved = good(&server, "dan", &merge(name, at));
        assert_eq!(approvers(&approved), ["ana", "dan"]);
        // Labels are nobody's secret, and change nothing.
        let labelled =
            good(&server, "carol", &merge(name, json!({"metadata": {"labels": {"team": "payments"}}})));
        assert_eq!(approvers(&labelled), ["ana", "dan"]);
        // Somebody takes a word back, or somebody else's.
        let fewer = json!({"spec": {"approvals": [{"by": "ana"}]}});
        assert_eq!(approvers(&good(&server, "carol", &merge(name, fewer))), ["ana"]);
        // Who asked asks for something else, without approvals.
        let other = json!({"spec": {"maxWorkloads": 2, "approvals": null}});
        assert_eq!(good(&server, "bob", &merge(name, other))["spec"]["maxWorkloads"], 2);
        good(&server, "dan", &approve(name, "dan"));
        // It ends.
        let revoked = json!({"spec": {"revoked": {"by": "carol", "reason": "misused"}}});
        good(&server, "carol", &merge(name, revoked));
        let labelled = json!({"metadata": {"labels": {"team": "ledger"}}});
        good(&server, "bob", &merge(name, labelled));
        good(&server, "bob", &Call::new(How::Delete, path(name), Value::Null));
    }
}

#[test]
fn what_is_applied_again_from_git_neither_fails_nor_drifts() {
    let server = server(true);
    let name = "from-git";
    let manifest = |reason: &str| with(bare(name), "/spec/reason", json!(reason))["spec"].clone();
    let sync = |spec: &Value| good(&server, ARGO, &apply(name, "argocd-controller", spec));
    let first = manifest("the vendor's image starts as root until version 5");
    assert_eq!(sync(&first)["spec"]["requestedBy"], ARGO);
    good(&server, "ana", &approve(name, "ana"));
    let approved = good(&server, "dan", &approve(name, "dan"));
    // The same manifest again: nothing changes, not even the version.
    let again = sync(&first);
    assert_eq!(again["metadata"]["resourceVersion"], approved["metadata"]["resourceVersion"], "{again}");
    assert_eq!(approvers(&again), ["ana", "dan"]);
    // Another manifest: what was approved is gone, and who asked stays.
    let changed = sync(&manifest("the vendor's image starts as root until version 6"));
    assert_eq!(approvers(&changed), Vec::<&str>::new());
    assert_eq!(changed["spec"]["requestedBy"], ARGO);
    // It is approved again, and applied again.
    good(&server, "ana", &approve(name, "ana"));
    let again = sync(&manifest("the vendor's image starts as root until version 6"));
    assert_eq!(approvers(&again), ["ana"]);
}

#[test]
fn what_is_signed_comes_from_git_with_its_author_s_name_and_its_signatures() {
    for stamped in [false, true] {
        let server = server(stamped);
        let name = if stamped { "signed-stamped" } else { "signed-plain" };
        let manifest = signed(name);
        let sync = |manifest: &Value| {
            let path = format!("{}?fieldManager=argocd-controller&force=true", path(name));
            good(&server, ARGO, &Call::new(How::Apply, path, manifest.clone()))
        };
        let first = sync(&manifest);
        assert_eq!((first["spec"]["requestedBy"].as_str(), approvers(&first)), (Some("bob"), vec!["ana"]));
        let again = sync(&manifest);
        assert_eq!(again["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
        // Another content: what the signature is worth then is for the operator to say.
        assert_eq!(sync(&with(manifest.clone(), "/spec/maxWorkloads", json!(2)))["spec"]["maxWorkloads"], 2);
        let mut unsigned = manifest;
        unsigned["spec"].as_object_mut().unwrap().remove("approvals");
        assert_eq!(approvers(&sync(&unsigned)), Vec::<&str>::new());
    }
}

#[test]
fn the_operator_alone_writes_statuses_and_what_broke_the_glass() {
    let server = server(false);
    let name = "glass";
    let made = good(&server, OPERATOR, &create(glass(name)));
    assert_eq!(made["spec"]["requestedBy"], "bob");
    let status = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": name, "namespace": "payments"}, "status": {"observedGeneration": 1},
    });
    let written = good(
        &server,
        OPERATOR,
        &Call::new(How::Apply, format!("{}/status?fieldManager=stanchion", path(name)), status),
    );
    assert_eq!(written["status"]["observedGeneration"], 1);
    // It can be ended before its time, by anybody who may edit exceptions.
    good(&server, "carol", &merge(name, json!({"spec": {"revoked": {"by": "carol", "reason": "mended"}}})));
}

#[test]
fn what_was_there_before_the_rules_can_still_be_labelled_revoked_and_given_a_status() {
    let server = server(false);
    let name = "old";
    server.plane.kubectl(&["delete", "-f", "deploy/policies.yaml"]);
    let old = with(exception(name, "zoe"), "/spec/approvals", json!([{"by": "ana"}]));
    let old = with(old, "/spec/expiresAt", json!(after(200 * 24)));
    eventually("an exception without rules", || {
        let answer = server.ask("bob", &create(old.clone()));
        if answer.is_success() { Ok(()) } else { Err(answer.body.to_string()) }
    });
    server.apply_file("deploy/policies.yaml");
    await_rules(&server);
    good(&server, "carol", &merge(name, json!({"metadata": {"labels": {"team": "payments"}}})));
    let status =
        Call::new(How::MergePatch, format!("{}/status", path(name)), json!({"status": {"renewals": 0}}));
    good(&server, OPERATOR, &status);
    good(&server, "carol", &merge(name, json!({"spec": {"revoked": {"by": "carol", "reason": "too long"}}})));
}

#[test]
fn what_is_installed_is_what_is_shipped() {
    let server = server(true);
    let documents = policies::validating(policies::OPERATOR).into_iter().chain(policies::mutating());
    for document in documents {
        let plural = document.kind.to_lowercase().replace("policybinding", "policybindings");
        let plural = if plural.ends_with("policy") { plural.replace("policy", "policies") } else { plural };
        let installed = server.get(&format!("/apis/{}/{plural}/{}", policies::API_VERSION, document.name));
        assert_eq!(installed["spec"], document.spec, "{} {}", document.kind, document.name);
    }
}

#[test]
fn a_dangerous_edit_is_taken_with_a_warning() {
    let server = server(false);
    let tier = "/apis/stanchion.dev/v1alpha1/servicetiers/tier-0?dryRun=All";
    let warned = |call: &Call| -> String {
        let answer = server.ask("admin", call);
        assert!(answer.is_success(), "{}", answer.body);
        answer.warnings.join("\n")
    };
    let edit = |path: &str, spec: Value| warned(&Call::new(How::MergePatch, path, json!({"spec": spec})));
    let looser =
        json!({"exceptions": {"maxDuration": "90d", "requiredApprovals": 1, "maxRenewals": 3}, "level": 2});
    let warnings = edit(tier, looser);
    for words in [
        "exceptions may last 2160 hours, no longer 720",
        "takes 1 approvals, no longer 2",
        "renewed 3 times, no longer 0",
        "tier-0 is less critical: level 2, no longer 0",
    ] {
        assert!(warnings.contains(words), "{warnings}");
    }
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnNV9o1R3DPi4ePQVxqOmAKNHbvmQ6ghiu3vXGFiVLQ";
    let approvers = json!({"approvers": [{"name": "mallory", "keys": [{"key": key}]}]});
    assert!(edit(tier, approvers).contains("tier-0 has other approvers: mallory"));
    assert_eq!(edit(tier, json!({"exceptions": {"maxDuration": "7d", "requiredApprovals": 3}})), "");
    let gone = warned(&Call::new(How::Delete, tier, Value::Null));
    assert!(gone.contains("tier-0 is deleted"), "{gone}");

    let standard = "/apis/stanchion.dev/v1alpha1/securitystandards/forgery";
    let dry = format!("{standard}?dryRun=All");
    let fewer = json!({"controls": [{"id": "pod.privileged"}]});
    assert_eq!(edit(&dry, fewer.clone()), "", "it denies nothing yet");
    let denies = json!({"status": {"tiers": [{"name": "tier-0", "action": "Deny"}, {"name": "tier-1", "action": "Warn"}]}});
    good(&server, OPERATOR, &Call::new(How::MergePatch, format!("{standard}/status"), denies));
    let warnings = edit(&dry, fewer);
    assert!(warnings.contains("forgery denies in tier-0, and no more for pod.runs-as-root"), "{warnings}");
    let gone = warned(&Call::new(How::Delete, dry, Value::Null));
    assert!(gone.contains("forgery denies in tier-0: without it nothing does"), "{gone}");
}

#[test]
fn of_several_tiers_those_bind_that_take_the_whole_namespace() {
    let server = server(false);
    // `tier-1` allows an hour, to single workloads of this namespace and to other namespaces.
    good(
        &server,
        "bob",
        &Call::new(How::Create, format!("{EXCEPTIONS}?dryRun=All"), exception("day", "bob")),
    );
    // A namespace that no tier takes has the bound of all alone.
    let elsewhere = with(exception("day", "admin"), "/metadata/namespace", json!("ledger"));
    let elsewhere = |hours| with(elsewhere.clone(), "/spec/expiresAt", json!(after(hours)));
    let create =
        |body| Call::new(How::Create, EXCEPTIONS.replace("payments", "ledger") + "?dryRun=All", body);
    good(&server, "admin", &create(elsewhere(365 * 24)));
    let answer = server.ask("admin", &create(elsewhere(367 * 24)));
    assert!(answer.message().contains("at most 366 days"), "{}", answer.body);
}

#[test]
fn a_rollout_is_moved_by_who_has_the_verb() {
    let server = server(false);
    let standard = "/apis/stanchion.dev/v1alpha1/securitystandards/forgery";
    let annotate = |user: &str, key: &str, value: Value| {
        let body = json!({"metadata": {"annotations": {key: value}}});
        server.ask(user, &Call::new(How::MergePatch, standard, body))
    };
    let promotion = json!("tier-1=Deny@2026-12-01T00:00:00Z");
    for (key, verb, value) in
        [("stanchion.dev/hold", "hold", json!("")), ("stanchion.dev/promote", "promote", promotion)]
    {
        let refused = annotate("wanda", key, value.clone());
        let words = format!("wanda may not change the annotation {key}: it takes the verb {verb}");
        assert!(!refused.is_success() && refused.message().contains(&words), "{}", refused.body);
        let taken = annotate("ruth", key, value);
        assert!(taken.is_success(), "{}", taken.body);
        assert!(!annotate("wanda", key, Value::Null).is_success(), "nor may she remove it");
        let other = annotate("wanda", "example.com/reviewed", json!(verb));
        assert!(other.is_success(), "{}", other.body);
    }
    let mut copy = server.get(standard);
    copy["metadata"] = json!({"name": "copy", "annotations": copy["metadata"]["annotations"]});
    let created =
        server.ask("wanda", &Call::new(How::Create, "/apis/stanchion.dev/v1alpha1/securitystandards", copy));
    assert!(created.message().contains("wanda may not change the annotation"), "{}", created.body);
    for key in ["stanchion.dev/hold", "stanchion.dev/promote", "example.com/reviewed"] {
        assert!(annotate("ruth", key, Value::Null).is_success(), "{key}");
    }
}
