//! Pods: Pod Security Standards, each check a control of its own, and what hardening guides add.

pub mod added_capabilities;
pub mod custom_proc_mount;
pub mod host_namespaces;
pub mod host_path_volume;
pub mod host_port;
pub mod host_probe;
pub mod no_seccomp;
pub mod privilege_escalation;
pub mod privileged;
pub mod restricted_volume_type;
pub mod root_user;
pub mod runs_as_root;
pub mod undropped_capabilities;
pub mod unmasked_proc;
pub mod unsafe_app_armor;
pub mod unsafe_seccomp;
pub mod unsafe_selinux;
pub mod unsafe_sysctl;
pub mod windows_host_process;

// What several of them share.
mod capability;
mod node_path;
mod port_range;
mod proc_mount;
mod quoted;
mod seccomp;
mod security_context;
