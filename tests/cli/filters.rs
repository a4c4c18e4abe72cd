//! What an audit is narrowed to, and what it is compared with.

use serde_json::{Value, json};

use crate::program::{AT, STANDARD, folder, privileged, stanchion};
use crate::schema;

fn report(args: &[&str]) -> Value {
    let run = stanchion(&[&["audit", "company", "-o", "json", AT][..], args].concat()).run();
    let report = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(schema::problems(&report), Vec::<String>::new(), "{args:?}");
    report
}

fn controls(report: &Value) -> Vec<&str> {
    let findings =
        report["subjects"].as_array().unwrap().iter().flat_map(|it| it["findings"].as_array().unwrap());
    findings.map(|it| it["control"].as_str().unwrap()).collect()
}

/// `severities` in the words of the report.
fn severities(report: &Value) -> Vec<&str> {
    let findings =
        report["subjects"].as_array().unwrap().iter().flat_map(|it| it["findings"].as_array().unwrap());
    findings.map(|it| it["severity"].as_str().unwrap()).collect()
}

#[test]
fn by_control_and_family_the_rest_is_not_counted() {
    let all = report(&[]);
    assert!(controls(&all).iter().any(|it| it.starts_with("pod.")), "{all}");
    assert!(all.get("filters").is_none());
    let one = report(&["--control", "pod.privileged"]);
    assert!(!controls(&one).is_empty() && controls(&one).iter().all(|it| *it == "pod.privileged"), "{one}");
    assert_eq!(one["filters"]["controls"], json!(["pod.privileged"]));
    assert!(one["posture"]["total"]["failing"].as_u64() < all["posture"]["total"]["failing"].as_u64());
    let none = report(&["--family", "network"]);
    assert_eq!((controls(&none).len(), &none["posture"]["total"]["evaluated"]), (0, &json!(0)));
}

#[test]
fn by_severity_the_worse_ones_stay() {
    let severe = report(&["--severity", "high"]);
    let found = severities(&severe);
    assert!(!found.is_empty() && found.iter().all(|it| ["High", "Critical"].contains(it)), "{found:?}");
    assert!(severities(&report(&[])).contains(&"Medium"));
}

#[test]
fn by_namespace_owner_and_tier_the_others_are_gone() {
    let names = |report: &Value, field: &str| -> Vec<Value> {
        let mut names: Vec<Value> =
            report["subjects"].as_array().unwrap().iter().map(|it| it[field].clone()).collect();
        names.dedup();
        names
    };
    assert_eq!(names(&report(&["--namespace", "payments"]), "namespace"), [json!("payments")]);
    let all = report(&[]);
    let owner = all["subjects"].as_array().unwrap().iter().find_map(|it| it["owner"].as_str()).unwrap();
    assert_eq!(names(&report(&["--owner", owner]), "owner"), [json!(owner)]);
    let tier = all["subjects"].as_array().unwrap().iter().find_map(|it| it["tier"].as_str()).unwrap();
    assert_eq!(names(&report(&["--tier", tier]), "tier"), [json!(tier)]);
    let exceptions = report(&["--namespace", "nowhere-else", "--namespace", "payments"]);
    let homes = exceptions["exceptions"].as_array().unwrap().iter().map(|it| it["namespace"].clone());
    assert!(homes.clone().count() > 0 && homes.clone().all(|it| it == "payments"));
}

#[test]
fn a_misspelt_name_is_no_clean_audit() {
    for (args, said) in [
        (["--tier", "tier-zero"], "no ServiceTier `tier-zero` among the files"),
        (["--namespace", "paymens"], "the filters leave nothing to judge"),
        (["--control", "pod.priviliged"], "did you mean `pod.privileged`?"),
        (["--family", "pods"], "possible values: iam, image"),
        (["--new-since", "nowhere.json"], "nowhere.json can't be read"),
        (["--new-since", "company/crate.toml"], "can't be read"),
    ] {
        let run = stanchion(&[&["audit", "company", AT][..], &args].concat()).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program reads files")]
fn only_what_a_change_made_worse_fails() {
    let files = |pods: &[&str]| {
        let pods: Vec<String> = pods.iter().map(|name| privileged(name)).collect();
        folder(&[("a.yaml", format!("{}---\n{STANDARD}", pods.join("---\n")).as_bytes())])
    };
    let before = files(&["a", "b"]);
    let run = |folder: &tempfile::TempDir, args: &[&str]| {
        stanchion(&[&["audit", ".", AT][..], args].concat()).within(folder).run()
    };
    let shelf = folder(&[]);
    let saved = shelf.path().join("before.json");
    let baseline = saved.to_str().unwrap().to_owned();
    assert_eq!(run(&before, &["-o", &format!("json={baseline}")]).code, 1);

    let same = run(&before, &["--new-since", &baseline]);
    assert_eq!(same.code, 0, "{}", same.stdout);
    assert!(same.stdout.contains("No new findings in 2 workloads; 2 stood at 2026-11-23T00:00:00Z already"));

    let worse = files(&["a", "b", "c"]);
    let run_worse = run(&worse, &["--new-since", &baseline]);
    assert_eq!(run_worse.code, 1);
    assert!(run_worse.stdout.contains("Pod default/c") && !run_worse.stdout.contains("Pod default/a"));
    assert!(
        run_worse.stdout.contains("1 new finding (1 critical) in 1 of 3 workloads; 2 stood"),
        "{}",
        run_worse.stdout
    );

    let text = std::fs::read_to_string(&saved).unwrap();
    std::fs::write(&saved, text.replace("\"severity\": \"Critical\"", "\"severity\": \"Low\"")).unwrap();
    assert_eq!(run(&before, &["--new-since", &baseline]).code, 1, "what has become graver is worse");
    std::fs::write(&saved, text.replace("audit.stanchion.dev/v1\"", "audit.stanchion.dev/v9\"")).unwrap();
    let other = run(&before, &["--new-since", &baseline]);
    assert!(
        other.code == 2 && other.stderr.contains("`AuditReport` of `audit.stanchion.dev/v9`"),
        "{}",
        other.stderr
    );
}

#[test]
fn what_was_excepted_and_is_not_any_more_is_worse() {
    let saved = folder(&[]);
    let path = saved.path().join("then.json");
    let path = path.to_str().unwrap();
    stanchion(&["audit", "company", AT, "-o", &format!("json={path}")]).run();
    let later = stanchion(&["audit", "company", "--at=2027-06-01", "--new-since", path, "-o", "json"]).run();
    let later: Value = serde_json::from_str(&later.stdout).unwrap();
    assert!(controls(&later).contains(&"pod.runs-as-root"), "{later}");
    assert_eq!(later["since"]["at"], "2026-11-23T00:00:00Z");
}

#[test]
fn only_what_fails_is_listed_and_the_numbers_stay() {
    let (all, failing) = (report(&[]), report(&["--only-failing"]));
    assert_eq!((&all["summary"], &all["posture"]), (&failing["summary"], &failing["posture"]));
    let outcomes: Vec<_> =
        failing["subjects"].as_array().unwrap().iter().map(|it| it["outcome"].clone()).collect();
    assert!(!outcomes.is_empty() && outcomes.iter().all(|it| it == "fail"), "{outcomes:?}");
}
