//! Workloads of kinds that a CRD defines, as flags and configurations declare them.

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Run, STANDARD, folder, stanchion};

const ROLLOUT: &str = "argoproj.io/v1alpha1/Rollout=spec.template";

/// A Rollout with a privileged container, what it makes, one that refers to a Deployment, and an exception for the first.
const SHOP: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: cart, namespace: shop}
spec:
  replicas: 2
  strategy: {canary: {steps: [{setWeight: 20}]}}
  template:
    spec:
      containers: [{name: app, image: 'registry.example.com/cart:1', securityContext: {privileged: true}}]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: cart-1
  namespace: shop
  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: cart, uid: u, controller: true}]
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers: [{name: app, image: 'registry.example.com/cart:1', securityContext: {privileged: true}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: refers, namespace: shop}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: till}}
";

const EXCEPTION: &str = "\
apiVersion: stanchion.dev/v1alpha1
kind: RiskException
metadata: {name: cart, namespace: shop}
spec:
  controls: [pod.privileged]
  target: {kind: Rollout, names: [cart]}
  reason: The driver needs the node's devices until it is replaced.
  owner: team-shop
  expiresAt: 2026-12-20T00:00:00Z
  approvals: [{by: ana}]
";

fn shop(configuration: &str) -> TempDir {
    folder(&[
        (".stanchion.yaml", configuration.as_bytes()),
        ("shop.yaml", SHOP.as_bytes()),
        ("one.yaml", STANDARD.as_bytes()),
    ])
}

fn run(folder: &TempDir, args: &[&str]) -> Run {
    stanchion(&[&["audit", ".", "--at", "2026-12-01"], args].concat()).within(folder).run()
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// The subjects of a report, and how each comes out.
fn subjects(report: &Value) -> Vec<String> {
    let subjects = report.get("subjects").and_then(Value::as_array).unwrap().iter();
    let text = |it: &Value, field: &str| it.get(field).and_then(Value::as_str).unwrap().to_owned();
    subjects.map(|it| format!("{} {} {}", text(it, "kind"), text(it, "name"), text(it, "outcome"))).collect()
}

#[test]
fn a_declared_kind_is_judged_and_what_it_owns_is_part_of_it() {
    let shop = shop("workloadKinds: [argoproj.io/v1alpha1/Rollout=spec.template]\n");
    let configured = report(&run(&shop, &["-o", "json"]));
    assert_eq!(subjects(&configured), ["Rollout cart fail"]);
    let finding = configured.pointer("/subjects/0/findings/0/path").unwrap();
    assert_eq!(finding, "spec.template.spec.containers[0].securityContext.privileged");
    let by_flag = report(&run(&shop, &["--no-config", "--workload-kind", ROLLOUT, "-o", "json"]));
    assert_eq!(subjects(&by_flag), subjects(&configured));
    let table = run(&shop, &["-v"]).stdout;
    assert!(table.contains("Rollout shop/refers, it has no pod template at `spec.template`"), "{table}");
    assert!(table.contains("part of the Rollout cart that owns it"), "{table}");
}

#[test]
fn what_nobody_declares_is_a_custom_resource_and_what_it_owns_stands_alone() {
    let report = report(&run(&shop(""), &["-o", "json"]));
    assert_eq!(subjects(&report), ["ReplicaSet cart-1 fail"]);
}

#[test]
fn exceptions_and_reports_name_it() {
    let shop = folder(&[
        ("shop.yaml", SHOP.as_bytes()),
        ("one.yaml", STANDARD.as_bytes()),
        ("exception.yaml", EXCEPTION.as_bytes()),
    ]);
    let excepted = run(&shop, &["--workload-kind", ROLLOUT, "-o", "json"]);
    assert_eq!(subjects(&report(&excepted)), ["Rollout cart excepted"]);
    let reports = run(&shop, &["--workload-kind", ROLLOUT, "-o", "policyreport"]).stdout;
    assert!(reports.contains("argoproj.io/v1alpha1") && reports.contains("kind: Rollout"), "{reports}");
    let lint = |flags: &[&str]| {
        let args = [&["lint", ".", "--at", "2026-12-01", "--strict"], flags].concat();
        stanchion(&args).within(&shop).run().stdout
    };
    let unknown = "no control judges a `Rollout`";
    assert!(lint(&[]).contains(unknown));
    assert!(!lint(&["--workload-kind", ROLLOUT]).contains(unknown));
}

#[test]
fn a_slip_is_refused_before_anything_is_judged() {
    let shop = shop("");
    let run = run(&shop, &["--workload-kind", "argoproj.io/v1alpha1/Rollout"]);
    assert_eq!((run.stdout.as_str(), run.code), ("", 2));
    assert!(run.stderr.contains("say where its pod template stands, after a `=`"), "{}", run.stderr);
}
