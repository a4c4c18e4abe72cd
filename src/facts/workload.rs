//! Workloads: the top of an ownership chain with a pod template.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::container::ContainerRef;
use super::custom::{CustomKind, CustomKinds, Found};
use super::decode::null_as_default;
use super::meta::{Meta, OwnerReference};
use super::path::Path;
use super::pod::{Placed, PodSpec, PodTemplate};
use super::running::Running;
use super::text::Text;

/// The kinds that run pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// batch/v1
    CronJob,
    /// apps/v1
    DaemonSet,
    /// apps/v1
    Deployment,
    /// batch/v1
    Job,
    /// v1
    Pod,
    /// apps/v1
    ReplicaSet,
    /// v1
    ReplicationController,
    /// apps/v1
    StatefulSet,
    /// A kind that configuration declares.
    Custom(CustomKind),
}

impl WorkloadKind {
    /// Every built-in kind.
    pub const ALL: [Self; 8] = [
        Self::CronJob,
        Self::DaemonSet,
        Self::Deployment,
        Self::Job,
        Self::Pod,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::StatefulSet,
    ];

    /// What reports call it: the kind's name in the API, as far as that is no other's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CronJob => "CronJob",
            Self::DaemonSet => "DaemonSet",
            Self::Deployment => "Deployment",
            Self::Job => "Job",
            Self::Pod => "Pod",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::StatefulSet => "StatefulSet",
            Self::Custom(kind) => kind.as_str(),
        }
    }

    /// The kind's API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::CronJob | Self::Job => "batch",
            Self::DaemonSet | Self::Deployment | Self::ReplicaSet | Self::StatefulSet => "apps",
            Self::Pod | Self::ReplicationController => "",
            Self::Custom(kind) => kind.group(),
        }
    }

    /// The built-in kind of this API group and name. Any version counts: the template has stood at the same place in all.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        // Removed from the API server in 1.16, yet still written in files: Deployments in `extensions/v1beta1`.
        let group = if group == "extensions" { "apps" } else { group };
        Self::ALL.into_iter().find(|known| known.as_str() == kind && known.group() == group)
    }

    /// Where the pod template stands in an object of this kind.
    #[must_use]
    pub fn template_path(self) -> &'static [&'static str] {
        match self {
            Self::CronJob => &["spec", "jobTemplate", "spec", "template"],
            Self::Pod => &[],
            Self::Custom(kind) => kind.template_path(),
            _ => &["spec", "template"],
        }
    }

    /// Where the pod spec stands in an object of this kind.
    #[must_use]
    pub fn pod_spec_path(self) -> &'static [&'static str] {
        match self {
            Self::CronJob => &["spec", "jobTemplate", "spec", "template", "spec"],
            Self::Pod => &["spec"],
            Self::Custom(kind) => kind.pod_spec_path(),
            _ => &["spec", "template", "spec"],
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An object that runs pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// Name, namespace, labels, annotations, owners.
    pub meta: Meta,
    /// How many pods it wants; absent means 1, and nothing for kinds that have no such number.
    pub replicas: Option<i32>,
    /// The pods.
    pub template: PodTemplate,
    /// What runs, for a Pod or a `DaemonSet` of a cluster.
    pub running: Option<Box<Running>>,
}

impl Workload {
    /// Decodes an object of this kind.
    ///
    /// # Errors
    /// Those of the deserializer: a field of the wrong type.
    pub fn decode<'de, D: Deserializer<'de>>(kind: WorkloadKind, deserializer: D) -> Result<Self, D::Error> {
        let (meta, replicas, template, running) = match kind {
            WorkloadKind::Pod => {
                let Templated { metadata, spec, status } = Templated::<PodSpec>::deserialize(deserializer)?;
                (metadata.clone(), None, PodTemplate { metadata, spec }, status)
            }
            WorkloadKind::CronJob => {
                let object = Templated::<CronJobSpec>::deserialize(deserializer)?;
                (object.metadata, None, object.spec.job_template.spec.template, Running::default())
            }
            WorkloadKind::Custom(kind) if kind.template_path().is_empty() => {
                let template = PodTemplate::deserialize(deserializer)?;
                (template.metadata.clone(), None, template, Running::default())
            }
            WorkloadKind::Custom(kind) => {
                let Found { metadata, replicas, template } =
                    Found::decode(kind.template_path(), deserializer)?;
                (metadata, replicas, template, Running::default())
            }
            _ => {
                let object = Templated::<TemplateSpec>::deserialize(deserializer)?;
                (object.metadata, object.spec.replicas, object.spec.template, object.status)
            }
        };
        let running = (!running.is_empty()).then(|| Box::new(running));
        Ok(Self { kind, meta, replicas, template, running })
    }

    /// The pods' spec.
    #[must_use]
    pub fn spec(&self) -> &PodSpec {
        &self.template.spec
    }

    /// All containers, with their paths in this object.
    pub fn containers(&self) -> impl Iterator<Item = ContainerRef<'_>> {
        self.template.spec.all_containers(self.kind.pod_spec_path())
    }

    /// The path of the pod template in this object; the root for a Pod.
    #[must_use]
    pub fn template_path(&self) -> Path {
        Path::of(self.kind.template_path())
    }

    /// The path of the pod spec in this object.
    #[must_use]
    pub fn spec_path(&self) -> Path {
        Path::of(self.kind.pod_spec_path())
    }

    /// Whether it has a template: an object of a custom kind may do without, such as a Rollout that refers to a Deployment,
    /// and is no workload then.
    #[must_use]
    pub fn has_template(&self) -> bool {
        !matches!(self.kind, WorkloadKind::Custom(_)) || !self.template.spec.containers.is_empty()
    }

    /// How many pods it wants, for the kinds that say so: 1 if it doesn't. Nothing for kinds whose number follows
    /// from nodes, schedules or the kind itself, and for a custom kind that doesn't say it.
    #[must_use]
    pub fn wanted_replicas(&self) -> Option<i32> {
        if let WorkloadKind::Custom(_) = self.kind {
            return self.replicas;
        }
        let counted = matches!(
            self.kind,
            WorkloadKind::Deployment
                | WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet
        );
        counted.then(|| self.replicas.unwrap_or(1))
    }

    /// The workload that made this one and keeps it as it is, and its kind: built in, or one of these. An owned workload
    /// counts as part of its owner.
    #[must_use]
    pub fn owning_workload(&self, kinds: &CustomKinds) -> Option<(WorkloadKind, &OwnerReference)> {
        let owner = self.meta.controller()?;
        Some((kinds.workload(owner.group(), &owner.kind)?, owner))
    }

    /// The service account that its pods run as.
    #[must_use]
    pub fn service_account(&self) -> Text {
        self.template.spec.service_account()
    }
}

