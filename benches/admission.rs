//! What a review takes: from the bytes of an `AdmissionReview` to those of the answer, and over HTTPS.
//!
//! `cargo bench --bench admission [-- WORKLOADS]`
//!
//! All presets are at Deny. The cluster is that of the other benchmarks: see `scale.rs`. Client and server share the
//! machine and the process; what a handler that does nothing takes is measured in the same run.

#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock and at files")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints"
)]
#![expect(clippy::cast_precision_loss, reason = "figures are for reading")]

#[path = "admission/https.rs"]
mod https;
#[path = "support/objects.rs"]
mod objects;
#[path = "../tests/webhook/pki.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod pki;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use objects::{meta, objects_of};
use serde_json::{Value, json};
use stanchion::admission::request::{Request, respond};
use stanchion::admission::stages::Stages;
use stanchion::admission::{Answer, Known, Prepared};
use stanchion::api::SecurityStandard;
use stanchion::engine::evaluate::Ledger;
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::status::Findings;
use stanchion::facts::object::{Object, Recognition, recognize};
use stanchion::facts::{CustomKinds, Inventory};
use stanchion::manifest::{Limits, read};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WORKLOADS: usize = 100_000;
const REVIEWS: usize = 5_000;
const NOW: Timestamp = Timestamp::constant(1_796_126_400, 0);

/// All that a process knows that answers.
pub(crate) struct Cluster {
    policy: Policy,
    inventory: Inventory,
    ledger: Ledger,
    stages: Stages,
    kinds: CustomKinds,
    tripped: BTreeSet<stanchion::admission::tally::Place>,
}

impl Cluster {
    fn of(workloads: usize) -> Self {
        let policy = presets();
        let mut inventory = Inventory::default();
        let mut take = |object: &Value| {
            let Recognition::Facts(kind) =
                recognize(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap())
            else {
                return;
            };
            let text = serde_json::to_string(object).unwrap();
            let mut reader = serde_json::Deserializer::from_str(&text);
            inventory.put(Object::decode(kind, &mut reader).unwrap());
        };
        // By this role facts are known to be a whole cluster's.
        take(
            &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta("", "system:basic-user"), "rules": []}),
        );
        for number in 0..workloads {
            objects_of(number).iter().for_each(&mut take);
        }
        inventory.settle();
        let ledger = Ledger::new(&policy, &inventory, NOW);
        let findings =
            Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
        let stages = Stages::of(&findings);
        Self { policy, inventory, ledger, stages, kinds: CustomKinds::default(), tripped: BTreeSet::new() }
    }

    fn known(&self) -> Known<'_> {
        let Self { policy, inventory, stages, tripped, .. } = self;
        Known { policy, inventory, stages, tripped, breaks_glass: false }
    }

    /// Bytes to bytes, of what gives nobody a right.
    pub(crate) fn review(&self, body: &[u8]) -> Vec<u8> {
        let request = Request::read(body).unwrap();
        let uid = request.uid.clone().into_owned();
        let answer = match Prepared::new(request, &self.kinds, &self.policy.settings) {
            Ok(prepared) => prepared.judge(self.known(), &self.ledger, NOW),
            Err(_) => Answer::silent(),
        };
        respond(&uid, answer)
    }

    /// The same of roles and bindings.
    fn review_rights(&mut self, body: &[u8]) -> Vec<u8> {
        let Self { policy, inventory, ledger, stages, kinds, tripped } = self;
        let request = Request::read(body).unwrap();
        let uid = request.uid.clone().into_owned();
        let prepared = Prepared::new(request, kinds, &policy.settings).unwrap();
        let known = Known { policy, inventory, stages, tripped, breaks_glass: false };
        respond(&uid, prepared.judge_rights(known, ledger, NOW))
    }
}

/// All presets, at Deny for what is in no tier.
fn presets() -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/presets");
    let mut standards: Vec<SecurityStandard> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "yaml") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for document in read("a preset", &bytes, &Limits::default()).documents {
            let mut object = document.node.to_json();
            if object["kind"] != "SecurityStandard" {
                continue;
            }
            object["spec"]["rollout"] =
                json!({"stages": [{"action": "Audit", "soak": "0m"}, {"action": "Deny"}]});
            object["status"] = json!({"tiers": [
                {"name": "unclassified", "action": "Deny", "since": "2026-11-01T00:00:00Z"},
            ]});
            standards.push(serde_json::from_value(object).unwrap());
        }
    }
    let (policy, refused) = Policy::compile(&standards, [], [], Settings::default());
    assert!(refused.is_empty(), "{refused:?}");
    let controls: usize = policy.standards.iter().map(|it| it.controls.len()).sum();
    println!("{} standards with {controls} controls, all at Deny", policy.standards.len());
    policy
}

/// A review of an object.
fn body(object: &Value, old: Option<&Value>) -> Vec<u8> {
    let (group, version) = object["apiVersion"].as_str().unwrap().split_once('/').unwrap_or(("", "v1"));
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": version, "kind": object["kind"]},
            "resource": {"group": group, "version": version, "resource": "deployments"},
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
            "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
            "userInfo": {"username": "ana", "groups": ["system:authenticated"]},
            "object": object, "oldObject": old, "dryRun": false,
        },
    });
    serde_json::to_vec(&review).unwrap()
}

/// A Deployment of about four kilobytes, hardened or not, that is not there yet.
fn deployment(number: usize) -> Value {
    let mut object = objects_of(number).swap_remove(0);
    object["metadata"]["name"] = json!("review");
    let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap();
    let mut second = containers[0].clone();
    second["name"] = json!("second");
    containers.push(second);
    let env: Vec<Value> = (0..20)
        .map(|it| json!({"name": format!("SETTING_{it}"), "value": format!("value-of-setting-{it}")}))
        .collect();
    containers[0]["env"] = json!(env);
    object
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
fn timed(what: &str, bytes: usize, mut review: impl FnMut() -> Vec<u8>) {
    let mut times: Vec<Duration> = (0..REVIEWS)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(review());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("| {what} | {bytes} | {:.1?} | {:.1?} | {:.1?} |", at(0.0), at(0.5), at(0.99));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let workloads = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(WORKLOADS);
    let mut cluster = Cluster::of(workloads);
    println!(
        "{workloads} workloads\n\n| review | bytes | best | median | p99 |\n| --- | --- | --- | --- | --- |"
    );
    for (what, number) in [("Deployment, plain", 1), ("Deployment, hardened", 3)] {
        let object = deployment(number);
        let created = body(&object, None);
        timed(&format!("{what}, created"), created.len(), || cluster.review(&created));
        let mut changed = object.clone();
        changed["spec"]["template"]["metadata"]["labels"]["version"] = json!("2");
        let updated = body(&changed, Some(&object));
        timed(&format!("{what}, updated"), updated.len(), || cluster.review(&updated));
    }
    let object = deployment(1);
    let same = body(&object, Some(&object));
    timed("Deployment, nothing that is judged changes", same.len(), || cluster.review(&same));
    let all = objects_of(10);
    let of = |kind: &str| all.iter().find(|it| it["kind"] == kind).unwrap().clone();
    for kind in ["Service", "Role", "RoleBinding"] {
        let mut object = of(kind);
        object["metadata"]["name"] = json!("review");
        let created = body(&object, None);
        if kind == "Service" {
            timed(kind, created.len(), || cluster.review(&created));
        } else {
            timed(kind, created.len(), || cluster.review_rights(&created));
        }
    }
    let created = body(&deployment(1), None);
    https::run(&Arc::new(cluster), &created);
}
