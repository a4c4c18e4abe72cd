//! `pod.host-path-volume`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host_volume::ResolvedPath;
use super::quoted::Quoted;
use super::security_context::is_exempt;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No volume is a `hostPath`, but for the paths that the parameter `allowedPaths` names.
    ///
    /// ## Why it matters
    ///
    /// A path of the node shows what belongs to the node and to other pods: credentials of the kubelet, the files of
    /// every container, the container runtime's socket. Whoever can write to the right one owns the node.
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
    ///         - {name: logs, mountPath: /var/log}
    ///   volumes:
    ///     - name: logs
    ///       hostPath: {path: /var/log}
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
    ///         - {name: logs, mountPath: /var/log}
    ///   volumes:
    ///     - name: logs
    ///       emptyDir: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use an `emptyDir` for scratch files, a `persistentVolumeClaim` for data, and a device plugin for devices.
    /// Agents that have to read the node's files are allowed the one path that they need, read-only, with the
    /// parameter `allowedPaths`.
    pub static HOST_PATH_VOLUME = {
        id: "pod.host-path-volume",
        title: "Volume is a path of the node",
        severity: High,
        subject: Workload,
        parameters: HostPathParameters,
        references: [
            Framework::PodSecurityBaseline.clause("HostPath Volumes"),
            Framework::CisKubernetes.clause("5.2.12"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("SC-39"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.3"),
            Framework::PciDss.clause("2.2.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.host-path-volume`.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct HostPathParameters {
    /// The paths of the node that a volume may be. Absent: none. Example:
    /// `[{pathPrefix: /var/log, readOnly: true}]`.
    allowed_paths: Vec<AllowedPath>,
}

impl Parameters for HostPathParameters {}

/// A path of the node that a volume may be.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AllowedPath {
    /// The path and everything below it: `/var/log` is `/var/log/pods` too, and not `/var/logs`. Links on the node
    /// are not followed.
    path_prefix: ResolvedPath,
    /// Whether every container has to mount it read-only. Absent: `false`.
    #[serde(default)]
    read_only: bool,
}

fn evaluate(workload: &Workload, parameters: &HostPathParameters, context: &Context<'_>) -> Verdict {
    if is_exempt(workload, context) {
        return Verdict::NotApplicable;
    }
    let mut findings = Vec::new();
    for (place, volume) in workload.spec().volumes.iter().enumerate() {
        let Some(host_path) = &volume.host_path else { continue };
        let path = ResolvedPath::new(&host_path.path);
        let allowed = parameters.allowed_paths.iter().filter(|it| it.path_prefix.holds(&path));
        match allowed.map(|it| it.read_only).min() {
            Some(false) => {}
            Some(true) => findings.extend(written_to(workload, context, &volume.name, &host_path.path)),
            None => findings.push(forbidden(workload, place, &volume.name, &host_path.path)),
        }
    }
    Verdict::from_iter(findings)
}

/// The volume may not be this path.
fn forbidden(workload: &Workload, place: usize, volume: &Text, path: &Text) -> Finding {
    Finding::new(
        workload.spec_path().key("volumes").index(place).key("hostPath"),
        format!("volume {} is the node's {}", Quoted(volume), Quoted(path)),
    )
    .discriminator(volume)
    .value(path)
    .fix("use an `emptyDir` or a `persistentVolumeClaim`")
}

/// The volume may be this path, and is mounted to be written.
fn written_to<'a>(
    workload: &'a Workload,
    context: &Context<'_>,
    volume: &'a Text,
    path: &'a Text,
) -> impl Iterator<Item = Finding> {
    context.containers(workload).flat_map(move |container| {
        let mounts = container.container.volume_mounts.iter().enumerate();
        mounts.filter(|(_, mount)| mount.name == **volume && mount.read_only != Some(true)).map(
            move |(place, mount)| {
                let message = format!("may write to the node's {}", Quoted(path));
                let field = container.path().key("volumeMounts").index(place).key("readOnly");
                Finding::in_container(container, &["volumeMounts"], message)
                    .further(|mounts| mounts.index(place).key("readOnly"))
                    .discriminator(format!("{volume} at {}", mount.mount_path))
                    .value(path)
                    .fix("mount it with `readOnly: true`")
                    .patch_to_review(field, true, "the program may be there to write")
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    const LOGS: &str = "
containers:
  - {name: app, volumeMounts: [{name: logs, mountPath: /var/log}, {name: tmp, mountPath: /tmp}]}
  - {name: web, volumeMounts: [{name: logs, mountPath: /var/log, readOnly: true}]}
volumes:
  - {name: tmp, hostPath: null}
  - {name: logs, hostPath: {path: /var/log/pods}}
";

    #[test]
    fn a_path_of_the_node_is_a_finding_of_its_volume() {
        let found = judge(&HOST_PATH_VOLUME, &pod(LOGS));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), "spec.volumes[1].hostPath");
        assert_eq!(
            messages(found),
            ["volume `logs` is the node's `/var/log/pods`; use an `emptyDir` or a `persistentVolumeClaim`"]
        );
    }

    #[test]
    fn a_path_can_be_allowed_to_be_read() {
        let reading = serde_json::json!({"allowedPaths": [{"pathPrefix": "/var/log", "readOnly": true}]});
        let found = judge_with(&HOST_PATH_VOLUME, &reading, &pod(LOGS));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), "spec.containers[0].volumeMounts[0].readOnly");
        assert_eq!(
            messages(found),
            ["app: may write to the node's `/var/log/pods`; mount it with `readOnly: true`"]
        );
        let writing = serde_json::json!({"allowedPaths": [
            {"pathPrefix": "/var/log", "readOnly": true}, {"pathPrefix": "/var/log/pods"},
        ]});
        assert_eq!(judge_with(&HOST_PATH_VOLUME, &writing, &pod(LOGS)), Verdict::Pass);
    }

    #[test]
    fn two_sources_do_not_hide_the_path() {
        let spec = "volumes: [{name: both, emptyDir: {}, hostPath: {path: ''}}]";
        assert_eq!(
            messages(judge(&HOST_PATH_VOLUME, &pod(spec))),
            ["volume `both` is the node's \"\"; use an `emptyDir` or a `persistentVolumeClaim`"]
        );
    }
}
