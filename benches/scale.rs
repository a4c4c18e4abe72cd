//! A cluster's objects as an API server would list them, decoded, held and judged, without an API server: time and memory.
//!
//! `cargo bench --bench scale [-- WORKLOADS]`
//!
//! Each workload is a Deployment with its `ReplicaSet` and three running Pods, an account and a Service; each tenth has a
//! Role and a `RoleBinding`; a hundred share a namespace. Bytes are made one object at a time and dropped. What reading
//! them as JSON takes by itself is measured in the same run.

#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock and at its own memory")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints"
)]
#![expect(clippy::cast_precision_loss, reason = "megabytes are for reading")]

#[path = "support/objects.rs"]
mod objects;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use objects::{meta, objects_of};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use stanchion::api::{RiskException, SecurityStandard};
use stanchion::engine::catalogue;
use stanchion::engine::evaluate::{Decided, Ledger};
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::status::Findings;
use stanchion::facts::object::{Object, ObjectKind, Recognition, recognize};
use stanchion::facts::{Change, Inventory};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WORKLOADS: usize = 100_000;
const CHANGES: usize = 200;
const STANDARDS: usize = 500;
const EXCEPTIONS: usize = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let workloads = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(WORKLOADS);
    let policy = policy();
    let before = resident();
    let mut inventory = Inventory::default();
    let (mut reading, mut decoding, mut bytes, mut objects) = (Duration::ZERO, Duration::ZERO, 0, 0);
    let mut take = |object: &Value| {
        let text = serde_json::to_string(object).unwrap();
        bytes += text.len();
        objects += 1;
        let began = Instant::now();
        let _: IgnoredAny = serde_json::from_str(&text).unwrap();
        reading += began.elapsed();
        let began = Instant::now();
        inventory.put(decode(object, &text));
        decoding += began.elapsed();
    };
    take(
        &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta("", "system:basic-user")}),
    );
    for number in 0..=workloads / 1000 {
        take(&json!({"apiVersion": "v1", "kind": "Node", "metadata": meta("", &format!("node-{number}"))}));
    }
    // Kind by kind, as they are listed.
    let mut held: Vec<(&str, usize)> = Vec::new();
    for kind in ["Deployment", "ReplicaSet", "Pod", "ServiceAccount", "Service", "Role", "RoleBinding"] {
        let before = resident();
        for number in 0..workloads {
            objects_of(number).iter().filter(|object| object["kind"] == kind).for_each(&mut take);
        }
        held.push((kind, resident().saturating_sub(before) / workloads));
    }
    println!("{workloads} workloads, {objects} objects, {:.0} MB of JSON", bytes as f64 / 1e6);
    let began = Instant::now();
    inventory.settle();
    decoding += began.elapsed();
    println!("reading as JSON {reading:.2?}; reading, decoding and holding as facts {decoding:.2?}");
    let facts = resident();
    println!(
        "facts: {} MiB, {} bytes a workload: {held:?}",
        mib(facts - before),
        (facts - before) / workloads
    );

    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let began = Instant::now();
    let mut ledger = Ledger::new(&policy, &inventory, now);
    let controls: usize = policy.standards.iter().map(|it| it.controls.len()).sum();
    println!(
        "judging all of it by {controls} controls, on {} cores: {:.2?}",
        rayon::current_num_threads(),
        began.elapsed()
    );
    let all = resident();
    println!(
        "facts, what is joined, and the assessment: {} MiB, {} bytes a workload",
        mib(all - before),
        (all - before) / workloads
    );
    println!("failing {} of {}", ledger.posture().total.failing, ledger.posture().total.evaluated);

    for (what, place, change) in [
        (
            "a Deployment",
            0,
            (|object| object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx"))
                as fn(&mut Value),
        ),
        ("a Pod", 2, |object| object["status"]["containerStatuses"][0]["imageID"] = json!("x@sha256:0")),
        ("a Service", 6, |object| object["spec"]["type"] = json!("LoadBalancer")),
        ("a RoleBinding", 8, |object| object["subjects"][0]["name"] = json!("default")),
    ] {
        let mut times: Vec<(Duration, usize)> = (0..CHANGES)
            .map(|number| {
                let number = number * (workloads / CHANGES).max(1) / 10 * 10 % workloads;
                let mut object = objects_of(number).swap_remove(place);
                change(&mut object);
                let text = serde_json::to_string(&object).unwrap();
                let change: Vec<Change> = inventory.put(decode(&object, &text)).into_iter().collect();
                let began = Instant::now();
                let judged = ledger.update(&policy, &inventory, &change, &Decided::default(), now);
                (began.elapsed(), judged)
            })
            .collect();
        times.sort();
        let most = times.iter().map(|(_, judged)| judged).max().unwrap();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].0;
        println!("{what} changes: median {:.2?}, p99 {:.2?}, at most {most} subjects judged", at(50), at(99));
    }
    println!("at last: {} MiB", mib(resident() - before));
    drop(ledger);
    statuses(&inventory, workloads, now);
}

