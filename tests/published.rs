//! What the program writes keeps to what others publish: SARIF to the schema of OASIS, reports to the definitions of
//! their kinds, on a real API server. The schemas come from Go modules that carry them, of pinned versions.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "support/apiserver.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod apiserver;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "published/module.rs"]
mod module;
#[path = "cli/program.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "other tests use more of it")]
mod program;

use std::collections::BTreeMap;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use apiserver::ApiServer;
use controlplane::ControlPlane;
use program::{AT, stanchion};

/// Runs that have everything: findings, exceptions, problems, unknowns, and every control of the catalogue as a rule.
const RUNS: [&[&str]; 4] = [
    &["company", AT],
    &["broken"],
    &["nowhere"],
    &[
        "company",
        AT,
        "--preset",
        "pod-security-restricted",
        "--preset",
        "image-integrity",
        "--preset",
        "least-privilege",
    ],
];

fn written(args: &[&str], format: &str) -> String {
    stanchion(&[&["audit", "-o", format][..], args].concat()).run().stdout
}

#[test]
fn sarif_keeps_to_its_schema() {
    // The module has the schema as a string of Go, between its only two backticks.
    let source = module::SARIF.read("pkg/report/v210/sarif/schema.go");
    let schema: Value = serde_json::from_str(source.split('`').nth(1).unwrap()).unwrap();
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("urn:sarif", schema).unwrap();
    let schema = compiler.compile("urn:sarif", &mut schemas).unwrap();
    let container = json!({"name": "app", "image": "a", "securityContext": {"privileged": true}});
    let pods = [
        json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"containers": [container]}}),
        json!({"metadata": {"name": "b", "namespace": "b"}, "spec": "can't be read"}),
    ];
    let server = ApiServer::with(&[("/api/v1/pods", &pods)]);
    let kubeconfig = server.kubeconfig();
    let of_cluster: &[&str] = &["--cluster", "--kubeconfig", &kubeconfig];
    for args in RUNS.into_iter().chain([of_cluster]) {
        let log: Value = serde_json::from_str(&written(args, "sarif")).unwrap();
        if let Err(error) = schemas.validate(&log, schema) {
            panic!("{args:?}: {error:#}");
        }
        for spoilt in ["results", "tool"] {
            let mut log = log.clone();
            log["runs"][0][spoilt] = "spoilt".into();
            assert!(schemas.validate(&log, schema).is_err(), "the schema is looked at");
        }
    }
}

#[test]
fn an_api_server_takes_the_policy_as_it_is_written() {
    let plane = ControlPlane::start();
    let crds = stanchion(&["crds"]).run().stdout;
    let yaml = stanchion(&["audit", "company", AT, "--preset", "image-integrity", "-o", "yaml"]).run().stdout;
    let folder = program::folder(&[("crds.yaml", crds.as_bytes()), ("policy.yaml", yaml.as_bytes())]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    plane.kubectl(&["apply", "--server-side", "-f", &file("crds.yaml")]);
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
    for namespace in ["payments", "shop"] {
        plane.kubectl(&["create", "namespace", namespace]);
    }
    // As people apply files, and strictly: the status is part of the schema.
    plane.kubectl(&["apply", "--validate=strict", "-f", &file("policy.yaml")]);
    plane.kubectl(&[
        "apply",
        "--server-side",
        "--force-conflicts",
        "--subresource=status",
        "-f",
        &file("policy.yaml"),
    ]);
    for sent in serde_saphyr::from_multiple::<Value>(&yaml).unwrap() {
        let text = |field: &str| sent["metadata"][field].as_str().unwrap_or("default").to_owned();
        let kind = sent["kind"].as_str().unwrap();
        let (name, namespace) = (text("name"), text("namespace"));
        let kept = plane.kubectl(&["get", kind, &name, "-n", &namespace, "-o", "json"]);
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!((&kept["spec"], &kept["status"]), (&sent["spec"], &sent["status"]), "{kind} {name}");
    }
}

#[test]
fn an_api_server_takes_the_reports_as_they_are() {
    let plane = ControlPlane::start();
    let kinds = [
        (&module::POLICY_REPORT, "wgpolicyk8s.io_", ["policyreports", "clusterpolicyreports"]),
        (&module::OPEN_REPORTS, "openreports.io_", ["reports", "clusterreports"]),
    ];
    for (module, prefix, plurals) in kinds {
        for plural in plurals {
            let file = module.path(&format!("{prefix}{plural}.yaml"));
            plane.kubectl(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
            let group = prefix.trim_end_matches('_');
            let name = format!("crd/{plural}.{group}");
            plane.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", &name]);
        }
    }
    for namespace in ["payments", "shop"] {
        plane.kubectl(&["create", "namespace", namespace]);
    }
    for (format, plural) in
        [("policyreport", "policyreports.wgpolicyk8s.io"), ("openreports", "reports.openreports.io")]
    {
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n\
                    rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n";
        let args = [
            "audit",
            "company",
            "-",
            "--standards",
            "company/policy",
            "--preset",
            "least-privilege",
            AT,
            "-o",
            format,
        ];
        let yaml = stanchion(&args).stdin(role).run().stdout;
        let folder = program::folder(&[("reports.yaml", yaml.as_bytes())]);
        let file = folder.path().join("reports.yaml");
        // Strict: what the schema doesn't name is refused, not dropped.
        let file = file.to_str().unwrap();
        plane.kubectl(&["apply", "--server-side", "--validate=strict", "-f", file]);
        let kept: Value = serde_json::from_str(&plane.kubectl(&["get", plural, "-A", "-o", "json"])).unwrap();
        let kept = kept["items"].as_array().unwrap();
        let mut namespaces = BTreeMap::new();
        for report in kept {
            assert!(!report["results"].as_array().unwrap().is_empty());
            namespaces.insert(report["metadata"]["namespace"].as_str().unwrap(), report["summary"].clone());
        }
        assert_eq!(namespaces.keys().copied().collect::<Vec<_>>(), ["payments", "shop"]);
        assert_eq!(namespaces["payments"]["skip"], 1, "{namespaces:?}");
        // What was sent is what is there.
        for sent in serde_saphyr::from_multiple::<Value>(&yaml).unwrap() {
            let same = |it: &&Value| it["metadata"]["namespace"] == sent["metadata"]["namespace"];
            let Some(kept) = kept.iter().find(same) else {
                assert!(sent["kind"].as_str().unwrap().starts_with("Cluster"));
                continue;
            };
            assert_eq!((&kept["results"], &kept["summary"]), (&sent["results"], &sent["summary"]));
        }
    }
    let cluster = plane.kubectl(&["get", "clusterpolicyreports,clusterreports", "-o", "name"]);
    let names: Vec<&str> = cluster.lines().collect();
    assert_eq!(
        names,
        ["clusterpolicyreport.wgpolicyk8s.io/stanchion", "clusterreport.openreports.io/stanchion"]
    );
}
