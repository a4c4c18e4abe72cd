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
//! | [`credential`] | whether a value is a credential; the value itself is never kept |
//! | [`namespace`], [`service_account`], [`disruption_budget`] | other objects that controls join with workloads |
//! | [`object`] | one decoded object of any kind, and how a kind becomes facts |
//! | [`inventory`] | all of them together |
//! | [`selector`], [`path`], [`text`] | label selectors, field paths, shared strings |

pub mod container;
pub mod credential;
mod decode;
pub mod disruption_budget;
pub mod image;
pub mod inventory;
pub mod meta;
pub mod namespace;
pub mod object;
pub mod path;
pub mod pod;
pub mod security;
pub mod selector;
pub mod service_account;
pub mod text;
pub mod volume;
pub mod workload;

pub use container::{Container, ContainerClass, ContainerRef};
pub use disruption_budget::DisruptionBudget;
pub use image::{ImageError, ImageRef};
pub use inventory::{Inventory, SubjectKey, SubjectKind};
pub use meta::{Meta, OwnerReference};
pub use namespace::Namespace;
pub use object::Object;
pub use path::{Path, Step};
pub use pod::{PodSpec, PodTemplate};
pub use selector::Selector;
pub use service_account::ServiceAccount;
pub use text::{Text, TextMap};
pub use workload::{Workload, WorkloadKind};
