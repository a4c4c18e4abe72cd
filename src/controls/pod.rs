//! Pods: Pod Security Standards, each check a control of its own, and what hardening guides add.

pub mod bare;
pub mod ephemeral_containers;
pub mod host_aliases;
pub mod low_user_id;
pub mod missing_limits;
pub mod missing_probes;
pub mod missing_requests;
pub mod no_disruption_budget;
pub mod privileged;
pub mod root_group;
pub mod runtime_socket;
pub mod sensitive_host_path;
pub mod service_links;
pub mod shared_process_namespace;
pub mod single_replica;
pub mod writable_host_path;
pub mod writable_root_filesystem;

// What several of them share.
mod declared_id;
mod host_volume;
mod resource;
