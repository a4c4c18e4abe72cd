//! `pod.writable-host-path`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host_volume::{HostVolume, ResolvedPath, host_volumes};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container that mounts a `hostPath` volume mounts it with
    /// `readOnly: true`, unless the volume's path is one of `allowed` or stands below it.
    ///
    /// ## Why it matters
    ///
    /// What a pod writes to the node stays there when the pod is gone, and other things on the node read it: a program
    /// in a directory of programs, a unit, a cron table or a manifest of a static pod runs as root. It fills the
    /// node's disk, too, and no quota counts it.
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
    ///         - {name: data, mountPath: /data}
    ///   volumes:
    ///     - name: data
    ///       hostPath: {path: /srv/data}
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
    ///         - {name: data, mountPath: /data, readOnly: true}
    ///   volumes:
    ///     - name: data
    ///       hostPath: {path: /srv/data}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `readOnly: true` on the mount, and `recursiveReadOnly: Enabled` where file systems may be mounted below the
    /// path: `readOnly` alone leaves those writable. Data that must be written belongs in a persistent volume or, if
    /// it may be lost with the pod, in an `emptyDir`.
    pub static WRITABLE_HOST_PATH = {
        id: "pod.writable-host-path",
        title: "Path of the node can be written to",
        severity: Medium,
        subject: Workload,
        parameters: WritableHostPath,
        references: [
            Framework::CisKubernetes.clause("5.2.12"),
            Framework::Nist80053.clause("AC-6"),
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

/// What may be written to.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct WritableHostPath {
    /// Paths of the node, absolute, that may be written to with what stands below them. Default: none. Example:
    /// `[/var/lib/agent]`.
    allowed: Vec<ResolvedPath>,
}

impl Parameters for WritableHostPath {}

fn evaluate(workload: &Workload, parameters: &WritableHostPath, context: &Context<'_>) -> Verdict {
    host_volumes(workload, context)
        .filter(|volume| !parameters.allowed.iter().any(|allowed| allowed.holds(&volume.path)))
        .flat_map(|volume| {
            let containers = context.containers(workload);
            containers.flat_map(|container| writable_mounts(container, &volume)).collect::<Vec<_>>()
        })
        .collect()
}

fn writable_mounts(container: ContainerRef<'_>, volume: &HostVolume<'_>) -> Vec<Finding> {
    let mounts = container.container.volume_mounts.iter().enumerate();
    mounts
        .filter(|(_, mount)| mount.name == *volume.name && mount.read_only != Some(true))
        .map(|(index, mount)| {
            let message = format!("can write to `{}` of the node", volume.path);
            Finding::in_container(container, &["volumeMounts"], message)
                .further(|mounts| mounts.index(index).key("readOnly"))
                .discriminator(&mount.mount_path)
                .value(&volume.path)
                .fix("set `readOnly: true` on the mount")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn each_writable_mount_is_a_finding_of_its_container() {
        let spec = pod("
initContainers: [{name: setup, volumeMounts: [{name: data, mountPath: /a, readOnly: false}]}]
containers:
  - name: app
    volumeMounts:
      - {name: data, mountPath: /a, readOnly: true}
      - {name: tmp, mountPath: /tmp}
      - {name: data, mountPath: /b}
volumes: [{name: data, hostPath: {path: /srv/data}}, {name: tmp, emptyDir: {}}]
");
        let Verdict::Fail(findings) = judge(&WRITABLE_HOST_PATH, &spec) else { panic!("passes") };
        let places: Vec<_> = findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(
            places,
            [
                "spec.initContainers[0].volumeMounts[0].readOnly",
                "spec.containers[0].volumeMounts[2].readOnly"
            ]
        );
        let advice = "can write to `/srv/data` of the node; set `readOnly: true` on the mount";
        let found = messages(Verdict::Fail(findings));
        assert_eq!(found, [format!("setup: {advice}"), format!("app: {advice}")]);
    }

    #[test]
    fn a_volume_that_nobody_mounts_can_t_be_written_to() {
        let spec = pod("containers: [{name: app}]\nvolumes: [{name: data, hostPath: {path: /srv}}]");
        assert_eq!(judge(&WRITABLE_HOST_PATH, &spec), Verdict::Pass);
    }

    #[test]
    fn an_allowed_path_may_be_written_to() {
        let spec = |path: &str| {
            pod(&format!(
                "containers: [{{name: app, volumeMounts: [{{name: data, mountPath: /d}}]}}]\n\
                 volumes: [{{name: data, hostPath: {{path: {path}}}}}]"
            ))
        };
        let allowed = serde_json::json!({"allowed": ["/var/lib/agent"]});
        assert_eq!(judge_with(&WRITABLE_HOST_PATH, &allowed, &spec("/var/lib/agent/state")), Verdict::Pass);
        let evil = judge_with(&WRITABLE_HOST_PATH, &allowed, &spec("/var/lib/agent-evil"));
        assert_eq!(messages(evil).len(), 1);
    }
}
