//! The rules that the API server holds by itself, as admission policies in CEL: who asked for an exception, who approves
//! it, how long it lives, who writes a status, who moves a rollout. They hold with the operator down, and for everybody.
//!
//! Every rule compares what is with what was: an object from before the rules, or within wider bounds, can still be
//! labelled, revoked and given a status. Rules look at fields by name alone and never at a version, so that they hold for
//! every version that is served.

mod approvals;
mod cel;
mod installed;
mod life;
mod requests;
mod rollouts;
mod stamp;
mod status;
mod tiers;
mod warnings;

use serde_json::{Value, json};

use crate::api::{BREAK_GLASS, GROUP, YamlError, to_yaml_stream};
use cel::{Policy, Rule};

pub use installed::faults;

/// The user that the operator is, where it runs as `deploy/rbac.yaml` has it.
pub const OPERATOR: &str = "system:serviceaccount:stanchion-system:stanchion";

/// The annotation, with its value, of an exception that signatures alone approve. It may name another requester than the
/// user who creates it, such as whoever wrote the manifest that GitOps applies: no name can approve it then.
pub const SIGNED: (&str, &str) = ("stanchion.dev/approved-by", "signature");

/// The verb on `riskexceptions` that whoever approves one needs.
pub const APPROVE: &str = "approve";

/// The API group of policies.
pub const API_VERSION: &str = "admissionregistration.k8s.io/v1";

/// The label that all policies and bindings have, and by which they are looked for.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/part-of", "stanchion");

/// A policy or a binding, as the API server gets it. Nothing in it is left to be defaulted: what is installed can be
/// compared with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether a forged approval, status or promotion could pass without it.
    pub guards: bool,
    /// What it says.
    pub spec: Value,
}

impl Document {
    /// The whole object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "metadata": {"name": self.name, "labels": {"app.kubernetes.io/name": LABEL.1, LABEL.0: LABEL.1}},
            "spec": self.spec,
        })
    }
}

/// What refuses, and what warns: policies and their bindings. `operator` is the user that alone writes a status.
#[must_use]
pub fn validating(operator: &str) -> Vec<Document> {
    let policies = [
        requests::policy(operator),
        approvals::policy(),
        life::policy(),
        tiers::policy(),
        status::policy(operator),
        rollouts::policy(),
        warnings::policy(),
    ];
    policies.iter().flat_map(Policy::documents).collect()
}

/// What fills in who asked, and drops the approvals of what has changed; for API servers that serve
/// `MutatingAdmissionPolicy` at v1, from 1.36 on. The rules hold without it.
#[must_use]
pub fn mutating() -> Vec<Document> {
    stamp::documents()
}

/// The documents as one stream of YAML, the same bytes every time.
pub fn yaml(documents: &[Document]) -> Result<String, YamlError> {
    to_yaml_stream(documents.iter().map(Document::to_json))
}

/// What a policy matches: these operations on these resources of ours, whatever the version and the namespace.
fn matching(operations: &[&str], resources: &[&str]) -> Value {
    json!({
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "resourceRules": [{
            "apiGroups": [GROUP],
            "apiVersions": ["*"],
            "operations": operations,
            "resources": resources,
            "scope": "*",
        }],
    })
}
