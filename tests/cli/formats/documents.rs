//! What holds of the documents as wholes: fingerprints, levels, and what is unknown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::company;
use crate::program::{AT, folder, stanchion};

/// A pod of which nothing is known: its image can't be read.
const UNKNOWN: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: app, image: 'A:B:C'}]}\n\
                       ---\napiVersion: stanchion.dev/v1alpha1\nkind: SecurityStandard\nmetadata: {name: one}\n\
                       spec: {controls: [{id: image.mutable-tag}]}\n";

fn unknown(format: &str) -> String {
    stanchion(&["audit", "-", "-o", format]).stdin(UNKNOWN).run().stdout
}

#[test]
fn what_is_unknown_is_neither_a_pass_nor_a_failure() {
    let audit: Value = serde_json::from_str(&unknown("json")).unwrap();
    assert_eq!(audit["summary"]["unknown"], 1, "the case is one of something unknown");
    let log: Value = serde_json::from_str(&unknown("sarif")).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"], json!([]));
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "warning");
    assert_eq!(notification["associatedRule"], json!({"id": "image.mutable-tag", "index": 0}));
    let junit = unknown("junit");
    assert!(junit.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{junit}");
    assert!(
        unknown("github")
            .starts_with("::warning title=image.mutable-tag%3A can't be judged::Pod default/a: ")
    );
    let issues: Value = serde_json::from_str(&unknown("gitlab")).unwrap();
    assert_eq!(issues[0]["severity"], "info");
    let comment = unknown("markdown");
    assert!(comment.contains("## Stanchion: no findings, but not all could be judged\n"), "{comment}");
    assert!(comment.contains("<summary>1 judgement could not be made</summary>"), "{comment}");
    for format in ["policyreport", "openreports"] {
        let report: Value = serde_saphyr::from_str(&unknown(format)).unwrap();
        assert_eq!(report["summary"], json!({"pass": 0, "fail": 0, "warn": 0, "error": 1, "skip": 0}));
        assert_eq!(report["results"][0]["result"], "error");
        assert_eq!(report["results"][0]["properties"]["outcome"], "unknown");
    }
}

