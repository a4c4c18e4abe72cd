//! Stand-in.
#![allow(missing_docs, reason = "stand-in")]
use serde::{Deserialize, Serialize};
pub const GROUP: &str = "stanchion.dev";
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecurityStandard {}
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServiceTier {}
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RiskException {}
