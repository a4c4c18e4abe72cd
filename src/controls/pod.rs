//! Pods: Pod Security Standards, each check a control of its own, and what hardening guides add.

pub mod added_capabilities;
pub mod host_namespaces;
pub mod no_seccomp;
pub mod privilege_escalation;
pub mod privileged;
pub mod root_user;
pub mod runs_as_root;
pub mod undropped_capabilities;
pub mod unsafe_seccomp;
pub mod windows_host_process;

mod capability;
mod quoted;
mod seccomp;
mod security_context;
