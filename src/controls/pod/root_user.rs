//! `pod.root-user`

use super::security_context::settings;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Neither the pod nor a container, init container or ephemeral container sets `runAsUser: 0`. A pod with a
    /// user namespace of its own (`hostUsers: false`) passes: its root is nobody on the node.
    ///
    /// ## Why it matters
    ///
    /// Whoever asks for user 0 overrides an image that was built to run as somebody else. Root in the container is
    /// root on the node as soon as anything leaks: a mounted path, a flaw of the kernel or of the container runtime.
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
    ///         runAsUser: 0
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
    ///         runAsUser: 10001
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `runAsUser: 0`, or set a user above 0. Files that this user has to write need its ownership in the
    /// image, or `fsGroup` for volumes. A process that can't do without root can have it harmlessly in a user
    /// namespace: `hostUsers: false`.
    pub static ROOT_USER = {
        id: "pod.root-user",
        title: "Container is told to run as root",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Running as Non-root user"),
            Framework::CisKubernetes.clause("5.2.7"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Non-root containers and rootless container engines"),
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
    if workload.spec().has_user_namespace() {
        return Verdict::Pass;
    }
    settings(workload, context, |it| it.run_as_user.as_ref(), |it| it.run_as_user.as_ref())
        .filter(|(_, user)| **user == 0)
        .map(|(holder, _)| {
            holder
                .finding(&["runAsUser"], "is told to run as root: `runAsUser` is 0")
                .value(0)
                .fix("set a `runAsUser` above 0")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn a_pod_s_root_counts_even_where_every_container_has_its_own_user() {
        let found = messages(judge(
            &ROOT_USER,
            &pod("
securityContext: {runAsUser: 0}
initContainers: [{name: setup, restartPolicy: Always, securityContext: {runAsUser: 0}}]
containers: [{name: app, securityContext: {runAsUser: 1000}}]
"),
        ));
        assert_eq!(
            found,
            [
                "is told to run as root: `runAsUser` is 0; set a `runAsUser` above 0",
                "setup: is told to run as root: `runAsUser` is 0; set a `runAsUser` above 0",
            ]
        );
    }

    #[test]
    fn root_of_a_user_namespace_is_nobody() {
        let spec = "hostUsers: false\nsecurityContext: {runAsUser: 0}\ncontainers: [{name: app}]";
        assert_eq!(judge(&ROOT_USER, &pod(spec)), Verdict::Pass);
        let shared = spec.replace("false", "true");
        assert!(matches!(judge(&ROOT_USER, &pod(&shared)), Verdict::Fail(_)));
    }
}
