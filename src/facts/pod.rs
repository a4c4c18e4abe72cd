//! The pod template: what a workload runs.

use std::sync::Arc;

use serde::Deserialize;

use super::container::{Container, ContainerClass, ContainerRef, Resources};
use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::scheduling::{Affinity, Toleration};
use super::security::PodSecurityContext;
use super::shared;
use super::text::{Text, TextMap};
use super::volume::Volume;

/// A pod's metadata and spec, as a workload's template or a Pod itself has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// Labels and annotations of the pods.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What the pods run.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: PodSpec,
}

/// The part of core/v1 `PodSpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Shares the node's network.
    #[serde(deserialize_with = "null_as_default")]
    pub host_network: bool,
    /// Sees the node's processes.
    #[serde(rename = "hostPID", deserialize_with = "null_as_default")]
    pub host_pid: bool,
    /// Shares the node's inter-process communication.
    #[serde(rename = "hostIPC", deserialize_with = "null_as_default")]
    pub host_ipc: bool,
    /// `false`: the pod has a user namespace of its own, in which root is nobody on the node.
    pub host_users: Option<bool>,
    /// The operating system that the pod declares.
    pub os: Option<Os>,
    /// Security settings for all containers.
    #[serde(deserialize_with = "shared::part")]
    pub security_context: Option<Arc<PodSecurityContext>>,
    /// Containers that run to completion first, and sidecars.
    #[serde(deserialize_with = "list")]
    pub init_containers: List<Container>,
    /// Application containers.
    #[serde(deserialize_with = "list")]
    pub containers: List<Container>,
    /// Debug containers added to a running pod.
    #[serde(deserialize_with = "list")]
    pub ephemeral_containers: List<Container>,
    /// Requests and limits that all containers share.
    pub resources: Option<Box<Resources>>,
    /// Volumes.
    #[serde(deserialize_with = "list")]
    pub volumes: List<Volume>,
    /// The service account; absent means `default`.
    pub service_account_name: Option<Text>,
    /// Whether its token is mounted; absent leaves it to the service account.
    pub automount_service_account_token: Option<bool>,
    /// Whether every Service of the namespace becomes environment variables; absent means `true`.
    pub enable_service_links: Option<bool>,
    /// Whether all containers see each other's processes.
    pub share_process_namespace: Option<bool>,
    /// Entries added to `/etc/hosts`.
    #[serde(deserialize_with = "list")]
    pub host_aliases: List<HostAlias>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart_policy: Option<Text>,
    /// The node that it runs on, or is bound to by hand.
    pub node_name: Option<Text>,
    /// Labels that its node must have.
    #[serde(deserialize_with = "shared::whole")]
    pub node_selector: TextMap,
    /// What is required of its node beyond labels.
    pub affinity: Option<Box<Affinity>>,
    /// Taints that don't keep it away.
    #[serde(deserialize_with = "shared::whole")]
    pub tolerations: List<Toleration>,
    /// The name of [`PodSpec::service_account_name`] before 1.0; the API server copies it there.
    service_account: Option<Text>,
}

/// Of a pod that another workload owns, where it runs.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Placed {
    node_name: Option<Text>,
}

impl From<Placed> for PodSpec {
    fn from(Placed { node_name }: Placed) -> Self {
        Self { node_name, ..Self::default() }
    }
}

/// core/v1 `PodOS`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Os {
    /// `linux` or `windows`.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
}

/// One entry of `hostAliases`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostAlias {
    /// The address.
    #[serde(deserialize_with = "null_as_default")]
    pub ip: Text,
    /// The names that resolve to it.
    #[serde(deserialize_with = "list")]
    pub hostnames: List<Text>,
}

impl PodSpec {
    /// All containers, in the order in which they start: init, application, ephemeral. `pod_spec` is the path of
    /// this spec in its object.
    pub fn all_containers(
        &self,
        pod_spec: &'static [&'static str],
    ) -> impl Iterator<Item = ContainerRef<'_>> {
        // Almost every control goes through them.
        let (mut class, mut index) = (ContainerClass::Init, 0);
        std::iter::from_fn(move || {
            loop {
                let (list, next) = match class {
                    ContainerClass::Init => (&self.init_containers, Some(ContainerClass::Application)),
                    ContainerClass::Application => (&self.containers, Some(ContainerClass::Ephemeral)),
                    ContainerClass::Ephemeral => (&self.ephemeral_containers, None),
                };
                if let Some(container) = list.get(index) {
                    let found = ContainerRef { container, class, index, pod_spec };
                    index += 1;
                    return Some(found);
                }
                (class, index) = (next?, 0);
            }
        })
    }

    /// The service account that it runs as.
    #[must_use]
    pub fn service_account(&self) -> Text {
        [&self.service_account_name, &self.service_account]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .cloned()
            .unwrap_or_else(|| Text::from("default"))
    }

    /// Whether the pod says that it is for Windows nodes.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.os.as_ref().is_some_and(|os| os.name == "windows")
    }

    /// Whether the pod has a user namespace of its own.
    #[must_use]
    pub fn has_user_namespace(&self) -> bool {
        self.host_users == Some(false)
    }
}
