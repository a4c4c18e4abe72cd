//! Pods: Pod Security Standards, each check a control of its own, and what hardening guides add.

pub mod privileged;
