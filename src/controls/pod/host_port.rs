//! `pod.host-port`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::port_range::PortRange;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::container::ContainerPort;
use crate::facts::{ContainerClass, ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No container, init container or ephemeral container takes a port of the node: no entry of `ports` has a
    /// `hostPort` other than 0. In a pod with `hostNetwork: true` every port that is listed counts, for the API
    /// server then writes its number into `hostPort`.
    ///
    /// ## Why it matters
    ///
    /// A port of the node is open to whoever reaches the node, past Services and their policies. Only one pod a node
    /// can have it, so rollouts get stuck, and a pod that is faster can take the port of another service.
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
    ///       ports:
    ///         - {containerPort: 8080, hostPort: 80}
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
    ///       ports:
    ///         - {containerPort: 8080}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove `hostPort` and use a Service; to be reached from outside the cluster, one of type `LoadBalancer` or
    /// `NodePort`, an Ingress or a Gateway. Ports of agents on every node are allowed with the parameter
    /// `allowedPorts`.
    pub static HOST_PORT = {
        id: "pod.host-port",
        title: "Container takes a port of the node",
        severity: Medium,
        subject: Workload,
        parameters: HostPortParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Host Ports"),
            Framework::CisKubernetes.clause("5.2.13"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Nist80053.clause("SC-7"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.20"),
            Framework::PciDss.clause("1.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.host-port`.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct HostPortParameters {
    /// The ports of the node that a container may take, as numbers and ranges with both ends. Absent: none.
    /// Example: `[9100, "30000-30100"]`.
    allowed_ports: Vec<PortRange>,
}

impl Parameters for HostPortParameters {}

fn evaluate(workload: &Workload, parameters: &HostPortParameters, context: &Context<'_>) -> Verdict {
    let host_network = workload.spec().host_network;
    context
        .containers(workload)
        .flat_map(|container| {
            // The API server leaves ephemeral containers alone: they can't have ports.
            let listed_counts = host_network && container.class != ContainerClass::Ephemeral;
            let ports = &container.container.ports;
            let forbidden = move |place: usize, port: &ContainerPort| {
                let number = taken(port, listed_counts)
                    .filter(|number| !parameters.allowed_ports.iter().any(|range| range.contains(*number)))?;
                let again = |earlier: &ContainerPort| {
                    taken(earlier, listed_counts) == Some(number) && protocol(earlier) == protocol(port)
                };
                (!ports.iter().take(place).any(again)).then(|| finding(container, place, port, number))
            };
            ports.iter().enumerate().filter_map(move |(place, port)| forbidden(place, port))
        })
        .collect()
}

/// The port of the node that an entry takes.
fn taken(port: &ContainerPort, listed_counts: bool) -> Option<i32> {
    let written = port.host_port.filter(|number| *number != 0);
    let listed = port.container_port.filter(|number| listed_counts && *number != 0);
    written.or(listed)
}

fn protocol(port: &ContainerPort) -> &str {
    port.protocol.as_deref().filter(|protocol| !protocol.is_empty()).unwrap_or("TCP")
}

fn finding(container: ContainerRef<'_>, place: usize, port: &ContainerPort, number: i32) -> Finding {
    let (message, advice) = if port.host_port.is_some_and(|written| written != 0) {
        (format!("takes port {number} of the node"), "remove `hostPort` and use a Service")
    } else {
        (format!("takes port {number} of the node through `hostNetwork`"), "remove `hostNetwork: true`")
    };
    Finding::in_container(container, &["ports"], message)
        .further(|ports| ports.index(place).key("hostPort"))
        .discriminator(format!("{number}/{}", protocol(port)))
        .value(number)
        .fix(advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn each_port_is_a_finding_and_zero_is_none() {
        let found = judge(
            &HOST_PORT,
            &pod("
initContainers: [{name: sidecar, restartPolicy: Always, ports: [{containerPort: 53, hostPort: 53, protocol: UDP}]}]
containers: [{name: app, ports: [{containerPort: 1, hostPort: 0}, {containerPort: 2}, {containerPort: 3, hostPort: 80}]}]
"),
        );
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].discriminator.as_deref(), Some("53/UDP"));
        assert_eq!(findings[1].path.to_string(), "spec.containers[0].ports[2].hostPort");
        assert_eq!(
            messages(found),
            [
                "sidecar: takes port 53 of the node; remove `hostPort` and use a Service",
                "app: takes port 80 of the node; remove `hostPort` and use a Service",
            ]
        );
    }

    #[test]
    fn one_number_is_taken_once_by_each_protocol() {
        let port = |protocol: &str| format!("{{containerPort: 53, hostPort: 53, protocol: {protocol}}}");
        let ports = [port("UDP"), port("TCP"), port("null"), port("''")].join(", ");
        let found =
            messages(judge(&HOST_PORT, &pod(&format!("containers: [{{name: app, ports: [{ports}]}}]"))));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn in_the_node_s_network_every_listed_port_is_the_node_s() {
        let spec = "hostNetwork: true\ncontainers: [{name: app, ports: [{containerPort: 9100}]}]";
        assert_eq!(
            messages(judge(&HOST_PORT, &pod(spec))),
            ["app: takes port 9100 of the node through `hostNetwork`; remove `hostNetwork: true`"]
        );
        assert_eq!(judge(&HOST_PORT, &pod(&spec.replace("true", "false"))), Verdict::Pass);
    }

    #[test]
    fn ports_and_ranges_can_be_allowed() {
        let allowed = serde_json::json!({"allowedPorts": [9100, "30000-30100"]});
        let of = |number: i32| {
            let spec = format!("containers: [{{name: app, ports: [{{hostPort: {number}}}]}}]");
            judge_with(&HOST_PORT, &allowed, &pod(&spec))
        };
        for allowed in [9100, 30_000, 30_050, 30_100] {
            assert_eq!(of(allowed), Verdict::Pass, "{allowed}");
        }
        for forbidden in [9101, 29_999, 30_101, -1, 75_000] {
            assert!(matches!(of(forbidden), Verdict::Fail(_)), "{forbidden}");
        }
    }
}
