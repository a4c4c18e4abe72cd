//! What a status may grow to, whatever the cluster holds and whoever writes in it.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use jiff::Timestamp;
use serde_json::{Value, json};
use stanchion::api::{RiskException, SecurityStandard, ServiceTier};
use stanchion::engine::catalogue;
use stanchion::engine::evaluate::Ledger;
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::status::Findings;
use stanchion::facts::object::{Object, ObjectKind};
use stanchion::facts::{Inventory, WorkloadKind};

/// 2026-11-23T12:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_435_200, 0);

/// What etcd takes in one request is 1.5 MiB by default. A status is written often, so it should be far below.
const MOST: usize = 128 * 1024;

const WORKLOADS: usize = 400;
/// Of those that cover everything a few are enough to see what each grows to.
const EXCEPTIONS: usize = 20;
const TIERS: usize = 100;
const STANDARDS: usize = 4;

/// As long as a name may be.
fn long(kind: &str, number: usize) -> String {
    format!("{kind}-{number:0>width$}", width = 252 - kind.len())
}

fn typed<T: serde::de::DeserializeOwned>(objects: Vec<Value>) -> Vec<T> {
    objects.into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    object_in("crowded", kind, name, spec)
}

fn object_in(namespace: &str, kind: &str, name: &str, spec: &Value) -> Value {
    let created = "2026-11-20T00:00:00Z";
    let metadata = json!({"name": name, "namespace": namespace, "creationTimestamp": created});
    json!({"apiVersion": "stanchion.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
}

/// A namespace in which somebody writes as much as the API server takes.
fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    for number in 0..WORKLOADS {
        let labels = json!({"tier": format!("t{}", number % TIERS), "app": "it"});
        let owner = format!("{number}{}", "o".repeat(1000));
        let annotations = json!({"stanchion.dev/owner": owner, "note": "n".repeat(200_000)});
        let container =
            json!({"name": "app", "image": "i".repeat(4000), "securityContext": {"privileged": true}});
        let written = json!({
            "metadata": {"name": long("w", number), "namespace": "crowded", "labels": labels, "annotations": annotations},
            "spec": {"template": {"spec": {"hostNetwork": true, "containers": [container]}}},
        });
        inventory.put(Object::decode(ObjectKind::Workload(WorkloadKind::Deployment), &written).unwrap());
    }
    inventory
}

fn policy() -> Policy {
    let all: Vec<Value> = catalogue::all().iter().map(|it| json!({"id": it.id})).collect();
    let freeze = json!({"from": "2026-11-01", "to": "2026-12-31", "reason": "r".repeat(256)});
    let stages =
        json!([{"action": "Audit", "soak": "7d"}, {"action": "Warn", "soak": "7d"}, {"action": "Deny"}]);
    let standard = json!({
        "title": "t".repeat(200), "owner": "security", "controls": all,
        "rollout": {"stages": stages, "freezes": [freeze]},
    });
    // Others set every control differently.
    let mut others = standard.clone();
    for control in others.get_mut("controls").and_then(Value::as_array_mut).unwrap() {
        control["severity"] = json!("Low");
    }
    let all = (0..STANDARDS).map(|number| {
        object("SecurityStandard", &long("s", number), if number == 0 { &standard } else { &others })
    });
    let standards: Vec<SecurityStandard> = typed(all.collect());
    let tiers = (0..TIERS).map(|number| {
        let selector = json!({"workloadSelector": {"matchLabels": {"tier": format!("t{number}")}}});
        object("ServiceTier", &long("t", number), &json!({"level": number, "selectors": [selector]}))
    });
    let tiers: Vec<ServiceTier> = typed(tiers.collect());
    let exceptions = (0..EXCEPTIONS).map(|number| {
        let spec = json!({
            "controls": ["pod.*", "image.*"], "target": {"selector": {"matchLabels": {"app": "it"}}},
            "maxWorkloads": 1000, "reason": "r".repeat(1000), "owner": "team", "ticket": "https://example.com/1",
            "expiresAt": "2026-12-01T00:00:00Z", "approvals": [{"by": "ana"}, {"by": "ben"}],
        });
        object("RiskException", &long("e", number), &spec)
    });
    let exceptions: Vec<RiskException> = typed(exceptions.collect());
    let (policy, refused) = Policy::compile(&standards, &tiers, &exceptions, Settings::default());
    assert_eq!(refused, []);
    policy
}

fn size(status: &impl serde::Serialize) -> usize {
    serde_json::to_vec(status).unwrap().len()
}

#[test]
fn no_status_grows_with_the_cluster() {
    let (policy, inventory) = (policy(), inventory());
    let ledger = Ledger::new(&policy, &inventory, NOW);
    let findings = Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
    let standard = findings.standard(0, None, 1).unwrap();
    assert_eq!(standard.posture.as_ref().unwrap().evaluated, i64::try_from(WORKLOADS).unwrap());
    let said = &standard.conditions[0];
    assert_eq!(said.reason, "Overlapping");
    assert!(said.message.len() < 3_000 && said.message.contains(" more: "), "{}", said.message);
    assert!(standard.tiers.iter().any(|tier| tier.owners.len() > 1));
    let exception = findings.exception(0, None, 1).unwrap();
    assert_eq!(exception.covers.as_ref().unwrap().workloads, i64::try_from(WORKLOADS).unwrap());
    let tier = findings.tier(&policy.tiers.iter().next().unwrap().name, None, 1).unwrap();
    let sizes = [size(&standard), size(&exception), size(&tier)];
    assert!(sizes.iter().all(|size| *size < MOST), "{sizes:?}");
    assert!(sizes[0] > 10_000, "the largest of all was expected to be large: {sizes:?}");
}

/// The statuses of a standard, of a tier and of somebody's exception, with so many exceptions in a crowded namespace.
fn beside(crowd: usize) -> ([Value; 3], Vec<usize>) {
    let workload = |namespace: &str, name: &str| {
        let labels = json!({"app": "it"});
        let container = json!({"name": "app", "image": "a", "securityContext": {"privileged": true}});
        let written = json!({
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"template": {"spec": {"containers": [container]}}},
        });
        Object::decode(ObjectKind::Workload(WorkloadKind::Deployment), &written).unwrap()
    };
    let mut inventory = Inventory::default();
    for object in [workload("crowded", "a"), workload("crowded", "b"), workload("quiet", "c")] {
        inventory.put(object);
    }
    let exception = |namespace: &str, name: &str| {
        let spec = json!({
            "controls": ["pod.*"], "target": {"selector": {"matchLabels": {"app": "it"}}}, "maxWorkloads": 1,
            "reason": "r".repeat(1000), "owner": "o".repeat(250), "expiresAt": "2026-12-01T00:00:00Z",
            "approvals": [{"by": "ana"}],
        });
        object_in(namespace, "RiskException", name, &spec)
    };
    let crowded = (0..crowd).map(|number| exception("crowded", &long("e", number)));
    let exceptions: Vec<RiskException> = typed(crowded.chain([exception("quiet", "q")]).collect());
    let controls = json!([{"id": "pod.privileged"}]);
    let standards: Vec<SecurityStandard> =
        typed(vec![object("SecurityStandard", "s", &json!({"controls": controls}))]);
    let tiers: Vec<ServiceTier> =
        typed(vec![object("ServiceTier", "t", &json!({"level": 1, "default": true}))]);
    let (policy, refused) = Policy::compile(&standards, &tiers, &exceptions, Settings::default());
    assert_eq!(refused, []);
    let ledger = Ledger::new(&policy, &inventory, NOW);
    let findings = Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
    let sizes = (0..crowd).map(|index| size(&findings.exception(index, None, 1).unwrap())).collect();
    let quiet = policy.exceptions.iter().position(|it| it.name == "q").unwrap();
    let statuses = [
        json!(findings.standard(0, None, 1)),
        json!(findings.tier("t", None, 1)),
        json!(findings.exception(quiet, None, 1)),
    ];
    (statuses, sizes)
}

