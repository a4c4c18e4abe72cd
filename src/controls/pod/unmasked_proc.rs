//! `pod.unmasked-proc`

use super::proc_mount::other_than_default;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No container, init container or ephemeral container sets a `procMount` other than `Default`. A pod with a
    /// user namespace of its own (`hostUsers: false`) passes: its root may not write to the node's kernel.
    ///
    /// ## Why it matters
    ///
    /// Container runtimes hide or write-protect those parts of `/proc` that belong to the node's kernel, such as
    /// `/proc/kcore`, `/proc/sysrq-trigger` and `/proc/sys`. With `Unmasked` a root process reads the node's memory,
    /// restarts the node, or makes its kernel run a program as root.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       securityContext:
    ///         procMount: Unmasked
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   hostUsers: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       securityContext:
    ///         procMount: Unmasked
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `procMount`. Where containers are built inside the container, which needs it, give the pod a user
    /// namespace: `hostUsers: false`.
    pub static UNMASKED_PROC = {
        id: "pod.unmasked-proc",
        title: "Container sees the kernel's part of /proc",
        severity: High,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("/proc Mount Type"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("SC-39"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if workload.spec().has_user_namespace() {
        return Verdict::Pass;
    }
    other_than_default(workload, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn only_default_and_absent_are_masked() {
        let of = |proc_mount: &str| {
            let spec =
                format!("initContainers: [{{name: setup, securityContext: {{procMount: {proc_mount}}}}}]");
            messages(judge(&UNMASKED_PROC, &pod(&spec)))
        };
        assert!(of("Default").is_empty());
        assert!(of("null").is_empty());
        assert_eq!(of("Unmasked"), ["setup: mounts `/proc` as `Unmasked`; remove `procMount`"]);
        assert_eq!(of("default"), ["setup: mounts `/proc` as `default`; remove `procMount`"]);
        assert_eq!(of("''"), ["setup: mounts `/proc` as \"\"; remove `procMount`"]);
    }
}
