//! `pod.privileged`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No container, init container or ephemeral container sets `securityContext.privileged: true`.
    ///
    /// ## Why it matters
    ///
    /// A privileged container holds every capability, sees every device of the node and has no seccomp or AppArmor
    /// confinement. Whoever takes it over owns the node, and with it every other pod there.
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
    ///         privileged: true
    /// ```
    ///
    /// ## Compliant
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
    ///         privileged: false
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `privileged`. Where the container needs one right of the node, add that capability alone, or mount the
    /// one device through a device plugin.
    pub static PRIVILEGED = {
        id: "pod.privileged",
        title: "Container is privileged",
        severity: Critical,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Privileged Containers"),
            Framework::CisKubernetes.clause("5.2.2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    context
        .containers(workload)
        .filter(|container| container.security_context.as_ref().is_some_and(|it| it.privileged == Some(true)))
        .map(|container| {
            let field = ["securityContext", "privileged"];
            Finding::in_container(container, &field, "runs privileged")
                .value(true)
                .fix("remove `privileged: true`")
                .safe_patch(container.path().keys(&field), false)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn init_and_ephemeral_containers_count_too() {
        let found = messages(judge(
            &PRIVILEGED,
            &pod("
initContainers: [{name: setup, securityContext: {privileged: true}}]
containers: [{name: app}]
ephemeralContainers: [{name: debug, securityContext: {privileged: true}}]
"),
        ));
        assert_eq!(
            found,
            [
                "setup: runs privileged; remove `privileged: true`",
                "debug: runs privileged; remove `privileged: true`",
            ]
        );
    }
}
