//! A subject by the name that people give it: `deployment/ledger`, `deploy/ledger`.

use std::sync::Arc;

use super::{Assessed, Assessment};
use crate::engine::suggest::did_you_mean;
use crate::facts::SubjectKey;

/// What kubectl calls a kind for short, and its plural where that is no plain one.
const SHORT: [(&str, &str); 15] = [
    ("cj", "CronJob"),
    ("cm", "ConfigMap"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("gtw", "Gateway"),
    ("ing", "Ingress"),
    ("ingresses", "Ingress"),
    ("netpol", "NetworkPolicy"),
    ("networkpolicies", "NetworkPolicy"),
    ("ns", "Namespace"),
    ("po", "Pod"),
    ("rc", "ReplicationController"),
    ("rs", "ReplicaSet"),
    ("sa", "ServiceAccount"),
    ("sts", "StatefulSet"),
];

/// Nothing of that name is judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no `{given}` is judged{meant}")]
pub struct NotJudged {
    given: String,
    meant: String,
}

impl Assessment {
    /// The subject of a kind, in any case, in the plural or as kubectl shortens it. What has no namespace is found in any.
    ///
    /// # Errors
    /// When none is judged; with the nearest that is.
    pub fn find(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<(&SubjectKey, &Arc<Assessed>), NotJudged> {
        let short = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(kind));
        let full = short.map_or(kind, |(_, full)| full);
        let is_called = |known: &str| {
            let singular = full.strip_suffix(['s', 'S']).unwrap_or(full);
            known.eq_ignore_ascii_case(full) || known.eq_ignore_ascii_case(singular)
        };
        let is_there = |key: &SubjectKey| key.namespace.is_empty() || key.namespace == namespace;
        let is_it = |key: &SubjectKey| key.name == name && is_there(key) && is_called(key.kind.as_str());
        self.subjects.iter().find(|(key, _)| is_it(key)).ok_or_else(|| {
            let known: Vec<String> =
                self.subjects.keys().map(|it| called(it.kind.as_str(), &it.namespace, &it.name)).collect();
            let given = called(full, namespace, name);
            let meant = did_you_mean(&given, known.iter().map(String::as_str));
            NotJudged { given, meant }
        })
    }
}

/// `deployment/ledger in payments`
fn called(kind: &str, namespace: &str, name: &str) -> String {
    let place = if namespace.is_empty() { String::new() } else { format!(" in {namespace}") };
    format!("{}/{name}{place}", kind.to_ascii_lowercase())
}
