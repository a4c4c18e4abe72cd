use serde_json::{Value, json};

use super::*;

fn tolerations(written: Value) -> Vec<Toleration> {
    serde_json::from_value(written).unwrap()
}

fn taint(key: &str, value: &str, effect: &str) -> Taint {
    Taint { key: key.into(), value: value.into(), effect: effect.into() }
}

fn spec(written: Value) -> PodSpec {
    serde_json::from_value(written).unwrap()
}

fn workload(kind: WorkloadKind, pod_spec: &Value) -> Workload {
    Workload::decode(kind, &json!({"spec": {"template": {"spec": pod_spec}}})).unwrap()
}

fn node(labels: &Value, taints: &Value) -> Node {
    serde_json::from_value(json!({"metadata": {"name": "n1", "labels": labels}, "spec": {"taints": taints}}))
        .unwrap()
}

fn affinity(terms: &Value) -> PodSpec {
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
    spec(json!({"affinity": {"nodeAffinity": required}}))
}

#[test]
fn a_toleration_fits_by_key_operator_value_and_effect() {
    let one = |toleration: Value, taint: Taint| tolerates(&tolerations(json!([toleration])), &[taint]);
    let gpu = || taint("gpu", "yes", "NoSchedule");
    assert!(one(json!({"key": "gpu", "operator": "Exists"}), gpu()));
    assert!(one(json!({"key": "gpu", "value": "yes"}), gpu()));
    assert!(one(json!({"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}), gpu()));
    assert!(one(json!({"operator": "Exists"}), gpu()));
    assert!(!one(json!({"key": "gpu", "value": "no"}), gpu()));
    assert!(!one(json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}), gpu()));
    assert!(!one(json!({"key": "gpus", "operator": "Exists"}), gpu()));
    assert!(one(json!({"value": "yes"}), gpu()), "an empty key is every key, as upstream compares it");
    assert!(!one(json!({"key": "n", "operator": "Gt", "value": "1"}), taint("n", "2", "NoSchedule")));
    assert!(one(json!({"key": "other"}), taint("soft", "", "PreferNoSchedule")));
}

#[test]
fn every_taint_must_be_tolerated() {
    let both = [taint("a", "", "NoSchedule"), taint("b", "", "NoExecute")];
    assert!(!tolerates(&tolerations(json!([{"key": "a", "operator": "Exists"}])), &both));
    assert!(tolerates(&tolerations(json!([{"operator": "Exists"}])), &both));
    assert!(tolerates(&[], &[]));
}

#[test]
fn required_affinity_is_any_of_its_terms_and_all_of_their_requirements() {
    let gpu = node(&json!({"pool": "gpu", "cores": "16"}), &json!([]));
    let matches = |terms: Value| may_run_on(&affinity(&terms), &gpu);
    let one = |key: &str, operator: &str, values: Value| {
        matches(json!([{"matchExpressions": [{"key": key, "operator": operator, "values": values}]}]))
    };
    assert!(one("pool", "In", json!(["cpu", "gpu"])) && !one("pool", "NotIn", json!(["gpu"])));
    assert!(one("pool", "Exists", json!([])) && one("zone", "DoesNotExist", json!([])));
    assert!(one("zone", "NotIn", json!(["a"])) && !one("zone", "In", json!(["a"])));
    assert!(one("cores", "Gt", json!(["8"])) && !one("cores", "Lt", json!(["8"])));
    assert!(!one("pool", "Gt", json!(["8"])) && !one("cores", "Gt", json!(["x"])));
    let by_name = |operator: &str, name: &str| {
        matches(json!([{"matchFields": [{"key": "metadata.name", "operator": operator, "values": [name]}]}]))
    };
    assert!(by_name("In", "n1") && !by_name("In", "n2") && by_name("NotIn", "n2"));
    let pool = json!({"matchExpressions": [{"key": "pool", "operator": "Exists"}]});
    assert!(matches(json!([{}, pool])), "an empty term matches nothing and harms nothing");
    assert!(!matches(json!([{}])) && !matches(json!([])));
}

#[test]
fn what_cannot_be_read_spoils_its_term_alone() {
    let any = node(&json!({"pool": "gpu"}), &json!([]));
    let broken = json!({"matchExpressions": [{"key": "pool", "operator": "In", "values": []}]});
    let bad_key = json!({"matchExpressions": [{"key": "a b", "operator": "DoesNotExist"}]});
    let good = json!({"matchExpressions": [{"key": "pool", "operator": "Exists"}]});
    assert!(!may_run_on(&affinity(&json!([broken])), &any));
    assert!(!may_run_on(&affinity(&json!([bad_key])), &any));
    assert!(may_run_on(&affinity(&json!([broken, bad_key, good])), &any));
}

#[test]
fn a_node_selector_and_no_affinity_at_all() {
    let gpu = node(&json!({"pool": "gpu"}), &json!([]));
    assert!(may_run_on(&spec(json!({"nodeSelector": {"pool": "gpu"}})), &gpu));
    assert!(!may_run_on(&spec(json!({"nodeSelector": {"pool": "cpu"}})), &gpu));
    assert!(may_run_on(&spec(json!({})), &gpu));
}

#[test]
fn daemons_stay_on_unwell_nodes_and_bound_pods_pass_the_scheduler_by() {
    let unwell = node(
        &json!({}),
        &json!([{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"},
                {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]),
    );
    assert!(can_run_on(&workload(WorkloadKind::DaemonSet, &json!({})), &unwell));
    assert!(!can_run_on(&workload(WorkloadKind::Deployment, &json!({})), &unwell));
    let no_network =
        node(&json!({}), &json!([{"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}]));
    assert!(!can_run_on(&workload(WorkloadKind::DaemonSet, &json!({})), &no_network));
    assert!(can_run_on(&workload(WorkloadKind::DaemonSet, &json!({"hostNetwork": true})), &no_network));
    let tainted = node(&json!({}), &json!([{"key": "gpu", "effect": "NoSchedule"}]));
    let bound = |name: &str| workload(WorkloadKind::Deployment, &json!({"nodeName": name}));
    assert!(can_run_on(&bound("n1"), &tainted) && !can_run_on(&bound("n2"), &tainted));
}

#[test]
fn without_nodes_what_a_workload_tolerates_and_a_daemon_does_not_is_told() {
    let daemons = |spec: Value| workload(WorkloadKind::DaemonSet, &spec);
    let ours = |spec: Value| workload(WorkloadKind::Deployment, &spec);
    let gap = |one: Value, other: Value| may_run_where_not(&ours(one), &daemons(other)).unwrap_or_default();
    let gpu = json!({"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]});
    assert_eq!(gap(gpu.clone(), json!({})), "does not tolerate `gpu`, which it does");
    assert_eq!(gap(gpu.clone(), json!({"tolerations": [{"operator": "Exists"}]})), "");
    assert_eq!(gap(gpu.clone(), gpu.clone()), "");
    let short = json!({"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}]});
    assert_eq!(gap(short, json!({})), "", "a node's own conditions come and go");
    let everything = json!({"tolerations": [{"operator": "Exists"}]});
    assert_eq!(gap(everything, gpu), "does not tolerate every taint, which it does");
    assert_eq!(gap(json!({}), json!({"nodeSelector": {"kubernetes.io/os": "linux"}})), "");
    let pool = json!({"nodeSelector": {"pool": "a"}});
    assert_eq!(gap(json!({}), pool.clone()), "runs on nodes with `pool: a` alone");
    assert_eq!(gap(pool.clone(), pool), "");
}

#[test]
fn without_nodes_an_affinity_must_be_implied() {
    let term = |key: &str, operator: &str, values: Value| {
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": [{"key": key, "operator": operator, "values": values}]}]}}}})
    };
    let gap = |ours: &Value, theirs: &Value| {
        let ours = workload(WorkloadKind::Deployment, ours);
        may_run_where_not(&ours, &workload(WorkloadKind::DaemonSet, theirs)).is_some()
    };
    let pool = term("pool", "In", json!(["a", "b"]));
    assert!(gap(&json!({}), &pool));
    assert!(!gap(&pool, &pool));
    assert!(!gap(&json!({"nodeSelector": {"pool": "b"}}), &pool));
    assert!(!gap(&json!({}), &term("kubernetes.io/os", "In", json!(["linux"]))));
    assert!(!gap(&json!({}), &term("eks.amazonaws.com/compute-type", "NotIn", json!(["fargate"]))));
    assert!(gap(&json!({}), &term("pool", "NotIn", json!(["batch"]))));
}

#[test]
fn a_pod_is_for_linux_unless_it_says_otherwise() {
    let windows = node(&json!({"kubernetes.io/os": "windows"}), &json!([]));
    let of = |spec: Value| is_of_another_system(&workload(WorkloadKind::Deployment, &spec), &windows);
    assert!(of(json!({})));
    assert!(!of(json!({"os": {"name": "windows"}})));
    assert!(!of(json!({"nodeSelector": {"kubernetes.io/os": "windows"}})));
}
