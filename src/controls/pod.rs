//! Pods: Pod Security Standards, each check a control of its own, and what hardening guides add.

pub mod added_capabilities;
pub mod bare;
pub mod custom_proc_mount;
pub mod ephemeral_containers;
pub mod host_aliases;
pub mod host_namespaces;
pub mod host_path_volume;
pub mod host_port;
pub mod host_probe;
pub mod low_user_id;
pub mod missing_limits;
pub mod missing_probes;
pub mod missing_requests;
pub mod no_disruption_budget;
pub mod no_seccomp;
pub mod privilege_escalation;
pub mod privileged;
pub mod restricted_volume_type;
pub mod root_group;
pub mod root_user;
pub mod runs_as_root;
pub mod runtime_socket;
pub mod sensitive_host_path;
pub mod service_links;
pub mod shared_process_namespace;
pub mod single_replica;
pub mod undropped_capabilities;
pub mod unmasked_proc;
pub mod unsafe_app_armor;
pub mod unsafe_seccomp;
pub mod unsafe_selinux;
pub mod unsafe_sysctl;
pub mod windows_host_process;
pub mod writable_host_path;
pub mod writable_root_filesystem;

// What several of them share.
mod capability;
mod declared_id;
mod host_volume;
mod port_range;
mod proc_mount;
mod quoted;
mod resource;
mod seccomp;
mod security_context;
