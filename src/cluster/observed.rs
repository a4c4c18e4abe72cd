//! An object as an API server delivers it: what it takes to name it, and its bytes; and the kinds that are read.

use std::borrow::Cow;

use kube::Resource;
use kube::api::{ApiResource, ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::facts::object::{Object, ObjectKind};
use crate::facts::{CustomKinds, WorkloadKind};

/// An object of any kind, not decoded yet: one that can't be decoded must not stop a list or a watch, nor hide the others.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    /// Name, namespace and resource version alone.
    meta: ObjectMeta,
    /// The whole object, until it has become facts.
    pub(crate) raw: Box<RawValue>,
}

impl Observed {
    /// The object as facts.
    pub(crate) fn decode(&self, kind: ObjectKind) -> Result<Object, serde_json::Error> {
        Object::decode(kind, &mut serde_json::Deserializer::from_str(self.raw.get()))
    }
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
            metadata: Option<Handle>,
        }

        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let Envelope { metadata } = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        let metadata = metadata.unwrap_or_default();
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

/// The kinds that are read: all that become facts but those that no API server serves, and Secrets. The right to
/// list them is the right to read them, whatever is asked for; `audit` sees theirs in files.
pub(crate) fn kinds(custom: &CustomKinds) -> impl Iterator<Item = ObjectKind> + use<> {
    custom.all().filter(|kind| !matches!(kind, ObjectKind::Secret | ObjectKind::AuditPolicy))
}

/// Whether a cluster may do without the kind: it comes with a CRD of somebody else.
pub(crate) const fn is_optional(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Gateway | ObjectKind::Route(_) | ObjectKind::Workload(WorkloadKind::Custom(_)))
}

/// Whether it is a kind of ours, without which there is nothing to be done.
pub(crate) const fn is_ours(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::SecurityStandard | ObjectKind::ServiceTier | ObjectKind::RiskException)
}

/// Where the API server serves a kind.
pub(crate) fn resource(kind: ObjectKind) -> ApiResource {
    let api_version = kind.api_version();
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.api_kind().to_owned(),
        plural: kind.plural(),
        api_version,
    }
}

/// The path of that, for all namespaces.
pub(crate) fn path(kind: ObjectKind) -> String {
    let ApiResource { group, api_version, plural, .. } = resource(kind);
    let root = if group.is_empty() { "api" } else { "apis" };
    format!("/{root}/{api_version}/{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_of_the_api_server() {
        let plurals: Vec<String> = kinds(&CustomKinds::default()).map(|kind| resource(kind).plural).collect();
        for irregular in ["ingresses", "gateways", "networkpolicies", "configmaps", "httproutes", "roles"] {
            assert!(plurals.iter().any(|plural| plural == irregular), "{irregular}: {plurals:?}");
        }
    }

    #[test]
    fn paths_are_those_of_the_api_server() {
        assert_eq!(path(ObjectKind::Node), "/api/v1/nodes");
        assert_eq!(path(ObjectKind::Ingress), "/apis/networking.k8s.io/v1/ingresses");
    }

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

    #[test]
    fn one_that_no_api_server_should_send_hides_no_other() {
        let list = r#"{"metadata": {}, "items": [
            {"metadata": null, "spec": []},
            {"metadata": {"name": "a", "labels": {"x": 3}, "annotations": 7, "ownerReferences": {}, "managedFields": "?"}},
            {"metadata": {"name": "b"}, "data": {"k": "v"}}]}"#;
        let list: kube::core::ObjectList<Observed> = serde_json::from_str(list).unwrap();
        let decoded: Vec<bool> =
            list.items.iter().map(|it| it.decode(ObjectKind::ConfigMap).is_ok()).collect();
        assert_eq!(decoded, [true, false, true]);
    }

    #[test]
    fn what_a_server_adds_makes_no_difference_to_facts() {
        let plain = r#"{"metadata": {"name": "a"}, "data": {"k": "v"}}"#;
        let full = r#"{"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}, "metadata": {"name": "a",
            "resourceVersion": "7", "generation": 3, "creationTimestamp": "2026-11-23T12:00:00Z", "managedFields": [
            {"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:data": {"f:k": {}}}}]}}"#;
        let facts = |text: &str| {
            let observed: Observed = serde_json::from_str(text).unwrap();
            observed.decode(ObjectKind::ConfigMap).unwrap()
        };
        assert_eq!(facts(plain), facts(full));
    }
}
