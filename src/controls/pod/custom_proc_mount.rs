//! `pod.custom-proc-mount`

use super::proc_mount::other_than_default;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No container, init container or ephemeral container sets a `procMount` other than `Default`, whether or not
    /// the pod has a user namespace of its own. Where it has one, `pod.unmasked-proc` is content.
    ///
    /// ## Why it matters
    ///
    /// Container runtimes hide or write-protect those parts of `/proc` that belong to the node's kernel. In a user
    /// namespace the kernel still refuses most of what `Unmasked` lays open, yet a flaw in it is one step nearer,
    /// and what can be read tells an attacker about the node.
    ///
    /// ## Violating
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
    ///         procMount: Default
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `procMount`. Where containers are built inside the container, which needs it, ask for an exception.
    pub static CUSTOM_PROC_MOUNT = {
        id: "pod.custom-proc-mount",
        title: "Container asks for a /proc mount other than the default",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityRestricted.clause("/proc Mount Type"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    other_than_default(workload, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn a_user_namespace_is_no_excuse() {
        for host_users in ["false", "true", "null"] {
            let container = "{name: app, securityContext: {procMount: Unmasked}}";
            let spec = format!("hostUsers: {host_users}\ncontainers: [{container}]");
            let found = messages(judge(&CUSTOM_PROC_MOUNT, &pod(&spec)));
            assert_eq!(found, ["app: mounts `/proc` as `Unmasked`; remove `procMount`"], "{host_users}");
        }
    }
}
