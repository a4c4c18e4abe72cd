//! An object as a watch delivers it: what the watch needs to know of it, and its bytes.

use std::borrow::Cow;

use kube::Resource;
use kube::api::{ApiResource, ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::api;
use crate::facts::WorkloadKind;
use crate::facts::object::ObjectKind;

/// An object of any kind, not decoded yet: one that can't be decoded must not stop the watch, nor hide the others.
#[derive(Debug, Clone)]
pub(super) struct Observed {
    /// Name, namespace and resource version alone.
    meta: ObjectMeta,
    /// The whole object, until it has become facts.
    pub(super) raw: Box<RawValue>,
}

impl<'de> Deserialize<'de> for Observed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Handle {
            name: Option<String>,
            namespace: Option<String>,
            resource_version: Option<String>,
        }
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(default)]
            metadata: Handle,
        }

        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let Envelope { metadata } = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        let meta = ObjectMeta {
            name: metadata.name,
            namespace: metadata.namespace,
            resource_version: metadata.resource_version,
            ..ObjectMeta::default()
        };
        Ok(Self { meta, raw })
    }
}

impl Resource for Observed {
    type DynamicType = ApiResource;
    type Scope = kube::core::DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

/// Where the API server serves a kind.
pub(super) fn resource(kind: ObjectKind) -> ApiResource {
    let (group, version, name, plural) = match kind {
        ObjectKind::Workload(workload) => {
            let plural = match workload {
                WorkloadKind::CronJob => "cronjobs",
                WorkloadKind::DaemonSet => "daemonsets",
                WorkloadKind::Deployment => "deployments",
                WorkloadKind::Job => "jobs",
                WorkloadKind::Pod => "pods",
                WorkloadKind::ReplicaSet => "replicasets",
                WorkloadKind::ReplicationController => "replicationcontrollers",
                WorkloadKind::StatefulSet => "statefulsets",
            };
            (workload.group(), "v1", workload.as_str(), plural)
        }
        ObjectKind::Namespace => ("", "v1", "Namespace", "namespaces"),
        ObjectKind::ServiceAccount => ("", "v1", "ServiceAccount", "serviceaccounts"),
        ObjectKind::DisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        ObjectKind::SecurityStandard => (api::GROUP, api::VERSION, "SecurityStandard", "securitystandards"),
        ObjectKind::ServiceTier => (api::GROUP, api::VERSION, "ServiceTier", "servicetiers"),
        ObjectKind::RiskException => (api::GROUP, api::VERSION, "RiskException", "riskexceptions"),
    };
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version,
        kind: name.to_owned(),
        plural: plural.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_no_fact_can_be_made_of_is_still_observed() {
        let line =
            r#"{"type": "ADDED", "object": {"metadata": {"name": "a", "resourceVersion": "7"}, "spec": 3}}"#;
        let event: kube::core::WatchEvent<Observed> = serde_json::from_str(line).unwrap();
        let kube::core::WatchEvent::Added(observed) = event else { panic!("{event:?}") };
        assert_eq!(observed.meta().name.as_deref(), Some("a"));
        assert_eq!(observed.meta().resource_version.as_deref(), Some("7"));
        assert!(observed.raw.get().contains("\"spec\": 3"));
    }
}
