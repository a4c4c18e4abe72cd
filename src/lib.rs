//! Stanchion keeps security guardrails standing in Kubernetes.
//!
//! - [`api`]: the three custom resources, their schemas and their conditions.

pub mod api;