#[test]
fn sarif_suppresses_what_is_excepted_and_nothing_else() {
    let log: Value = serde_json::from_str(&company("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let excepted = !result["properties"]["exception"].is_null();
        assert_eq!(result["suppressions"].as_array().unwrap().len(), usize::from(excepted));
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    assert_eq!(results.iter().filter(|it| it["suppressions"][0].is_object()).count(), 1);
}

/// The lines of a text with the replacements of a fix made, by the regions of SARIF.
fn replaced(text: &str, fix: &Value) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let replacements = fix.pointer("/artifactChanges/0/replacements").and_then(Value::as_array).unwrap();
    for replacement in replacements.iter().rev() {
        let region = replacement.get("deletedRegion").unwrap();
        assert_eq!(region.get("startColumn"), Some(&json!(1)));
        // Without a column, a region goes to the end of its last line.
        let whole = usize::from(region.get("endColumn").is_none());
        let line = |name: &str| usize::try_from(region.get(name).and_then(Value::as_u64).unwrap()).unwrap();
        let inserted = replacement.pointer("/insertedContent/text").and_then(Value::as_str).unwrap();
        lines.splice(line("startLine") - 1..line("endLine") - 1 + whole, [inserted]);
    }
    lines.concat()
}

#[test]
fn a_fix_of_sarif_ends_its_finding_and_changes_nothing_else() {
    let text = "# ours\napiVersion: v1\nkind: Pod\nmetadata: {name: a} # a pod\nspec:\n  containers:\n    - name: app\n      \
                image: example.com/app:1\n      securityContext: {privileged: true} # why";
    let preset = ["audit", "pod.yaml", "-o", "sarif", "--preset", "pod-security-restricted"];
    let results = |text: &str| {
        let folder = folder(&[("pod.yaml", text.as_bytes())]);
        let log: Value = serde_json::from_str(&stanchion(&preset).within(&folder).run().stdout).unwrap();
        log["runs"][0]["results"].as_array().unwrap().clone()
    };
    let fingerprints = |text: &str| -> BTreeSet<String> {
        results(text).iter().map(|it| it["partialFingerprints"]["stanchion/v1"].to_string()).collect()
    };
    let before = fingerprints(text);
    let mut fixed = 0;
    for result in results(text) {
        if result["properties"]["patch"].is_null() {
            assert!(result["fixes"].is_null(), "{result}");
            continue;
        }
        let [fix] = result["fixes"].as_array().unwrap().as_slice() else { panic!("{result}") };
        assert_eq!(fix["artifactChanges"][0]["artifactLocation"]["uri"], "pod.yaml");
        assert!(!fix["description"]["text"].as_str().unwrap().is_empty());
        let after = replaced(text, fix);
        let gone = BTreeSet::from([result["partialFingerprints"]["stanchion/v1"].to_string()]);
        assert_eq!(&before - &fingerprints(&after), gone, "{after}");
        assert!(after.contains("# ours") && after.contains("# a pod") && after.contains("# why"), "{after}");
        fixed += 1;
    }
    assert_eq!((fixed, before.len()), (3, 4), "one can't be fixed alone");
    let of_stdin = stanchion(&["audit", "-", "-o", "sarif"]).stdin(text).run().stdout;
    assert!(of_stdin.contains("\"results\"") && !of_stdin.contains("\"fixes\""), "it can't be written to");
}

#[test]
fn code_quality_has_the_documented_fields_alone_and_a_fingerprint_for_each_entry() {
    let issues: Value = serde_json::from_str(&company("gitlab")).unwrap();
    let mut fingerprints = BTreeSet::new();
    for issue in issues.as_array().unwrap() {
        let fields: Vec<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["check_name", "description", "fingerprint", "location", "severity"]);
        let severity = issue["severity"].as_str().unwrap();
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity), "{severity}");
        let location = &issue["location"];
        let path = location["path"].as_str().unwrap();
        assert!(!path.is_empty() && !path.starts_with(['/', '.']), "{path}");
        assert!(location["lines"]["begin"].as_u64().unwrap() > 0);
        assert_eq!(location, &json!({"path": path, "lines": {"begin": location["lines"]["begin"]}}));
        assert!(fingerprints.insert(issue["fingerprint"].as_str().unwrap()), "{issue}");
    }
    assert_eq!(fingerprints.len(), 15, "what is excepted is accepted");
}

#[test]
fn an_object_in_two_files_has_fingerprints_for_both() {
    let ledger = "company/payments/ledger.yaml";
    let args = ["audit", ledger, "-", "--standards", "company/policy", AT, "-o", "gitlab"];
    let copy = include_str!("../fixtures/company/payments/ledger.yaml");
    let issues: Value = serde_json::from_str(&stanchion(&args).stdin(copy).run().stdout).unwrap();
    let issues = issues.as_array().unwrap();
    let fingerprints: BTreeSet<&str> = issues.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), issues.len());
    assert!(issues.iter().any(|it| it["location"]["path"] == ledger));
    assert!(issues.iter().any(|it| it["location"]["path"] == "<stdin>"));
}

#[test]
fn a_report_says_of_an_exception_who_until_when_and_of_what() {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&company("policyreport")).unwrap();
    let results = documents.iter().flat_map(|it| it["results"].as_array().unwrap());
    let skipped: Vec<&Value> = results.filter(|it| it["result"] == "skip").collect();
    assert_eq!(skipped.len(), 1);
    let properties = &skipped[0]["properties"];
    assert_eq!(properties["exception"], "payments/legacy-root");
    assert_eq!(properties["exceptionExpires"], "2026-12-20T00:00:00Z");
    assert_eq!(properties["underlyingResult"], "fail");
    let namespaces: Vec<&str> =
        documents.iter().map(|it| it["metadata"]["namespace"].as_str().unwrap()).collect();
    assert_eq!(namespaces, ["payments", "shop"]);
    assert_eq!(documents[0]["metadata"]["labels"]["app.kubernetes.io/managed-by"], "stanchion");
}
