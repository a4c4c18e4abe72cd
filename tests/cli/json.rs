//! `stanchion audit -o json`

use serde_json::{Value, json};

use crate::program::{AT, snapshot, stanchion};
use crate::schema;

fn report(args: &[&str]) -> Value {
    let run = stanchion(&[&["audit", "-o", "json", AT][..], args].concat()).run();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_report_is_what_it_was() {
    let mut report = report(&["company"]);
    report["tool"]["version"] = json!("[version]");
    snapshot!("company-json", serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn reports_keep_to_the_schema() {
    for args in [&["company"][..], &["company", "-n", "x", "--fail-on", "never"], &["broken"], &["nowhere"]] {
        assert_eq!(schema::problems(&report(args)), Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn a_finding_says_where_it_stands_and_what_excuses_it() {
    let report = report(&["company"]);
    let findings = |name: &str| {
        let subjects = report["subjects"].as_array().unwrap();
        subjects.iter().find(|it| it["name"] == name).unwrap()["findings"].clone()
    };
    let privileged = &findings("ledger")[0];
    assert_eq!(
        privileged["location"],
        json!({"file": "company/payments/ledger.yaml", "line": 14, "column": 41})
    );
    assert_eq!(privileged["path"], "spec.template.spec.containers[1].securityContext.privileged");
    assert_eq!(
        privileged["standards"],
        json!([{"name": "basics", "severity": "Critical", "action": "Warn"}])
    );
    let missing = &findings("ledger")[1];
    assert_eq!(missing["location"]["line"], 10, "a field that is missing is shown where it would stand");
    let excused =
        json!({"namespace": "payments", "name": "legacy-root", "owner": "team-payments", "daysLeft": 27});
    assert_eq!(findings("legacy")[0]["exception"], excused);
    assert_eq!(findings("legacy")[0]["outcome"], "excepted");
}

#[test]
fn items_of_a_list_and_json_have_places_of_their_own() {
    let report = report(&["company"]);
    let line = |name: &str| {
        let subjects = report["subjects"].as_array().unwrap();
        subjects.iter().find(|it| it["name"] == name).unwrap()["location"]["line"].clone()
    };
    assert_eq!((line("nightly"), line("store"), line("debug")), (json!(4), json!(13), json!(1)));
}

#[test]
fn problems_are_those_of_standard_error() {
    let run = stanchion(&["audit", "broken", "-o", "json"]).run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let problems = report["problems"].as_array().unwrap();
    for problem in problems {
        let place =
            format!("{}:{}:{}: ", problem["file"].as_str().unwrap(), problem["line"], problem["column"]);
        let line = format!("{place}{}\n", problem["message"].as_str().unwrap());
        assert!(run.stderr.contains(&line), "{line}");
    }
    assert_eq!(report["summary"]["problems"], problems.len());
    assert_eq!(report["summary"]["exitCode"], run.code);
}
