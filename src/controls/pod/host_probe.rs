//! `pod.host-probe`

use serde_json::Value;

use super::quoted::Quoted;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::container::{Container, Handler};
use crate::facts::{ContainerRef, Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No probe and no lifecycle hook of a container, init container or ephemeral container names a `host` in
    /// `httpGet` or `tcpSocket`.
    ///
    /// ## Why it matters
    ///
    /// Probes and hooks are sent by the kubelet, from the node and past every `NetworkPolicy`. Whoever chooses their
    /// host makes the node call services on its own localhost, the metadata service of the cloud or anything else
    /// that it alone can reach, and learns from the probe's outcome what answered.
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
    ///       livenessProbe:
    ///         httpGet: {host: 169.254.169.254, path: /latest/meta-data/, port: 80}
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
    ///       livenessProbe:
    ///         httpGet: {path: /healthz, port: 8080}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `host`: the pod's own address is meant without it. To ask for a virtual host, set the header `Host` in
    /// `httpHeaders`. A server that listens on the pod's localhost alone is asked with `exec`.
    pub static HOST_PROBE = {
        id: "pod.host-probe",
        title: "Probe or lifecycle hook calls another host",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Host Probes / Lifecycle Hooks"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Nist80053.clause("SC-7"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.20"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// A probe or a hook: what people call it, its path below the container, and what it does.
type Caller<'a> = (&'static str, &'static [&'static str], Option<&'a Handler>);

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    for container in context.containers(workload) {
        for (title, path, handler) in callers(container.container) {
            let hosts = handler.into_iter().flat_map(hosts);
            findings.extend(hosts.map(|(action, host)| finding(container, title, path, action, host)));
        }
    }
    findings.into_iter().collect()
}

fn callers(container: &Container) -> [Caller<'_>; 5] {
    let lifecycle = container.lifecycle.as_deref();
    [
        ("liveness probe", &["livenessProbe"], container.liveness_probe.as_deref()),
        ("readiness probe", &["readinessProbe"], container.readiness_probe.as_deref()),
        ("startup probe", &["startupProbe"], container.startup_probe.as_deref()),
        ("hook after start", &["lifecycle", "postStart"], lifecycle.and_then(|it| it.post_start.as_ref())),
        ("hook before stop", &["lifecycle", "preStop"], lifecycle.and_then(|it| it.pre_stop.as_ref())),
    ]
}

/// The hosts that an action names; an empty one is the pod itself.
fn hosts(handler: &Handler) -> impl Iterator<Item = (&'static str, &Text)> {
    [("httpGet", &handler.http_get), ("tcpSocket", &handler.tcp_socket)]
        .into_iter()
        .filter_map(|(action, target)| Some((action, &target.as_ref()?.host)))
        .filter(|(_, host)| !host.is_empty())
}

fn finding(
    container: ContainerRef<'_>,
    title: &str,
    path: &[&'static str],
    action: &'static str,
    host: &Text,
) -> Finding {
    let path = container.path().keys(path).keys(&[action, "host"]);
    let message = format!("{title} calls the host {}", Quoted(host));
    Finding::in_container(container, &[], message)
        .further(|_| path.clone())
        .discriminator(format!("{title}, {action}"))
        .value(host)
        .fix("remove `host`")
        .patch_to_review(path, Value::Null, "the probe may be about that host")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn probes_and_hooks_count_by_both_actions() {
        let found = judge(
            &HOST_PROBE,
            &pod("
initContainers:
  - name: sidecar
    restartPolicy: Always
    startupProbe: {tcpSocket: {host: 10.0.0.1, port: 80}, httpGet: {host: example.com, port: 80}}
containers:
  - name: app
    readinessProbe: {httpGet: {host: '', port: 80}}
    lifecycle: {postStart: {exec: {command: ['true']}}, preStop: {httpGet: {host: ' ', port: 80}}}
"),
        );
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[1].path.to_string(), "spec.initContainers[0].startupProbe.tcpSocket.host");
        assert_eq!(
            messages(found),
            [
                "sidecar: startup probe calls the host `example.com`; remove `host`",
                "sidecar: startup probe calls the host `10.0.0.1`; remove `host`",
                "app: hook before stop calls the host ` `; remove `host`",
            ]
        );
    }

    #[test]
    fn even_localhost_is_the_node_s() {
        let spec = "containers: [{name: app, livenessProbe: {tcpSocket: {host: 127.0.0.1, port: 80}}}]";
        assert_eq!(
            messages(judge(&HOST_PROBE, &pod(spec))),
            ["app: liveness probe calls the host `127.0.0.1`; remove `host`"]
        );
    }
}
