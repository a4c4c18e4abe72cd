//! Containers of a pod: application, init (sidecars included) and ephemeral ones.

use serde::{Deserialize, Deserializer};

use super::decode::{null_as_default, quantities};
use super::env::{EnvFrom, EnvVar};
use super::path::Path;
use super::security::SecurityContext;
use super::text::{Text, TextMap};

/// A container of any class (core/v1 `Container`, `EphemeralContainer`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// The container's name, unique in the pod.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The image reference; may be absent in a template that something else completes.
    pub image: Option<Text>,
    /// `Always`, `IfNotPresent` or `Never`; the API server's default depends on the tag.
    pub image_pull_policy: Option<Text>,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<Text>,
    /// Security settings.
    pub security_context: Option<Box<SecurityContext>>,
    /// Declared ports.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<ContainerPort>,
    /// Volume mounts.
    #[serde(deserialize_with = "null_as_default")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Resource requests and limits.
    #[serde(deserialize_with = "null_as_default")]
    pub resources: Resources,
    /// Restarts the container when it fails.
    pub liveness_probe: Option<Handler>,
    /// Takes the pod out of its Services when it fails.
    pub readiness_probe: Option<Handler>,
    /// Holds the other probes back until it succeeds.
    pub startup_probe: Option<Handler>,
    /// Hooks after start and before stop.
    pub lifecycle: Option<Lifecycle>,
    /// The program that it runs, in place of the image's.
    #[serde(deserialize_with = "arguments")]
    pub command: Vec<Text>,
    /// The program's arguments.
    #[serde(deserialize_with = "arguments")]
    pub args: Vec<Text>,
    /// Environment variables.
    #[serde(deserialize_with = "null_as_default")]
    pub env: Vec<EnvVar>,
    /// Secrets and config maps whose keys all become environment variables.
    #[serde(deserialize_with = "null_as_default")]
    pub env_from: Vec<EnvFrom>,
}

/// Arguments longer than this are kept as empty texts: no control reads them, and whole scripts stand in them.
const LONGEST_ARGUMENT: usize = 256;

fn arguments<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Text>, D::Error> {
    let mut all: Vec<Text> = null_as_default(deserializer)?;
    for argument in all.iter_mut().filter(|argument| argument.len() > LONGEST_ARGUMENT) {
        *argument = Text::default();
    }
    Ok(all)
}

/// One entry of `ports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// The port's name.
    pub name: Option<Text>,
    /// The port inside the pod.
    pub container_port: Option<i32>,
    /// The port on the node; 0 and absent mean none.
    pub host_port: Option<i32>,
    /// `TCP`, `UDP` or `SCTP`; absent means `TCP`.
    pub protocol: Option<Text>,
}

/// One entry of `volumeMounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// The volume's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// Where it is mounted.
    #[serde(deserialize_with = "null_as_default")]
    pub mount_path: Text,
    /// Whether the container can't write to it.
    pub read_only: Option<bool>,
    /// The path inside the volume; empty means its root.
    #[serde(deserialize_with = "null_as_default")]
    pub sub_path: Text,
}

/// `resources` of a container; quantities as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// The most it may use.
    #[serde(deserialize_with = "quantities")]
    pub limits: TextMap,
    /// What the scheduler sets aside for it.
    #[serde(deserialize_with = "quantities")]
    pub requests: TextMap,
}

/// A probe's or a lifecycle hook's action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handler {
    /// An HTTP request.
    pub http_get: Option<HostTarget>,
    /// A TCP connection.
    pub tcp_socket: Option<HostTarget>,
}

/// The host that a probe or hook connects to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostTarget {
    /// Empty means the pod itself.
    #[serde(deserialize_with = "null_as_default")]
    pub host: Text,
}

/// `lifecycle` of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle {
    /// After the container started.
    pub post_start: Option<Handler>,
    /// Before it is stopped.
    pub pre_stop: Option<Handler>,
}

/// Which list of the pod a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerClass {
    /// `initContainers`, sidecars included.
    Init,
    /// `containers`.
    Application,
    /// `ephemeralContainers`: added to a running pod, by `kubectl debug`.
    Ephemeral,
}

impl ContainerClass {
    /// The field of the pod that holds this class.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Application => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct ContainerRef<'a> {
    /// The container.
    pub container: &'a Container,
    /// The list that it stands in.
    pub class: ContainerClass,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The path of the pod's `spec` in the object.
    pub(super) pod_spec: &'static [&'static str],
}

impl ContainerRef<'_> {
    /// The container's path in its object, such as `spec.template.spec.containers[0]`.
    #[must_use]
    pub fn path(&self) -> Path {
        Path::of(self.pod_spec).key(self.class.field()).index(self.index)
    }

    /// Whether this is an init container that keeps running beside the application.
    #[must_use]
    pub fn is_sidecar(&self) -> bool {
        self.class == ContainerClass::Init && self.container.restart_policy.as_deref() == Some("Always")
    }
}

impl std::ops::Deref for ContainerRef<'_> {
    type Target = Container;

    fn deref(&self) -> &Container {
        self.container
    }
}