/// What has metadata, a spec and a status.
#[derive(Default)]
struct Templated<S> {
    metadata: Meta,
    spec: S,
    status: Running,
}

/// A spec, of which little is kept where another workload owns the object.
trait Spec: Default + DeserializeOwned {
    /// That little.
    type OfOwned: Default + DeserializeOwned + Into<Self>;
}

impl Spec for PodSpec {
    type OfOwned = Placed;
}

impl Spec for TemplateSpec {
    type OfOwned = Nothing;
}

impl Spec for CronJobSpec {
    type OfOwned = Nothing;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Nothing {}

impl From<Nothing> for TemplateSpec {
    fn from(_: Nothing) -> Self {
        Self::default()
    }
}

impl From<Nothing> for CronJobSpec {
    fn from(_: Nothing) -> Self {
        Self::default()
    }
}

impl<'de, S: Spec> Deserialize<'de> for Templated<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(
            "Templated",
            &["metadata", "spec", "status"],
            TemplatedVisitor(PhantomData),
        )
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Metadata,
    Spec,
    Status,
    #[serde(other)]
    Other,
}

struct TemplatedVisitor<S>(PhantomData<S>);

impl<'de, S: Spec> Visitor<'de> for TemplatedVisitor<S> {
    type Value = Templated<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Templated<S>, A::Error> {
        fn once<T, E: Error>(field: &'static str, known: &mut Option<T>, found: Option<T>) -> Result<(), E>
        where
            T: Default,
        {
            let before = known.replace(found.unwrap_or_default());
            before.map_or(Ok(()), |_| Err(E::duplicate_field(field)))
        }

        let (mut metadata, mut spec, mut status) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Metadata => once("metadata", &mut metadata, map.next_value()?)?,
                Field::Spec if metadata.as_ref().is_some_and(is_part) => {
                    let part: Option<S::OfOwned> = map.next_value()?;
                    once("spec", &mut spec, part.map(Into::into))?;
                }
                Field::Spec => once("spec", &mut spec, map.next_value()?)?,
                Field::Status => once("status", &mut status, map.next_value()?)?,
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Templated {
            metadata: metadata.unwrap_or_default(),
            spec: spec.unwrap_or_default(),
            status: status.unwrap_or_default(),
        })
    }
}

