//! The rights of `deploy/`, against what is really asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use stanchion::manifest::{Limits, read};

use crate::audit::Request;

/// A right: API group, resource, verb.
pub(crate) type Right = (String, String, String);

/// What the operator is granted.
pub(crate) fn granted() -> BTreeSet<Right> {
    granted_by("deploy/rbac.yaml")
}

/// What a file grants.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn granted_by(file: &str) -> BTreeSet<Right> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let bytes = fs::read(path).unwrap();
    let reading = read(file, &bytes, &Limits::default());
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut rights = BTreeSet::new();
    for rule in reading.documents.iter().flat_map(|document| list(&document.node.to_json()["rules"])) {
        for group in list(&rule["apiGroups"]) {
            for resource in list(&rule["resources"]) {
                rights.extend(
                    list(&rule["verbs"]).iter().map(|verb| (text(&group), text(&resource), text(verb))),
                );
            }
        }
    }
    rights
}

/// What was asked for.
pub(crate) fn used(requests: &[Request]) -> BTreeSet<Right> {
    let named = requests.iter().filter(|it| !it.resource.is_empty());
    named.map(|it| (it.group.clone(), it.resource.clone(), it.verb.clone())).collect()
}
