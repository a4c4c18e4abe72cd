//! Facts: what controls may look at, and nothing else.
//!
//! A fact is a small, owned projection of a Kubernetes object. It is decoded straight from bytes (JSON of the API
//! server, or a [`Node`](crate::manifest::Node) of a manifest) by the same `serde` definitions, so that a file and a
//! cluster can never be read in two ways. The whole object is never kept. Pure: no clock, no client, no IO.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`meta`] | names, labels, annotations, owners |
//! | [`workload`] | the eight built-in kinds with a pod template |
//! | [`pod`], [`container`], [`security`], [`volume`] | the pod template itself |
//! | [`image`] | image references in their parts |
//! | [`mod@env`], [`scheduling`], [`running`] | environment variables, where pods may run, what of them runs |
//! | [`credential`] | whether a value is a credential; the value itself is never kept |
//! | [`rbac`], [`service_account`] | who may do what |
//! | [`service`], [`ingress`], [`gateway`], [`network_policy`] | how workloads are reached |
//! | [`namespace`], [`node`], [`config_map`], [`secret`], [`disruption_budget`], [`audit_policy`] | other objects that controls judge or join with workloads |
//! | [`collector_config`], [`glob`] | what log collectors are configured to read, and their wildcards |
//! | [`object`] | one decoded object of any kind, and how a kind becomes facts |
//! | [`inventory`] | all of them together |
//! | [`owned`] | what is kept of workloads that others own |
//! | [`selector`], [`address`], [`path`], [`text`], [`list`] | label selectors, network addresses, field paths, shared strings, shared lists |

pub mod address;
pub mod audit_policy;
pub mod collector_config;
pub mod config_map;
pub mod container;
pub mod credential;
pub mod custom;
mod decode;
pub mod disruption_budget;
pub mod env;
pub mod gateway;
pub mod glob;
pub mod image;
pub mod ingress;
pub mod inventory;
pub mod list;
pub mod meta;
pub mod namespace;
pub mod network_policy;
pub mod node;
pub mod object;
pub mod owned;
pub mod path;
pub mod pod;
pub mod rbac;
pub mod running;
pub mod scheduling;
pub mod secret;
pub mod security;
pub mod selector;
pub mod service;
pub mod service_account;
mod shared;
pub mod text;
pub mod uid;
pub mod volume;
pub mod workload;

pub use address::Cidr;
pub use audit_policy::AuditPolicy;
pub use config_map::ConfigMap;
pub use container::{Container, ContainerClass, ContainerRef};
pub use custom::{CustomKind, CustomKinds};
pub use disruption_budget::DisruptionBudget;
pub use gateway::{Gateway, Route};
pub use image::{Image, ImageError, ImageRef};
pub use ingress::Ingress;
pub use inventory::{Change, Inventory, Known, SubjectKey};
pub use list::List;
pub use meta::{Meta, OwnerReference};
pub use namespace::Namespace;
pub use network_policy::{Direction, NetworkPolicy};
pub use node::Node;
pub use object::{Object, ObjectKind};
pub use owned::Owned;
pub use path::{Path, Step};
pub use pod::{PodSpec, PodTemplate};
pub use rbac::{Binding, BindingKind, Role, RoleKind, Rule};
pub use running::Running;
pub use secret::Secret;
pub use selector::Selector;
pub use service::Service;
pub use service_account::ServiceAccount;
pub use shared::{Handle, Pool};
pub use text::{Text, TextMap};
pub use uid::Uid;
pub use workload::{Workload, WorkloadKind};
