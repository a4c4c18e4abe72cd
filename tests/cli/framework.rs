//! `stanchion audit --framework`

use serde_json::{Value, json};

use crate::program::{AT, snapshot, stanchion};
use crate::schema;

fn report(framework: &str) -> Value {
    let run = stanchion(&["audit", "company", AT, "--framework", framework, "-o", "json"]).run();
    serde_json::from_str(&run.stdout).unwrap()
}

fn ids(clauses: &Value) -> Vec<&str> {
    clauses.as_array().unwrap().iter().map(|clause| clause["id"].as_str().unwrap()).collect()
}

#[test]
fn clauses_take_the_place_of_the_workloads() {
    let run = stanchion(&["audit", "company", AT, "--framework", "soc2"]).run();
    snapshot!("framework", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 1), "the exit code is that of the findings");
}

#[test]
fn verbose_shows_every_control_of_a_clause() {
    let run =
        stanchion(&["audit", "company/shop", "--standards", "company/policy", AT, "--framework", "iso27001"]);
    assert!(!run.run().stdout.contains("pod.privileged  "), "it fails nothing there");
    let args =
        ["audit", "company/shop", "--standards", "company/policy", AT, "--framework", "iso27001", "-v"];
    let verbose = stanchion(&args).run().stdout;
    assert!(verbose.contains("    critical  pod.privileged "), "{verbose}");
}

#[test]
fn what_is_excepted_is_not_compliant_with_a_clause() {
    let report = report("soc2");
    let clause = &report["framework"]["clauses"][0];
    assert_eq!(
        (clause["id"].as_str(), clause["title"].as_str()),
        (Some("CC6.1"), Some("logical access to protected assets"))
    );
    let counts =
        ["evaluated", "compliant", "excepted", "failing", "unknown"].map(|name| clause[name].clone());
    assert_eq!(counts, [json!(6), json!(1), json!(1), json!(4), json!(0)]);
    assert_eq!(ids(&clause["controls"])[0], "pod.privileged", "the gravest first");
}

#[test]
fn every_clause_is_served_or_said_not_to_be_and_the_report_keeps_to_its_schema() {
    for framework in
        ["pod-security-baseline", "cis-kubernetes", "nist-800-53", "nsa-cisa", "mitre-attack", "pci-dss"]
    {
        let report = report(framework);
        assert_eq!(schema::problems(&report), Vec::<String>::new(), "{framework}");
        let section = &report["framework"];
        assert_eq!(section["name"], framework);
        let uncovered = ids(&section["uncovered"]);
        for id in [ids(&section["clauses"]), ids(&section["unasked"])].concat() {
            assert!(!uncovered.contains(&id), "{framework} {id}");
        }
        assert!(
            uncovered.len() < usize::try_from(section["total"].as_u64().unwrap()).unwrap(),
            "{framework}"
        );
    }
}

#[test]
fn without_it_the_report_is_as_before() {
    let run = stanchion(&["audit", "company", AT, "-o", "json"]).run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report.get("framework"), None);
}

#[test]
fn nothing_to_judge_has_no_numbers() {
    let args = [
        "audit",
        "company/policy",
        "--preset",
        "pod-security-baseline",
        "--framework",
        "pod-security-baseline",
    ];
    let run = stanchion(&args).run();
    assert!(!run.stdout.contains("passing"), "{}", run.stdout);
    assert!(run.stdout.contains("Nothing was judged"), "{}", run.stdout);
}

#[test]
fn an_unknown_framework_is_refused_with_those_that_are_known() {
    let run = stanchion(&["audit", "company", "--framework", "soc-2"]).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("invalid value 'soc-2' for '--framework <NAME>'"), "{}", run.stderr);
    assert!(
        run.stderr.contains("iso27001") && run.stderr.contains("a similar value exists: 'soc2'"),
        "{}",
        run.stderr
    );
}