#[test]
fn ten_thousand_exceptions_of_a_tenant_leave_everybody_else_s_status_as_it_is() {
    let ((before, _), (after, sizes)) = (beside(0), beside(10_000));
    assert_eq!(after[2], before[2], "the exception of somebody else");
    assert!(
        after[0]["posture"].is_object() && after[0]["posture"] == before[0]["posture"],
        "they are too broad"
    );
    let all = [size(&after[0]), size(&after[1])].into_iter().chain(sizes);
    let most = all.max().unwrap();
    assert!(most < MOST / 8, "{most}");
}

#[test]
fn what_is_held_of_labels_is_no_more_than_the_api_server_holds_of_them() {
    let labels: serde_json::Map<String, Value> =
        (0..10_000).map(|number| (format!("example.com/{number:0>50}"), json!("v".repeat(63)))).collect();
    let written = json!({"metadata": {"name": "a", "namespace": "b", "labels": labels}});
    let kind = ObjectKind::Workload(WorkloadKind::Deployment);
    let held = format!("{:?}", Object::decode(kind, &written).unwrap()).len();
    let given = written.to_string().len();
    assert!(held < given + given / 4, "{held} of {given}");
}

#[test]
fn what_a_tenant_writes_beside_the_point_is_not_held() {
    let (bare, stuffed) = ("", "x".repeat(200_000));
    let held = |note: &str| {
        let annotations = json!({"note": note, "kubectl.kubernetes.io/last-applied-configuration": note});
        let written = json!({"metadata": {"name": "a", "namespace": "b", "annotations": annotations, "managedFields": [{"fieldsV1": {"f": note}}]},
            "status": {"conditions": [{"message": note}]}});
        let kind = ObjectKind::Workload(WorkloadKind::Deployment);
        format!("{:?}", Object::decode(kind, &written).unwrap()).len()
    };
    assert!(held(&stuffed) < held(bare) + 100, "{} against {}", held(&stuffed), held(bare));
}
