//! `pod.host-namespaces`

use super::security_context::is_exempt;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The pod doesn't set `hostNetwork`, `hostPID` or `hostIPC` to `true`.
    ///
    /// ## Why it matters
    ///
    /// In the node's network a container reaches services that listen on localhost alone, sees the traffic of other
    /// pods and is under no `NetworkPolicy`. Among the node's processes it reads the environment of all of them,
    /// secrets included, and can stop them. In the node's IPC it reads and writes what others share in memory.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   hostNetwork: true
    ///   hostPID: true
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
    ///   hostNetwork: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the fields. To be reached from outside, use a Service, an Ingress or a Gateway instead of the node's
    /// network; to debug, use `kubectl debug` instead of the node's processes. Agents that belong to the node, such
    /// as network plugins, need an exception.
    pub static HOST_NAMESPACES = {
        id: "pod.host-namespaces",
        title: "Pod shares a namespace of the node",
        severity: High,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Host Namespaces"),
            Framework::CisKubernetes.clause("5.2.3"),
            Framework::CisKubernetes.clause("5.2.4"),
            Framework::CisKubernetes.clause("5.2.5"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("SC-39"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.22"),
            Framework::PciDss.clause("2.2.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if is_exempt(workload, context) {
        return Verdict::NotApplicable;
    }
    let spec = workload.spec();
    [
        (spec.host_network, "hostNetwork", "shares the node's network", "remove `hostNetwork: true`"),
        (spec.host_pid, "hostPID", "sees the node's processes", "remove `hostPID: true`"),
        (spec.host_ipc, "hostIPC", "shares the node's IPC", "remove `hostIPC: true`"),
    ]
    .into_iter()
    .filter(|(shared, ..)| *shared)
    .map(|(_, field, message, advice)| {
        Finding::new(workload.spec_path().key(field), message).discriminator(field).value(true).fix(advice)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn every_shared_namespace_is_a_finding_of_its_own() {
        let found =
            messages(judge(&HOST_NAMESPACES, &pod("{hostNetwork: true, hostPID: null, hostIPC: true}")));
        assert_eq!(
            found,
            [
                "shares the node's network; remove `hostNetwork: true`",
                "shares the node's IPC; remove `hostIPC: true`",
            ]
        );
    }

    #[test]
    fn a_pod_of_exempt_images_alone_is_not_judged() {
        let exempt = serde_json::json!({"exemptImages": ["ghcr.io/acme/agent:*"]});
        let agent = "hostPID: true\ncontainers: [{name: agent, image: 'ghcr.io/acme/agent:1'}]";
        assert_eq!(judge_with(&HOST_NAMESPACES, &exempt, &pod(agent)), Verdict::NotApplicable);
        let beside = agent.replace("}]", "}, {name: app, image: 'nginx:1'}]");
        assert_eq!(messages(judge_with(&HOST_NAMESPACES, &exempt, &pod(&beside))).len(), 1);
    }
}
