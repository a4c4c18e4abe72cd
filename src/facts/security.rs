//! Security contexts of pods and containers.

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::text::Text;

/// `securityContext` of a pod (core/v1 `PodSecurityContext`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSecurityContext {
    /// Refuses to start a container whose user id is 0.
    pub run_as_non_root: Option<bool>,
    /// User id of every process that a container does not set itself.
    pub run_as_user: Option<i64>,
    /// Primary group id.
    pub run_as_group: Option<i64>,
    /// Group that owns mounted volumes.
    pub fs_group: Option<i64>,
    /// Further groups.
    #[serde(deserialize_with = "list")]
    pub supplemental_groups: List<i64>,
    /// Kernel settings.
    #[serde(deserialize_with = "list")]
    pub sysctls: List<Sysctl>,
    /// System call filter.
    pub seccomp_profile: Option<Profile>,
    /// `AppArmor` profile.
    pub app_armor_profile: Option<Profile>,
    /// `SELinux` label.
    pub se_linux_options: Option<SeLinuxOptions>,
    /// Settings for Windows pods.
    pub windows_options: Option<WindowsOptions>,
}

/// `securityContext` of a container (core/v1 `SecurityContext`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    /// Root on the node, in effect.
    pub privileged: Option<bool>,
    /// Whether a process may gain more rights than its parent.
    pub allow_privilege_escalation: Option<bool>,
    /// Linux capabilities added and dropped.
    pub capabilities: Option<Capabilities>,
    /// Whether the image's file system is mounted read-only.
    pub read_only_root_filesystem: Option<bool>,
    /// Refuses to start when the user id is 0.
    pub run_as_non_root: Option<bool>,
    /// User id.
    pub run_as_user: Option<i64>,
    /// Primary group id.
    pub run_as_group: Option<i64>,
    /// How `/proc` is mounted: `Default` or `Unmasked`.
    pub proc_mount: Option<Text>,
    /// System call filter.
    pub seccomp_profile: Option<Profile>,
    /// `AppArmor` profile.
    pub app_armor_profile: Option<Profile>,
    /// `SELinux` label.
    pub se_linux_options: Option<SeLinuxOptions>,
    /// Settings for Windows containers.
    pub windows_options: Option<WindowsOptions>,
}

/// Linux capabilities, by name without `CAP_`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// Added to the container runtime's default set.
    #[serde(deserialize_with = "list")]
    pub add: List<Text>,
    /// Taken from the container runtime's default set.
    #[serde(deserialize_with = "list")]
    pub drop: List<Text>,
}

/// A seccomp or `AppArmor` profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// `RuntimeDefault`, `Localhost` or `Unconfined`.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: Text,
    /// The profile on the node, for `Localhost`.
    pub localhost_profile: Option<Text>,
}

/// An `SELinux` label; absent parts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeLinuxOptions {
    /// User part.
    #[serde(deserialize_with = "null_as_default")]
    pub user: Text,
    /// Role part.
    #[serde(deserialize_with = "null_as_default")]
    pub role: Text,
    /// Type part.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: Text,
    /// Level part.
    #[serde(deserialize_with = "null_as_default")]
    pub level: Text,
}

/// Windows settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WindowsOptions {
    /// Runs in the node's own namespaces.
    pub host_process: Option<bool>,
    /// User name of the entry point.
    pub run_as_user_name: Option<Text>,
}

/// A kernel setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sysctl {
    /// The setting's name, such as `net.ipv4.ip_unprivileged_port_start`.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// Its value.
    #[serde(deserialize_with = "null_as_default")]
    pub value: Text,
}