/// Whether an API server holds the object, and another workload owns it: its template is that of its owner then, and
/// nobody looks at it. Most objects of a cluster are such, and most bytes.
fn is_part(meta: &Meta) -> bool {
    meta.is_live()
        && meta.controller().is_some_and(|owner| WorkloadKind::of(owner.group(), &owner.kind).is_some())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TemplateSpec {
    replicas: Option<i32>,
    #[serde(deserialize_with = "null_as_default")]
    template: PodTemplate,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CronJobSpec {
    #[serde(deserialize_with = "null_as_default")]
    job_template: JobTemplate,
}

/// Its metadata is what somebody wrote, owners included, and says nothing of the `CronJob`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct JobTemplate {
    #[serde(deserialize_with = "null_as_default")]
    spec: TemplateSpec,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: WorkloadKind, value: &serde_json::Value) -> Workload {
        Workload::decode(kind, value).unwrap()
    }

    #[test]
    fn a_template_is_found_in_every_kind() {
        let pod = serde_json::json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "app"}]}});
        for kind in WorkloadKind::ALL {
            let mut object = pod.clone();
            for field in kind.template_path().iter().rev() {
                object = serde_json::json!({*field: object});
            }
            let workload = decode(kind, &object);
            let container = workload.containers().next().unwrap();
            assert_eq!(container.name, "app", "{kind}");
            let pointer = container.path().key("name").to_pointer();
            assert_eq!(object.pointer(&pointer).unwrap(), "app", "{kind}: {pointer}");
        }
    }

    #[test]
    fn of_what_another_workload_owns_the_template_is_not_kept_and_the_node_is() {
        let owner = serde_json::json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "controller": true});
        let decode = |meta: serde_json::Value| {
            let spec = serde_json::json!({"nodeName": "node-1", "containers": [{"name": "app"}]});
            decode(WorkloadKind::Pod, &serde_json::json!({"metadata": meta, "spec": spec}))
        };
        let part = decode(serde_json::json!({"uid": "u", "ownerReferences": [owner]}));
        assert_eq!((part.containers().count(), part.spec().node_name.as_deref()), (0, Some("node-1")));
        let bare = decode(serde_json::json!({"uid": "u"}));
        let written = decode(serde_json::json!({"ownerReferences": [owner]}));
        assert_eq!((bare.containers().count(), written.containers().count()), (1, 1));
    }

    #[test]
    fn owners_that_a_template_claims_for_itself_hide_nothing() {
        let claimed = serde_json::json!({"uid": "u", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "controller": true}]});
        for kind in WorkloadKind::ALL.into_iter().filter(|kind| *kind != WorkloadKind::Pod) {
            let mut object =
                serde_json::json!({"metadata": claimed, "spec": {"containers": [{"name": "app"}]}});
            for field in kind.template_path().iter().rev() {
                object = serde_json::json!({*field: object, "metadata": claimed});
            }
            object["metadata"] = serde_json::json!({"uid": "u"});
            assert_eq!(decode(kind, &object).containers().count(), 1, "{kind}");
        }
    }

    #[test]
    fn a_pod_of_a_replica_set_is_part_of_it_and_a_mirror_pod_is_not() {
        let owned = |api_version: &str, kind: &str| {
            let owner =
                serde_json::json!({"apiVersion": api_version, "kind": kind, "name": "x", "controller": true});
            decode(WorkloadKind::Pod, &serde_json::json!({"metadata": {"ownerReferences": [owner]}}))
                .owning_workload(&CustomKinds::default())
                .is_some()
        };
        assert!(owned("apps/v1", "ReplicaSet"));
        assert!(!owned("v1", "Node"));
        assert!(!owned("argoproj.io/v1alpha1", "ReplicaSet"));
    }
}
