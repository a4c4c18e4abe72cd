//! Kinds of workloads that a CRD defines: judged like any other, there or not, and coming and going while the operator
//! runs.

use std::process::Command;

use serde_json::{Value, json};

use crate::operator::Operator;
use crate::plane::{Cluster, OPERATOR, cluster, eventually};
use crate::shop::{Shop, condition};

const ROLLOUT: &str = "argoproj.io/v1alpha1/Rollout=spec.template";

/// The definition of Rollouts, which may hold anything, in a cluster for as long as this lives.
struct Definition<'a>(&'a Cluster);

impl<'a> Definition<'a> {
    fn install(cluster: &'a Cluster) -> Self {
        let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        cluster.create(&json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "rollouts.argoproj.io"},
            "spec": {
                "group": "argoproj.io",
                "scope": "Namespaced",
                "names": {"kind": "Rollout", "plural": "rollouts", "singular": "rollout", "listKind": "RolloutList"},
                "versions": [
                    {"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": anything}},
                ],
            },
        }));
        let crd = "crd/rollouts.argoproj.io";
        cluster.plane.kubectl(&["wait", "--for=condition=Established", crd, "--timeout=60s"]);
        Self(cluster)
    }
}

impl Drop for Definition<'_> {
    fn drop(&mut self) {
        self.0.plane.kubectl(&["delete", "crd", "rollouts.argoproj.io", "--wait=true"]);
    }
}

/// What the operator's role lacks for them.
struct Rights<'a>(&'a Cluster);

impl<'a> Rights<'a> {
    fn give(cluster: &'a Cluster) -> Self {
        let rights = Self(cluster);
        for object in rights.objects() {
            cluster.create(&object);
        }
        rights
    }

    #[expect(clippy::unused_self, reason = "they are of these rights")]
    fn objects(&self) -> [Value; 2] {
        let (api_version, name) = ("rbac.authorization.k8s.io/v1", "stanchion-rollouts");
        let may_watch =
            json!({"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["list", "watch"]});
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
        let subject = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": OPERATOR});
        [
            json!({"apiVersion": api_version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": [may_watch]}),
            json!({"apiVersion": api_version, "kind": "ClusterRoleBinding", "metadata": {"name": name},
                "roleRef": role, "subjects": [subject]}),
        ]
    }
}

impl Drop for Rights<'_> {
    fn drop(&mut self) {
        for object in self.objects() {
            self.0.delete(&object);
        }
    }
}

fn template(privileged: bool) -> Value {
    json!({
        "metadata": {"labels": {"app": "stage"}},
        "spec": {"containers": [{
            "name": "stage",
            "image": "registry.example.com/stage:1",
            "securityContext": {"privileged": privileged},
        }]},
    })
}

fn rollout(name: &str, template: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 2, "strategy": {"canary": {"steps": [{"setWeight": 20}]}}, "template": template},
    })
}

/// What a Rollout makes.
fn replica_set(owner: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "stage-1", "namespace": "shop", "ownerReferences": [{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"], "controller": true,
        }]},
        "spec": {"selector": {"matchLabels": {"app": "stage"}}, "template": template(true)},
    })
}

fn facts(operator: &Operator) -> Result<f64, String> {
    let (_, text) = operator.http("/metrics");
    let line = text.lines().find(|line| line.starts_with("stanchion_facts{kind=\"Rollout\"}"));
    let number = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    number.ok_or_else(|| text.clone())
}

fn await_facts(operator: &Operator, wanted: f64) {
    eventually("facts of Rollouts", || match facts(operator) {
        Ok(number) if (number - wanted).abs() < 1e-9 => Ok(()),
        other => Err(format!("{other:?}, not {wanted}")),
    });
}

#[test]
fn a_custom_kind_is_judged_like_any_other_and_comes_and_goes_with_its_definition() {
    let cluster = cluster();
    let _rights = Rights::give(&cluster);
    let operator = Operator::ready_with(&cluster, "kinds", &["--workload-kind", ROLLOUT]);
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    assert_eq!(operator.http("/readyz").1, "ok\n", "what is not installed is not missed");

    let definition = Definition::install(&cluster);
    let stage = cluster.create(&rollout("stage", &template(true)));
    cluster.create(&replica_set(&stage));
    cluster.create(&rollout("nonsense", &json!(["no", {"pod": 3}])));
    cluster.create(&rollout("refers", &Value::Null));
    shop.await_failing(1);
    let failures = shop.status()["topFailures"].clone();
    assert_eq!(failures[0]["subject"], "Rollout shop/stage", "{failures}");
    eventually("the one that can't be decoded", || {
        let malformed = operator.metric("stanchion_malformed_objects");
        if (malformed - 1.0).abs() < 1e-9 { Ok(()) } else { Err(malformed.to_string()) }
    });
    let exception = {
        let mut exception =
            shop.exception("stage", crate::plane::clock() + std::time::Duration::from_secs(86_400));
        exception["spec"]["target"]["kind"] = json!("Rollout");
        exception
    };
    cluster.create(&exception);
    shop.await_excepted(1);
    let audit = audit(&cluster);
    let subject = audit["subjects"].as_array().unwrap().iter().find(|it| it["kind"] == "Rollout").unwrap();
    assert_eq!((&subject["name"], &subject["outcome"]), (&json!("stage"), &json!("excepted")));
    assert!(!audit["subjects"].to_string().contains("stage-1"), "a ReplicaSet is part of its Rollout");

    drop(definition);
    shop.await_excepted(0);
    shop.await_condition(&exception, "Effective", "MatchesNothing");
    await_facts(&operator, 0.0);

    let _definition = Definition::install(&cluster);
    cluster.create(&rollout("stage", &template(true)));
    shop.await_excepted(1);
    cluster.patch(&rollout("stage", &Value::Null), &json!({"spec": {"template": template(false)}}));
    shop.await_excepted(0);
    let is_wrong =
        |line: &Value| line["kind"] == "Rollout" && line["level"] != "INFO" && line["name"] != "nonsense";
    let wrong: Vec<Value> = operator.log().into_iter().filter(is_wrong).collect();
    // That a new definition doesn't know the versions of the old one may be said, once each time.
    assert!(wrong.len() <= 2, "a definition that goes is no failure: {wrong:#?}");
}

/// What an audit of the cluster says.
fn audit(cluster: &Cluster) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
    command.args([
        "audit",
        "--cluster",
        "--no-config",
        "-o",
        "json",
        "--workload-kind",
        ROLLOUT,
        "--kubeconfig",
    ]);
    let output = command.arg(cluster.plane.kubeconfig("admin")).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_custom_kind_that_may_not_be_read_is_missed_only_where_it_is_installed() {
    let cluster = cluster();
    let operator = Operator::ready_with(&cluster, "kindless", &["--workload-kind", ROLLOUT]);
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    assert_eq!(operator.http("/readyz").1, "ok\n");
    let _definition = Definition::install(&cluster);
    shop.await_condition(&shop.standard(), "Evaluated", "PermissionDenied");
    let evaluated = condition(&shop.status(), "Evaluated");
    let message = evaluated["message"].as_str().unwrap();
    assert!(message.contains("rollouts.argoproj.io"), "{message}");
    let _rights = Rights::give(&cluster);
    shop.await_condition(&shop.standard(), "Evaluated", "Evaluated");
    cluster.create(&rollout("stage", &template(true)));
    shop.await_failing(1);
}
