//! Services, in the sense of what a team runs: who answers for a workload, how much it matters, and whether the papers that
//! people reach for in a hurry are there.
//!
//! What people declare is read from annotations of the workload or, where it says nothing, of its namespace. Whether a
//! link leads anywhere is not looked at: nothing here opens a connection.

pub mod default_namespace;
pub mod owner_unknown;
pub mod pod_security_label_missing;
pub mod recommended_labels_missing;
pub mod runbook_missing;
pub mod threat_model_missing;
pub mod threat_model_stale;
pub mod tier_unknown;

mod annotation;
