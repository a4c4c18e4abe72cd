//! What the table does where the fixtures of the command line don't lead.

use std::sync::Arc;

use super::text::width;
use super::{View, render};
use crate::engine::evaluate::assess;
use crate::engine::framework::Framework;
use crate::engine::policy;
use crate::load::{Collection, Role, Settings, Sheet};
use crate::report::json::{AuditReport, Input, Outcome, Scope, UnknownReport};

const STANDARD: &str = "
---
apiVersion: stanchion.dev/v1alpha1
kind: SecurityStandard
metadata: {name: one}
spec: {controls: [{id: pod.privileged}, {id: pod.host-path-volume}, {id: pod.runs-as-root}]}
";

fn report(manifests: &str) -> AuditReport {
    report_by(manifests, None)
}

fn report_by(manifests: &str, framework: Option<Framework>) -> AuditReport {
    let settings = Settings {
        namespace: "shop".into(),
        limits: crate::manifest::Limits::default(),
        keys: Arc::default(),
        kinds: crate::facts::CustomKinds::default(),
    };
    let mut collection = Collection::default();
    collection
        .add(Sheet::read("a.yaml", format!("{manifests}{STANDARD}").as_bytes(), &settings), Role::Audited);
    let policy = collection.compile(policy::Settings::default());
    let assessment = assess(&policy, &collection.inventory, "2026-11-23T00:00:00Z".parse().unwrap());
    let input = Input { collection: &collection, policy: &policy, assessment: &assessment };
    AuditReport::new(input, &Scope { framework, ..Scope::default() })
}

fn shown(report: &AuditReport, width: usize, verbose: bool) -> String {
    anstream::adapter::strip_str(&render(report, View { width, verbose })).to_string()
}

/// A pod with so many volumes of the node, and containers of these names.
fn pod(name: &str, volumes: usize, containers: &[&str]) -> String {
    let volumes: Vec<String> = (0..volumes)
        .map(|number| format!("{{name: v{number}, hostPath: {{path: /data/{number}}}}}"))
        .collect();
    let containers: Vec<String> =
        containers.iter().map(|name| format!("{{name: {name}, image: a}}")).collect();
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  volumes: [{}]\n  containers: [{}]\n",
        volumes.join(", "),
        containers.join(", ")
    )
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let long = "a-name-that-is-as-long-as-names-of-objects-made-by-charts-may-well-be";
    let report = report(&format!("{}{}", pod(long, 2, &[long, "b"]), pod("b", 0, &["app"])));
    for columns in [60, 72, 80, 100, 132] {
        for verbose in [false, true] {
            let text = shown(&report, columns, verbose);
            let wide: Vec<&str> = text.lines().filter(|line| width(line) > columns).collect();
            assert_eq!(wide, Vec::<&str>::new(), "{columns}: {text}");
            assert!(text.contains("pod.host-path-volume"), "{text}");
        }
    }
}

#[test]
fn clauses_fit_any_terminal_and_the_names_of_controls_are_never_cut() {
    for framework in Framework::ALL {
        let report = report_by(&pod("a", 2, &["app"]), Some(framework));
        for columns in [60, 80, 132] {
            let text = shown(&report, columns, true);
            let wide: Vec<&str> = text.lines().filter(|line| width(line) > columns).collect();
            assert_eq!(wide, Vec::<&str>::new(), "{columns}: {text}");
            assert!(text.contains("  pod.runs-as-root") || text.contains("  pod.host-path-volume"), "{text}");
        }
    }
}

#[test]
fn a_narrow_terminal_has_the_text_below() {
    let text = shown(&report(&pod("a", 1, &["app"])), 60, false);
    let expected = "  high      pod.host-path-volume\n            volume `v0` is the node's `/data/0`\n            → use";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn many_findings_of_one_control_are_counted() {
    let report = report(&pod("a", 7, &["app"]));
    let text = shown(&report, 100, false);
    assert_eq!(text.matches("is the node's").count(), 3, "{text}");
    assert!(text.contains("+ 4 more like this, shown with -v\n"), "{text}");
    assert_eq!(shown(&report, 100, true).matches("is the node's").count(), 7);
}

#[test]
fn workloads_with_the_same_defects_stand_together() {
    let report = report(&format!("{}{}", pod("a", 0, &["app", "sidecar"]), pod("b", 0, &["redis"])));
    let text = shown(&report, 100, false);
    assert_eq!(text.matches("pod.runs-as-root").count(), 3, "once for both, twice at the end: {text}");
    assert!(text.contains("app, sidecar, redis: may run as root"), "{text}");
}

#[test]
fn what_can_t_be_said_is_shown_with_its_reason() {
    let mut report = report(&format!("{}{}", pod("a", 0, &["app"]), pod("b", 0, &["app"])));
    for (subject, outcome) in report.subjects.iter_mut().zip([Outcome::Unknown, Outcome::Unknown]) {
        subject.unknowns.push(UnknownReport {
            control: "image.vulnerable",
            severity: crate::api::Severity::High,
            outcome,
            reason: "there is no report on the image".to_owned(),
        });
    }
    let text = shown(&report, 100, false);
    assert!(
        text.contains(
            "Not known\n  unknown   image.vulnerable 2 workloads: there is no report on the image\n"
        ),
        "{text}"
    );
}

#[test]
fn a_clean_audit_is_short() {
    let text = shown(&report("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"), 100, false);
    assert_eq!(
        text,
        "Nothing was judged: nothing in these files runs a pod.\nRead 2 objects in 1 file, judged by one.\n"
    );
}

#[test]
fn what_many_workloads_share_is_said_once() {
    let pods: Vec<String> =
        ["a", "b", "c", "d"].iter().enumerate().map(|(count, name)| pod(name, count, &[*name])).collect();
    let report = report(&pods.concat());
    let text = shown(&report, 100, false);
    assert!(
        text.contains(
            "4 workloads in shop: d, c, b, a\n  medium    pod.runs-as-root      d, c, b, a: may run as root"
        ),
        "{text}"
    );
    assert_eq!(text.matches("may run as root").count(), 1, "{text}");
    assert!(!text.contains("Pod shop/a"), "it has nothing beside what all have: {text}");
    assert!(text.contains("Pod shop/b") && text.contains("Pod shop/d"), "{text}");
    assert!(text.find("host-path-volume") < text.find("runs-as-root"), "the worst first: {text}");
    assert_eq!(shown(&report, 100, true).matches("may run as root").count(), 4);
}

#[test]
fn words_that_differ_are_an_example() {
    let pods: Vec<String> =
        ["a", "b", "c", "d"].iter().enumerate().map(|(count, name)| pod(name, count + 1, &[])).collect();
    let text = shown(&report(&pods.concat()), 100, false);
    assert!(
        text.contains(
            "4 workloads in shop: d, c, b, a\n  high      pod.host-path-volume  such as volume `v0`"
        ),
        "{text}"
    );
    assert_eq!(text.matches("is the node's").count(), 1, "{text}");
}
