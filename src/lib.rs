//! Stanchion keeps security guardrails standing in Kubernetes.
//!
//! Data flows one way: bytes become facts, facts become verdicts, verdicts become posture, and thin shells show it.
//!
//! - [`api`]: the three custom resources, their schemas and their conditions.
//! - [`manifest`]: from the bytes of a file to objects that know their place in it.
//! - [`facts`]: what controls may look at, decoded from bytes.
//! - [`controls`]: the catalogue, one file a control.
//! - [`engine`]: standards, tiers and exceptions over facts: the posture.
//! - [`report`]: what is known, as people and programs read it.
//! - `operator` (feature `operator`): watches, status, lease; the only part that talks to a cluster.
//!
//! All but the last are pure: no clock, no IO, no async runtime (see ARCHITECTURE.md).

pub mod api;
pub mod controls;
pub mod engine;
pub mod facts;
pub mod manifest;
#[cfg(feature = "operator")]
pub mod operator;
pub mod report;
