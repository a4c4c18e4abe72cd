//! Identity and access: what roles allow and who holds them, whom bindings name, which credentials there are.
//!
//! A rule that several controls could find is found by the one that says most: `iam.wildcard-resources` has those for all
//! resources, `iam.cluster-admin-binding` the bindings of a role that holds everything, and what Kubernetes ships as it
//! ships it is found by none. `rights`, `holders` and `judge` are what the controls of roles share, `subjects` what those
//! of bindings do, and `account` those of workloads, which are judged by what their service account gives to them.

mod account;
pub mod altered_default_role;
pub mod anonymous_subject;
pub mod authenticated_group;
pub mod certificate_approval;
pub mod cluster_admin_binding;
pub mod cluster_admin_in_namespace;
pub mod cluster_secrets_read;
pub mod cluster_wide_edit;
pub mod component_role_binding;
pub mod dangling_role;
pub mod dangling_subject;
pub mod default_account_rights;
pub mod default_service_account;
pub mod escalate;
pub mod event_deletion;
pub mod excessive_rights;
mod holders;
pub mod impersonate;
mod judge;
pub mod kube_system_config_write;
pub mod long_lived_token;
pub mod masters_group;
pub mod network_policy_write;
pub mod node_proxy;
pub mod nonstandard_role;
pub mod path_to_cluster_admin;
pub mod persistent_volume_creation;
pub mod pod_exec;
pub mod rbac_write;
mod rights;
pub mod secrets_read;
pub mod service_proxy;
pub mod static_cloud_credentials;
mod subjects;
pub mod token_creation;
pub mod token_mounted;
pub mod user_outside_sso;
pub mod webhook_configuration;
pub mod wildcard_api_groups;
pub mod wildcard_non_resource_urls;
pub mod wildcard_resources;
pub mod wildcard_verbs;
pub mod workload_creation;