/// The statuses of many standards and exceptions, which the operator makes when anything changed: what differs from what
/// is there, it writes.
fn statuses(inventory: &Inventory, workloads: usize, now: Timestamp) {
    let namespaces = workloads.div_ceil(100);
    let standards: Vec<SecurityStandard> =
        (0..STANDARDS).map(|number| standard(number, namespaces)).collect();
    let exceptions: Vec<RiskException> = (0..EXCEPTIONS).map(|number| exception(number, workloads)).collect();
    let (policy, refused) = Policy::compile(&standards, [], &exceptions, Settings::default());
    assert_eq!(refused, []);
    let began = Instant::now();
    let ledger = Ledger::new(&policy, inventory, now);
    println!(
        "judging all of it by {STANDARDS} standards with {EXCEPTIONS} exceptions: {:.2?}",
        began.elapsed()
    );
    let findings = Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
    let of_standards: Vec<_> =
        (0..STANDARDS).map(|index| findings.standard(index, None, 1).unwrap()).collect();
    let of_exceptions: Vec<_> =
        (0..EXCEPTIONS).map(|index| findings.exception(index, None, 1).unwrap()).collect();
    let mut times: Vec<[Duration; 2]> = (0..20)
        .map(|_| {
            let began = Instant::now();
            for (index, before) in of_standards.iter().enumerate() {
                assert_eq!(findings.standard(index, Some(before), 1).as_ref(), Some(before));
            }
            let standards = began.elapsed();
            for (index, before) in of_exceptions.iter().enumerate() {
                assert_eq!(findings.exception(index, Some(before), 1).as_ref(), Some(before));
            }
            [standards, began.elapsed().saturating_sub(standards)]
        })
        .collect();
    times.sort();
    let [standards, exceptions] = times[times.len() / 2];
    println!("making their statuses anew: standards {standards:.2?}, exceptions {exceptions:.2?}");
}

fn policy() -> Policy {
    let controls: Vec<Value> = catalogue::all().iter().map(|it| json!({"id": it.id})).collect();
    let standard: SecurityStandard = serde_json::from_value(json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "all"},
        "spec": {"title": "everything", "owner": "security", "controls": controls},
    }))
    .unwrap();
    let (policy, refused) = Policy::compile([&standard], [], [], Settings::default());
    assert_eq!(refused, []);
    policy
}

/// Twenty controls for some namespaces.
fn standard(number: usize, namespaces: usize) -> SecurityStandard {
    let all: Vec<_> = catalogue::all().iter().map(|it| json!({"id": it.id})).collect();
    let controls: Vec<&Value> = all.iter().cycle().skip(number).take(20).collect();
    let names: Vec<String> =
        (number..namespaces.max(number + 1)).step_by(STANDARDS).map(|it| format!("team-{it}")).collect();
    let wanted = json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": names});
    serde_json::from_value(json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": format!("standard-{number:03}")},
        "spec": {"title": "some", "owner": "security", "controls": controls,
            "scope": {"namespaceSelector": {"matchExpressions": [wanted]}}},
    }))
    .unwrap()
}

fn exception(number: usize, workloads: usize) -> RiskException {
    let workload = number * 10 % workloads;
    serde_json::from_value(json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": format!("exception-{number:05}"), "namespace": format!("team-{}", workload / 100)},
        "spec": {
            "controls": ["pod.*", "image.*"], "target": {"names": [format!("service-{workload}")]}, "owner": "team-shop",
            "reason": "it is being rewritten this month", "approvals": [{"by": "ana"}],
            "validFrom": "2026-11-01T00:00:00Z", "expiresAt": "2026-12-20T00:00:00Z",
        },
    }))
    .unwrap()
}

fn decode(object: &Value, text: &str) -> Object {
    let known = recognize(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
    let Recognition::Facts(kind) = known else { unreachable!("{object}") };
    let kind: ObjectKind = kind;
    Object::decode(kind, &mut serde_json::Deserializer::from_str(text)).unwrap()
}

/// Resident memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or_default();
    pages * 4096
}

fn mib(bytes: usize) -> usize {
    bytes / 1024 / 1024
}
