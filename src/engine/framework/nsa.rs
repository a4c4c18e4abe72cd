//! NSA/CISA Kubernetes Hardening Guide, version 1.2 of August 2022.
//!
//! Source: the headings of the guide (<https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF>),
//! a work of the United States government. They are written as sentences are, without the quotation marks of the first one.
//! They say what they are, so there are no titles.

use super::Titles;

/// Chapters and, below each, its sections. The last chapter has none and stands for itself.
pub(super) const SECTIONS: Titles = &[
    ("Kubernetes Pod security", ""),
    ("Non-root containers and rootless container engines", ""),
    ("Immutable container file systems", ""),
    ("Building secure container images", ""),
    ("Pod security enforcement", ""),
    ("Protecting Pod service account tokens", ""),
    ("Hardening container environments", ""),
    ("Network separation and hardening", ""),
    ("Namespaces", ""),
    ("Network policies", ""),
    ("Resource policies", ""),
    ("Control plane hardening", ""),
    ("Etcd", ""),
    ("Kubeconfig files", ""),
    ("Worker node segmentation", ""),
    ("Encryption", ""),
    ("Secrets", ""),
    ("Protecting sensitive cloud infrastructure", ""),
    ("Authentication and authorization", ""),
    ("Authentication", ""),
    ("Role-based access control", ""),
    ("Audit logging and threat detection", ""),
    ("Logging", ""),
    ("Kubernetes native audit logging configuration", ""),
    ("Worker node and container logging", ""),
    ("Seccomp: audit mode", ""),
    ("Syslog", ""),
    ("SIEM platforms", ""),
    ("Service meshes", ""),
    ("Fault tolerance", ""),
    ("Threat detection", ""),
    ("Alerting", ""),
    ("Tools", ""),
    ("Upgrading and application security practices", ""),
];

/// The chapters that have sections.
pub(super) const CHAPTERS: [&str; 4] = [
    "Kubernetes Pod security",
    "Network separation and hardening",
    "Authentication and authorization",
    "Audit logging and threat detection",
];
