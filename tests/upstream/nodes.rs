//! Questions about the nodes that a pod may run on: taints and tolerations, node selectors and required affinity.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::json::{always, any_of, fixed, list, map, maybe, object};

/// `{"op": "tolerates", "taints", "tolerations", "effects"}`, of the effects that keep a pod from a node.
pub(crate) fn tolerations() -> BoxedStrategy<Value> {
    object([
        ("op", fixed("tolerates")),
        ("taints", maybe(95, list(taint(), 0..3))),
        ("tolerations", maybe(90, list(toleration(), 0..4))),
        ("effects", fixed(json!(["NoSchedule", "NoExecute"]))),
    ])
}

fn taint() -> BoxedStrategy<Value> {
    object([
        ("key", always(taint_keys())),
        ("value", maybe(70, taint_values())),
        ("effect", always(effects())),
        ("timeAdded", maybe(5, any_of(&["2030-01-01T00:00:00Z"]))),
    ])
}

/// Also ones that the API server refuses but the scheduler would understand: no key with an operator other than
/// `Exists`, `Exists` with a value. `Gt` and `Lt` need a feature gate, and without it tolerate nothing.
fn toleration() -> BoxedStrategy<Value> {
    object([
        ("key", maybe(80, prop_oneof![20 => taint_keys(), 1 => any_of(&[""])])),
        (
            "operator",
            maybe(70, any_of(&["Exists", "Exists", "Exists", "Equal", "Equal", "Equal", "", "Gt", "Lt"])),
        ),
        ("value", maybe(60, taint_values())),
        ("effect", maybe(50, effects())),
        ("tolerationSeconds", maybe(10, any_of(&[0, 300]))),
    ])
}

fn taint_keys() -> BoxedStrategy<Value> {
    any_of(&["pool", "pool", "pool", "gpu", "node-role.kubernetes.io/control-plane", "Pool"])
}

fn taint_values() -> BoxedStrategy<Value> {
    any_of(&["1", "1", "1", "2", "", "True"])
}

fn effects() -> BoxedStrategy<Value> {
    any_of(&["NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule"])
}

/// `{"op": "nodeAffinity", "pod", "node"}`.
pub(crate) fn affinities() -> BoxedStrategy<Value> {
    let node = object([
        ("name", maybe(95, names())),
        ("labels", maybe(95, map(label_keys(), label_values(), 0..6))),
    ]);
    let pod = object([
        ("nodeSelector", maybe(25, map(label_keys(), label_values(), 0..3))),
        ("affinity", maybe(85, affinity())),
    ]);
    object([("op", fixed("nodeAffinity")), ("pod", always(pod)), ("node", always(node))])
}

/// A wish is no requirement: what is preferred changes nothing.
fn affinity() -> BoxedStrategy<Value> {
    let preferred = object([("weight", fixed(1)), ("preference", always(term()))]);
    let required = object([("nodeSelectorTerms", maybe(95, list(term(), 0..4)))]);
    let node_affinity = object([
        ("requiredDuringSchedulingIgnoredDuringExecution", maybe(90, required)),
        ("preferredDuringSchedulingIgnoredDuringExecution", maybe(20, list(preferred, 0..2))),
    ]);
    object([("nodeAffinity", maybe(95, node_affinity))])
}

fn term() -> BoxedStrategy<Value> {
    prop_oneof![
        1 => Just(json!({})),
        3 => object([("matchFields", always(list(field(), 1..3)))]),
        10 => object([
            ("matchExpressions", always(list(expression(), 1..3))),
            ("matchFields", maybe(15, list(field(), 0..2))),
        ]),
    ]
    .boxed()
}

fn expression() -> BoxedStrategy<Value> {
    prop_oneof![
        8 => object([
            ("key", always(label_keys())),
            ("operator", always(any_of(&["In", "NotIn"]))),
            ("values", always(list(label_values(), 1..4))),
        ]),
        5 => object([
            ("key", always(label_keys())),
            ("operator", always(any_of(&["Exists", "DoesNotExist"]))),
            ("values", maybe(10, list(label_values(), 0))),
        ]),
        7 => object([
            ("key", always(any_of(&["cores", "cores", "cores", "disk"]))),
            ("operator", always(any_of(&["Gt", "Lt"]))),
            ("values", always(list(numbers(), 1))),
        ]),
        // Anything with anything: a term that can't be read counts for nothing, and the others count.
        1 => object([
            ("key", maybe(80, any_of(&["cores", "", "not/a/key"]))),
            ("operator", maybe(90, any_of(&["In", "Exists", "Gt", "gt", ""]))),
            ("values", maybe(60, list(prop_oneof![numbers(), any_of(&["x", "1.5", "-"])], 0..3))),
        ]),
    ]
    .boxed()
}

/// Nodes are found by one field, and by one value each time.
fn field() -> BoxedStrategy<Value> {
    prop_oneof![
        16 => object([
            ("key", always(any_of(&["metadata.name"]))),
            ("operator", always(any_of(&["In", "In", "In", "NotIn"]))),
            ("values", always(list(names(), 1))),
        ]),
        1 => object([
            ("key", always(any_of(&["metadata.name", "metadata.uid"]))),
            ("operator", always(any_of(&["In", "NotIn", "Exists"]))),
            ("values", maybe(80, list(names(), 0..3))),
        ]),
    ]
    .boxed()
}

fn names() -> BoxedStrategy<Value> {
    any_of(&["n1", "n1", "n2", "N1"])
}

fn label_keys() -> BoxedStrategy<Value> {
    any_of(&["disk", "disk", "cores", "cores", "cores", "kubernetes.io/os"])
}

fn label_values() -> BoxedStrategy<Value> {
    prop_oneof![any_of(&["ssd", "ssd", "SSD", "", "1.5"]), numbers()].boxed()
}

fn numbers() -> BoxedStrategy<Value> {
    any_of(&["4", "4", "8", "16", "016", "-4", "0", "9223372036854775807", "9223372036854775808", "+4"])
}
