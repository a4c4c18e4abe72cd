//! Stanchion keeps security guardrails standing in Kubernetes.
//!
//! Data flows one way: bytes become facts, facts become verdicts, verdicts become posture, and thin shells show it.
//!
//! - [`api`]: the three custom resources, their schemas and their conditions.
//! - [`manifest`]: from the bytes of a file to objects that know their place in it.
//! - [`facts`]: what controls may look at, decoded from bytes.
//! - [`relations`]: facts joined across objects: who may do what, what leads where.
//! - [`load`]: files to facts with their places, and to what people decided.
//! - [`controls`]: the catalogue, one file a control.
//! - [`engine`]: standards, tiers and exceptions over facts: the posture.
//! - [`fix`]: safe patches made in the text of manifests, and nothing else touched.
//! - [`draft`]: a first version of an exception.
//! - [`lint`]: what is wrong with standards, tiers and exceptions in files.
//! - [`policies`]: the rules that the API server holds by itself.
//! - [`admission`]: what is said of an object before it is there.
//! - [`config`]: the configuration of the command line.
//! - [`report`]: what is known, as people and programs read it.
//!
//! All of these are pure: no clock, no IO, no async runtime (see ARCHITECTURE.md). The shells around them:
//!
//! - [`cli`]: the command line.
//! - `cluster` (feature `operator`): how a cluster is reached, and its objects are read.
//! - `webhook` (feature `operator`): the HTTPS server that an API server asks.
//! - `operator` (feature `operator`): watches, status, lease; the only part that writes to a cluster.

pub mod admission;
pub mod api;
pub mod cli;
#[cfg(feature = "operator")]
pub mod cluster;
pub mod config;
pub mod controls;
pub mod draft;
pub mod engine;
pub mod facts;
pub mod fix;
pub mod lint;
pub mod load;
pub mod manifest;
#[cfg(feature = "operator")]
pub mod operator;
pub mod policies;
pub mod relations;
pub mod report;
#[cfg(feature = "operator")]
pub mod webhook;
