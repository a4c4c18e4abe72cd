//! The command line as people and pipelines meet it: the built program, files on disk, its output and its exit code.
//!
//! Whole outputs stand in tests/cli/snapshots; `cargo insta review` shows what changes in them.

#![expect(clippy::unwrap_used, reason = "a test that can't run the program fails there")]

#[cfg(feature = "operator")]
#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "cli/approve.rs"]
mod approve;
#[path = "cli/audit.rs"]
mod audit;
#[cfg(feature = "operator")]
#[path = "cli/cluster.rs"]
mod cluster;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/examples.rs"]
mod examples;
#[path = "cli/exception.rs"]
mod exception;
#[path = "cli/filters.rs"]
mod filters;
#[path = "cli/fix.rs"]
mod fix;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/framework.rs"]
mod framework;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/json.rs"]
mod json;
#[path = "cli/lint.rs"]
mod lint;
#[path = "cli/others.rs"]
mod others;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/posture.rs"]
mod posture;
#[path = "cli/problems.rs"]
mod problems;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/why.rs"]
mod why;
#[path = "cli/workload_kinds.rs"]
mod workload_kinds;
