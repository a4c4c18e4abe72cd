//! How the API server is told to ask: a `ValidatingWebhookConfiguration`, and the Service behind it.
//!
//! Nothing in it can take a cluster down: what isn't answered within two seconds is let through, the cluster's own
//! namespaces and ours are left out, and so is whatever can't matter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::gaps::LABEL;
use super::passage::is_judged;
use crate::engine::policy::EXEMPT_NAMESPACES;
use crate::facts::CustomKinds;

/// The name of the configuration.
pub const NAME: &str = "stanchion";

/// The name of the webhook in it.
pub const WEBHOOK: &str = "validate.stanchion.dev";

/// The name of the one by which somebody sees whether it answers.
pub const CANARY_WEBHOOK: &str = "canary.stanchion.dev";

/// The Service, in our namespace.
pub const SERVICE: &str = "stanchion-webhook";

/// The namespace that everything of ours is in, where it is as `deploy/rbac.yaml` has it.
pub const NAMESPACE: &str = "stanchion-system";

/// Where reviews are taken.
pub const PATH: &str = "/validate";

/// How long the API server waits, in seconds, before it lets an object through.
pub const TIMEOUT: u32 = 2;

/// The port of the program behind the Service.
pub const PORT: u16 = 9443;

/// Requests that are not worth asking about, in CEL: what is true of those that are.
const CONDITIONS: [(&str, &str); 3] = [
    ("is-not-a-node", "!('system:nodes' in request.userInfo.groups)"),
    (
        "is-no-pod-of-a-controller",
        "request.kind.kind != 'Pod' || !has(object.metadata.ownerReferences) || \
         !(request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || \
         request.userInfo.username == 'system:kube-controller-manager')",
    ),
    ("is-not-being-deleted", "!has(object.metadata.deletionTimestamp)"),
];

/// The configuration, without the certificate of our authority: the operator keeps that.
#[must_use]
pub fn webhook(kinds: &CustomKinds) -> Value {
    let conditions: Vec<Value> =
        CONDITIONS.iter().map(|(name, expression)| json!({"name": name, "expression": expression})).collect();
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": NAME, "labels": labels()},
        "webhooks": [{
            "name": WEBHOOK,
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"name": SERVICE, "namespace": NAMESPACE, "path": PATH, "port": 443}},
            "failurePolicy": "Ignore",
            "matchPolicy": "Equivalent",
            // Breaking the glass leaves a record.
            "sideEffects": "NoneOnDryRun",
            "timeoutSeconds": TIMEOUT,
            "namespaceSelector": {"matchExpressions": [{
                "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": EXEMPT_NAMESPACES,
            }]},
            "matchConditions": conditions,
            "rules": rules(kinds),
        }, canary()],
    })
}

/// By what somebody sees whether the webhook answers: see [`gaps`](super::gaps). Nothing but a dry run of one name is asked.
fn canary() -> Value {
    json!({
        "name": CANARY_WEBHOOK,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"name": SERVICE, "namespace": NAMESPACE, "path": PATH, "port": 443}},
        "failurePolicy": "Ignore",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": TIMEOUT,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "objectSelector": {"matchLabels": {LABEL: "true"}},
        "rules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"], "scope": "Namespaced",
        }],
    })
}

/// The Service that leads to it.
#[must_use]
pub fn service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE, "labels": labels()},
        "spec": {
            "selector": {"app.kubernetes.io/name": "stanchion", "stanchion.dev/webhook": "true"},
            "ports": [{"name": "https", "port": 443, "targetPort": PORT, "protocol": "TCP"}],
        },
    })
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": "stanchion", "app.kubernetes.io/part-of": "stanchion"})
}

/// What is asked about: every kind that controls judge, in every version. Namespaced or not, an object of an exempt
/// namespace is left out.
fn rules(kinds: &CustomKinds) -> Vec<Value> {
    let mut resources: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for kind in kinds.all().filter(|kind| is_judged(*kind)) {
        resources.entry(kind.group()).or_default().insert(kind.plural());
    }
    let rule = |(group, resources): (&str, BTreeSet<String>)| {
        json!({
            "apiGroups": [group],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": resources,
            "scope": "*",
        })
    };
    resources.into_iter().map(rule).collect()
}
