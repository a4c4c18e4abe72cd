//! Containers of a pod: application, init (sidecars included) and ephemeral ones.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::credential::{self, CredentialKind};
use super::decode::{list, null_as_default, quantities};
use super::env::{EnvFrom, EnvVar};
use super::image::Image;
use super::list::List;
use super::path::Path;
use super::security::SecurityContext;
use super::shared;
use super::text::{Text, TextMap};

/// A container of any class (core/v1 `Container`, `EphemeralContainer`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub struct Container {
    /// The container's name, unique in the pod.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The image reference; may be absent in a template that something else completes.
    pub image: Option<Image>,
    /// `Always`, `IfNotPresent` or `Never`; the API server's default depends on the tag.
    pub image_pull_policy: Option<Text>,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<Text>,
    /// Security settings.
    #[serde(deserialize_with = "shared::part")]
    pub security_context: Option<Arc<SecurityContext>>,
    /// Declared ports.
    #[serde(deserialize_with = "shared::whole")]
    pub ports: List<ContainerPort>,
    /// Volume mounts.
    #[serde(deserialize_with = "shared::whole")]
    pub volume_mounts: List<VolumeMount>,
    /// Resource requests and limits.
    #[serde(deserialize_with = "null_as_default")]
    pub resources: Resources,
    /// Restarts the container when it fails.
    #[serde(deserialize_with = "shared::part")]
    pub liveness_probe: Option<Arc<Handler>>,
    /// Takes the pod out of its Services when it fails.
    #[serde(deserialize_with = "shared::part")]
    pub readiness_probe: Option<Arc<Handler>>,
    /// Holds the other probes back until it succeeds.
    #[serde(deserialize_with = "shared::part")]
    pub startup_probe: Option<Arc<Handler>>,
    /// Hooks after start and before stop.
    #[serde(deserialize_with = "shared::part")]
    pub lifecycle: Option<Arc<Lifecycle>>,
    /// The program that it runs, in place of the image's. What is long or holds a credential is an empty text.
    #[serde(deserialize_with = "list")]
    pub command: List<Text>,
    /// The program's arguments; what is long or holds a credential is an empty text.
    #[serde(deserialize_with = "list")]
    pub args: List<Text>,
    /// The credentials among the program and its arguments.
    #[serde(skip)]
    pub credentials: List<ArgumentCredential>,
    /// Environment variables.
    #[serde(deserialize_with = "list")]
    pub env: List<EnvVar>,
    /// Secrets and config maps whose keys all become environment variables.
    #[serde(deserialize_with = "list")]
    pub env_from: List<EnvFrom>,
}

/// Arguments longer than this are kept as empty texts: no control reads them, and whole scripts stand in them.
const LONGEST_ARGUMENT: usize = 256;

/// A credential that is written as an argument, or inside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentCredential {
    /// The field that holds it, `command` or `args`.
    pub field: &'static str,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The flag or the key before the value, without hyphens; empty if there is none.
    pub name: Text,
    /// What it looks like.
    pub kind: CredentialKind,
}

impl<'de> Deserialize<'de> for Container {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inherent function that `remote` derives.
        let mut container = Self::deserialize(deserializer)?;
        container.look_at_arguments();
        Ok(container)
    }
}

impl Container {
    /// Notes the credentials among the arguments, and lets go of those and of what is long.
    fn look_at_arguments(&mut self) {
        let all = || self.command.iter().chain(&self.args).map(Text::as_str);
        let of_command = self.command.len();
        let place = |index: usize| match index.checked_sub(of_command) {
            None => ("command", index),
            Some(index) => ("args", index),
        };
        let credentials: Vec<ArgumentCredential> = credential::spot_in_arguments(all())
            .into_iter()
            .map(|spot| {
                let (field, index) = place(spot.index);
                ArgumentCredential { field, index, name: Text::from(spot.name), kind: spot.kind }
            })
            .collect();
        // Where the list of spots is full, nobody has looked at what follows.
        let is_full = credentials.len() >= credential::MOST_SPOTS;
        let last = credentials.last().map(|last| (last.field == "args", last.index));
        for (field, arguments) in [("command", &mut self.command), ("args", &mut self.args)] {
            let holds = |index: usize| {
                credentials.iter().any(|it| it.field == field && it.index == index)
                    || (is_full && last < Some((field == "args", index)))
            };
            let kept = |(index, argument): (usize, &Text)| {
                if holds(index) {
                    argument.forget();
                }
                let goes = holds(index) || argument.len() > LONGEST_ARGUMENT;
                if goes { Text::default() } else { argument.clone() }
            };
            *arguments = arguments.iter().enumerate().map(kept).collect();
        }
        self.credentials = credentials.into();
    }
}

/// One entry of `ports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handler {
    /// An HTTP request.
    pub http_get: Option<HostTarget>,
    /// A TCP connection.
    pub tcp_socket: Option<HostTarget>,
}

/// The host that a probe or hook connects to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostTarget {
    /// Empty means the pod itself.
    #[serde(deserialize_with = "null_as_default")]
    pub host: Text,
}

/// `lifecycle` of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn container(written: &serde_json::Value) -> Container {
        serde_json::from_str(&written.to_string()).unwrap()
    }

    #[test]
    fn an_argument_that_holds_a_credential_is_noted_and_not_kept() {
        let it = container(&serde_json::json!({
            "command": ["server", "--port=8080", "--db-password"],
            "args": ["hush-hush-7", "--verbose", "--admin-password=hush-hush-8"],
        }));
        assert_eq!(it.command, ["server", "--port=8080", "--db-password"]);
        assert_eq!(it.args, ["", "--verbose", ""]);
        let found: Vec<_> = it.credentials.iter().map(|it| (it.field, it.index, it.name.as_str())).collect();
        assert_eq!(found, [("args", 0, "db-password"), ("args", 2, "admin-password")]);
        assert!(!format!("{it:?}").contains("hush"));
    }

    #[test]
    fn more_arguments_than_are_looked_at_are_not_kept() {
        let many: Vec<String> = (0..40).map(|index| format!("--password=hush-hush-{index}")).collect();
        let it = container(&serde_json::json!({"command": ["server"], "args": many}));
        assert_eq!(it.credentials.len(), credential::MOST_SPOTS);
        assert!(!format!("{it:?}").contains("hush"));
    }

    #[test]
    fn long_and_absent_arguments_are_none() {
        let it = container(&serde_json::json!({"command": null, "args": ["a b ".repeat(100), "short"]}));
        assert!(it.command.is_empty() && it.credentials.is_empty());
        assert_eq!(it.args, ["", "short"]);
    }
}
