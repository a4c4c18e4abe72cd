//! `stanchion posture`

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{AT, privileged, snapshot, stanchion};
use crate::schema;

/// A pod whose image can't be read, and a standard that asks for it.
const UNKNOWN: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: app, image: 'A:B:C'}]}\n\
                       ---\napiVersion: stanchion.dev/v1alpha1\nkind: SecurityStandard\nmetadata: {name: one}\n\
                       spec: {controls: [{id: image.mutable-tag}]}\n";

fn shop() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop").to_string_lossy().into_owned()
}

fn report(args: &[&str]) -> Value {
    let run = stanchion(&[&["posture", "-o", "json"][..], args].concat()).run();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_shop_in_eighty_columns() {
    let run = stanchion(&["posture", &shop(), "--at=2026-11-23T12:00:00Z"]).run();
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
    snapshot!("posture", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 0), "findings are not its business");
}

#[test]
fn its_numbers_are_those_of_the_audit() {
    let posture = report(&["company", AT]);
    let audit = stanchion(&["audit", "company", AT, "-o", "json"]).run().stdout;
    let audit: Value = serde_json::from_str(&audit).unwrap();
    assert_eq!(posture["posture"], audit["posture"]);
    assert_eq!(posture["posture"]["total"]["evaluated"], 6);
    let judged = ["company/shop", "--standards", "company/policy", AT];
    let audit = stanchion(&[&["audit", "-o", "json"][..], &judged].concat()).run().stdout;
    let audit: Value = serde_json::from_str(&audit).unwrap();
    assert_eq!(report(&judged)["posture"], audit["posture"], "policy files are known, not judged");
}

#[test]
fn json_keeps_to_its_schema() {
    for args in [&["company", AT][..], &["company", AT, "--framework", "soc2"], &["broken"], &["nowhere"]] {
        assert_eq!(schema::problems_by("posture", &report(args)), Vec::<String>::new(), "{args:?}");
    }
    let names = |report: &Value| {
        let frameworks = report["frameworks"].as_array().unwrap().iter();
        frameworks.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&report(&["company"])).len(), 9);
    assert_eq!(names(&report(&["company", "--framework", "pci-dss"])), ["pci-dss"]);
}

#[test]
fn a_framework_takes_the_place_of_all_else() {
    let posture = stanchion(&["posture", "company", AT, "--framework", "soc2"]).run();
    let audit = stanchion(&["audit", "company", AT, "--framework", "soc2"]).run();
    assert!(posture.stdout.starts_with("SOC 2\n"), "{}", posture.stdout);
    assert!(audit.stdout.starts_with(&posture.stdout), "the same clauses as an audit: {}", posture.stdout);
    assert!(!posture.stdout.contains("Start with"), "{}", posture.stdout);
    assert_eq!(posture.code, 0);
}

#[test]
fn what_is_unknown_is_compliant_neither_gross_nor_net() {
    let run = stanchion(&["posture", "-"]).stdin(UNKNOWN).run();
    let row = |name: &str| {
        let line = run.stdout.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("all"), "0 0 0 1 0.0 0.0");
    assert_eq!(row("one"), "0 0 0 1 0.0 0.0");
    assert_eq!(row("(no owner)"), "owner) 0 0 0 1 0.0 0.0");
    assert!(row("pci-dss").starts_with("0 0 0 "), "no clause passes: {}", run.stdout);
}

#[test]
fn a_target_of_what_was_not_measured_is_neither_met_nor_missed() {
    let tier = "---\napiVersion: stanchion.dev/v1alpha1\nkind: ServiceTier\nmetadata: {name: t}\n\
                spec: {level: 0, default: true, targets: {compliance: 0, imageCompliance: 1, slaCompliance: 90}}\n";
    let run = stanchion(&["posture", "-"]).stdin(format!("{UNKNOWN}{tier}")).run();
    for line in [
        "  t  compliance         0.0 %  target   0 %  met",
        "  t  imageCompliance    0.0 %  target   1 %  missed",
        "  t  slaCompliance          -  target  90 %  not measured",
    ] {
        assert!(run.stdout.lines().any(|it| it == line), "{line} in\n{}", run.stdout);
    }
}

#[test]
fn exempt_namespaces_are_said_and_can_be_judged() {
    let pod = privileged("a").replace("{name:", "{namespace: kube-system, name:");
    let preset = ["posture", "-", "--preset", "pod-security-baseline"];
    let run = stanchion(&preset).stdin(pod.clone()).run();
    assert_eq!(
        (run.stdout.as_str(), run.code),
        ("Nothing was judged: no standard covers anything in these files.\n", 0)
    );
    let run = stanchion(&[&preset[..], &["--exempt-namespace", ""]].concat()).stdin(pod.clone()).run();
    assert!(run.stdout.contains("Judged 1 subject by 1 standard"), "{}", run.stdout);
    let run = stanchion(&preset).stdin(format!("{pod}---\n{}", privileged("b"))).run();
    assert!(run.stdout.contains("1 workload in exempt namespaces not judged."), "{}", run.stdout);
    assert_eq!(report(&["company"])["exempt"], json!(0));
}

#[test]
fn what_could_not_be_read_ends_with_2_and_says_so() {
    let run = stanchion(&["posture", "broken"]).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("the posture is not complete"), "{}", run.stderr);
    let run = stanchion(&["posture", "company", "--framework", "soc-2"]).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("a similar value exists: 'soc2'"), "{}", run.stderr);
}
