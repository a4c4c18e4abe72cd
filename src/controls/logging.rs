//! Logging: what workloads write reaches a place where it is kept, and the API server says who did what.

pub mod audit_policy_missing;
pub mod audit_policy_too_quiet;
pub mod not_shipped;
pub mod opted_out;
pub mod short_retention;
pub mod unread_volume;

// What several of them share.
mod audit;
mod path_pattern;
mod shared_volume;
