//! Questions about network policies.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::json::{always, any_of, fixed, list, maybe, object};

/// `{"op": "networkPolicy", "policy"}`: which directions the policy is about.
pub(crate) fn questions() -> BoxedStrategy<Value> {
    let policy = object([
        ("apiVersion", fixed("networking.k8s.io/v1")),
        ("kind", fixed("NetworkPolicy")),
        ("metadata", fixed(json!({"name": "policy", "namespace": "shop"}))),
        ("spec", maybe(95, spec())),
    ]);
    object([("op", fixed("networkPolicy")), ("policy", always(policy))])
}

fn spec() -> BoxedStrategy<Value> {
    let selector =
        prop_oneof![Just(json!({})), Just(json!({"matchLabels": {"app": "a"}})), Just(Value::Null)];
    object([
        ("podSelector", maybe(90, selector)),
        ("policyTypes", maybe(80, list(any_of(&["Ingress", "Egress", "Egress"]), 0..3))),
        ("ingress", maybe(60, list(rule("from"), 0..3))),
        ("egress", maybe(60, list(rule("to"), 0..3))),
    ])
}

fn rule(peers: &'static str) -> BoxedStrategy<Value> {
    let peer = prop_oneof![
        Just(json!({"podSelector": {}})),
        Just(json!({"namespaceSelector": {"matchLabels": {"a": "b"}}})),
        Just(json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}})),
    ];
    let port = prop_oneof![
        Just(json!({"port": 80})),
        Just(json!({"protocol": "UDP", "port": "dns", "endPort": null}))
    ];
    object([(peers, maybe(50, list(peer, 0..3))), ("ports", maybe(30, list(port, 0..2)))])
}
