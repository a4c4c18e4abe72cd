//! Kubernetes Pod Security Standards.
//!
//! Source: the names of the controls in <https://kubernetes.io/docs/concepts/security/pod-security-standards/>, and of the
//! checks that the upstream evaluator (`k8s.io/pod-security-admission`, `policy/`) has for each level. The names say what
//! they are, so there are no titles.

use super::Titles;

/// Level baseline.
pub(super) const BASELINE: Titles = &[
    ("HostProcess", ""),
    ("Host Namespaces", ""),
    ("Privileged Containers", ""),
    ("Capabilities", ""),
    ("HostPath Volumes", ""),
    ("Host Ports", ""),
    ("Host Probes / Lifecycle Hooks", ""),
    ("AppArmor", ""),
    ("SELinux", ""),
    ("/proc Mount Type", ""),
    ("Seccomp", ""),
    ("Sysctls", ""),
];

/// What level restricted adds to baseline or asks for more strictly. The mount of `/proc` is one of them in the evaluator.
pub(super) const RESTRICTED: Titles = &[
    ("Volume Types", ""),
    ("Privilege Escalation", ""),
    ("Running as Non-root", ""),
    ("Running as Non-root user", ""),
    ("Seccomp", ""),
    ("Capabilities", ""),
    ("/proc Mount Type", ""),
];
