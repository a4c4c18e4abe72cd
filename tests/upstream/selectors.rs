//! Questions about label selectors.

use proptest::prelude::*;
use serde_json::Value;

use crate::json::{always, any_of, fixed, list, map, maybe, object};

/// `{"op": "labelSelector", "selector", "labels"}`.
pub(crate) fn questions() -> BoxedStrategy<Value> {
    object([
        ("op", fixed("labelSelector")),
        ("selector", always(prop_oneof![1 => Just(Value::Null), 40 => selector()])),
        ("labels", maybe(95, labels())),
    ])
}

/// A `metav1.LabelSelector`; now and then one that the API server refuses.
fn selector() -> BoxedStrategy<Value> {
    object([
        ("matchLabels", maybe(50, map(keys(), values(), 0..3))),
        ("matchExpressions", maybe(75, list(requirement(), 0..4))),
    ])
}

fn requirement() -> BoxedStrategy<Value> {
    prop_oneof![
        12 => object([
            ("key", always(keys())),
            ("operator", always(any_of(&["In", "NotIn"]))),
            ("values", always(list(values(), 1..4))),
        ]),
        6 => object([
            ("key", always(keys())),
            ("operator", always(any_of(&["Exists", "DoesNotExist"]))),
            ("values", maybe(20, list(values(), 0))),
        ]),
        // Anything with anything.
        1 => object([
            ("key", maybe(80, any_of(&["app", "tier", "", "not/a/key"]))),
            ("operator", maybe(90, any_of(&["In", "NotIn", "Exists", "DoesNotExist", "in", "Equals", ""]))),
            ("values", maybe(50, list(any_of(&["a", "", "-"]), 0..3))),
        ]),
    ]
    .boxed()
}

fn labels() -> BoxedStrategy<Value> {
    map(keys(), values(), 0..4)
}

fn keys() -> BoxedStrategy<Value> {
    any_of(&["app", "app", "app", "tier", "tier", "App", "example.com/tier"])
}

/// Null in a list or a map of texts is the empty one.
fn values() -> BoxedStrategy<Value> {
    prop_oneof![20 => any_of(&["a", "a", "b", "A", "a.b", ""]), 1 => Just(Value::Null)].boxed()
}
