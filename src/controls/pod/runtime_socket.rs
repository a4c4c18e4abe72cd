//! `pod.runtime-socket`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host_volume::{HostVolume, ResolvedPath, host_volumes};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No `hostPath` volume is the socket of a container runtime or of the kubelet, or a directory that holds one: of
    /// Docker, containerd, CRI-O, Podman, `BuildKit` and the kubelet, at the places where common distributions have
    /// them, named pipes of Windows included. `/`, `/var/run`, `/run` and `/run/containerd` hold sockets and fail.
    /// A volume that only containers with an exempt image mount is left out. Behind a persistent volume the path
    /// can't be seen.
    ///
    /// ## Why it matters
    ///
    /// Whoever can talk to the runtime can start a privileged container and read every other one: it is root on the
    /// node. Mounting the socket read-only changes nothing, as talking to it needs no right to write files.
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
    ///       volumeMounts:
    ///         - {name: docker, mountPath: /var/run/docker.sock}
    ///   volumes:
    ///     - name: docker
    ///       hostPath: {path: /var/run/docker.sock}
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       volumeMounts:
    ///         - {name: run, mountPath: /host/run, readOnly: true}
    ///   volumes:
    ///     - name: run
    ///       hostPath: {path: /run}
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
    ///       volumeMounts:
    ///         - {name: run, mountPath: /run/app}
    ///   volumes:
    ///     - name: run
    ///       emptyDir: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Build images without a runtime (`BuildKit` without root, Buildah), read metrics and metadata from the API server
    /// or the kubelet's HTTPS port with a service account, and mount no directory above a socket. For a node agent
    /// that needs the socket, exempt its image.
    pub static RUNTIME_SOCKET = {
        id: "pod.runtime-socket",
        title: "Container runtime's socket is mounted",
        severity: Critical,
        subject: Workload,
        parameters: RuntimeSocket,
        references: [
            Framework::CisKubernetes.clause("5.2.12"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1610"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What must not be mounted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RuntimeSocket {
    /// The sockets, as absolute paths on the node; `/var/run` and `/run` are one. A list here replaces the default.
    /// Default: those of Docker, containerd, CRI-O, Podman, `BuildKit` and the kubelet. Example:
    /// `[/run/docker.sock, /run/containerd/containerd.sock]`.
    sockets: Vec<ResolvedPath>,
}

const SOCKETS: &[&str] = &[
    "/run/docker.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/dockershim.sock",
    "/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock.ttrpc",
    "/run/k3s/containerd/containerd.sock",
    "/run/k0s/containerd.sock",
    "/run/k0s/containerd/containerd.sock",
    "/run/host-containerd/containerd.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
    "/run/crio/crio.sock",
    "/run/podman/podman.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/nri/nri.sock",
    "/var/lib/kubelet/device-plugins/kubelet.sock",
    "/var/lib/kubelet/pod-resources/kubelet.sock",
    r"\\.\pipe\docker_engine",
    r"\\.\pipe\containerd-containerd",
];

impl Default for RuntimeSocket {
    fn default() -> Self {
        Self { sockets: ResolvedPath::list(SOCKETS) }
    }
}

impl Parameters for RuntimeSocket {
    fn check(&self) -> Vec<ParameterError> {
        let error = || ParameterError::new("sockets", "no socket is left to look for; leave `sockets` out");
        self.sockets.is_empty().then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &RuntimeSocket, context: &Context<'_>) -> Verdict {
    host_volumes(workload, context).filter_map(|volume| judge_volume(&volume, parameters)).collect()
}

fn judge_volume(volume: &HostVolume<'_>, parameters: &RuntimeSocket) -> Option<Finding> {
    let socket = parameters.sockets.iter().find(|socket| volume.path.holds(socket))?;
    let message = if socket.holds(&volume.path) {
        format!("mounts the socket `{}`", volume.path)
    } else {
        format!("mounts `{}`, which holds `{socket}`", volume.path)
    };
    Some(volume.finding(message).fix("remove the volume"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn mounting(path: &str) -> String {
        pod(&format!("containers: [{{name: app}}]\nvolumes: [{{name: node, hostPath: {{path: '{path}'}}}}]"))
    }

    fn found(path: &str) -> Vec<String> {
        messages(judge(&RUNTIME_SOCKET, &mounting(path)))
    }

    #[test]
    fn a_socket_fails_however_it_is_written() {
        for path in [
            "/var/run/docker.sock",
            "/run//docker.sock",
            "/run/./docker.sock/",
            "/proc/1/root/run/docker.sock",
        ] {
            assert_eq!(found(path), [format!("mounts the socket `{path}`; remove the volume")]);
        }
        assert_eq!(found(r"\\.\pipe\docker_engine").len(), 1);
        assert_eq!(found("/run/crio/crio.sock").len(), 1);
    }

    #[test]
    fn a_directory_above_a_socket_fails_and_one_beside_it_passes() {
        assert_eq!(
            found("/run/containerd"),
            ["mounts `/run/containerd`, which holds `/run/containerd/containerd.sock`; remove the volume"]
        );
        for path in ["/", "/var/run", "/run/", "/var", "/var/lib", "/var/lib/kubelet", "/run/k3s"] {
            assert_eq!(found(path).len(), 1, "{path}");
        }
        for path in ["/run/app", "/var/log", "/run/docker.sock.d", "/var/lib/kubelet/plugins", "/etc"] {
            assert!(found(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_volume_that_only_exempt_containers_mount_is_left_out() {
        let spec = pod("
containers:
  - {name: agent, image: 'ghcr.io/acme/agent:1', volumeMounts: [{name: node, mountPath: /s}]}
  - {name: app, image: 'ghcr.io/shop/app:1'}
volumes: [{name: node, hostPath: {path: /run/docker.sock}}]
");
        let exempt = |image: &str| serde_json::json!({"exemptImages": [image]});
        assert_eq!(judge_with(&RUNTIME_SOCKET, &exempt("ghcr.io/acme/**"), &spec), Verdict::Pass);
        assert_eq!(messages(judge_with(&RUNTIME_SOCKET, &exempt("ghcr.io/shop/**"), &spec)).len(), 1);
        assert_eq!(messages(judge(&RUNTIME_SOCKET, &spec)).len(), 1);
    }

    #[test]
    fn each_volume_is_a_finding_of_its_own() {
        let spec = pod("
containers: [{name: app}]
volumes: [{name: a, hostPath: {path: /run}}, {name: tmp}, {name: b, hostPath: {path: /run/crio/crio.sock}}]
");
        let Verdict::Fail(findings) = judge(&RUNTIME_SOCKET, &spec) else { panic!("passes") };
        let places: Vec<_> = findings
            .iter()
            .map(|finding| (finding.path.to_string(), finding.discriminator.as_deref().unwrap_or_default()))
            .collect();
        let path = |index: u8| format!("spec.volumes[{index}].hostPath.path");
        assert_eq!(places, [(path(0), "a"), (path(2), "b")]);
    }
}
