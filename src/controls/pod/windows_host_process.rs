//! `pod.windows-host-process`

use super::security_context::settings;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Neither the pod nor a container, init container or ephemeral container sets
    /// `securityContext.windowsOptions.hostProcess: true`.
    ///
    /// ## Why it matters
    ///
    /// A `hostProcess` container is no container but a process of the Windows node, with the node's files, network
    /// and devices. As `NT AUTHORITY\SYSTEM` it owns the node, and with it every other pod there.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   os: {name: windows}
    ///   hostNetwork: true
    ///   securityContext:
    ///     windowsOptions:
    ///       hostProcess: true
    ///       runAsUserName: NT AUTHORITY\SYSTEM
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   os: {name: windows}
    ///   securityContext:
    ///     windowsOptions:
    ///       runAsUserName: ContainerUser
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `hostProcess`. Agents that have to manage Windows nodes need an exception.
    pub static WINDOWS_HOST_PROCESS = {
        id: "pod.windows-host-process",
        title: "Container is a process of the Windows node",
        severity: Critical,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("HostProcess"),
            Framework::CisKubernetes.clause("5.2.11"),
            Framework::Nist80053.clause("AC-6"),
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
    settings(workload, context, |it| it.windows_options.as_ref(), |it| it.windows_options.as_ref())
        .filter(|(_, options)| options.host_process == Some(true))
        .map(|(holder, _)| {
            let field = ["windowsOptions", "hostProcess"];
            holder
                .finding(&field, "runs as a process of the node")
                .value(true)
                .fix("remove `hostProcess: true`")
                .patch_to_review(
                    holder.path(&field),
                    false,
                    "a process of the node is written for the node, and fails in a container",
                )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn a_container_can_t_take_back_what_the_pod_sets() {
        let found = messages(judge(
            &WINDOWS_HOST_PROCESS,
            &pod("
securityContext: {windowsOptions: {hostProcess: true}}
containers: [{name: app, securityContext: {windowsOptions: {hostProcess: false}}}]
"),
        ));
        assert_eq!(found, ["runs as a process of the node; remove `hostProcess: true`"]);
    }

    #[test]
    fn a_pod_that_is_not_said_to_be_for_windows_counts_too() {
        let found = messages(judge(
            &WINDOWS_HOST_PROCESS,
            &pod("initContainers: [{name: setup, securityContext: {windowsOptions: {hostProcess: true}}}]"),
        ));
        assert_eq!(found, ["setup: runs as a process of the node; remove `hostProcess: true`"]);
    }
}
