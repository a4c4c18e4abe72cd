//! What runs: the part of a Pod's and a `DaemonSet`'s status that their templates can't tell.

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::text::Text;

/// The part of a workload's `status` that controls may look at. Empty in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Of a `DaemonSet`: on how many nodes it should run.
    pub desired_number_scheduled: Option<i32>,
    /// Of a `DaemonSet`: on how many nodes it is ready.
    pub number_ready: Option<i32>,
    /// Of a Pod: its containers as they run.
    #[serde(deserialize_with = "list")]
    pub container_statuses: List<RunningContainer>,
    /// Of a Pod: its init containers as they run.
    #[serde(deserialize_with = "list")]
    pub init_container_statuses: List<RunningContainer>,
    /// Of a Pod: its debug containers as they run.
    #[serde(deserialize_with = "list")]
    pub ephemeral_container_statuses: List<RunningContainer>,
}

/// One entry of `containerStatuses`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunningContainer {
    /// The container's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The image that runs; the runtime may write it otherwise than the template does.
    #[serde(deserialize_with = "null_as_default")]
    pub image: Text,
    /// The image by its digest, once it has been pulled.
    #[serde(rename = "imageID", deserialize_with = "null_as_default")]
    pub image_id: Text,
}

impl Running {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody debugs the pod, or has debugged it.
    #[must_use]
    pub fn is_debugged(&self) -> bool {
        !self.ephemeral_container_statuses.is_empty()
    }

    /// All containers as they run.
    pub fn containers(&self) -> impl Iterator<Item = &RunningContainer> {
        [&self.init_container_statuses, &self.container_statuses, &self.ephemeral_container_statuses]
            .into_iter()
            .flatten()
    }
}
